"""The end of the chat where not everything can be kept, and a history that fails."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from ragcli.chat.events import AskRequest, Event, Token
from ragcli.errors import Damaged, Locked, StorageFailed
from ragcli.tui import app as chat_app
from ragcli.tui.lifecycle.keeping import keep
from ragcli.tui.messages import HistoryFailed
from ragcli.tui.screens.dialogs import LockDialog
from ragcli.tui.workers.answer_worker import AnswerWorker
from ragcli.tui.workers.history_watcher import HistoryWatcher
from tests.patience import PATIENCE
from tests.tui.backend import Backend, Gate, Scripted, citations
from tests.tui.conftest import Chat, ask, notices, send, until

FULL = StorageFailed("draft: no space left on device", "free some space")


def _full(_text: str) -> None:
    raise FULL


async def test_a_draft_that_cannot_be_kept_is_told_after_the_end(
    chat: Chat, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backend.first.history, "put_draft", _full)
    async with chat() as (pilot, app, _):
        app.chat.prompt.put("unsent")
        await pilot.press("ctrl+q")
        await until(pilot, lambda: not app.is_running)

    assert app.chat.drafts.lost is FULL


async def test_leaving_while_others_hold_the_lock_records_the_answer(
    chat: Chat, backend: Backend
) -> None:
    history = backend.first.history
    history.fails = Locked("profile work is locked by pid 4711")
    async with chat() as (pilot, app, _):
        await ask(pilot, app, "How long?")
        await until(pilot, lambda: isinstance(app.screen, LockDialog))
        history.fails = None
        await pilot.press("ctrl+q")
        await until(pilot, lambda: not app.is_running)

    (turn,) = history.turns
    assert turn.question == "How long?"
    assert history.titles[turn.conversation] == "How long?"


async def test_a_turn_recorded_after_a_lock_is_the_one_the_engine_handed_over(
    chat: Chat, backend: Backend
) -> None:
    """The markers of the text would say otherwise: [2] stands in quoted code."""
    history = backend.first.history
    history.fails = Locked("profile work is locked by pid 4711")

    def script(profile: Scripted, request: AskRequest) -> Iterator[Event]:
        yield profile.retrieved(request)
        yield Token("Ten seconds [1]; the code says `x[2]` and [2].")
        yield profile.finished(
            request, "Ten seconds [1]; the code says `x[2]` and [2].", cited=1
        )

    backend.first.script = script
    async with chat() as (pilot, app, _):
        await ask(pilot, app, "How long?")
        await until(pilot, lambda: isinstance(app.screen, LockDialog))
        history.fails = None
        await pilot.press("w")
        await until(pilot, lambda: bool(history.turns))

    (turn,) = history.turns
    assert turn.citations == citations(1)
    assert backend.first.unrecorded
    assert turn.id == backend.first.unrecorded.id


async def test_leaving_while_the_lock_is_being_waited_for_records_the_answer_once(
    chat: Chat, backend: Backend
) -> None:
    """The engine gives up while the chat is left: the same turn is tried again."""
    history = backend.first.history
    gate = Gate("Ten seconds")
    backend.first.script = gate
    async with chat() as (pilot, app, _):
        await ask(pilot, app, "How long?")
        gate.let()
        await until(
            pilot,
            lambda: app.chat.answering.asking and app.chat.answering.asking.answer(),
        )
        history.fails_once = Locked("profile work is locked by pid 4711")
        await pilot.press("ctrl+q")
        await until(pilot, lambda: not app.is_running)

    (turn,) = history.turns
    assert (turn.answer, turn.status) == ("Ten seconds", "interrupted")
    assert backend.first.unrecorded
    assert turn.id == backend.first.unrecorded.id


def test_run_passes_on_what_could_not_be_kept(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backend.first.history, "put_draft", _full)
    monkeypatch.setattr(chat_app.ChatApp, "run", lambda _self, **_options: None)

    with pytest.raises(StorageFailed):
        chat_app.run_chat(backend)

    assert backend.first.closed


async def test_a_profile_is_not_left_before_its_draft_is_kept(
    chat: Chat, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with chat() as (pilot, app, _):
        with monkeypatch.context() as patch:
            patch.setattr(backend.first.history, "put_draft", _full)
            await send(pilot, app, "/profile home")
            await until(pilot, lambda: "no space left" in notices(app))
        stayed = app.chat.desk.profile.name
        await send(pilot, app, "/profile home")
        await until(pilot, lambda: app.chat.desk.profile.name == "home")

    assert stayed == "work"


def test_a_history_that_cannot_be_read_is_told_once(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    posted: list[object] = []
    watcher = HistoryWatcher(backend.first, posted.append)
    monkeypatch.setattr("ragcli.tui.workers.history_watcher.PAUSE", 0.001)
    tries = 0
    ended = threading.Event()

    def damaged() -> int:
        nonlocal tries
        tries += 1
        if tries == 3:
            watcher.stop()
            ended.set()
        raise Damaged("history.jsonl:3: a record fails its checksum")

    monkeypatch.setattr(backend.first.history, "head", damaged)
    watcher.start()

    assert ended.wait(PATIENCE)
    assert [type(message) for message in posted] == [HistoryFailed]


def test_a_question_that_was_not_begun_when_a_signal_came_is_kept_as_a_draft(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[str] = []
    monkeypatch.setattr(backend.first.history, "put_draft", kept.append)
    asking = AnswerWorker(backend.first, AskRequest("Who waits?"), lambda _: None)

    keep(backend.first, asking, "typed")
    asking.start()

    assert kept == ["Who waits?\ntyped"]
    assert not asking.has_begun
    assert not backend.first.requests
