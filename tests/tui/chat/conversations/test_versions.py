"""Versions of an answer in the chat: browsed, kept, gone on from, deleted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from ragcli.chat.events import AskRequest, Event
from ragcli.sessions.records.record_types import Turn
from ragcli.tui.app import ChatApp
from ragcli.tui.screens.dialogs import ConfirmDialog, PickDialog
from ragcli.tui.widgets.conversation.turn import TurnView
from tests.tui.backend import Backend, Gate, Scripted, citations, streamed
from tests.tui.conftest import (
    Chat,
    ask,
    asking_again,
    last_turn,
    notices,
    screen_text,
    send,
    type_text,
    until,
    until_idle,
)


def asked_again(backend: Backend, at: int, *answers: str) -> None:
    """Puts more answers to the turn `at` into the history, each with a source less."""
    history = backend.first.history
    for number, answer in enumerate(answers, 1):
        old = history.turns[at if number == 1 else -1]
        name = history.new_turn_id()
        few = citations(2 - number)
        fresh = replace(old, id=name, answer=answer, citations=few, replaces=old.id)
        history.commit(fresh)


def answers(app: ChatApp) -> list[str]:
    return [view.turn.answer.split()[0] for view in app.chat.transcript.turns]


def cited_beside(app: ChatApp) -> int:
    return sum(card.source.cited for card in app.chat.sources.cards)


async def test_keys_go_through_the_versions_of_an_answer(
    chat: Chat, backend: Backend
) -> None:
    backend.first.seed(1)
    asked_again(backend, 0, "Second answer [1]", "Third answer")
    async with chat() as (pilot, app, _):
        assert "‹3/3› · ollama" in screen_text(app)
        assert "Older" not in screen_text(app), "the keys act on a turn with the focus"
        await pilot.press("ctrl+up")
        assert not any(card.source.cited for card in app.chat.sources.cards)
        await until(pilot, lambda: "Older" in screen_text(app))
        await pilot.press("left")
        await until(pilot, lambda: "‹2/3›" in screen_text(app))
        assert "Second answer [1]" in screen_text(app)
        cited = [card.source.cited for card in app.chat.sources.cards]
        assert cited.count(True) == 1, "the sources follow"
        await pilot.press("h", "h", "h", "left")
        await until(pilot, lambda: "‹1/3›" in screen_text(app))
        assert "A commit waits" in screen_text(app)
        await pilot.press("l", "right", "l")
        await until(pilot, lambda: "‹3/3›" in screen_text(app))
        await pilot.press("left")
        await until(pilot, lambda: "‹2/3›" in screen_text(app))
        assert last_turn(app).has_focus
        assert not app.chat.prompt.text

    async with chat() as (pilot, app, _):
        assert "‹2/3›" in screen_text(app), "it stays chosen"
        assert "Second answer" in screen_text(app)


async def test_without_versions_the_keys_do_nothing(
    chat: Chat, backend: Backend
) -> None:
    backend.first.seed(1)
    async with chat() as (pilot, app, _):
        await pilot.press("ctrl+up", "h", "l", "left", "right")
        await pilot.pause()
        assert not app.chat.prompt.text
        assert last_turn(app).has_focus
        assert "Older" not in screen_text(app)
        await pilot.press("escape")
        await send(pilot, app, "/version")
        assert "one version of this answer" in notices(app)


async def test_asking_again_makes_a_version_that_is_shown(
    chat: Chat, backend: Backend
) -> None:
    script = streamed("Another answer")
    async with asking_again(chat, backend, script) as (pilot, app, _):
        await until(pilot, lambda: "‹2/2›" in screen_text(app))
        await until_idle(pilot, app)
        await send(pilot, app, "/version")
        await until(pilot, lambda: "‹1/2›" in screen_text(app))
        await send(pilot, app, "/version 3")
        assert "no version '3'" in notices(app)
        await pilot.press("f5")
        await until(pilot, lambda: "‹3/3›" in screen_text(app))
        await until_idle(pilot, app)

        assert answers(app) == ["Another"]
    first = backend.first.history.turns[0].id
    assert backend.first.requests[1].replaces == first, "what was on the screen"


async def test_a_version_stands_where_it_was_asked(
    chat: Chat, backend: Backend
) -> None:
    backend.first.seed(1)
    conversation = backend.first.history.turns[0].conversation
    between = replace(backend.first.history.turns[0], id="x", answer="Between")
    backend.first.history.commit(between)
    asked_again(backend, 0, "Again")
    async with chat() as (pilot, app, _):
        assert answers(app) == ["Between", "Again"]
        await pilot.press("ctrl+up", "left")
        await until(pilot, lambda: answers(app) == ["A", "Between"])
        assert app.focused is app.chat.transcript.turns[0]
        await pilot.press("right")
        await until(pilot, lambda: answers(app) == ["Between", "Again"])
        assert app.focused is app.chat.transcript.turns[1]
    shown = backend.first.history.transcript(conversation)
    assert [turn.answer for turn in shown] == ["Between", "Again"]


async def test_what_another_process_chooses_is_shown(
    chat: Chat, backend: Backend
) -> None:
    backend.first.seed(2)
    asked_again(backend, 1, "Second answer [1]", "Third answer")
    history = backend.first.history
    first = history.turns[1].id
    async with chat() as (pilot, app, _):
        await pilot.press("ctrl+up")
        history.show_version(first)
        await until(pilot, lambda: "‹1/3›" in screen_text(app))
        assert [card.source.cited for card in app.chat.sources.cards][:2] == [True] * 2
        history.commit(
            replace(history.turns[-1], id="y", answer="Fourth", replaces=first)
        )
        await until(pilot, lambda: "‹4/4›" in screen_text(app))
        assert answers(app) == ["A", "Fourth"]
        history.delete_turn("y", alone=True)
        await until(pilot, lambda: "‹1/3›" in screen_text(app))
        assert answers(app) == ["A", "A"], "what was shown before it"


async def test_an_answer_in_progress_goes_on_while_versions_are_browsed(
    chat: Chat, backend: Backend
) -> None:
    backend.first.seed(1)
    asked_again(backend, 0, "Second answer [1]")
    gate = Gate("Third ", "answer")
    backend.first.script = gate
    async with chat() as (pilot, app, _):
        await pilot.press("f5")
        gate.let(1)
        await until(pilot, lambda: "Third" in screen_text(app))
        app.chat.transcript.turns[0].focus()
        await pilot.press("left")
        await until(pilot, lambda: "‹1/2›" in screen_text(app))
        gate.let(2)
        await until_idle(pilot, app)
        await until(pilot, lambda: "‹3/3›" in screen_text(app))
        assert answers(app) == ["Third"]


async def test_a_version_beyond_what_is_loaded_is_gone_to(
    chat: Chat, backend: Backend
) -> None:
    backend.first.seed(40)
    asked_again(backend, 3, "Again")
    async with chat() as (pilot, app, _):
        await pilot.press("ctrl+up", "left")
        await until(pilot, lambda: "‹1/2›" in screen_text(app))
        shown = app.focused
        assert isinstance(shown, TurnView)
        assert shown.turn.question.startswith("Question 4")
        assert "Again" not in answers(app)
        await pilot.press("right")
        await until(pilot, lambda: "‹2/2›" in screen_text(app))
        newest = app.focused
        assert isinstance(newest, TurnView)
        assert newest.turn.answer == "Again"


@pytest.mark.parametrize(("which", "left"), [(0, ["A", "A"]), (1, ["A"])])
async def test_a_version_or_all_of_them_are_deleted(
    chat: Chat, backend: Backend, which: int, left: list[str]
) -> None:
    backend.first.seed(2)
    asked_again(backend, 1, "Second answer [1]")
    async with chat() as (pilot, app, _):
        await pilot.press("ctrl+up", "d")
        await until(pilot, lambda: isinstance(app.screen, PickDialog))
        await pilot.press(*["down"] * which, "enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await pilot.press("y")
        await until(pilot, lambda: app.screen is app.chat)
        await until(pilot, lambda: answers(app) == left)
        assert "‹" not in screen_text(app)
        await until(pilot, lambda: cited_beside(app) == 2)
    assert len(backend.first.history.turns) == len(left)


async def test_the_next_question_goes_on_from_the_version_that_is_shown(
    chat: Chat, backend: Backend
) -> None:
    conversation = backend.first.seed(1)
    asked_again(backend, 0, "Second answer [1]")
    read: list[Turn] = []
    script = streamed("After it")

    def reading(profile: Scripted, request: AskRequest) -> Iterator[Event]:
        read.extend(profile.history.transcript(conversation))
        return script(profile, request)

    backend.first.script = reading
    async with chat() as (pilot, app, _):
        await pilot.press("ctrl+up", "left", "escape")
        await ask(pilot, app, "And then?")
        await until_idle(pilot, app)
        assert answers(app) == ["A", "After"]

    assert [turn.version for turn in read] == [1]


async def test_the_new_version_has_the_keyboard_that_the_old_one_had(
    chat: Chat, backend: Backend
) -> None:
    backend.first.seed(2)
    backend.first.script = streamed("Another answer")
    async with chat() as (pilot, app, _):
        await pilot.press("ctrl+up", "r")
        await until(pilot, lambda: "‹2/2›" in screen_text(app))
        await until_idle(pilot, app)
        assert app.focused is last_turn(app), "letters act on it, not on its neighbour"
        await pilot.press("left")
        await until(pilot, lambda: "‹1/2›" in screen_text(app))


async def test_no_turn_gets_the_keyboard_of_one_that_others_delete(
    chat: Chat, backend: Backend
) -> None:
    backend.first.seed(3)
    history = backend.first.history
    async with chat() as (pilot, app, _):
        await pilot.press("ctrl+up")
        await until(pilot, lambda: last_turn(app).has_focus)
        history.delete_turn(history.turns[-1].id)
        await until(pilot, lambda: len(app.chat.transcript.turns) == 2)
        await until(pilot, lambda: app.focused is app.chat.prompt)
        await type_text(pilot, "rd")
        assert app.chat.prompt.text == "rd"
        assert app.screen is app.chat
