"""The chat line by line knows every command that needs no screen."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path

import pytest

from ragcli.runtime import Runtime
from ragcli.tui import commands
from ragcli.tui.plain.line_chat import Streams, run_plain
from ragcli.tui.plain.line_commands import LineCommands
from tests.cli.conftest import QUESTION
from tests.conftest import SAMPLES, Ran
from tests.fakes.ollama import FakeOllama

Say = Callable[..., Ran]


@pytest.fixture
def say(home: Path) -> Say:
    """Runs a plain chat over some lines, in this process."""

    def run(*lines: str, runtime: Runtime | None = None, new: bool = True) -> Ran:
        out, err = StringIO(), StringIO()
        streams = Streams(StringIO("\n".join(lines) + "\n"), out, err)
        code = run_plain(runtime or Runtime(), new=new, streams=streams)
        return Ran(code, out.getvalue(), err.getvalue())

    return run


@pytest.fixture
def ollama() -> Iterator[FakeOllama]:
    with FakeOllama() as server:
        yield server


def test_its_methods_are_those_of_the_table() -> None:
    methods = {
        name.removeprefix("command_")
        for name, _ in inspect.getmembers(LineCommands, callable)
        if name.startswith("command_")
    }

    assert methods == {command.name for command in commands.COMMANDS if command.plain}


def test_help_lists_these_and_no_others(say: Say) -> None:
    told = say("/help").err.splitlines()
    named = {line.split()[0] for line in told if line.startswith("/")}

    assert named == {f"/{c.name}" for c in commands.COMMANDS if c.plain}


def test_the_handbook_lists_every_command_and_where_it_works() -> None:
    page = (SAMPLES / "chat-keys.md").read_text()
    for command in commands.COMMANDS:
        row = next(
            line for line in page.splitlines() if f"`{commands.usage(command)}`" in line
        )
        assert ("(screen only)" in row) is not command.plain


def test_what_needs_the_screen_says_so(say: Say) -> None:
    ran = say("/theme nord")

    assert ran.code == 2
    assert "/theme works on the screen only" in ran.err


def test_settings_tell_their_origins_and_change_for_the_next_question(
    indexed: Path, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAGCLI_RETRIEVAL_MODE", "bm25")
    ran = say(
        "/settings",
        "/settings retrieval.k 1",
        "/settings retrieval.mode hybrid",
        "/settings retrieval.k",
        QUESTION,
        "/settings unset retrieval.k",
        "/settings unset retrieval.k",
    )
    rows = {line.split()[0]: line.split()[1:] for line in ran.err.splitlines() if line}

    assert rows["memory_turns"] == ["12", "default"]
    assert ["retrieval.mode", "bm25", "RAGCLI_RETRIEVAL_MODE"] in [
        line.split() for line in ran.err.splitlines()
    ]
    assert "retrieval.k = 1\n" in ran.err
    assert "RAGCLI_RETRIEVAL_MODE is stronger: retrieval.mode = bm25" in ran.err
    assert "retrieval.k  1  profile default" in ran.err
    assert "retrieval.k = 6, from default" in ran.err
    assert "profile default does not set retrieval.k" in ran.err
    assert ran.code == 5
    assert "ten seconds" in ran.out
    with Runtime().open() as workspace:
        history = workspace.history
        (turn,) = history.transcript(history.latest())
    assert len(turn.retrieved) == 1


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("/settings retrieval.k many", "expected a whole number"),
        ("/settings retrieval.q 3", "did you mean retrieval.k?"),
        (
            "/settings endpoints.own.key_command=id",
            "taken from your own settings alone",
        ),
        ("/settings memory forever", "is not one of recency, summary"),
        ("/profile new ../up", "profile"),
        ("/profile new a b", "takes a name and --encrypt"),
        ("/profile new diary --encrypt", "no passphrase for profile"),
        ("/add nowhere.md", "is not there"),
        ("/delete", "has not begun"),
        ("/pull llama3.2", "Ollama"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(say: Say, line: str, told: str) -> None:
    ran = say(line)
    first, *rest = ran.err.splitlines()

    assert ran.code
    assert first.startswith("ragcli: ")
    assert told in ran.err
    assert [one for one in rest if not one.startswith("hint: ")] == []


def test_secrets_are_hidden(say: Say, home: Path) -> None:
    config = Runtime().home.config_file
    assert config.is_relative_to(home.parent)
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(
        '[endpoints.own]\nurl = "http://who:secret-1@127.0.0.1:1"\n'
        '[endpoints.own.headers]\nX-Key = "secret-2"\n'
    )
    ran = say("/settings", "/settings endpoints.own.headers.X-Key")

    assert "endpoints.own.headers.X-Key" in ran.err
    assert "(hidden)@127.0.0.1:1" in ran.err
    assert "secret" not in ran.err


def test_a_profile_is_made_and_opened(say: Say, run_cli: Callable[..., Ran]) -> None:
    ran = say("/profile new work", "/settings memory_turns 3", "/profile")

    assert ran.code == 0, ran.err
    assert "profile work made" in ran.err
    assert "● work" in ran.err
    assert run_cli("config", "get", "memory_turns", "-p", "work").out == "3\n"
    assert run_cli("profile", "show").out  # the one in use stays what it was


def test_an_encrypted_profile_takes_its_passphrase_where_the_user_keeps_it(
    say: Say, monkeypatch: pytest.MonkeyPatch, run_cli: Callable[..., Ran]
) -> None:
    monkeypatch.setenv("RAGCLI_PASSPHRASE_COMMAND", "echo open sesame")
    ran = say("/profile new diary --encrypt")

    assert ran.code == 0, ran.err
    told = json.loads(run_cli("profile", "show", "diary", "--json").out)
    assert told["encrypted"] is True


def test_documents_are_added_searched_in_part_and_removed(
    notes: Path, say: Say
) -> None:
    ran = say(
        "/add notes",
        "/in notes/almanac.md",
        "/docs",
        "/in",
        "/remove notes/locks.md",
        "/docs",
    )

    assert ran.code == 0, ran.err
    assert "Documents: 3 added" in ran.err
    assert "searched from now on: only notes/almanac.md" in ran.err
    assert "searched from now on: all documents" in ran.err
    assert "1 document removed" in ran.err
    assert ran.err.count("notes/locks.md  ") == 1
    assert ran.err.count("notes/snapshots.md  ") == 2


def test_a_conversation_is_found_asked_again_branched_and_written(
    indexed: Path, say: Say, tmp_path: Path, run_cli: Callable[..., Ran]
) -> None:
    ran = say(
        QUESTION,
        "/regenerate",
        "/version",
        "/find ten seconds",
        "/rename Waiting",
        "/fork",
        "/export out.html",
        "/readonly",
        QUESTION,
        "/readonly",
        "/conversation Waiting",
        "/search nowhere at all",
    )
    listed = json.loads(run_cli("history", "list", "--json").out)["conversations"]

    assert ran.code == 0, ran.err
    assert ran.out.count("ten seconds") == 4
    assert "version 1 of 2" in ran.err
    assert "goes on: Waiting" in ran.err
    assert "0 turns" in ran.err
    assert "<html" in (tmp_path / "out.html").read_text()
    assert sorted(one["turns"] for one in listed) == [1, 1]


def test_a_model_is_pulled_with_its_progress(
    say: Say, ollama: FakeOllama, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", ollama.host)
    ran = say("/pull ollama:tiny")
    missing = say("/pull nosuch-model")

    assert ran.code == 0, ran.err
    assert "pulling manifest" in ran.err
    assert " 100 %" in ran.err
    assert "/model ollama:tiny answers with it" in ran.err
    assert "there is no model" in missing.err


HANDBOOK = """# Club

