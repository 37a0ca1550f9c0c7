"""`get` prints what is indexed, by place; `open` finds the file of a source."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.cli.conftest import LOCKS, QUESTION
from tests.conftest import Ran

Run = Callable[..., Ran]


def test_every_line_stands_behind_its_number_in_the_file(
    indexed: Path, run_cli: Run
) -> None:
    ran = run_cli("get", "notes/locks.md")

    assert ran.code == 0
    lines = LOCKS.splitlines()
    for shown in ran.lines:
        if shown.startswith("#"):
            assert shown in lines  # a heading, without a number
        else:
            number, _, text = shown.strip().partition("  ")
            assert lines[int(number) - 1] == text


def test_a_range_gives_its_lines_alone(indexed: Path, run_cli: Run) -> None:
    assert run_cli("get", "notes/locks.md:3-4").lines == [
        f"{number}  {text}" for number, text in enumerate(LOCKS.splitlines()[2:4], 3)
    ]
    assert run_cli("get", "notes/locks.md:4,8", "--no-numbers").lines == [
        LOCKS.splitlines()[3],
        LOCKS.splitlines()[7],
    ]


def test_the_index_answers_when_the_file_is_gone(indexed: Path, run_cli: Run) -> None:
    (indexed / "locks.md").unlink()

    assert "commit lock waits" in run_cli("get", "locks.md:3").out


def test_a_document_whose_name_looks_like_a_place_is_found(
    notes: Path, run_cli: Run
) -> None:
    (notes / "a.md:12").write_text("Twelve is in the name.\n")
    run_cli("docs", "add", "notes/a.md:12")

    assert "in the name" in run_cli("get", "notes/a.md:12").out


def test_pages_are_counted_where_there_are_no_lines(notes: Path, run_cli: Run) -> None:
    html = "<h1>Tides</h1><p>High water is at noon.</p>"
    (notes / "tides.html").write_text(html)
    run_cli("docs", "add", "notes/tides.html")

    ran = run_cli("get", "tides.html")
    assert ran.lines == ["# Tides", "High water is at noon."]
    refused = run_cli("get", "tides.html:3")
    assert refused.code == 2
    assert "neither lines nor pages" in refused.err


@pytest.mark.parametrize(
    ("where", "code", "told"),
    [
        ("nowhere.md", 5, "not one of the documents"),
        ("locks.md:99", 2, "its last line is 8"),
        ("locks.md:8-3", 2, "8-3 is not a range"),
        (".md", 5, "not one of the documents"),
    ],
)
def test_what_is_not_there_is_one_line(
    indexed: Path, run_cli: Run, where: str, code: int, told: str
) -> None:
    ran = run_cli("get", where)

    assert ran.code == code
    assert told in ran.err
    assert not ran.out


def test_an_ending_that_several_have_names_them(notes: Path, run_cli: Run) -> None:
    for name in ("one", "two"):
        (notes / name).mkdir()
        (notes / name / "plan.md").write_text(f"The plan of {name} is ready.\n")
    run_cli("docs", "add", "notes")

    ran = run_cli("get", "plan.md")
    assert ran.code == 5
    assert "2 documents end so" in ran.err
    assert "one/plan.md" in ran.err
    assert "plan of two" in run_cli("get", "two/plan.md").out


def test_the_json_has_the_lines_one_by_one(indexed: Path, run_cli: Run) -> None:
    told = run_cli("get", "locks.md:3-4", "--json").json

    assert told["lines"] == [3, 4]
    assert told["path"] == str(indexed / "locks.md")
    assert [line["line"] for line in told["text"]] == [3, 4]


def test_a_document_of_a_mount_is_read_by_its_path(
    indexed: Path, run_cli: Run, tmp_path: Path
) -> None:
    run_cli("profile", "export", "team.ragcli")
    run_cli("profile", "create", "mine")
    run_cli("docs", "mount", "team.ragcli", "-p", "mine")

    told = run_cli("get", str(indexed / "locks.md"), "-p", "mine", "--json").json
    assert "commit lock waits" in told["text"][1]["text"]
    assert told["source"].endswith("team.ragcli")


def test_the_editor_gets_the_file_and_the_line(
    indexed: Path, run_cli: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_cli("ask", QUESTION)
    editor = tmp_path / "editor"
    editor.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/opened\n')
    editor.chmod(0o755)
    monkeypatch.setenv("EDITOR", str(editor))

    assert run_cli("open").code == 0
    line, path = (tmp_path / "opened").read_text().splitlines()
    assert (line, path) == ("+3", str(indexed / "locks.md"))


def test_an_editor_of_the_terminal_is_not_started_in_a_pipe(
    indexed: Path, run_cli: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_cli("ask", QUESTION)
    monkeypatch.setenv("EDITOR", "/usr/bin/vim -n")

    refused = run_cli("open")
    assert refused.code == 2
    assert "there is no terminal for /usr/bin/vim" in refused.err
    printed = run_cli("open", "--print").out
    assert printed == f"/usr/bin/vim -n +3 {indexed / 'locks.md'}\n"


@pytest.mark.parametrize(
    ("chosen", "wanted"),
    [
        ("myedit {path} --line {line}", ["myedit", "PATH", "--line", "3"]),
        ("code", ["code", "-g", "PATH:3"]),
        ("hx", ["hx", "PATH:3"]),
    ],
)
def test_the_setting_chooses_what_opens(
    indexed: Path, run_cli: Run, chosen: str, wanted: list[str]
) -> None:
    run_cli("ask", QUESTION)
    run_cli("config", "set", "open_command", chosen)

    path = str(indexed / "locks.md")
    printed = shlex.split(run_cli("open", "1", "--print").out)
    assert printed == [word.replace("PATH", path) for word in wanted]


def test_a_project_file_cannot_choose_what_runs(
    indexed: Path, run_cli: Run, tmp_path: Path
) -> None:
    run_cli("ask", QUESTION)
    (tmp_path / ".ragcli.toml").write_text('open_command = "touch owned"\n')

    ran = run_cli("open", "--print")
    assert "touch" not in ran.out
    assert "open_command" in ran.err


@pytest.mark.parametrize(
    ("argv", "told"),
    [(("open", "9"), "has no source 9"), (("open", "x"), "not a whole number")],
)
def test_a_source_that_is_not_there_is_one_line(
    indexed: Path, run_cli: Run, argv: tuple[str, ...], told: str
) -> None:
    run_cli("ask", QUESTION)

    ran = run_cli(*argv)
    assert ran.code in {2, 5}
    assert told in ran.err


def test_without_an_answer_there_is_nothing_to_open(
    indexed: Path, run_cli: Run
) -> None:
    ran = run_cli("open")

    assert ran.code == 5
    assert "no answer here has a source" in ran.err


def test_a_file_that_is_gone_is_told(indexed: Path, run_cli: Run) -> None:
    run_cli("ask", QUESTION)
    (indexed / "locks.md").unlink()

    ran = run_cli("open", "--print")
    assert ran.code == 5
    assert "no longer there" in ran.err


@pytest.fixture
def offer(notes: Path, run_cli: Run) -> Path:
    """A mail with a text and a table attached, indexed."""
    mail = EmailMessage()
    mail["Subject"] = "Offer for the pump"
    mail.set_content("Dear all,\n\nthe offer is attached.\n")
    mail.add_attachment(
        "Terms\n\nThe warranty of the pump ends after three years.\n",
        filename="terms.txt",
    )
    mail.add_attachment("part,price\nvalve,14.20\n", subtype="csv", filename="p!.csv")
    path = notes / "offer.eml"
    path.write_bytes(bytes(mail))
    assert run_cli("docs", "add", "notes/offer.eml").code == 0
    return path


def test_an_attachment_is_cited_as_a_document_of_its_own(
    offer: Path, run_cli: Run
) -> None:
    told = run_cli("ask", "When does the warranty of the pump end?", "--json").json
    [cited] = told["citations"]
    assert (cited["path"], cited["part"], cited["lines"]) == (
        str(offer), "terms.txt", [3, 3],
    )  # fmt: skip
    assert cited["shown"] == "notes/offer.eml!terms.txt"
    assert told["passages"][0]["part"] == "terms.txt"
    [talk] = run_cli("history", "export", "--json").json["conversations"]
    [turn] = talk["turns"]
    assert turn["citations"][0]["part"] == "terms.txt"
    assert "offer.eml!terms.txt:3" in run_cli("history", "export").out
    hit = run_cli("search", "warranty", "--json").json["hits"][0]
    assert (hit["part"], hit["shown"]) == ("terms.txt", "notes/offer.eml!terms.txt")
    assert run_cli("open", "--print").out.split()[-1] == str(offer)  # it has no line 3
    run_cli("history", "redact", "--match", "terms", "--yes")
    assert "terms" not in run_cli("history", "export", "--json").out


def test_an_attachment_is_read_by_its_name(offer: Path, run_cli: Run) -> None:
    assert run_cli("get", "offer.eml!terms.txt:3").lines == [
        "3  The warranty of the pump ends after three years."
    ]
    assert "valve,14.20" in run_cli("get", "offer.eml!p!.csv").out
    shown = run_cli("docs", "show", "notes/offer.eml!p!.csv", "--json").json["chunks"]
    assert [(chunk["part"], chunk["lines"]) for chunk in shown] == [("p!.csv", [1, 2])]
    whole = run_cli("get", "offer.eml").lines
    assert whole.index("# terms.txt") < whole.index("1  Terms")
    missing = run_cli("get", "offer.eml!other.txt")
    assert missing.code == 5
    assert "terms.txt, p!.csv" in missing.err
    assert "neither lines nor pages" in run_cli("get", "offer.eml:3").err
