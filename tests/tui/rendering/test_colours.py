"""Every text of every theme can be read, in true colour and in 256 colours."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from rich.color import ColorType
from textual.color import Color
from textual.theme import BUILTIN_THEMES

from ragcli.errors import ModelFailed
from ragcli.tui.app import ChatApp
from ragcli.tui.rendering.legible import contrast
from ragcli.tui.screens.dialogs import ConfirmDialog
from ragcli.tui.screens.help import HelpScreen
from tests.tui.backend import Backend, failing
from tests.tui.conftest import Chat, ask, until, until_idle

THEMES = sorted(name for name, theme in BUILTIN_THEMES.items() if not theme.ansi)
LEAST = 4.5
GREYISH = 24
"""Difference of channels up to which a ground passes for grey."""

_LINES = re.compile(r"[\s─-▟]*")


def cells(app: ChatApp) -> Iterator[tuple[str, Color, Color]]:
    """Yields each drawn text with its colour and its ground."""
    for strip in app.screen._compositor.render_strips():
        for segment in strip:
            style = segment.style
            if style is None or style.color is None or style.bgcolor is None:
                continue
            if not _LINES.fullmatch(segment.text):
                ground, colour = style.bgcolor, style.color
                if style.reverse:
                    ground, colour = colour, ground
                yield (
                    segment.text,
                    Color.from_rich_color(colour),
                    Color.from_rich_color(ground),
                )


def faint(app: ChatApp) -> list[tuple[str, float]]:
    """Returns the texts on the screen that stand out too little."""
    seen = {(text, round(contrast(a, b), 2)) for text, a, b in cells(app)}
    return sorted(item for item in seen if item[1] < LEAST)


async def views(pilot: Any, app: ChatApp, backend: Backend) -> AsyncIterator[str]:
    """Goes through what the chat can show."""
    await until(pilot, lambda: app.screen.query("KeyBar"))
    yield "conversation"
    await pilot.press("ctrl+up", "2")
    yield "source"
    await pilot.press("ctrl+f", "l", "o", "c", "k")
    yield "find"
    await pilot.press("escape")
    backend.first.script = failing(ModelFailed("the stream broke"), "A commit")
    await ask(pilot, app, "and now?")
    await until_idle(pilot, app)
    yield "failure"
    await pilot.press("/", "c", "o")
    await until(pilot, lambda: app.chat.prompt.completing)
    yield "completions"
    app.chat.prompt.put("")
    await pilot.press("f1")
    await until(pilot, lambda: isinstance(app.screen, HelpScreen))
    yield "help"
    await pilot.press("escape")
    app.chat.run_command("delete")
    await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
    yield "dialog"


async def draw(pilot: Any, app: ChatApp, *, limited: bool) -> None:
    """Draws everything anew, for a terminal of 256 colours or of all of them."""
    app.legible.limited = limited
    for widget in app.screen.walk_children():
        widget.refresh()
    await pilot.pause()


@pytest.mark.parametrize("themes", [THEMES[n::4] for n in range(4)], ids="abcd")
async def test_every_text_stands_out(
    chat: Chat, backend: Backend, themes: list[str]
) -> None:
    backend.first.seed(3)
    faults = {}
    async with chat() as (pilot, app, _):
        async for view in views(pilot, app, backend):
            for theme in themes:
                app.legible.limited = False
                app.theme = theme
                await pilot.pause()
                in_true_colour = list(cells(app))
                assert len(in_true_colour) > 20
                if found := faint(app):
                    faults[theme, view, "true"] = found[:5]
                await draw(pilot, app, limited=True)
                assert list(cells(app)) != in_true_colour
                if found := faint(app):
                    faults[theme, view, "256"] = found[:5]

    assert not faults


@pytest.mark.parametrize("theme", ["textual-dark", "nord", "gruvbox", "tokyo-night"])
async def test_in_256_colours_dark_panels_stay_grey(
    chat: Chat, backend: Backend, theme: str
) -> None:
    backend.first.seed(3)
    async with chat(few_colours=True) as (pilot, app, _):
        app.theme = theme
        await pilot.pause()
        backgrounds = app.get_css_variables()
        strips = app.screen._compositor.render_strips()
        drawn = {
            segment.style.bgcolor
            for strip in strips
            for segment in strip
            if segment.style and segment.style.bgcolor
        }
        ground = Color.parse(backgrounds["background"])

    assert drawn
    assert {colour.type for colour in drawn} == {ColorType.EIGHT_BIT}
    shown = [Color.from_rich_color(colour) for colour in drawn]
    dark = [c for c in shown if c.brightness < 0.35]
    widest = max(max(c.rgb) - min(c.rgb) for c in dark)
    assert widest <= max(GREYISH, max(ground.rgb) - min(ground.rgb) + GREYISH)
