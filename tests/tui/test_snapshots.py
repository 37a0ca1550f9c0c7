"""Whole screens, compared with pictures that were looked at.

`pytest tests/tui/test_snapshots.py --snapshot-update` draws them anew; look at each
before it is committed.
"""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from ragcli.errors import Locked, ModelFailed
from ragcli.tui.app import ChatApp
from ragcli.tui.screens.dialogs import ConfirmDialog, LockDialog, TextDialog
from ragcli.tui.screens.documents import DocumentsDialog
from ragcli.tui.screens.help import HelpScreen
from ragcli.tui.screens.palette import CommandsDialog
from ragcli.tui.widgets.bars.ingest import IngestBar
from tests.tui.backend import Backend, Gate, failing
from tests.tui.conftest import ask, live_turn, screen_text, type_text, until, until_idle

WIDE = (140, 36)
NARROW = (60, 16)

Steps = Callable[[Pilot[Any], ChatApp, Backend], Awaitable[None]]
QUESTION = "How long does a commit wait?"


async def loaded(pilot: Pilot[Any], app: ChatApp, backend: Backend) -> None:
    """Waits until everything that is read at the start is shown."""
    await until(pilot, lambda: app.chat.status.status.model, "the model")
    await until(
        pilot, lambda: len(app.chat.conversations.conversations) >= _begun(backend)
    )
    await until(pilot, lambda: app.screen.query("KeyBar") or app.size.height < 14)
    app.chat.prompt.cursor_blink = False
    await pilot.pause()


def _begun(backend: Backend) -> int:
    return len(backend.first.history.titles)


async def nothing_more(pilot: Pilot[Any], app: ChatApp, backend: Backend) -> None:
    """Leaves the screen as it starts."""


async def streaming(pilot: Pilot[Any], app: ChatApp, backend: Backend) -> None:
    gate = Gate("A commit waits at most **ten ", "seconds** [1], then")
    backend.first.script = gate
    await ask(pilot, app, QUESTION)
    await ask(pilot, app, "And who is told?")
    gate.let(2)
    await until(pilot, lambda: "then" in screen_text(app))


async def source_chosen(pilot: Pilot[Any], app: ChatApp, backend: Backend) -> None:
    await pilot.press("ctrl+up", "2")


async def sources_over(pilot: Pilot[Any], app: ChatApp, backend: Backend) -> None:
    await pilot.press("ctrl+s")


async def finding(pilot: Pilot[Any], app: ChatApp, backend: Backend) -> None:
    await pilot.press("ctrl+f")
    await type_text(pilot, "lock")
    await until(pilot, lambda: "of 3" in screen_text(app))


async def confirming(pilot: Pilot[Any], app: ChatApp, backend: Backend) -> None:
    app.chat.run_command("delete")
    await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))


async def failed(pilot: Pilot[Any], app: ChatApp, backend: Backend) -> None:
    error = ModelFailed("the stream broke", "start the server again")
    backend.first.script = failing(error, "A commit waits")
    await ask(pilot, app, QUESTION)
    await until_idle(pilot, app)


async def locked(pilot: Pilot[Any], app: ChatApp, backend: Backend) -> None:
    backend.first.history.fails = Locked("work is held by alice, pid 42: docs add")
    await ask(pilot, app, QUESTION)
    await until(pilot, lambda: isinstance(app.screen, LockDialog))


async def completing(pilot: Pilot[Any], app: ChatApp, backend: Backend) -> None:
    await type_text(pilot, "/co")
    await until(pilot, lambda: app.chat.prompt.completing)


async def helping(pilot: Pilot[Any], app: ChatApp, backend: Backend) -> None:
    await pilot.press("f1")
    await until(pilot, lambda: isinstance(app.screen, HelpScreen))


async def listing_commands(pilot: Pilot[Any], app: ChatApp, backend: Backend) -> None:
    await pilot.press("ctrl+p")
    await until(pilot, lambda: isinstance(app.screen, CommandsDialog))


async def listing_documents(pilot: Pilot[Any], app: ChatApp, backend: Backend) -> None:
    backend.first.library.paths += [f"/docs/notes/note-{n}.md" for n in range(9)]
    app.chat.run_command("docs")
    await until(pilot, lambda: isinstance(app.screen, DocumentsDialog))


