"""The chat as a whole: asking, stopping, changing, switching, on a scripted backend."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from unittest.mock import MagicMock

import pytest
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static

from ragcli.chat.events import Event
from ragcli.errors import HistoryDamaged, Locked, ModelFailed, StorageFailed
from ragcli.models.select import ModelInfo
from ragcli.sessions.records.record_types import Conversation, Turn
from ragcli.tui import commands
from ragcli.tui.app import ChatApp
from ragcli.tui.screens.dialogs import (
    ConfirmDialog,
    LockDialog,
    PickDialog,
    TextDialog,
)
from ragcli.tui.screens.help import HelpScreen
from ragcli.tui.screens.palette import CommandsDialog
from ragcli.tui.screens.search import SearchScreen
from ragcli.tui.widgets.conversation.transcript import MOUNTED, Transcript
from ragcli.tui.widgets.panes.sources import SourceCard
from tests.tui.backend import ANSWER, REMOTE, Backend, Gate, citations, failing, nothing
from tests.tui.conftest import (
    Chat,
    ask,
    last_turn,
    live_turn,
    notices,
    reading_documents,
    screen_text,
    send,
    type_text,
    until,
    until_idle,
)

QUESTION = "How long does a commit wait?"


# Asking


def body_of(card: SourceCard) -> Content:
    """Returns the text of a card."""
    content = card.query_one(".body", Static).content
    assert isinstance(content, Content)
    return content


def answer_so_far(app: ChatApp) -> str:
    asking = app.chat.answering.asking
    return asking.answer() if asking else ""


def begins_before(transcript: Transcript, seq: int) -> bool:
    return bool(transcript.turns) and transcript.turns[0].turn.seq < seq


def goes_on_after(transcript: Transcript, seq: int) -> bool:
    last = transcript.last
    return not transcript.has_newer or (last is not None and last.turn.seq > seq)


async def test_an_answer_streams_and_is_recorded(chat: Chat) -> None:
    async with chat() as (pilot, app, backend):
        await type_text(pilot, "hello there")
        await pilot.press("enter")
        await until(pilot, lambda: backend.first.history.turns)
        await until_idle(pilot, app)
        shown = screen_text(app)

    assert "hello there" in shown
    assert "ten seconds [1]" in shown
    assert "locks.md:12-20" in shown
    assert backend.first.requests[0].new
    assert backend.first.history.turns[0].question == "hello there"


async def test_the_second_question_stays_in_the_conversation(chat: Chat) -> None:
    async with chat() as (pilot, app, backend):
        for number in (1, 2):
            await ask(pilot, app, f"question {number}")
            await until_idle(pilot, app)

    first, second = backend.first.requests
    assert first.new
    assert not second.new
    assert second.conversation == backend.first.history.turns[0].conversation


async def test_a_question_right_after_new_belongs_to_the_new_conversation(
    chat: Chat, backend: Backend
) -> None:
    backend.first.seed(1)
    async with chat() as (pilot, app, _):
        app.chat.run_command("new")
        app.chat.ask("in the new one?")
        await until(pilot, lambda: backend.first.requests)
        await until_idle(pilot, app)

    assert backend.first.requests[0].new
    assert len(backend.first.history.titles) == 2


async def test_new_while_a_first_answer_streams_leaves_it_its_own_conversation(
    chat: Chat, backend: Backend
) -> None:
    gate = Gate("one")
    backend.first.scripts = [gate]
    async with chat() as (pilot, app, _):
        await ask(pilot, app, "first?")
        await send(pilot, app, "/new")
        await until(pilot, lambda: not app.chat.desk.is_opening)
        gate.let(2)
        await until_idle(pilot, app)
        assert not app.chat.desk.conversation
        assert "first?" not in [v.turn.question for v in app.chat.transcript.turns]
        await ask(pilot, app, "second?")
        await until_idle(pilot, app)

    first, second = backend.first.history.turns
    assert first.conversation != second.conversation


async def test_escape_stops_and_keeps_what_was_said(chat: Chat) -> None:
    gate = Gate("A commit ", "waits ", "at most")
    async with chat() as (pilot, app, backend):
        backend.first.script = gate
        await ask(pilot, app, QUESTION)
        gate.let(2)
        await until(pilot, lambda: "waits" in screen_text(app))
        await pilot.press("escape")
        await until_idle(pilot, app)
        shown = screen_text(app)

    turn = backend.first.history.turns[-1]
    assert (turn.status, turn.answer) == ("interrupted", "A commit waits")
    assert "interrupted" in shown
    assert "A commit waits" in shown


async def test_questions_typed_meanwhile_wait_for_their_turn(chat: Chat) -> None:
    gate = Gate("one")
    async with chat() as (pilot, app, backend):
        backend.first.scripts = [gate]
        await ask(pilot, app, "first")
        await ask(pilot, app, "second")
        await ask(pilot, app, "third")
        assert "next: second" in screen_text(app)
        assert len(backend.first.requests) == 1
        gate.let(2)
        await until(pilot, lambda: len(backend.first.history.turns) == 3)

    questions = [turn.question for turn in backend.first.history.turns]
    assert questions == ["first", "second", "third"]


async def test_a_model_that_dies_leaves_what_it_said_and_why(chat: Chat) -> None:
    async with chat() as (pilot, app, backend):
        error = ModelFailed("the stream broke", "start it again")
        backend.first.script = failing(error, "A commit waits")
        await ask(pilot, app, QUESTION)
        await until_idle(pilot, app)
        shown = screen_text(app)
        backend.first.script = failing(error)
        await ask(pilot, app, "again?")
        await until_idle(pilot, app)
        prompt = app.chat.prompt.text

    assert "A commit waits" in shown
    assert "the stream broke" in shown
    assert prompt == "again?", "a question without any answer goes back to the prompt"


async def test_a_bug_in_the_backend_is_loud(backend: Backend, chat: Chat) -> None:
    def broken(profile: object, request: object) -> Iterator[Event]:
        yield from ()
        raise ZeroDivisionError

    backend.first.script = broken

    async def use() -> None:
        async with chat() as (pilot, app, _):
            await ask(pilot, app, QUESTION)
            await until_idle(pilot, app)

    with pytest.raises(ZeroDivisionError):
        await use()


async def test_nothing_found_is_said(chat: Chat) -> None:
    async with chat() as (pilot, app, backend):
        backend.first.script = nothing
        await ask(pilot, app, QUESTION)
        await until(pilot, lambda: "nothing relevant found" in screen_text(app))

        assert "Nothing in the documents answers this." in screen_text(app)


async def test_an_attached_document_goes_with_the_question(
    chat: Chat, tmp_path: Path
) -> None:
    note = tmp_path / "note one.md"
    note.write_text("text")
    async with chat() as (pilot, app, backend):
        await ask(pilot, app, f'what does @"{note}" say?')
        await until(pilot, lambda: backend.first.requests)
        await until_idle(pilot, app)
        await send(pilot, app, "and @missing.md?")
        refused = app.chat.prompt.text

    request = backend.first.requests[0]
    assert request.attach_paths == (str(note),)
    assert request.question == f"what does {note} say?"
    assert refused == "and @missing.md?"


# One turn


async def test_regenerate_replaces_the_answer(chat: Chat, backend: Backend) -> None:
    backend.first.seed(2)
    async with chat() as (pilot, app, _):
        old = last_turn(app).turn.id
        await pilot.press("f5")
        await until(pilot, lambda: backend.first.requests)
        await until_idle(pilot, app)
        shown = [view.turn.id for view in app.chat.transcript.turns]

    assert backend.first.requests[0].replaces == old
    assert old not in shown
    assert len(shown) == 2


async def test_edit_puts_the_question_back_and_replaces_the_turn(
    chat: Chat, backend: Backend
) -> None:
    backend.first.seed(1)
    async with chat() as (pilot, app, _):
        old = last_turn(app).turn.id
        await pilot.press("ctrl+up")
        await pilot.press("e")
        assert app.chat.prompt.text == QUESTION
        assert "editing" in screen_text(app)
        await type_text(pilot, " really")
        await pilot.press("enter")
        await until(pilot, lambda: backend.first.requests)
        await until_idle(pilot, app)

    request = backend.first.requests[0]
    assert (request.replaces, request.question) == (old, f"{QUESTION} really")


async def test_an_interrupted_answer_is_continued(chat: Chat, backend: Backend) -> None:
    conversation = backend.first.seed(1)
    last = backend.first.history.turns[-1]
    backend.first.history.commit(
        replace(last, id="cut", status="interrupted", answer="A commit")
    )
    async with chat() as (pilot, app, _):
        await pilot.press("ctrl+up")
        await pilot.press("o")
        await until(pilot, lambda: backend.first.requests)
        await until_idle(pilot, app)
        assert "continued" in screen_text(app)

    request = backend.first.requests[0]
    assert (request.continues, request.conversation) == ("cut", conversation)


async def test_copy_answer_and_code(chat: Chat, backend: Backend) -> None:
    backend.first.seed(1)
    async with chat() as (pilot, app, _):
        await pilot.press("ctrl+up")
        await pilot.press("c")
        answer = app.clipboard
        await pilot.press("y")
        code = app.clipboard

    assert answer == ANSWER
    assert code == "with commit_lock(directory, wait=10):\n    log.append(turn)"


async def test_fork_here_copies_up_to_the_turn(chat: Chat, backend: Backend) -> None:
    backend.first.seed(3)
    async with chat() as (pilot, app, _):
        await pilot.press("ctrl+up")
        await pilot.press("up")
        await pilot.press("f")
        await until(pilot, lambda: len(backend.first.history.titles) == 2)
        await until(pilot, lambda: len(app.chat.transcript.turns) == 2)

    assert app.chat.desk.conversation == list(backend.first.history.titles)[1]


async def test_forget_asks_first(chat: Chat, backend: Backend) -> None:
    backend.first.seed(2)
    async with chat() as (pilot, app, _):
        await pilot.press("ctrl+up")
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.chat)
        assert len(backend.first.history.turns) == 2, "Enter takes the harmless button"
        await pilot.press("ctrl+up")
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await pilot.press("y")
        await until(pilot, lambda: len(backend.first.history.turns) == 1)
        await until(pilot, lambda: len(app.chat.transcript.turns) == 1)


# Sources


async def test_markers_lead_to_sources_by_key_and_by_mouse(
    chat: Chat, backend: Backend
) -> None:
    backend.first.seed(1)
    async with chat() as (pilot, app, _):
        await pilot.press("ctrl+up")
        await pilot.press("2")
        await pilot.pause()
        chosen = [c for c in app.chat.sources.cards if c.has_class("-selected")]
        assert [card.source.marker for card in chosen] == [2]
        await pilot.press("right_square_bracket")
        await pilot.pause()
        view = app.chat.selection.view
        assert view
        assert view.marker == 1
        await pilot.press("enter")
        await pilot.pause()
        card = app.chat.focused
        assert isinstance(card, SourceCard)
        assert card.source.marker == 1
        await pilot.press("down")
        await pilot.pause()
        assert view.answer.chosen == 2


async def test_the_quoted_span_is_marked(chat: Chat, backend: Backend) -> None:
    backend.first.seed(1)
    async with chat() as (_, app, _):
        card = app.chat.sources.cards[0]
        content = body_of(card)
        spans = [content.plain[s.start : s.end] for s in content.spans]

    assert "waits at most ten seconds" in spans


async def test_excluding_a_document_asks_again_without_it(
    chat: Chat, backend: Backend
) -> None:
    backend.first.seed(1)
    async with chat() as (pilot, app, _):
        old = last_turn(app).turn.id
        app.chat.sources.cards[0].focus()
        await pilot.press("x")
        await until(pilot, lambda: backend.first.requests)
        await until_idle(pilot, app)

    request = backend.first.requests[0]
    assert request.exclude == {"/docs/locks.md"}
    assert request.replaces == old


async def test_a_source_opens_in_the_editor_at_its_line(
    chat: Chat, backend: Backend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = tmp_path / "locks.md"
    document.write_text("\n".join(f"line {n}" for n in range(1, 40)))
    backend.first.seed(1)
    last = backend.first.history.turns[-1]
    kept = [{**item, "path": str(document)} for item in last.retrieved]
    backend.first.history.turns[-1] = replace(
        last, citations=citations(0), retrieved=tuple(kept)
    )
    ran = MagicMock()
    monkeypatch.setenv("EDITOR", "nano -w")
    monkeypatch.setattr("subprocess.run", ran)
    async with chat() as (pilot, app, _):
        monkeypatch.setattr(app, "suspend", MagicMock())
        app.chat.sources.cards[0].focus()
        await pilot.press("o")
        await until(pilot, lambda: ran.called)
        await pilot.press("space")
        await until(pilot, lambda: app.chat.sources.cards[0].expanded)
        body = body_of(app.chat.sources.cards[0]).plain

    assert ran.call_args.args[0] == ["nano", "-w", "+12", str(document)]
    assert "line 11" in body
    assert "line 21" in body
    assert "line 3\n" not in body


async def test_context_of_a_document_without_lines_comes_from_the_index(
    chat: Chat, backend: Backend
) -> None:
    backend.first.seed(1)
    async with chat() as (pilot, app, _):
        card = app.chat.sources.cards[1]
        card.focus()
        await pilot.press("space")
        await until(pilot, lambda: card.expanded)

        assert "The log is append-only." in body_of(card).plain


# Switching


async def test_conversations_are_switched_in_the_sidebar(
    chat: Chat, backend: Backend
) -> None:
    backend.first.seed(1, "The engines")
    backend.first.seed(1, "Lock timeouts")
    async with chat() as (pilot, app, _):
        await pilot.press("ctrl+b")
        conversations = app.chat.sidebar.query_one("#conversations", OptionList)
        await until(pilot, lambda: conversations.option_count == 3)  # and a day
        conversations.highlighted = conversations.get_option_index("conversation-1")
        await pilot.press("enter")
        await until(pilot, lambda: app.chat.desk.conversation == "conversation-1")


async def test_profiles_are_switched_and_drafts_stay_with_them(
    chat: Chat, backend: Backend
) -> None:
    backend.first.seed(1)
    backend.profiles["home"].history.kept = "half a thought"
    async with chat() as (pilot, app, _):
        app.chat.prompt.put("work thought")
        app.chat.run_command("profile", "home")
        await until(pilot, lambda: app.chat.desk.profile.name == "home")
        await until(pilot, lambda: app.chat.prompt.text == "half a thought")
        await until(pilot, lambda: "home" in screen_text(app).splitlines()[-2])

    assert backend.first.history.kept == "work thought"
    assert backend.first.closed


async def test_switching_while_answering_keeps_the_partial_answer(
    chat: Chat, backend: Backend
) -> None:
    gate = Gate("partial", "never")
    backend.first.script = gate
    async with chat() as (pilot, app, _):
        await ask(pilot, app, QUESTION)
        gate.let(1)
        await until(pilot, lambda: "partial" in screen_text(app))
        app.chat.run_command("profile", "home")
        await until(pilot, lambda: app.chat.desk.profile.name == "home")

    turn = backend.first.history.turns[-1]
    assert (turn.status, turn.answer) == ("interrupted", "partial")


async def test_leaving_a_conversation_and_coming_back_shows_the_answer_grow(
    chat: Chat, backend: Backend
) -> None:
    conversation = backend.first.seed(1)
    gate = Gate("one ", "two ", "three")
    backend.first.script = gate
    async with chat() as (pilot, app, _):
        await ask(pilot, app, "and then?")
        gate.let(1)
        await until(pilot, lambda: "one" in screen_text(app))
        app.chat.run_command("new")
        await until(pilot, lambda: not app.chat.desk.conversation)
        gate.let(1)
        await until(pilot, lambda: answer_so_far(app) == "one two ")
        app.chat.run_command("conversation", conversation)
        await until(pilot, lambda: app.chat.desk.conversation == conversation)
        gate.let(3)
        await until_idle(pilot, app)
        await until(pilot, lambda: last_turn(app).turn.seq)
        last = last_turn(app)

    assert last.turn.answer == "one two three"


async def test_model_and_theme_are_picked(
    chat: Chat, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with chat() as (pilot, app, _):
        app.chat.run_command("model", "builtin")
        await until(pilot, lambda: app.chat.status.status.model == "builtin")
        app.chat.run_command("theme")
        await until(pilot, lambda: isinstance(app.screen, PickDialog))
        await type_text(pilot, "nord")
        await pilot.press("enter")
        await until(pilot, lambda: app.theme == "nord")
        await until(pilot, (backend.home.data / "chat-theme").exists)

    assert (backend.home.data / "chat-theme").read_text() == "nord\n"
    async with chat(Backend(backend.home.data, "work")) as (_, app, _):
        assert app.theme == "nord"


async def test_what_is_not_taken_from_a_project_file_is_told(
    chat: Chat, backend: Backend
) -> None:
    backend.project_notice = "/src/.ragcli.toml: model \x1b[31m not taken from it"
    async with chat() as (pilot, app, _):
        await until(pilot, lambda: "not taken from it" in notices(app))

        assert "\x1b" not in notices(app)


async def test_a_model_elsewhere_is_labelled_wherever_it_is_shown(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = "ollama:big:cloud"
    listed = [
        ModelInfo("builtin", "chat", 0, "quotes"),
        ModelInfo(cloud, "chat", 1, "llama", True, REMOTE[cloud]),
    ]
    monkeypatch.setattr("ragcli.models.select.available", lambda _: listed)
    label = f"{cloud} (remote: {REMOTE[cloud]})"
    async with chat() as (pilot, app, _):
        app.chat.run_command("model")
        await until(pilot, lambda: isinstance(app.screen, PickDialog))
        assert f"remote: {REMOTE[cloud]}" in screen_text(app)
        await type_text(pilot, "big")
        await pilot.press("enter")
        await until(pilot, lambda: app.chat.status.status.model == label)
        await type_text(pilot, "Who waits?")
        await pilot.press("enter")
        await until(pilot, lambda: last_turn(app).turn.seq)
        turn = last_turn(app)

        assert turn.turn.remote == REMOTE[cloud]
        assert label in turn.about_line()
        assert app.chat.status.status.model == label


async def test_rename_and_delete_a_conversation(chat: Chat, backend: Backend) -> None:
    conversation = backend.first.seed(1)
    async with chat() as (pilot, app, _):
        app.chat.run_command("rename")
        await until(pilot, lambda: isinstance(app.screen, TextDialog))
        app.screen.query_one(Input).value = "Better [b]name[/b]"
        await pilot.press("enter")
        await until(pilot, lambda: "Better [b]name[/b]" in screen_text(app))
        app.chat.run_command("delete")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await pilot.press("y")
        await until(pilot, lambda: conversation not in backend.first.history.titles)
        await until(pilot, lambda: not app.chat.desk.conversation)
        await until(pilot, lambda: "Ask your documents" in screen_text(app))


async def test_export_writes_markdown_and_asks_before_replacing(
    chat: Chat, backend: Backend, tmp_path: Path
) -> None:
    pytest.importorskip("ragcli.sessions.history.export")
    backend.first.seed(2)
    target = tmp_path / "out.md"
    async with chat() as (pilot, app, _):
        app.chat.run_command("export", str(target))
        await until(pilot, target.exists)
        first = target.read_text()
        target.write_text("mine")
        app.chat.run_command("export", str(target))
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.chat)

    assert QUESTION in first
    assert target.read_text() == "mine"


# Documents


async def test_documents_are_added_with_a_progress_bar(
    chat: Chat, backend: Backend, tmp_path: Path
) -> None:
    async with reading_documents(chat, backend, tmp_path) as (pilot, app, ready):
        await until(pilot, lambda: "Reading documents" in screen_text(app))
        await ask(pilot, app, "meanwhile?")
        await until(pilot, lambda: backend.first.history.turns)
        ready.set()
        await until(pilot, lambda: not app.chat.query_one("#ingest").display)
        await until(pilot, lambda: app.chat.status.status.documents == 3)


# Commands


async def test_slash_commands_are_completed(chat: Chat) -> None:
    async with chat() as (pilot, app, _):
        await type_text(pilot, "/he")
        await until(pilot, lambda: app.chat.prompt.completing)
        assert "Show keys and commands" in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        assert "Send the question" in screen_text(app)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.chat)
        assert not app.chat.prompt.text


async def test_arguments_and_paths_are_completed(
    chat: Chat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "notes.md").touch()
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path)
    async with chat() as (pilot, app, _):
        await type_text(pilot, "/profile h")
        await until(pilot, lambda: app.chat.prompt.completing)
        await pilot.press("tab")
        await pilot.pause()
        assert app.chat.prompt.text == "/profile home"
        app.chat.prompt.put("")
        await type_text(pilot, "see @no")
        await until(pilot, lambda: app.chat.prompt.completing)
        await pilot.press("tab")
        await pilot.pause()

        assert app.chat.prompt.text == "see @notes.md "


async def test_an_unknown_command_says_what_was_meant(chat: Chat) -> None:
    async with chat() as (pilot, app, backend):
        await send(pilot, app, "/hlep")
        await until(pilot, lambda: notices(app))
        shown, prompt = notices(app), app.chat.prompt.text

    assert "there is no command /hlep" in shown
    assert "did you mean /help?" in shown
    assert prompt == "/hlep"
    assert not backend.first.requests


async def test_the_palette_offers_the_commands(chat: Chat) -> None:
    async with chat() as (pilot, app, _):
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, CommandsDialog))
        await type_text(pilot, "start a conv")
        await until(pilot, lambda: "/new" in screen_text(app))
        row = next(line for line in screen_text(app).splitlines() if "/new" in line)
        assert "Start a conversation" in row
        assert row.rstrip(" │").endswith("Ctrl+N")
        await pilot.press("escape", "ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, CommandsDialog))
        await type_text(pilot, "/add")
        await pilot.press("enter")
        await until(pilot, lambda: app.chat.prompt.text == "/add ")


# Finding


async def test_find_in_the_conversation(chat: Chat, backend: Backend) -> None:
    backend.first.seed(30)
    async with chat() as (pilot, app, _):
        await pilot.press("ctrl+f")
        await type_text(pilot, "question 4:")
        await until(pilot, lambda: "1 of 1" in screen_text(app))
        await until(pilot, lambda: "Question 4: what" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: app.chat.focused is app.chat.prompt)


async def test_find_in_the_profile_jumps_to_the_turn(
    chat: Chat, backend: Backend
) -> None:
    backend.first.seed(20, "The engines")
    backend.first.seed(2, "Lock timeouts")
    async with chat() as (pilot, app, _):
        await pilot.press("ctrl+g")
        await until(pilot, lambda: isinstance(app.screen, SearchScreen))
        await type_text(pilot, "question 7:")
        await until(pilot, lambda: "1 turn" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: app.chat.desk.conversation == "conversation-1")
        await until(pilot, lambda: "Question 7: what" in screen_text(app))


# Long conversations


async def test_only_a_window_of_a_long_conversation_is_loaded(
    chat: Chat, backend: Backend
) -> None:
    backend.first.seed(120)
    async with chat() as (pilot, app, _):
        transcript = app.chat.transcript
        assert len(transcript.turns) <= 10
        most = 0
        for _ in range(40):
            first = transcript.turns[0].turn.seq
            if first == 1:
                break
            transcript.scroll_home(animate=False)
            await until(pilot, partial(begins_before, transcript, first))
            most = max(most, len(transcript.turns))
        assert transcript.turns[0].turn.seq == 1
        assert most <= MOUNTED + 20
        await pilot.press("ctrl+end")
        await until(pilot, lambda: last_turn(app).turn.seq == 120)


async def test_what_is_on_the_screen_stays_while_older_turns_load(
    chat: Chat, backend: Backend
) -> None:
    backend.first.seed(40)
    async with chat() as (pilot, app, _):
        transcript = app.chat.transcript
        first = transcript.turns[0]
        transcript.release_anchor()
        transcript.scroll_to(y=2, animate=False, immediate=True)
        top = first.virtual_region.y - 2 + transcript.region.y
        await until(pilot, lambda: transcript.turns[0] is not first)
        await until(pilot, lambda: not transcript.is_loading)

        assert abs(first.region.y - top) <= 1


async def test_scrolling_back_down_loads_newer_turns(
    chat: Chat, backend: Backend
) -> None:
    backend.first.seed(120)
    async with chat() as (pilot, app, _):
        transcript = app.chat.transcript
        app.chat.desk.do(
            "", app.chat.conversations.reveal, backend.first.history.turns[20]
        )
        await until(pilot, lambda: transcript.has_newer)
        for _ in range(100):
            if not transcript.has_newer:
                break
            last = last_turn(app).turn.seq
            transcript.scroll_end(animate=False)
            await until(pilot, partial(goes_on_after, transcript, last))

        assert last_turn(app).turn.seq == 120


async def test_it_follows_the_end_only_while_the_user_is_there(
    chat: Chat, backend: Backend
) -> None:
    backend.first.seed(6)
    gate = Gate(*(f"line {n}\n\n" for n in range(60)))
    backend.first.script = gate
    async with chat() as (pilot, app, _):
        transcript = app.chat.transcript
        await ask(pilot, app, QUESTION)
        gate.let(20)
        await until(pilot, lambda: "line 19" in screen_text(app))
        await pilot.press("pageup")
        await pilot.press("pageup")
        await pilot.pause()
        place = transcript.scroll_y
        gate.let(20)
        await until(pilot, lambda: "line 39" in live_turn(app).answer.source)
        await pilot.pause()
        assert transcript.scroll_y == place
        await pilot.press("ctrl+end")
        gate.let(10)
        await until(pilot, lambda: "line 49" in screen_text(app))
        gate.let(30)
        await until_idle(pilot, app)


# Others at work on the same profile


def by_another(backend: Backend, question: str, replaces: str = "") -> Turn:
    """Records a turn as `ragcli ask` in another terminal does."""
    history = backend.first.history
    turn = Turn(
        history.new_turn_id(), history.latest(), question, question,
        "From elsewhere [1].", "answered", "builtin", citations(1), replaces=replaces,
    )  # fmt: skip
    return history.commit(turn)


async def test_turns_of_other_processes_appear(chat: Chat, backend: Backend) -> None:
    backend.first.seed(1)
    async with chat() as (pilot, app, _):
        by_another(backend, "asked by a pipeline")
        await until(pilot, lambda: "asked by a pipeline" in screen_text(app))


async def test_a_turn_from_elsewhere_stands_before_the_answer_in_progress(
    chat: Chat, backend: Backend
) -> None:
    backend.first.seed(1)
    gate = Gate("mine")
    backend.first.script = gate
    async with chat() as (pilot, app, _):
        await ask(pilot, app, "my question")
        by_another(backend, "asked by a pipeline")
        await until(pilot, lambda: len(app.chat.transcript.turns) == 3)
        gate.let(2)
        await until_idle(pilot, app)
        await pilot.pause()
        shown = [view.turn.question for view in app.chat.transcript.turns]

    assert shown == [QUESTION, "asked by a pipeline", "my question"]


async def test_a_deleted_turn_goes_from_the_screen(
    chat: Chat, backend: Backend
) -> None:
    backend.first.seed(3)
    async with chat() as (pilot, app, _):
        gone = backend.first.history.turns[1]
        backend.first.history.delete_turn(gone.id)
        await until(pilot, lambda: app.chat.transcript.view(gone.id) is None)

        assert len(app.chat.transcript.turns) == 2


async def test_two_chats_on_one_profile(
    tmp_path: Path, chat: Chat, backend: Backend
) -> None:
    backend.first.seed(1)
    async with chat() as (one, first, _), chat() as (two, second, _):
        await ask(one, first, "from the first")
        await until_idle(one, first)
        await until(two, lambda: "from the first" in screen_text(second))
        await ask(two, second, "from the second")
        await until_idle(two, second)
        await until(one, lambda: "from the second" in screen_text(first))


# Locks


@pytest.mark.parametrize("key", ["w", "r", "f"])
async def test_a_lock_held_elsewhere_offers_three_ways_on(
    chat: Chat, backend: Backend, key: str
) -> None:
    backend.first.seed(1)
    history = backend.first.history
    held = Locked("work is locked by alice, pid 42: ragcli docs add", "wait for it")
    history.fails = held
    async with chat() as (pilot, app, _):
        await ask(pilot, app, "what now?")
        await until(pilot, lambda: isinstance(app.screen, LockDialog))
        assert "alice, pid 42" in screen_text(app)
        history.fails = None if key == "w" else held
        await pilot.press(key)
        await until(pilot, lambda: app.screen is app.chat)
        if key == "w":
            await until(pilot, lambda: history.turns[-1].question == "what now?")
            await until(pilot, lambda: last_turn(app).turn.seq)
        elif key == "r":
            assert app.chat.desk.read_only
            assert "not recorded" in screen_text(app)
        else:
            await until(pilot, lambda: "work-fork1" in backend.profiles)
            copy = backend.profiles["work-fork1"].history
            await until(pilot, lambda: copy.turns[-1].question == "what now?")
            await until(pilot, lambda: app.chat.desk.profile.name == "work-fork1")


async def test_read_only_questions_are_not_recorded(
    chat: Chat, backend: Backend
) -> None:
    async with chat() as (pilot, app, _):
        app.chat.run_command("readonly")
        await ask(pilot, app, QUESTION)
        await until_idle(pilot, app)

    assert not backend.first.requests[0].record
    assert not backend.first.history.turns


# Nothing is lost


async def test_the_draft_is_kept_while_typing(chat: Chat, backend: Backend) -> None:
    async with chat() as (pilot, _, _):
        await type_text(pilot, "half a th")
        await until(pilot, lambda: backend.first.history.kept == "half a th")


async def test_quitting_keeps_answer_queue_and_draft(
    chat: Chat, backend: Backend
) -> None:
    gate = Gate("partial", "never")
    backend.first.script = gate
    async with chat() as (pilot, app, _):
        await ask(pilot, app, QUESTION)
        gate.let(1)
        await until(pilot, lambda: "partial" in screen_text(app))
        await ask(pilot, app, "queued")
        app.chat.prompt.put("draft")
        await pilot.press("ctrl+q")
        await until(pilot, lambda: not app.is_running or app._exit)

    turn = backend.first.history.turns[-1]
    assert (turn.status, turn.answer) == ("interrupted", "partial")
    assert backend.first.history.kept == "queued\ndraft"


# Bad input


async def test_a_damaged_history_opens_what_is_sound(
    chat: Chat, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend.first.seed(2)
    history = backend.first.history

    def damaged() -> list[Conversation]:
        raise HistoryDamaged("history.jsonl:7: the record fails its check", "verify")

    monkeypatch.setattr(history, "conversations", damaged)
    async with chat() as (pilot, app, _):
        await until(pilot, lambda: "fails its check" in notices(app))
        assert QUESTION in screen_text(app)
        assert app.chat.status.status.state == "history unreadable"
    monkeypatch.undo()


async def test_a_disk_that_fills_keeps_the_answer_on_the_screen(
    chat: Chat, backend: Backend
) -> None:
    backend.first.history.fails = StorageFailed("no space left", "make room")
    async with chat() as (pilot, app, _):
        await ask(pilot, app, QUESTION)
        await until_idle(pilot, app)
        await until(pilot, lambda: "no space left" in screen_text(app))

        assert "ten seconds [1]" in screen_text(app)


async def test_unknown_theme_and_keys_are_named(tmp_path: Path, chat: Chat) -> None:
    settings = {
        "tui.theme": "textual-drak",
        "keys.chat.hlep": "f5",
        "keys.chat.find": "ctrl+banana",
        "keys.chat.help": "f9",
    }
    bad = Backend(tmp_path, "work", settings=settings)
    async with chat(bad) as (pilot, app, _):
        shown = notices(app)
        await pilot.press("f9")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))

    assert "there is no theme 'textual-drak'; did you mean textual-dark?" in shown
    assert "keys.chat.hlep: there is no such key binding" in shown
    assert "'ctrl+banana' is not a key" in shown


async def test_a_remapped_key_takes_the_place_of_the_old(
    tmp_path: Path, chat: Chat
) -> None:
    changed = Backend(tmp_path, "work", settings={"keys.chat.find": "f7"})
    async with chat(changed) as (pilot, app, _):
        await pilot.press("ctrl+f")
        await pilot.pause()
        assert not app.chat.query_one("#find").display
        await pilot.press("f7")
        await pilot.pause()
        assert app.chat.query_one("#find").display


@pytest.mark.parametrize("size", [(20, 5), (1, 1), (200, 60)])
async def test_any_size_is_usable(
    chat: Chat, backend: Backend, size: tuple[int, int]
) -> None:
    backend.first.seed(3)
    async with chat(size=size) as (pilot, app, _):
        await ask(pilot, app, QUESTION)
        await until_idle(pilot, app)
        for key in ("ctrl+s", "escape", "ctrl+b", "escape", "f1", "escape"):
            await pilot.press(key)
        await pilot.resize_terminal(130, 36)
        await pilot.pause()
        await pilot.resize_terminal(*size)
        await pilot.pause()

    assert len(backend.first.history.turns) == 4


def is_open(pane: Widget) -> bool:
    return pane.display


async def test_panes_fold_by_width(chat: Chat, backend: Backend) -> None:
    backend.first.seed(1)
    async with chat(size=(150, 36)) as (pilot, app, _):
        assert is_open(app.chat.sidebar)
        assert is_open(app.chat.sources)
        await pilot.resize_terminal(120, 36)
        await pilot.pause()
        assert app.chat.transcript.size.width >= 78
        assert is_open(app.chat.sources)
        await pilot.resize_terminal(100, 36)
        await pilot.pause()
        assert not is_open(app.chat.sidebar)
        assert is_open(app.chat.sources)
        await pilot.resize_terminal(70, 20)
        await pilot.pause()
        assert not is_open(app.chat.sources)
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert is_open(app.chat.sources)
        await pilot.press("escape")
        await pilot.pause()
        assert not is_open(app.chat.sources)


# Every command


@pytest.mark.parametrize("command", commands.COMMANDS, ids=lambda c: c.name)
async def test_every_command_does_something(
    command: commands.ChatCommand,
    chat: Chat,
    backend: Backend,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    monkeypatch.setenv("VISUAL", "true")  # a machine may have no editor
    conversation = backend.first.seed(2)
    begun = replace(backend.first.history.turns[-1], id="begun", status="interrupted")
    backend.first.history.commit(replace(begun, conversation=conversation))
    if command.name == "version":
        again = replace(begun, id="again", answer="Another", replaces="begun")
        backend.first.history.commit(again)
    document = tmp_path / "notes.md"
    document.write_text("Readers take no lock.")
    argument = str(document) if command.required else ""
    if command.name == "pull":
        request.getfixturevalue("ollama")
        argument = "tiny"

    async with chat() as (pilot, app, _):

        def seen() -> object:
            if not app.is_running:
                return "gone"
            return app.focused, screen_text(app), notices(app), app.chat.prompt.text

        async def settled() -> object:
            last = None
            while last != (last := seen()):
                await pilot.pause(0.2)
            return last

        await until(pilot, lambda: len(app.chat.transcript.turns) == 3)
        before = await settled()
        await send(pilot, app, f"/{command.name} {argument}".rstrip())
        await until(pilot, lambda: seen() != before, command.name)

        assert not [n for n in app._notifications if n.severity == "error"]
