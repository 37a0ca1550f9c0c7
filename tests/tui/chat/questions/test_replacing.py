"""Asking again, and what becomes of the old answer when it is stopped."""

from __future__ import annotations

from ragcli.errors import ModelFailed
from tests.tui.backend import ANSWER, Backend, Gate, failing
from tests.tui.conftest import (
    Chat,
    asking_again,
    notices,
    screen_text,
    until,
    until_idle,
)


async def test_the_old_answer_stays_while_and_after_its_replacement_is_stopped(
    chat: Chat, backend: Backend
) -> None:
    gate = Gate("Half of ", "a new ", "answer")
    async with asking_again(chat, backend, gate) as (pilot, app, old):
        gate.let()
        await until(pilot, lambda: "Half of" in screen_text(app))
        meanwhile = old.is_attached
        await pilot.press("escape")
        await until_idle(pilot, app)
        shown = [view.turn.status for view in app.chat.transcript.turns]

        assert meanwhile
        assert shown == ["answered", "interrupted"]
        assert "ten seconds" in screen_text(app)


async def test_stopped_before_a_word_leaves_the_old_answer_alone(
    chat: Chat, backend: Backend
) -> None:
    script = Gate("never")
    async with asking_again(chat, backend, script) as (pilot, app, old):
        await until(
            pilot,
            lambda: app.chat.answering.asking and app.chat.answering.asking.retrieved,
        )
        await pilot.press("escape")
        await until_idle(pilot, app)

        assert app.chat.transcript.turns == [old]
        assert app.chat.selection.target is old
    assert len(backend.first.history.turns) == 1


async def test_a_model_that_fails_on_asking_again_leaves_the_old_answer(
    chat: Chat, backend: Backend
) -> None:
    script = failing(ModelFailed("the model ran out of memory"))
    async with asking_again(chat, backend, script) as (pilot, app, old):
        await until(pilot, lambda: "out of memory" in notices(app))
        await until_idle(pilot, app)

        assert app.chat.transcript.turns == [old]
        assert old.turn.answer == ANSWER


async def test_leaving_an_edit_leaves_the_turn(chat: Chat, backend: Backend) -> None:
    async with chat() as (pilot, app, _):
        app.chat.command_readonly()
        app.chat.prompt.put("not recorded")
        await pilot.press("enter")
        await until(pilot, lambda: app.chat.transcript.last)
        await until_idle(pilot, app)
        app.chat.turns.command_edit()
        await pilot.press("escape")
        app.chat.prompt.put("another")
        await pilot.press("enter")
        await until(pilot, lambda: len(app.chat.transcript.turns) == 2)
        await until_idle(pilot, app)

        shown = [view.turn.question for view in app.chat.transcript.turns]
        assert shown == ["not recorded", "another"]
