"""`ragcli history`: conversations listed, shown, found, exported and erased."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ragcli.config import Settings
from ragcli.sessions.history.writer import History
from ragcli.sessions.records.identifiers import new_id
from tests.cli.conftest import QUESTION
from tests.conftest import Ran
from tests.stores import LocalStores


def test_list_names_conversations(asked: str, run_cli: Callable[..., Ran]) -> None:
    [row] = run_cli("history", "list").lines
    found = run_cli("history", "list", "--json").json["conversations"]

    assert row.split("\t")[0] == asked
    assert row.split("\t")[2:] == ["2 turns", QUESTION]
    assert [item["id"] for item in found] == [asked]


def test_show_gives_the_latest(asked: str, run_cli: Callable[..., Ran]) -> None:
    shown = run_cli("history", "show")
    told = run_cli("history", "show", asked[:8], "--json").json

    assert QUESTION in shown.out
    assert "[1] notes/locks.md:" in shown.out
    assert told["turns"][0]["question"] == QUESTION
    assert run_cli("history", "show", "--last", "1").out.count("[1]") <= 2


@pytest.fixture
def versions(asked: str, home: Path) -> list[str]:
    """The last turn of a conversation has two versions, the first one is shown."""
    session = LocalStores(home)().open("default")
    history = History(session, Settings())
    turn = history.transcript(asked)[-1]
    again = replace(turn, id=new_id(), answer="Another answer.", replaces=turn.id)
    made = history.commit(again)
    history.show_version(turn.id)
    session.close()
    return [turn.id, made.id]


def test_show_says_which_version_is_shown(
    versions: list[str], run_cli: Callable[..., Ran]
) -> None:
    shown = run_cli("history", "show")
    told = run_cli("history", "show", "--json").json["turns"]

    assert "(version 1 of 2)" in shown.out
    assert "Another answer." not in shown.out
    assert (told[0]["version"], told[0]["versions"]) == (1, [])
    assert (told[1]["version"], told[1]["versions"]) == (1, versions)
    assert run_cli("history", "list").lines[0].split("\t")[2] == "2 turns"
    assert "version 1 of 2" in run_cli("history", "export").out


@pytest.mark.parametrize(
    ("argv", "left"),
    [((0,), 1), ((1,), 2), ((0, "--this-version"), 2)],
    ids=["shown", "hidden", "shown-alone"],
)
def test_delete_a_turn_with_its_versions_or_one_of_them(
    versions: list[str],
    run_cli: Callable[..., Ran],
    home: Path,
    argv: tuple[Any, ...],
    left: int,
) -> None:
    number, *more = argv
    ran = run_cli("history", "delete", "--turn", versions[number], *more, "--yes")

    assert ran.code == 0
    turns = run_cli("history", "show", "--json").json["turns"]
    assert len(turns) == left
    assert not any(turn["versions"] for turn in turns)
    log = (home / "profiles/default/history.jsonl").read_text()
    assert versions[number] not in log
    assert ("Another answer." in log) == (left == 2 and number == 0)
    assert run_cli("history", "delete", "--this-version", "--yes").code == 2


def test_search_finds_words_and_says_1_when_there_are_none(
    asked: str, run_cli: Callable[..., Ran]
) -> None:
    assert run_cli("history", "search", "TEN SECONDS").lines
    assert run_cli("history", "search", "zebra").code == 1


def test_nothing_to_show_is_5(run_cli: Callable[..., Ran]) -> None:
    assert run_cli("history", "show").code == 5
    assert run_cli("history", "show", "abcdef").code == 5
    assert run_cli("history", "export").code == 5


def test_export_in_three_forms(
    asked: str, run_cli: Callable[..., Ran], tmp_path: Path
) -> None:
    markdown = run_cli("history", "export")
    html = run_cli("history", "export", "--html", "-o", "talk.html")
    records = run_cli("history", "export", "--json").json

    assert QUESTION in markdown.out
    assert html.code == 0
    page = (tmp_path / "talk.html").read_text()
    assert "<html" in page
    assert stat.S_IMODE((tmp_path / "talk.html").stat().st_mode) & 0o077 == 0
    turn = records["conversations"][0]["turns"][0]
    assert turn["question"] == QUESTION
    assert turn["id"]
    assert turn["retrieved"][0]["id"]


def test_export_all_as_json_to_a_file(
    asked: str, run_cli: Callable[..., Ran], tmp_path: Path
) -> None:
    run_cli("ask", "How many generations stay?", "--new")
    run_cli("history", "export", "--all", "--json", "-o", "all.json")

    told = json.loads((tmp_path / "all.json").read_text())
    assert len(told["conversations"]) == 2


def test_an_export_that_fails_leaves_the_older_one(
    asked: str, run_cli: Callable[..., Ran], tmp_path: Path, home: Path
) -> None:
    (tmp_path / "all.json").write_text("the older one")
    file = home / "profiles" / "default" / "history.jsonl"
    file.write_bytes(file.read_bytes().replace(b'"answer"', b'"aNswer"', 1))

    assert run_cli("history", "export", "--all", "--json", "-o", "all.json").code == 4
    assert (tmp_path / "all.json").read_text() == "the older one"
    assert [path.name for path in tmp_path.glob("*all.json*")] == ["all.json"]


def test_an_export_goes_to_a_device(asked: str, run_cli: Callable[..., Ran]) -> None:
    assert run_cli("history", "export", "-o", "/dev/null").code == 0


@pytest.mark.parametrize(
    "argv", [["id", "--all"], ["--html", "--json"], ["-o", "no/such/file"]]
)
def test_exports_that_cannot_be(
    argv: list[str], asked: str, run_cli: Callable[..., Ran]
) -> None:
    assert run_cli("history", "export", *argv).code == 2


def test_fork_copies_up_to_a_turn(asked: str, run_cli: Callable[..., Ran]) -> None:
    turns = run_cli("history", "show", "--json").json["turns"]
    made = run_cli("history", "fork", asked, "--at", turns[0]["turn"], "--title", "B")

    assert made.code == 0, made.err
    told = run_cli("history", "show", made.out.strip(), "--json").json
    assert told["conversation"]["title"] == "B"
    assert [turn["question"] for turn in told["turns"]] == [QUESTION]


def test_rename_gives_a_title_to_find_it_by(
    asked: str, run_cli: Callable[..., Ran]
) -> None:
    assert run_cli("history", "rename", asked, "Lock timeouts").code == 0
    assert run_cli("history", "show", "Lock timeouts").code == 0
    assert run_cli("history", "rename", asked, " ").code == 2


def test_delete_erases_for_good(
    asked: str, run_cli: Callable[..., Ran], home: Path
) -> None:
    assert run_cli("history", "delete", asked).code == 2
    ran = run_cli("history", "delete", asked, "--yes", "--json")

    assert ran.json == {"schema": 1, "deleted": asked, "turns": 2}
    assert run_cli("history", "list").out == ""
    assert QUESTION not in (home / "profiles/default/history.jsonl").read_text()


def test_delete_one_turn(asked: str, run_cli: Callable[..., Ran]) -> None:
    turns = run_cli("history", "show", "--json").json["turns"]
    ran = run_cli("history", "delete", "--turn", turns[1]["turn"], "--yes")

    assert ran.code == 0, ran.err
    left = run_cli("history", "show", "--json").json["turns"]
    assert [turn["turn"] for turn in left] == [turns[0]["turn"]]


def test_delete_needs_to_know_what(run_cli: Callable[..., Ran]) -> None:
    assert run_cli("history", "delete").code == 2


def test_redact_masks_what_is_stored(
    asked: str, run_cli: Callable[..., Ran], home: Path
) -> None:
    ran = run_cli("history", "redact", "--match", "ten sec[a-z]+", "--yes", "--json")

    assert ran.json["changed"] == 1
    assert "ten seconds" not in (home / "profiles/default/history.jsonl").read_text()
    assert run_cli("profile", "verify").code == 0


def test_redact_refuses_a_broken_expression(
    asked: str, run_cli: Callable[..., Ran]
) -> None:
    assert run_cli("history", "redact", "--match", "(", "--yes").code == 2


def test_compact_keeps_what_can_be_seen(
    asked: str, run_cli: Callable[..., Ran]
) -> None:
    before = run_cli("history", "show", "--json").json["turns"]

    assert run_cli("history", "compact").code == 0
    assert run_cli("history", "show", "--json").json["turns"] == before
