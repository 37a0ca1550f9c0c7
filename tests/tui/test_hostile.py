"""Text that would like to act: shown, never obeyed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from ragcli.sessions.records.record_types import Turn
from ragcli.tui.app import ChatApp
from ragcli.tui.screens.dialogs import ConfirmDialog, PickDialog
from tests.tui.backend import Backend, citations, remembered, streamed
from tests.tui.conftest import Chat, ask, screen_text, until, until_idle

ESCAPES = "\x1b[2J\x1b]52;c;cHduZWQ=\x07\x1b]8;;http://evil.example\x07\x9b31m\x08\x7f"
MARKUP = "[@click=app.quit]quit[/] [red]red[/red] [/bold] [link=http://evil]x[/link]"
BIDI = "\u202egnp.exe\u2066\u200b\U000e0041"
HOSTILE = f"{ESCAPES} {MARKUP} {BIDI}"

ACTING = [
    *(chr(code) for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) != "\n"),
    *"\u202a\u202e\u2066\u2069\u200b\u200e\ufeff\u2028\U000e0041",
]


def drawn(app: ChatApp) -> str:
    """Returns every character that the compositor would send to the terminal."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(s.text for s in strip) for strip in strips)


def assert_inert(app: ChatApp) -> None:
    """Fails when a character that acts, or a terminal link, is on the screen."""
    text = drawn(app)
    assert not [c for c in ACTING if c in text]
    for strip in app.screen._compositor.render_strips():
        for segment in strip:
            style = segment.style
            assert style is None or not style.link
            clicked = style.meta.get("@click", "") if style else ""
            assert "quit" not in str(clicked) or "leave" in str(clicked)


async def click_all(pilot: Pilot[Any], app: ChatApp) -> None:
    """Clicks on every word of the transcript that a markup could have made a link."""
    for y, line in enumerate(screen_text(app).splitlines()):
        for word in ("quit", "red", "[/bold]"):
            x = line.find(word)
            if 31 < x < 88 and y < 30:
                await pilot.click(offset=(x + 1, y))
    await pilot.pause()


def hostile_backend(backend: Backend) -> Turn:
    """Puts hostile text wherever a stored turn can have it."""
    profile = backend.first
    kept = [
        {**item, "text": HOSTILE, "path": f"/docs/{HOSTILE}.md", "heading": HOSTILE}
        for item in remembered()
    ]
    cited = [
        replace(c, path=str(kept[0]["path"]), quote=ESCAPES, heading=HOSTILE)
        for c in citations()
    ]
    turn = Turn(
        "turn-x", "conversation-x", HOSTILE, HOSTILE, f"{HOSTILE} [1]", "answered",
        f"ollama:{HOSTILE}", tuple(cited), tuple(kept),
    )  # fmt: skip
    return profile.history.commit(turn, title=HOSTILE)


async def test_what_is_copied_cannot_act_where_it_is_pasted(
    chat: Chat, backend: Backend
) -> None:
    hostile_backend(backend)
    async with chat() as (pilot, app, _):
        await until(pilot, lambda: "[@click=app.quit]" in screen_text(app))
        await pilot.press("ctrl+up")
        await pilot.press("c")
        await until(pilot, lambda: app.clipboard)

    assert MARKUP in app.clipboard
    assert not [c for c in ACTING if c in app.clipboard]


async def test_an_entity_is_as_inert_as_the_character(
    chat: Chat, backend: Backend
) -> None:
    hidden = "".join(f"&#x{ord(c):x};" for c in ACTING)
    turn = replace(hostile_backend(backend), id="turn-y", answer=f"told {hidden} end")
    backend.first.history.commit(turn)
    async with chat() as (pilot, app, _):
        await until(pilot, lambda: "told" in screen_text(app))
        assert_inert(app)


async def test_stored_hostile_text_is_inert_everywhere(
    chat: Chat, backend: Backend
) -> None:
    hostile_backend(backend)
    async with chat() as (pilot, app, _):
        await until(pilot, lambda: "[@click=app.quit]" in screen_text(app))
        assert_inert(app)
        await pilot.press("ctrl+up", "1")
        await pilot.pause()
        assert_inert(app)
        await click_all(pilot, app)
        assert app.is_running
        app.chat.sources.cards[0].focus()
        await pilot.press("space")
        await pilot.pause()
        assert_inert(app)
        for command in ("conversation", "docs"):
            app.chat.run_command(command)
            await until(pilot, lambda: isinstance(app.screen, PickDialog))
            assert_inert(app)
            await pilot.press("escape")
            await until(pilot, lambda: app.screen is app.chat)
        app.chat.run_command("delete")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        assert_inert(app)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.chat)
        app.chat.run_command("search")
        await pilot.pause()
        app.screen.query_one(Input).value = "quit"
        await until(pilot, lambda: "1 turn" in screen_text(app))
        assert_inert(app)

    assert backend.first.history.turns[0].answer == f"{HOSTILE} [1]", "kept verbatim"


@pytest.mark.parametrize("size", [1, 3, 1000])
async def test_a_hostile_stream_is_inert_however_it_is_cut(
    chat: Chat, backend: Backend, size: int
) -> None:
    backend.first.script = streamed(f"{HOSTILE}\n\n```\n{HOSTILE}\n```\n", size=size)
    async with chat() as (pilot, app, _):
        await ask(pilot, app, "what now?")
        await until_idle(pilot, app)
        await until(pilot, lambda: "[@click=app.quit]" in screen_text(app))
        assert_inert(app)
        await click_all(pilot, app)

        assert app.is_running


async def test_hostile_prompt_profile_and_error_are_inert(
    chat: Chat, backend: Backend
) -> None:
    async with chat() as (pilot, app, _):
        app.chat.prompt.put("/" + HOSTILE.replace("/", "").replace("\n", ""))
        await pilot.press("enter")
        await pilot.pause()
        app.chat.desk.say(HOSTILE, severity="error")
        app.chat.sidebar.list_profiles([HOSTILE], HOSTILE)
        await pilot.pause()

        assert "[@click=app.quit]" in screen_text(app)
        assert app.is_running


async def test_a_link_opens_only_after_it_was_confirmed(
    chat: Chat, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    backend.first.script = streamed(
        "[safe](https://good.example) [bad](javascript:alert(1)) [file](file:///etc)"
    )
    async with chat() as (pilot, app, _):
        monkeypatch.setattr(app, "open_url", lambda url, **_: opened.append(url))
        await ask(pilot, app, "links?")
        await until(pilot, lambda: "safe (https://good.example)" in screen_text(app))
        app.chat.post_message(_clicked("https://good.example"))
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        assert "https://good.example" in screen_text(app)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.chat)
        assert not opened
        for href in ("javascript:alert(1)", "file:///etc/passwd"):
            app.chat.post_message(_clicked(href))
            await pilot.pause()
            assert app.screen is app.chat
        app.chat.post_message(_clicked("https://good.example"))
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await pilot.press("y")
        await until(pilot, lambda: opened)

    assert opened == ["https://good.example"]


def _clicked(href: str) -> Any:
    from ragcli.tui.widgets.conversation.answer import AnswerView

    return AnswerView.LinkClicked(href)