## Introduction

Welcome to the club of the town, all of you.

## Opening hours

The hall is open from 8 to 22 on weekdays, and from 10 to 18 on Sundays.

## Notice period

The notice period is three months to the end of a year.

## @/etc/passwd

The file of all the users of this machine is read here.

## \x1b[31mRed hours

The red hours are from nine to ten in the morning.
"""

ORDNUNG = """# Hausordnung

## Kündigungsfrist

Die Kündigungsfrist beträgt drei Monate zum Ende eines Quartals.

## Fahrräder abstellen

Fahrräder werden im Keller abgestellt, nicht im Flur.
"""

CODE = 'def opening_hours():\n    """Opening hours of the hall."""\n    return 14\n'


def test_new_documents_suggest_what_they_answer(
    say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in (("a.md", HANDBOOK), ("b.md", ORDNUNG), ("c.py", CODE)):
        (tmp_path / name).write_text(text)
    first = say("How long is the notice period?", "/add a.md")
    second, third = say("/add b.md"), say("/add c.py", "/sync")

    asked = "you may ask: "
    assert [one for one in first.err.splitlines() if one.startswith(asked)] == [
        f"{asked}What are the opening hours?",
        f"{asked}What is the notice period?",
    ]
    assert "/regenerate asks again: How long is the notice period?" in first.err
    assert f"{asked}Was ist die Kündigungsfrist?" in second.err
    assert f"{asked}Wie kann man Fahrräder abstellen?" in second.err
    assert asked not in third.err
    with Runtime().open() as workspace:
        turns = workspace.history.transcript(workspace.history.latest())
    assert len(turns) == 1, "what was tried is not recorded"
