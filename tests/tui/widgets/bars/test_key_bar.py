"""The last line names the keys of the place where the user is, and cuts none."""

from __future__ import annotations

import pytest

from ragcli.tui.keyboard.multiplexers import arriving_first, taken_keys
from ragcli.tui.widgets.bars.key_bar import fitted
from tests.tui.backend import Backend, Gate
from tests.tui.conftest import (
    Chat,
    ask,
    live_turn,
    notices,
    screen_text,
    until,
    until_idle,
)

PLACES = {
    "prompt": ((), "Enter Send"),
    "turn": (("ctrl+up",), "Esc Write  c Copy"),
    "sources": (("ctrl+s",), "Esc Write  Enter Open  Space Context"),
    "conversations": (("f2",), "Esc Write  Enter Open  r Rename"),
    "profiles": (("f2", "tab"), "Esc Write  Enter Open  F1 Help"),
}


async def test_the_keys_fit_the_focus_and_the_width(
    chat: Chat, backend: Backend
) -> None:
    backend.first.seed(2)
    async with chat() as (pilot, app, _):
        bar = app.chat.key_bar
        await until(pilot, lambda: bar.is_attached)
        shown = {}
        for place, (keys, _begins) in PLACES.items():
            await pilot.press("escape", *keys)
            shown[place] = screen_text(app).splitlines()[-1].strip()
            wanted = bar.keys()
            for width in range(1, 200):
                kept = fitted(wanted, width)
                assert sum(key.width + 2 for key in kept) - 2 <= width or not kept
                assert width < len("F1 Help") or "chat.help" in {k.name for k in kept}

    begun = {place: shown[place].startswith(PLACES[place][1]) for place in PLACES}
    assert all(begun.values()), shown
    assert "Rename" not in shown["profiles"]


async def test_escape_is_told_to_stop_while_an_answer_is_given(
    chat: Chat, backend: Backend
) -> None:
    gate = backend.first.script = Gate("A commit ", "waits")
    async with chat() as (pilot, app, _):
        await ask(pilot, app, "How long?")
        await until(pilot, lambda: "Esc Stop  Enter Send" in screen_text(app))
        gate.let(3)
        await until(pilot, lambda: "Esc Stop" not in screen_text(app))


@pytest.mark.parametrize(
    ("environ", "shown"),
    [({}, "^B Chats"), ({"TMUX": "/s,1,0"}, "F2 Chats"), ({"STY": "1.s"}, "^B Chats")],
    ids=["alone", "tmux", "screen"],
)
async def test_what_the_multiplexer_keeps_is_shown_by_its_other_key(
    chat: Chat,
    monkeypatch: pytest.MonkeyPatch,
    environ: dict[str, str],
    shown: str,
) -> None:
    for name in ("TMUX", "STY"):
        monkeypatch.setenv(name, environ.get(name, ""))
    async with chat() as (pilot, app, _):
        await until(pilot, lambda: shown in screen_text(app))
        await pilot.press("f1")
        await until(pilot, lambda: "Go to the conversations" in screen_text(app))
        first = shown.partition(" ")[0].replace("^", "Ctrl+")
        assert f"{first}, " in screen_text(app)

    assert arriving_first(["ctrl+a", "home"], taken_keys({"STY": "1.s"}))[0] == "home"


async def test_keys_that_mean_nothing_for_this_turn_are_not_offered(
    chat: Chat, backend: Backend
) -> None:
    gate = backend.first.script = Gate("A commit waits ", "never")
    async with chat() as (pilot, app, _):
        await ask(pilot, app, "How long?")
        gate.let(1)
        await until(pilot, lambda: "waits" in live_turn(app).answer.source)
        await pilot.press("escape")
        await until_idle(pilot, app)
        await pilot.press("ctrl+up")
        await until(pilot, lambda: "o Go on" in screen_text(app))
        line = screen_text(app).splitlines()[-1]

    assert "y Code" not in line
    assert "Thoughts" not in line


@pytest.mark.parametrize("size", [(60, 20), (110, 30), (200, 50)], ids=str)
async def test_a_notice_covers_nothing(
    chat: Chat, backend: Backend, size: tuple[int, int]
) -> None:
    backend.first.seed(4)
    async with chat(size=size) as (pilot, app, _):
        await until(pilot, lambda: app.chat.is_furnished)
        said = "Turns are not recorded from now on. " * 4
        app.chat.desk.say(said)
        await until(pilot, lambda: "not recorded" in screen_text(app))
        notice = app.screen.query_one("Toast").region
        covered = [
            widget
            for widget in (app.chat.transcript, app.chat.sources, app.chat.prompt)
            if widget.display and widget.region.overlaps(notice)
        ]
        below = app.chat.transcript.is_vertical_scroll_end

    assert notice.width > size[0] - 10
    assert not covered
    assert below
    assert "not recorded" in notices(app)