async def interrupted(pilot: Pilot[Any], app: ChatApp, backend: Backend) -> None:
    gate = Gate("A commit waits ", "never")
    backend.first.script = gate
    await ask(pilot, app, QUESTION)
    gate.let(1)
    await until(pilot, lambda: "waits" in live_turn(app).answer.source)
    await pilot.press("escape")
    await until_idle(pilot, app)


async def unlocking(pilot: Pilot[Any], app: ChatApp, backend: Backend) -> None:
    backend.passphrases["home"] = "sesame"
    for given in ("/profile home", "guess"):
        before = app.screen
        await type_text(pilot, given)
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is not before)  # noqa: B023 - at once
        await until(pilot, lambda: isinstance(app.screen, TextDialog))
    app.screen.query_one(Input).cursor_blink = False


async def reading(pilot: Pilot[Any], app: ChatApp, backend: Backend) -> None:
    backend.first.library.pause = threading.Event()
    app.chat.run_command("add", "/")
    await until(pilot, lambda: "Esc stops" in screen_text(app))
    await until(pilot, lambda: app.chat.documents.left_out, "all four steps")
    app.chat.query_one(IngestBar).step(2, "notes/locks.md")


@pytest.mark.parametrize(
    ("steps", "size", "theme", "seeded"),
    [
        pytest.param(nothing_more, WIDE, "textual-dark", 0, id="first-run"),
        pytest.param(nothing_more, NARROW, "textual-dark", 0, id="first-run-narrow"),
        pytest.param(nothing_more, WIDE, "textual-dark", 3, id="conversation"),
        pytest.param(nothing_more, (100, 30), "textual-dark", 3, id="middle"),
        pytest.param(nothing_more, NARROW, "textual-light", 3, id="narrow-light"),
        pytest.param(nothing_more, (20, 5), "textual-dark", 3, id="tiny"),
        pytest.param(streaming, WIDE, "textual-dark", 1, id="streaming"),
        pytest.param(source_chosen, WIDE, "textual-dark", 3, id="source"),
        pytest.param(source_chosen, WIDE, "textual-light", 3, id="source-light"),
        pytest.param(source_chosen, WIDE, "nord", 3, id="source-nord"),
        pytest.param(sources_over, NARROW, "textual-dark", 3, id="sources-narrow"),
        pytest.param(finding, (100, 30), "textual-dark", 3, id="find"),
        pytest.param(confirming, (100, 30), "textual-dark", 3, id="confirm"),
        pytest.param(failed, (100, 30), "textual-dark", 1, id="error"),
        pytest.param(locked, (100, 30), "textual-dark", 1, id="locked"),
        pytest.param(completing, (100, 30), "textual-dark", 1, id="completions"),
        pytest.param(helping, (100, 40), "textual-dark", 1, id="help"),
        pytest.param(listing_commands, (80, 24), "textual-dark", 1, id="palette"),
        pytest.param(listing_documents, (80, 24), "textual-dark", 1, id="documents"),
        pytest.param(nothing_more, (200, 50), "textual-dark", 3, id="widest"),
        pytest.param(unlocking, (100, 30), "textual-dark", 1, id="passphrase"),
        pytest.param(reading, (100, 30), "textual-dark", 1, id="reading"),
        pytest.param(interrupted, WIDE, "textual-dark", 1, id="interrupted"),
        pytest.param(nothing_more, (80, 24), "textual-dark", 3, id="80x24"),
        pytest.param(source_chosen, (120, 40), "textual-dark", 3, id="120x40"),
        pytest.param(source_chosen, (120, 40), "textual-dark 256", 3, id="256"),
        pytest.param(source_chosen, (120, 40), "textual-light 256", 3, id="256-light"),
    ],
)
def test_screen(
    snap_compare: Callable[..., bool],
    tmp_path: Path,
    steps: Steps,
    size: tuple[int, int],
    theme: str,
    seeded: int,
) -> None:
    theme, _, few = theme.partition(" ")
    backend = Backend(tmp_path, "work", "home", settings={"tui.theme": theme})
    if seeded:
        backend.first.seed(2, "The engines")
        backend.first.seed(1, "Splitting documents")
        backend.first.seed(seeded)
    app = ChatApp(backend, backend.first)
    app.legible.limited = bool(few)

    async def run_before(pilot: Pilot[Any]) -> None:
        await loaded(pilot, app, backend)
        await steps(pilot, app, backend)
        if steps is not failed:
            app.clear_notifications()
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=run_before)
