"""A terminal that goes away without a signal ends the chat, and nothing is lost."""

from __future__ import annotations

import os
import pty
import select
import sys
import threading
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from ragcli.index.report import NoProgress
from ragcli.runtime import Runtime
from ragcli.tui.lifecycle import terminal_hangup
from tests.fakes.ollama import FakeOllama
from tests.patience import PATIENCE
from tests.tui.pseudo_terminal import PseudoTerminal

HUNG_UP = 129
SLOW = "Every word takes its time, " * 400


@pytest.fixture
def server() -> Iterator[FakeOllama]:
    """A model server that takes a minute for one answer."""
    with FakeOllama() as fake:
        fake.rate = 20
        fake.replies.append(SLOW)
        yield fake


@pytest.fixture
def runtime(home: Path) -> Runtime:
    """An empty profile, in this process."""
    runtime = Runtime({}, {**os.environ, "RAGCLI_HOME": str(home)})
    runtime.open("default").close()
    return runtime


def _kept(runtime: Runtime) -> tuple[list[str], str]:
    """Returns how the recorded turns ended, and the draft."""
    with runtime.open("default") as workspace:
        turns = workspace.history.since(0)
        assert all(turn.answer.startswith("Every word") for turn in turns)
        return [turn.status for turn in turns], workspace.history.draft()


@pytest.mark.parametrize("options", [(), ("--inline",)])
def test_the_chat_keeps_answer_and_draft_and_ends(
    runtime: Runtime, server: FakeOllama, options: tuple[str, ...]
) -> None:
    answerable(runtime)
    environ = {"OLLAMA_HOST": server.host}
    with PseudoTerminal("chat", "--new", *options, environ=environ) as terminal:
        terminal.until("1 document")
        terminal.type("How long?\r")
        terminal.until("takes its")
        terminal.type("unsent")
        terminal.until("unsent")
        terminal.hang_up()
        code = terminal.code()

    assert code == HUNG_UP
    assert _kept(runtime) == (["interrupted"], "unsent")


def test_the_plain_chat_keeps_the_answer_and_ends(
    runtime: Runtime, server: FakeOllama
) -> None:
    answerable(runtime)
    environ = {"OLLAMA_HOST": server.host, "TERM": "dumb"}
    with PseudoTerminal("chat", "--new", environ=environ) as terminal:
        terminal.until("> ")
        terminal.type("How long?\r")
        terminal.until("takes its time")
        terminal.hang_up()
        code = terminal.code()

    assert code == HUNG_UP
    assert _kept(runtime) == (["interrupted"], "")


def test_the_plain_chat_ends_while_it_waits_for_a_question(runtime: Runtime) -> None:
    with PseudoTerminal("chat", environ={"TERM": "dumb"}) as terminal:
        terminal.until("> ")
        terminal.type("half a ques")
        terminal.hang_up()
        code = terminal.code()

    assert code == HUNG_UP
    assert _kept(runtime) == ([], "")


def test_the_plain_chat_ends_by_itself_at_the_end_of_input(runtime: Runtime) -> None:
    with PseudoTerminal("chat", environ={"TERM": "dumb"}) as terminal:
        terminal.until("> ")
        terminal.type("\x04")
        code = terminal.code()

    assert code == 0
    assert _kept(runtime) == ([], "")


def answerable(runtime: Runtime) -> None:
    """Adds a document that has something on the question."""
    document = runtime.home.profiles.parent / "waiting.md"
    document.write_text("# Waiting\n\nHow long it takes: ten seconds, no longer.\n")
    with runtime.open("default") as workspace:
        workspace.library.add([document], NoProgress())


class DeafPoll:
    """A `poll` of macOS: it reports no end to who asks for no event."""

    def __init__(self) -> None:
        self._asked: dict[int, int] = {}

    def register(self, descriptor: int, events: int) -> None:
        self._asked[descriptor] = events

    def poll(self, wait: int | None) -> list[tuple[int, int]]:
        assert wait is not None, "this would wait for ever"
        poll = _POLL()
        for descriptor, events in self._asked.items():
            if events:
                poll.register(descriptor, events)
        return poll.poll(wait)


_POLL = select.poll


def test_a_terminal_whose_end_nobody_reports_is_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(select, "poll", DeafPoll)
    monkeypatch.setattr(terminal_hangup, "PERIOD", 0.01)
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    gone = threading.Event()
    terminal_hangup.when_hung_up(theirs, gone.set)
    os.write(ours, b"typed, and not read yet")
    assert not gone.wait(0.2)
    os.close(ours)
    assert gone.wait(PATIENCE)
    os.close(theirs)
