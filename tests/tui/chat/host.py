"""A small application on which one part of the chat stands without the others."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from textual.app import App, ComposeResult
from textual.message import Message
from textual.widget import Widget

from ragcli.tui.chat.desk import Desk
from ragcli.tui.chat.screen import DEFERRED_STYLES
from tests.patience import PATIENCE
from tests.tui.backend import Backend


class PartHost(App[None]):
    """Shows the widgets of one part, and hands it the messages it asks for.

    Args:
        backend: The scripted process.
        widgets: What the part draws on.
    """

    CSS_PATH = DEFERRED_STYLES

    def __init__(self, backend: Backend, *widgets: Widget) -> None:
        super().__init__()
        self.backend = backend
        self._widgets = widgets
        self.posted: list[Message] = []
        """What the part has told the screen."""
        self.routes: dict[type[Message], Callable[[Any], Any]] = {}
        """What of the part takes which message."""

    def compose(self) -> ComposeResult:
        yield from self._widgets

    @property
    def desk(self) -> Desk:
        """A desk on this application's screen, the first profile open."""
        return HostDesk(self)

    def take(self, message: Message) -> None:
        """Takes a message from any thread."""
        self.posted.append(message)
        self.call_later(self._route, message)

    async def _route(self, message: Message) -> None:
        take = self.routes.get(type(message))
        result = take(message) if take else None
        if result is not None:
            await result

    def posted_of(self, kind: type[Message]) -> Sequence[Any]:
        """Returns the messages of one kind."""
        return [message for message in self.posted if isinstance(message, kind)]

    def notices(self) -> str:
        """Returns what was said to the user."""
        return "\n".join(notice.message for notice in self._notifications)

    async def until(self, done: Callable[[], object]) -> None:
        """Waits until `done()` is true."""
        end = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < end, f"did not happen: {done}"
            await asyncio.sleep(0.005)


def backend_in(path: Path, turns: int = 0) -> Backend:
    """Returns two profiles; a conversation of so many turns in the first."""
    backend = Backend(path, "work", "home")
    if turns:
        backend.first.seed(turns)
    return backend


class HostDesk(Desk):
    """A desk whose messages the application takes.

    Args:
        host: The application.
    """

    def __init__(self, host: PartHost) -> None:
        super().__init__(host.screen, host.backend, host.backend.first)
        self._host = host

    def post(self, message: Message) -> None:
        """Hands a message to the application, from any thread."""
        self._host.take(message)
