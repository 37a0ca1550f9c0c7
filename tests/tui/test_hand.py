"""What the hand expects of the chat: recall, pastes, a part of the documents."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from textual import events
from textual.widgets import Input
from textual.widgets._toast import Toast

from ragcli.sessions.records.record_types import ONE_SHOT
from ragcli.tui.widgets.conversation.turn import TurnView
from tests.tui.backend import Backend
from tests.tui.conftest import Chat, ask, notices, screen_text, send, until, until_idle


async def test_a_question_of_any_conversation_is_found_and_put_into_the_prompt(
    chat: Chat, backend: Backend
) -> None:
    async with chat() as (pilot, app, _):
        for question in ("How long does it wait?", "Who holds the lock?"):
            await send(pilot, app, "/new")
            await ask(pilot, app, question)
            await until_idle(pilot, app)
        await send(pilot, app, "/new")
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "Questions asked before" in screen_text(app))
        await pilot.press("ctrl+r", "enter")
        await until(pilot, lambda: app.chat.prompt.text)
        recalled = app.chat.prompt.text
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "Questions asked before" in screen_text(app))
        await pilot.press("escape")
        await pilot.pause()

        assert recalled == app.chat.prompt.text == "How long does it wait?"
        assert len(backend.first.requests) == 2


async def test_up_goes_on_through_other_conversations(
    chat: Chat, backend: Backend
) -> None:
    async with chat() as (pilot, app, _):
        await ask(pilot, app, "Who holds the lock?")
        await until_idle(pilot, app)
        await send(pilot, app, "/new")
        await until(pilot, lambda: not app.chat.transcript.turns)
        await pilot.press("up")
        await until(pilot, lambda: app.chat.prompt.text == "Who holds the lock?")


async def test_a_long_paste_is_a_document_for_its_question(
    chat: Chat, backend: Backend
) -> None:
    text = "\n".join(f"entry {number}" for number in range(100))
    async with chat() as (pilot, app, _):
        app.chat.prompt.put("What is entry 7? ")
        app.chat.prompt.post_message(events.Paste(text))
        await until(pilot, lambda: "[pasted 100 lines]" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: backend.first.requests)
        await until_idle(pilot, app)
        await pilot.press("f5")
        await until(pilot, lambda: len(backend.first.requests) == 2)
        await until_idle(pilot, app)
        assert "What is entry 7? [pasted 100 lines]" in screen_text(app)

    for asked in backend.first.requests:
        assert asked.question == "What is entry 7?"
        assert asked.attachment == text
    assert backend.first.history.turns[0].pasted == ("[pasted 100 lines]",)
    async with chat() as (pilot, app, _):
        assert "What is entry 7? [pasted 100 lines]" in screen_text(app)
        await pilot.press("f5")
        await until(pilot, lambda: "is gone" in notices(app))
        assert len(backend.first.requests) == 2, "not asked without what it was about"


async def test_a_draft_keeps_the_text_of_its_marks(
    chat: Chat, backend: Backend
) -> None:
    text = "\n".join(f"entry {number}" for number in range(100))
    other = text.upper()
    async with chat() as (pilot, app, _):
        for pasted in (text, other):
            app.chat.prompt.post_message(events.Paste(pasted))
            await pilot.pause()
        app.chat.prompt.insert(" What is entry 7?")
        await until(pilot, lambda: backend.first.history.kept.endswith("7?"))
    assert other in backend.first.history.kept_pastes
    async with chat() as (pilot, app, _):
        await until(pilot, lambda: app.chat.prompt.text)
        await pilot.press("enter")
        await until(pilot, lambda: backend.first.requests)
        await until_idle(pilot, app)
        assert backend.first.requests[0].attachment == f"{text}\n\n{other}"
        await until(pilot, lambda: not backend.first.history.kept)
        assert not backend.first.history.kept_pastes, "it goes with the draft"


async def test_a_long_paste_is_a_mark_wherever_the_focus_is(
    chat: Chat, backend: Backend
) -> None:
    backend.first.seed(1)
    async with chat() as (pilot, app, _):
        await pilot.press("ctrl+up")
        app.post_message(events.Paste("x\n" * 30))
        await until(pilot, lambda: app.chat.prompt.text == "[pasted 30 lines]")


async def test_panes_keep_the_width_of_the_screen_beside_a_notice(
    chat: Chat, backend: Backend
) -> None:
    backend.first.seed(1)
    async with chat(size=(120, 40)) as (pilot, app, _):
        app.chat.notify("Documents: 19 added")
        await until(pilot, lambda: app.screen.query(Toast))
        await pilot.pause()
        assert app.chat.sources.region.right == 120


async def test_panes_that_were_hidden_stay_hidden_and_those_shown_come_back(
    chat: Chat, backend: Backend
) -> None:
    shown = {"sidebar": True, "sources": True}
    for name, key in (("sidebar", "ctrl+b"), ("sources", "ctrl+s")) * 2:
        async with chat() as (pilot, app, _):
            there = {"sidebar": app.chat.sidebar, "sources": app.chat.sources}
            assert {n: pane.display for n, pane in there.items()} == shown
            while there[name].display == shown[name]:  # the first key goes to it
                await pilot.press(key)
                await pilot.pause()
            shown[name] = not shown[name]


async def test_a_part_of_the_documents_is_searched_until_all_are_again(
    chat: Chat, backend: Backend
) -> None:
    async with chat() as (pilot, app, _):
        await send(pilot, app, "/in notes/*.md")
        await until(pilot, lambda: "in notes/*.md" in screen_text(app))
        await ask(pilot, app, "Who holds the lock?")
        await until_idle(pilot, app)
        await send(pilot, app, "/in")
        await ask(pilot, app, "Who waits?")
        await until(pilot, lambda: len(backend.first.requests) == 2)

    first, second = (request.where for request in backend.first.requests)
    assert first is not None
    assert first.inside == ("notes/*.md",)
    assert second is None


async def test_a_document_is_removed_by_its_name(chat: Chat, backend: Backend) -> None:
    backend.first.library.paths += ["/docs/a.md", "/docs/b.md"]
    async with chat() as (pilot, app, _):
        await send(pilot, app, "/remove /docs/a.md")
        await until(pilot, lambda: "1 document removed" in notices(app))

    assert "/docs/a.md" not in backend.first.library.paths
    assert "/docs/b.md" in backend.first.library.paths


@pytest.mark.parametrize(
    ("ago", "group"),
    [(0, "Today"), (1, "Yesterday"), (3, "This week"), (40, None)],
)
async def test_conversations_are_grouped_by_day(
    chat: Chat, backend: Backend, ago: int, group: str | None
) -> None:
    moment = datetime.now(UTC).astimezone() - timedelta(days=ago)
    backend.first.seed(2)
    turns = backend.first.history.turns
    turns[:] = [replace(turn, ts=moment.isoformat()) for turn in turns]
    async with chat() as (pilot, app, _):
        rows = app.chat.sidebar.conversations
        await until(pilot, lambda: rows.option_count > 1)
        heading, row = (rows.get_option_at_index(at) for at in (0, 1))

        assert str(heading.prompt) == (group or f"{moment:%B %Y}")
        assert heading.disabled
        assert "2 turns · " in str(row.prompt)
        told = f"{moment:%H:%M}" if ago < 2 else f"{moment:%a}"
        assert str(row.prompt).endswith(told if group else f"{moment:%b}")


async def test_a_pinned_conversation_is_first_and_questions_of_the_shell_are_last(
    chat: Chat, backend: Backend
) -> None:
    history = backend.first.history
    old, shell = backend.first.seed(1), backend.first.seed(1)
    history.origins[shell] = ONE_SHOT
    async with chat() as (pilot, app, _):
        rows = app.chat.sidebar.conversations

        def listed() -> list[str]:
            return [option.id or str(option.prompt) for option in rows.options]

        await until(pilot, lambda: listed()[-2:] == ["Asked in the shell", shell])
        rows.focus()
        rows.highlighted = rows.get_option_index(old)
        await pilot.press("p")
        await until(pilot, lambda: listed()[listed().index(old) - 1] == "Pinned")
        await pilot.press("p")
        await until(pilot, lambda: "Pinned" not in listed())
        app.chat.run_command("pin")
        await until(pilot, lambda: history.pinned)


@pytest.mark.parametrize(
    ("size", "keys"), [((110, 30), ("f2",)), ((155, 36), ()), ((70, 24), ("f2",))]
)
async def test_conversations_whose_titles_begin_alike_are_told_apart(
    chat: Chat, backend: Backend, size: tuple[int, int], keys: tuple[str, ...]
) -> None:
    begin = "Which formats of documents can be read "
    ends = ("by mail?", "from disk?", "日本語で?")
    for end in ends:
        backend.first.seed(2, begin + end)
    async with chat(size=size) as (pilot, app, _):
        await until(pilot, lambda: app.chat.is_furnished)
        await pilot.press(*keys)
        rows = app.chat.sidebar.conversations
        await until(pilot, lambda: rows.option_count == len(ends) + 1)
        listed = [str(rows.get_option_at_index(at + 1).prompt) for at in range(3)]
        shown = screen_text(app)

    assert len({row.rpartition(" ")[0] for row in listed}) == len(ends)
    for row in listed:
        lines = [line.rstrip() for line in row.split("\n")]
        assert len(lines) <= 2
        assert all(line in shown for line in lines)


async def test_what_is_typed_in_one_go_from_a_turn_is_all_written(
    chat: Chat, backend: Backend
) -> None:
    backend.first.seed(2)
    async with chat() as (pilot, app, _):
        await pilot.press("ctrl+up")
        await until(pilot, lambda: isinstance(app.focused, TurnView))
        for character in "/profile red":  # as from a terminal: nobody waits between
            app.post_message(events.Key(*_key_of(character)))
        await until(pilot, lambda: app.chat.prompt.text == "/profile red")
        assert app.screen is app.chat
    assert not backend.first.requests, "no letter acted on the turn"


def _key_of(character: str) -> tuple[str, str]:
    return {"/": "slash", " ": "space"}.get(character, character), character


@pytest.mark.parametrize("command", ["/help", "/settings", "/docs"])
async def test_dialogs_show_what_they_are_about_in_ten_lines(
    chat: Chat, backend: Backend, command: str
) -> None:
    backend.first.library.paths = [f"/docs/{number}.md" for number in range(9)]
    async with chat(size=(40, 10)) as (pilot, app, _):
        await send(pilot, app, command)
        await until(pilot, lambda: app.screen is not app.chat)
        inside = app.screen.query("VerticalScroll, OptionList").first()
        await until(pilot, lambda: inside.size.height >= 3)


async def test_one_pane_at_a_time_where_two_leave_the_answer_no_room(
    chat: Chat, backend: Backend
) -> None:
    backend.first.seed(1)
    async with chat(size=(120, 30)) as (pilot, app, _):
        sidebar, sources = app.chat.sidebar, app.chat.sources
        assert (sidebar.display, sources.display) == (False, True)
        await pilot.press("ctrl+b")
        await until(pilot, lambda: (sidebar.display, sources.display) == (True, False))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: (sidebar.display, sources.display) == (False, True))
        await pilot.press("ctrl+b", "escape")
        await until(pilot, lambda: (sidebar.display, sources.display) == (False, True))


async def test_a_notice_leaves_the_dialog_to_be_read(
    chat: Chat, backend: Backend
) -> None:
    async with chat(size=(80, 24)) as (pilot, app, _):
        await pilot.press("ctrl+c")
        assert "Press Ctrl+Q" in screen_text(app)
        await send(pilot, app, "/theme")
        await until(pilot, lambda: app.screen is not app.chat)
        filtered = app.screen.query_one(Input)
        notice = app.screen.query_one(Toast)
        await until(pilot, lambda: notice.region.height)
        assert not notice.region.overlaps(filtered.region)
        assert "Press Ctrl+Q" in screen_text(app)
