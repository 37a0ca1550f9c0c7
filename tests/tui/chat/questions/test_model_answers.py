"""What a chat shows of answers by models: waiting, reasoning, attached sources."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from ragcli.chat.events import AskRequest, Event, Stage, Thinking, Token
from ragcli.sessions.records.record_types import Turn
from tests.patience import PATIENCE
from tests.tui.backend import Backend, Scripted, citations, remembered
from tests.tui.conftest import Chat, ask, screen_text, shows, until, until_idle

WRONG = "It waits forty seconds."
ANSWER = f"A commit waits at most ten seconds. [~1] {WRONG} Who holds it is told [2]."


class Slow:
    """Waits between the stages until the test goes on."""

    def __init__(self) -> None:
        self.steps = [threading.Event() for _ in range(3)]

    def __call__(self, backend: Scripted, request: AskRequest) -> Iterator[Event]:
        yield Stage("rewriting", 0.1)
        self.steps[0].wait(PATIENCE)
        yield backend.retrieved(request)
        yield Stage("reading", 0.2, 512, 2048)
        self.steps[1].wait(PATIENCE)
        yield Stage("thinking", 0.3)
        yield Thinking("Let me look.")
        self.steps[2].wait(PATIENCE)
        yield Token("It waits.")
        yield backend.finished(request, "It waits.")


async def test_the_stage_and_the_tokens_read_are_told(
    chat: Chat, backend: Backend
) -> None:
    slow = Slow()
    backend.first.scripts = [slow]
    async with chat() as (pilot, app, _):
        await ask(pilot, app, "How long?")
        for words, step in zip(
            ("putting the question in context", "512 of 2,048 tokens", "thinks"),
            slow.steps,
            strict=True,
        ):
            await until(pilot, partial(shows, app, words), words)
            step.set()
        await until_idle(pilot, app)


def seeded(backend: Backend) -> None:
    history = backend.first.history
    first, second = citations()
    turn = Turn(
        history.new_turn_id(), history.new_conversation_id(), "How long?", "How long?",
        ANSWER, "answered", "ollama:llama3.2",
        (replace(first, attached=True, verified=False), second), remembered(),
        reasoning="Let me look at the locks.", timings={"thinking_ms": 12_100},
        unsupported=(WRONG,),
    )  # fmt: skip
    history.commit(turn, title="Locks")


async def test_attached_and_unsupported_are_drawn_apart(
    chat: Chat, backend: Backend
) -> None:
    seeded(backend)
    async with chat() as (pilot, app, _):
        await until(pilot, lambda: "[?]" in screen_text(app))
        shown = " ".join(screen_text(app).split())
        (view,) = app.chat.transcript.turns
        strips = [view.answer.render_line(y) for y in range(view.answer.size.height)]

    styles = {segment.text.strip(): segment.style for s in strips for segment in s}
    assert "[~1]" in styles
    assert "[?]" in styles
    assert "1 sentence not found" in shown
    assert "attached, unverified" in shown
    unverified, verified = styles["[~1]"], styles["[2]"]
    assert unverified
    assert unverified.italic
    assert verified
    assert not verified.italic


async def test_reasoning_is_folded_until_it_is_asked_for(
    chat: Chat, backend: Backend
) -> None:
    seeded(backend)
    async with chat() as (pilot, app, _):
        await until(pilot, lambda: "thought for 12 s" in screen_text(app))
        assert "Let me look" not in screen_text(app)
        (view,) = app.chat.transcript.turns
        view.focus()
        await pilot.press("t")
        await until(pilot, lambda: "Let me look" in screen_text(app))
        await pilot.press("t")
        await until(pilot, lambda: "Let me look" not in screen_text(app))
