"""`ragcli ask` as scripts rely on it."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import QUESTION
from tests.conftest import Ran
from tests.fakes.ollama import FakeOllama
from tests.patience import PATIENCE

KEYS = {
    "schema", "profile", "conversation", "turn", "question", "query", "answer",
    "status", "model", "snapshot", "citations", "retrieved", "used", "timings",
}  # fmt: skip
CITATION_KEYS = {
    "marker", "path", "page", "lines", "heading", "score", "quote", "verified", "stale",
}  # fmt: skip


def test_json_is_the_contract(indexed: Path, run_process: Callable[..., Ran]) -> None:
    ran = run_process("ask", QUESTION, "--json")
    told = ran.json

    assert ran.code == 0, ran.err
    assert told.keys() >= KEYS
    assert told["schema"] == 1
    assert told["profile"] == "default"
    assert told["question"] == QUESTION
    assert told["status"] == "answered"
    assert told["model"] == "builtin:extractive"
    assert told["snapshot"] == "gen-00000001"
    assert "ten seconds" in told["answer"]
    assert "[1]" in told["answer"]
    assert told["timings"].keys() >= {"retrieve_ms", "first_token_ms", "total_ms"}
    assert (told["retrieved"], told["used"]) == (6, 6)
    cited = told["citations"][0]
    assert cited.keys() >= CITATION_KEYS
    assert (cited["marker"], cited["shown"]) == (1, "notes/locks.md")
    assert os.path.isabs(cited["path"])
    assert cited["path"].endswith("/notes/locks.md")
    assert cited["verified"] is True
    assert cited["stale"] is False
    first, last = cited["lines"]
    lines = (indexed / "locks.md").read_text().splitlines()[first - 1 : last]
    assert "ten seconds" in "\n".join(lines)
    assert ran.out.isascii()
    assert ran.out.count("\n") == 1


def test_a_pipe_gets_the_answer_alone(
    indexed: Path, run_process: Callable[..., Ran]
) -> None:
    ran = run_process("ask", QUESTION)

    assert ran.code == 0
    assert "ten seconds" in ran.out
    assert "locks.md" not in ran.out
    assert "\x1b" not in ran.out + ran.err
    assert ran.err == "ragcli: answered by builtin:extractive\n"


def test_sources_are_printed_when_asked_for(
    indexed: Path, run_process: Callable[..., Ran]
) -> None:
    ran = run_process("ask", QUESTION, "--sources")

    assert ran.lines[-1].startswith("[1] notes/locks.md:")
    assert ran.lines[-1].endswith("Locks")


def test_a_person_sees_the_sources(indexed: Path, pty_run: Callable[..., Ran]) -> None:
    ran = pty_run("ask", QUESTION, env={"NO_COLOR": "1"})

    assert ran.code == 0
    assert "ten seconds" in ran.out
    assert "[1] notes/locks.md:" in ran.out
    assert "\x1b" not in ran.out


def test_colour_is_ours_only(indexed: Path, pty_run: Callable[..., Ran]) -> None:
    ran = pty_run("ask", QUESTION)

    assert "\x1b[2m[1] notes/locks.md:" in ran.out


def test_quiet_says_nothing_else(
    indexed: Path, run_process: Callable[..., Ran]
) -> None:
    ran = run_process("ask", QUESTION, "--quiet", "--no-stream")

    assert ran.err == ""
    assert "ten seconds" in ran.out


def test_nothing_relevant_is_1(indexed: Path, run_process: Callable[..., Ran]) -> None:
    ran = run_process("ask", "Who won the 1974 chess olympiad in Nice?")

    assert ran.code == 1
    assert ran.out == ""
    assert "nothing relevant found in profile default" in ran.err


def test_nothing_relevant_in_json(
    indexed: Path, run_process: Callable[..., Ran]
) -> None:
    ran = run_process("ask", "Who won the 1974 chess olympiad in Nice?", "--json")

    assert ran.code == 1
    assert ran.json["status"] == "nothing_found"
    assert ran.json["answer"] == ""
    assert ran.json["citations"] == []


def test_an_empty_profile_says_what_to_do(run_process: Callable[..., Ran]) -> None:
    ran = run_process("ask", "anything")

    assert ran.code == 1
    assert "docs add" in ran.err


def test_events_come_as_lines(indexed: Path, run_process: Callable[..., Ran]) -> None:
    ran = run_process("ask", QUESTION, "--jsonl")
    events = [json.loads(line) for line in ran.lines]

    assert ran.code == 0
    assert {event["schema"] for event in events} == {1}
    kinds = [event["event"] for event in events]
    assert kinds[0] == "retrieved"
    assert kinds[-1] == "finished"
    said = "".join(event["text"] for event in events if event["event"] == "token")
    assert said.strip() == events[-1]["answer"]
    assert events[-1].keys() >= KEYS


def test_an_error_is_an_event_too(
    indexed: Path, run_process: Callable[..., Ran]
) -> None:
    ran = run_process(
        "ask", QUESTION, "--jsonl", "-m", "ollama:none", "--require-model"
    )

    assert ran.code == 3
    assert json.loads(ran.lines[-1])["error"]["code"] == 3


def test_docs_are_searched_for_one_call(
    notes: Path, run_process: Callable[..., Ran]
) -> None:
    ran = run_process("ask", "--docs", "notes", QUESTION, "--json")

    assert ran.code == 0, ran.err
    assert ran.json["citations"][0]["shown"] == "notes/locks.md"
    assert run_process("docs", "list").out == ""


def test_docs_take_what_a_shell_expands(
    notes: Path, run_process: Callable[..., Ran]
) -> None:
    paths = ["notes/snapshots.md", "notes/locks.md"]
    ran = run_process("ask", "--docs", *paths, QUESTION, "--json")
    after = run_process("ask", QUESTION, "--json", "--docs", *paths)

    assert ran.json["citations"][0]["shown"] == "notes/locks.md"
    assert after.json["answer"] == ran.json["answer"]


@pytest.mark.parametrize("mode", [(), ("--stateless",)])
def test_docs_that_cannot_be_read_are_named(
    tmp_path: Path, run_process: Callable[..., Ran], mode: tuple[str, ...]
) -> None:
    (tmp_path / "old.doc").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
    (tmp_path / "broken.docx").write_bytes(b"no archive")
    docs = [tmp_path / "old.doc", tmp_path / "broken.docx"]
    ran = run_process("ask", "--docs", *map(str, docs), QUESTION, *mode)

    assert ran.code == 1
    assert "old.doc: the old Word format: convert it" in ran.err
    assert "broken.docx: not a readable archive" in ran.err


def test_old_office_files_are_failures_with_the_way_to_convert_them(
    tmp_path: Path, run_process: Callable[..., Ran]
) -> None:
    for name in ("old.doc", "old.ppt"):
        (tmp_path / name).write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
        ran = run_process("docs", "add", str(tmp_path / name))

        assert ran.code == 6
        [line] = [line for line in ran.err.splitlines() if name in line]
        assert f"--convert-to {name[4:]}x FILE" in line


def test_missing_docs_are_5(notes: Path, run_process: Callable[..., Ran]) -> None:
    ran = run_process("ask", "--docs", "nowhere", QUESTION)

    assert ran.code == 5
    assert "nowhere" in ran.err


def tree(place: Path) -> dict[str, tuple[float, int]]:
    """Returns every path below with its times and size."""
    return {
        str(path): (path.lstat().st_mtime_ns, path.lstat().st_size)
        for path in sorted(place.rglob("*"))
    }


def test_stateless_writes_nothing(
    indexed: Path, home: Path, run_process: Callable[..., Ran]
) -> None:
    before = tree(home.parent)
    ran = run_process("ask", QUESTION, "--stateless", "--json")

    assert ran.code == 0
    assert tree(home.parent) == before


def test_stateless_makes_no_home(
    notes: Path, home: Path, run_process: Callable[..., Ran]
) -> None:
    ran = run_process("ask", QUESTION, "--stateless", "--docs", "notes")

    assert ran.code == 0, ran.err
    assert "ten seconds" in ran.out
    assert not home.exists()


def test_what_is_written_is_private(asked: str, home: Path) -> None:
    loose = [
        path
        for path in home.rglob("*")
        if stat.S_IMODE(path.lstat().st_mode) & 0o077 and not path.is_symlink()
    ]

    assert loose == []


def test_questions_start_conversations_and_continue_goes_on(
    indexed: Path, run_cli: Callable[..., Ran]
) -> None:
    first = run_cli("ask", QUESTION, "--json").json
    second = run_cli("ask", "--continue", "And who is the holder?", "--json").json
    third = run_cli("ask", QUESTION, "--json", "--new").json
    back = run_cli(
        "ask", "holder?", "--json", "--conversation", first["conversation"]
    ).json

    assert second["conversation"] == first["conversation"]
    assert third["conversation"] != first["conversation"]
    assert back["conversation"] == first["conversation"]


def test_no_such_conversation_is_5(indexed: Path, run_cli: Callable[..., Ran]) -> None:
    ran = run_cli("ask", QUESTION, "--conversation", "ffffffff")

    assert ran.code == 5


def test_expect_seq_is_a_compare_and_swap(
    asked: str, run_cli: Callable[..., Ran]
) -> None:
    ran = run_cli("ask", QUESTION, "--expect-seq", "1", "--json")

    assert ran.code == 75
    assert ran.json["error"]["kind"] == "conflict"


def test_the_prompt_is_shown_on_stderr(
    indexed: Path, run_process: Callable[..., Ran]
) -> None:
    ran = run_process("ask", QUESTION, "--show-prompt")

    assert "query: " in ran.err
    assert "A commit lock waits" in ran.err
    assert ran.out.count("ten seconds") == 1


def test_the_prompt_is_in_the_json(
    indexed: Path, run_process: Callable[..., Ran]
) -> None:
    ran = run_process("ask", QUESTION, "--show-prompt", "--json")

    assert ran.json["prompt"]["sources"][0]["text"].startswith("A commit lock")


def test_batch_answers_each_line(
    indexed: Path, tmp_path: Path, run_process: Callable[..., Ran]
) -> None:
    (tmp_path / "q.txt").write_text(
        f"{QUESTION}\n\nWho won the 1974 chess olympiad?\n"
        "How many generations stay for a rollback?\n"
    )
    ran = run_process("ask", "--batch", "q.txt")
    answers = [json.loads(line) for line in ran.lines]

    assert ran.code == 0, ran.err
    assert [told["status"] for told in answers] == [
        "answered",
        "nothing_found",
        "answered",
    ]
    assert "five" in answers[2]["answer"]
    assert len({told["conversation"] for told in answers}) == 3


@pytest.mark.slow
def test_a_notice_waits_until_the_line_of_the_answer_has_ended(
    indexed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FakeOllama() as fake:
        monkeypatch.setenv("OLLAMA_HOST", fake.url)
        fake.replies.append(["The lock waits. ", *["It waits for ten seconds. "] * 99])
        ran = subprocess.run(
            [sys.executable, "-m", "ragcli", "ask", QUESTION, "-m", "ollama:llama3.2"],
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    said = [line for line in ran.stdout.splitlines() if "repeat" in line]
    assert len(said) == 1, ran.stdout
    assert said[0].startswith("ragcli: warning: stopped")
    assert "\n\nragcli" not in ran.stdout


def test_batch_reads_stdin(indexed: Path, run_process: Callable[..., Ran]) -> None:
    ran = run_process("ask", "--batch", "-", "--stateless", stdin=f"{QUESTION}\n")

    assert ran.code == 0
    assert "ten seconds" in json.loads(ran.out)["answer"]


def test_a_batch_without_answers_is_1(
    indexed: Path, run_process: Callable[..., Ran]
) -> None:
    ran = run_process("ask", "--batch", "-", stdin="Who won the 1974 olympiad?\n")

    assert ran.code == 1


def test_a_batch_goes_on_after_a_failure(
    indexed: Path, run_process: Callable[..., Ran]
) -> None:
    ran = run_process(
        "ask", "--batch", "-", "-m", "ollama:none", "--require-model", stdin="a?\nb?\n"
    )
    answers = [json.loads(line) for line in ran.lines]

    assert ran.code == 6
    assert [told["error"]["code"] for told in answers[:2]] == [3, 3]
    assert [told["question"] for told in answers[:2]] == ["a?", "b?"]


def test_a_model_that_is_away_is_replaced_and_said(
    indexed: Path, run_process: Callable[..., Ran]
) -> None:
    ran = run_process("ask", QUESTION, "-m", "ollama:llama3.2")

    assert ran.code == 0
    assert "ten seconds" in ran.out
    assert "ragcli: warning: " in ran.err
    assert "built-in answers" in ran.err


def test_a_required_model_that_is_away_is_3(
    indexed: Path, run_process: Callable[..., Ran]
) -> None:
    ran = run_process("ask", QUESTION, "-m", "ollama:llama3.2", "--require-model")

    assert ran.code == 3
    assert ran.out == ""
    assert "hint: " in ran.err


def test_a_changed_file_is_stale(indexed: Path, run_cli: Callable[..., Ran]) -> None:
    (indexed / "locks.md").write_text("# Locks\n\nThey wait no longer.\n")
    told = run_cli("ask", QUESTION, "--json").json
    shown = run_cli("ask", QUESTION, "--sources")

    assert told["citations"][0]["stale"] is True
    assert "changed since it was indexed" in shown.out


def test_strict_accepts_what_is_borne_out(
    indexed: Path, run_cli: Callable[..., Ran]
) -> None:
    assert run_cli("ask", QUESTION, "--strict").code == 0


def test_a_question_with_escapes_is_shown_not_obeyed(
    indexed: Path, run_process: Callable[..., Ran]
) -> None:
    ran = run_process("ask", f"{QUESTION} \x1b]52;c;aGk=\x07")
    shown = run_process("history", "show")
    stored = run_process("history", "show", "--json").json

    assert "\x1b" not in ran.out + ran.err + shown.out
    assert "␛]52;c;aGk=␇" in shown.out
    assert stored["turns"][0]["question"].endswith("\x07")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_without_a_traceback(
    number: signal.Signals,
    indexed: Path,
    start_process: Callable[..., subprocess.Popen[bytes]],
) -> None:
    held, writer = os.pipe()
    process = start_process("ask", "-", "--verbose", stdin=held)
    assert process.stderr is not None
    assert process.stderr.readline() == b"ragcli: reading stdin\n"
    process.send_signal(number)
    _, err = process.communicate(timeout=PATIENCE)
    os.close(held)
    os.close(writer)

    assert process.returncode == (130 if number == signal.SIGINT else 128 + number)
    assert b"Traceback" not in err


def test_a_passage_of_copied_files_is_cited_once(
    notes: Path, run_process: Callable[..., Ran]
) -> None:
    text = (notes / "locks.md").read_text()
    for name in ("a.md", "b.md"):
        (notes / name).write_text(text)
    run_process("docs", "add", str(notes))

    ran = run_process("ask", QUESTION, "--sources")
    told = run_process("ask", QUESTION, "--json")
    found = run_process("search", "commit lock", "--json")

    assert " and in 2 copies" in ran.out
    assert told.json["citations"][0]["copies"] == 2
    texts = [hit["text"] for hit in found.json["hits"]]
    assert len(texts) == len(set(texts))
    assert len(found.json["hits"][0]["copies"]) == 2


def test_a_question_in_another_language_is_told_so(
    indexed: Path, run_process: Callable[..., Ran]
) -> None:
    ran = run_process("ask", "Wann wird das Fundament der Mühle gegossen?")

    assert ran.code == 1
    assert "the question is in German, the nearest passages are in English" in ran.err
    same = run_process("ask", "When is the foundation of the mill poured?")
    assert same.code == 1
    assert "the question is in" not in same.err


@pytest.mark.parametrize(
    ("name", "head", "line"),
    [
        (
            "a.rst",
            "Kiln\n====\n\n",
            "The **rated power** of the kiln, see `its page <http://a.io>`__, is 9 kW.",
        ),
        (
            "a.adoc",
            "= Kiln\n\n",
            "The *rated power* of the kiln, see https://a.io[its page], is `9 kW`.",
        ),
        (
            "a.org",
            "* Kiln\n",
            "The *rated power* of the kiln, see [[https://a.io][its page]], is =9 kW=.",
        ),
    ],
)
def test_an_answer_reads_as_the_page_and_cites_the_file(
    notes: Path, run_cli: Callable[..., Ran], name: str, head: str, line: str
) -> None:
    (notes.parent / name).write_text(f"{head}{line}\n", encoding="utf-8")
    assert run_cli("docs", "add", name).code == 0
    told = run_cli("ask", "What is the rated power of the kiln?", "--json").json

    said = "The rated power of the kiln, see its page, is 9 kW."
    assert told["answer"].removesuffix(" [1]") == said
    [cited] = told["citations"]
    assert (cited["verified"], cited["quote"]) == (True, line)
