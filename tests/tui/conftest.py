"""The chat on a scripted backend, without clocks."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from ragcli.tui.app import ChatApp
from ragcli.tui.widgets.conversation.turn import TurnView
from tests.fakes.ollama import FakeOllama
from tests.patience import PATIENCE
from tests.tui.backend import Backend, Script, Scripted

SIZE = (160, 36)

Chat = Callable[..., AbstractAsyncContextManager[tuple[Pilot[Any], ChatApp, Backend]]]


def profile_of(app: ChatApp) -> Scripted:
    """Returns the open profile."""
    profile = app.chat.desk.profile
    assert isinstance(profile, Scripted)
    return profile


def last_turn(app: ChatApp) -> TurnView:
    """Returns the newest turn on the screen."""
    view = app.chat.transcript.last
    assert view is not None
    return view


def live_turn(app: ChatApp) -> TurnView:
    """Returns the turn whose answer streams."""
    view = app.chat.answering.live
    assert view is not None
    return view


async def until(pilot: Pilot[Any], done: Callable[[], object], what: str = "") -> None:
    """Waits until `done()` is true."""
    end = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < end, f"did not happen: {what or done}"
        await pilot.pause()
        await asyncio.sleep(0.005)
    await pilot.pause()


async def until_idle(pilot: Pilot[Any], app: ChatApp) -> None:
    """Waits until no question is being answered: it ended, failed or was stopped."""
    await until(pilot, lambda: app.chat.answering.asking is None, "no answer under way")


async def type_text(pilot: Pilot[Any], text: str) -> None:
    """Presses the key of each character."""
    names = {" ": "space", "/": "slash", "@": "at", ".": "full_stop", "\n": "ctrl+j"}
    for character in text:
        await pilot.press(names.get(character, character))


async def ask(pilot: Pilot[Any], app: ChatApp, text: str) -> None:
    """Types a question, sends it, and waits until it is asked or queued."""

    def taken() -> int:
        return len(profile_of(app).requests) + len(app.chat.answering.queue)

    before = taken()
    app.chat.prompt.put(text)
    await pilot.press("enter")
    await until(pilot, lambda: taken() > before, "asked")


async def send(pilot: Pilot[Any], app: ChatApp, text: str) -> None:
    """Types something that is no question, and sends it."""
    app.chat.prompt.put(text)
    await pilot.press("enter")
    await pilot.pause()


@asynccontextmanager
async def asking_again(
    chat: Chat, backend: Backend, script: Script
) -> AsyncIterator[tuple[Pilot[Any], ChatApp, TurnView]]:
    """Starts the chat on one turn and asks again; yields the turn as it was."""
    backend.first.seed(1)
    backend.first.script = script
    async with chat() as (pilot, app, _):
        old = last_turn(app)
        await pilot.press("f5")
        yield pilot, app, old


@asynccontextmanager
async def reading_documents(
    chat: Chat, backend: Backend, directory: Path
) -> AsyncIterator[tuple[Pilot[Any], ChatApp, threading.Event]]:
    """Starts the chat and adds a directory; what is yielded lets the reading end."""
    ready = backend.first.library.pause = threading.Event()
    async with chat() as (pilot, app, _):
        app.chat.run_command("add", str(directory))
        await until(pilot, lambda: app.chat.query_one("#ingest").display)
        yield pilot, app, ready


def shows(app: App[Any], words: str) -> bool:
    """Tells whether words stand on the screen."""
    return words in screen_text(app)


def screen_text(app: App[Any]) -> str:
    """Returns what stands on the screen, line by line."""
    width, height = app.size
    lines = app.screen._compositor.render_strips()
    assert len(lines) == height, (width, height)
    return "\n".join(strip.text.rstrip() for strip in lines)


def notices(app: App[Any]) -> str:
    """Returns what the notices on the screen say."""
    return "\n".join(notice.message for notice in app._notifications)


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing blinks or slides, and the time zone is fixed."""
    monkeypatch.setattr(TextArea.cursor_blink, "_default", False)
    monkeypatch.setattr(Input.cursor_blink, "_default", False)
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    monkeypatch.setenv("TZ", "UTC")
    assert os.environ["TZ"] == "UTC"


@pytest.fixture
def backend(tmp_path: Path) -> Backend:
    """Two profiles, the first one open, both without turns."""
    return Backend(tmp_path, "work", "home")


@pytest.fixture
def ollama(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeOllama]:
    """A server that the chat takes for the user's Ollama."""
    with FakeOllama() as server:
        monkeypatch.setenv("OLLAMA_HOST", server.host)
        yield server


@pytest.fixture
def chat(backend: Backend) -> Chat:
    """Starts the chat, loaded, in a terminal of a given size."""

    @asynccontextmanager
    async def start(
        given: Backend | None = None,
        size: tuple[int, int] = SIZE,
        conversation: str | None = None,
        *,
        few_colours: bool = False,
    ) -> AsyncIterator[tuple[Pilot[Any], ChatApp, Backend]]:
        used = given or backend
        app = ChatApp(used, used.first, conversation)
        app.legible.limited = few_colours
        async with app.run_test(size=size, notifications=True) as pilot:
            await until(pilot, lambda: app.chat.is_mounted, "the screen")
            await until(pilot, lambda: app.chat.status.status.documents >= 0, "loaded")
            await until(pilot, lambda: app.chat.status.status.model, "the model")
            yield pilot, app, used

    return start
