"""Places of sources are links where terminals open them, to files that are there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ragcli.tui.app import ChatApp
from tests.tui.backend import Backend, remembered
from tests.tui.conftest import Chat, until


def drawn(app: ChatApp) -> str:
    """Returns what is written to the terminal for the whole screen."""
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.render(app.console) for strip in strips)


@pytest.mark.parametrize("program", ["WezTerm", "Apple_Terminal"])
async def test_the_place_of_a_source_is_a_link(
    chat: Chat,
    backend: Backend,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    program: str,
) -> None:
    monkeypatch.setenv("TERM_PROGRAM", program)
    for name in ("FORCE_HYPERLINK", "VTE_VERSION", "KITTY_WINDOW_ID", "WT_SESSION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    there = tmp_path / "locks\x07 [31m.md"
    there.write_text("Locks")
    backend.first.seed(1)
    items = [dict(item) for item in remembered()]
    items[0]["path"] = str(there)
    turns = backend.first.history.turns
    turns[:] = [replace(t, retrieved=tuple(items), citations=()) for t in turns]
    async with chat() as (pilot, app, _):
        await until(pilot, lambda: len(app.chat.sources.cards) == len(items))
        output = drawn(app)

    assert ("locks%07%20%5B31m.md" in output) == (program == "WezTerm")
    assert "\x07" not in output
    assert "faq.pdf" in output
    assert "/faq.pdf" not in output
