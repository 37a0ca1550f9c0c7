"""Nothing that a terminal sends, and no kill, ends the chat with a crash."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from ragcli.runtime import Runtime
from ragcli.tui.app import ChatApp
from tests.fakes.ollama import FakeOllama, Fault
from tests.tui.conftest import last_turn, until
from tests.tui.lifecycle.test_hangup import answerable
from tests.tui.pseudo_terminal import PseudoTerminal

SLOW = "Every word takes its time, " * 400
KILLED = 128 + signal.SIGTERM

_RANDOM = random.Random(7)
ODD = {
    "latin-1": b"caf\xe9 A",
    "mouse beyond column 95": b"\x1b[M#\x90\x30",
    "a key that is no character": b"\x1b[97;1;99999999u\x1b[99999999;1u",
    "a click nowhere": b"\x1b[<0;99999999999;0M",
    "half a character": b"\xe2\x82",
    "high bytes": bytes(_RANDOM.randrange(0x80, 0x100) for _ in range(300)),
}


@pytest.fixture
def server() -> Iterator[FakeOllama]:
    """A model server."""
    with FakeOllama() as fake:
        yield fake


@pytest.fixture
def runtime(home: Path) -> Runtime:
    """A profile with one document."""
    runtime = Runtime({}, {**os.environ, "RAGCLI_HOME": str(home)})
    runtime.open("default").close()
    answerable(runtime)
    return runtime


@pytest.mark.parametrize("options", [(), ("--inline",)])
def test_no_bytes_end_the_chat(
    runtime: Runtime, server: FakeOllama, options: tuple[str, ...]
) -> None:
    environ = {"OLLAMA_HOST": server.host}
    with PseudoTerminal("chat", "--new", *options, environ=environ) as terminal:
        terminal.until("1 document")
        for number, raw in enumerate(ODD.values()):
            terminal.send(raw)
            terminal.type(f"\nstill{number}here")
            terminal.until(f"still{number}here")
        terminal.send(b"\x11")
        code = terminal.code()

    assert "Traceback" not in terminal.said
    assert code == 0


@pytest.mark.parametrize("moment", range(4))
def test_a_kill_while_an_answer_streams_is_clean(
    runtime: Runtime, server: FakeOllama, moment: int
) -> None:
    server.rate = 200
    server.replies.append(SLOW)
    environ = {"OLLAMA_HOST": server.host}
    with PseudoTerminal("chat", "--new", environ=environ) as terminal:
        terminal.until("1 document")
        terminal.type("How long?\r")
        # A search may be over before the screen is painted again.
        terminal.until("takes its", *([] if moment else ["searching"]))
        terminal.signal(signal.SIGTERM)
        code = terminal.code()

    assert "NoMatches" not in terminal.said
    assert "Traceback" not in terminal.said
    assert code == KILLED


async def test_escape_ends_a_rewrite_while_the_server_is_silent(
    runtime: Runtime, server: FakeOllama, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", server.host)
    profiles = Runtime({}, {**os.environ, "RAGCLI_HOME": str(runtime.home.data)})
    app = ChatApp(profiles, profiles.open("default"), "")
    async with app.run_test(size=(120, 32)) as pilot:
        await until(pilot, lambda: app.chat.status.status.model, "the model")
        app.chat.ask("How long does it take?")
        await until(pilot, lambda: app.chat.answering.asking is None, "answered")
        server.always = Fault("stall")
        before = len(server.seen)
        app.chat.ask("And why is that?")
        await until(pilot, lambda: len(server.seen) > before, "the rewrite")
        await pilot.press("escape")
        await until(pilot, lambda: app.chat.answering.asking is None, "stopped")
        last = last_turn(app).turn
        server.always = None
        app.chat.ask("How long is it?")
        await until(pilot, lambda: app.chat.answering.asking is None, "answered")
        after = last_turn(app).turn
    app.chat.desk.profile.close()

    assert last.status == "interrupted"
    assert after.status == "answered"
    assert after.conversation == last.conversation
