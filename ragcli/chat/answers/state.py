"""One question on its way: what is known of it so far, and how it is recorded."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ragcli.chat.events import AskRequest, Stage, Token
from ragcli.chat.interruption import Interruption
from ragcli.index import stored_passages
from ragcli.index.passages import Passage
from ragcli.models.base import Ended
from ragcli.models.transport.connections import Connections
from ragcli.sessions.records.record_types import ConversationContext, Turn
from ragcli.text import safe_line

if TYPE_CHECKING:
    from ragcli.chat.citing.citations import Checked
    from ragcli.sessions.history.writer import History

TITLE_WIDTH = 60
"""Characters of the first question that become a conversation's title."""

LONGEST_REASONING = 20_000
"""Characters of a model's reasoning that are kept."""

THINKING = "thinking_ms"
"""Where a turn's timings say how long its model reasoned."""

BROKEN_OFF = frozenset({"interrupted", "failed"})
"""Statuses of an answer that did not come to its end."""


@dataclass(slots=True, repr=False, eq=False)
class AnswerState:
    """The state of one question on its way."""

    request: AskRequest
    turn: Turn
    starts: bool
    """Whether the turn opens its conversation."""
    parent: int
    """The head of the log when the question came."""
    context: ConversationContext
    """What the model may read of the conversation."""
    interruption: Interruption = field(
        default_factory=lambda: Interruption(None, Connections())
    )
    """Runs its stages."""
    repeats: bool = False
    """Whether the very same question was answered by the turn that it replaces."""
    started: float = field(default_factory=time.monotonic)
    retrieved: tuple[Passage, ...] = ()
    sent: dict[int, dict[str, Any]] = field(default_factory=dict)
    """What is remembered of how a passage was sent, by its place in `retrieved`."""
    used: int = 0
    """How many of the passages the model is shown."""
    timings: dict[str, float] = field(default_factory=dict)
    pieces: list[str] = field(default_factory=list)
    """The answer, as it came."""
    checked: Checked | None = None
    thoughts: list[str] = field(default_factory=list)
    """The model's reasoning, as it came."""
    thinking_since: float = 0.0
    """When its reasoning began: milliseconds since the question came; 0 for not."""
    finish: Ended | None = None
    """How the model ended its answer, once it did."""
    ended: bool = False
    """Whether the turn is complete; it is then what is stored, however often that
    is tried."""
    recorded: bool = False

    @property
    def title(self) -> str | None:
        """The title of the conversation that the turn opens; None for none."""
        question = self.request.question
        return safe_line(question, TITLE_WIDTH) if self.starts else None

    @property
    def answer(self) -> str:
        """The answer so far."""
        return "".join(self.pieces).strip()

    def elapsed(self) -> float:
        """Returns the milliseconds since the question came."""
        return round((time.monotonic() - self.started) * 1000, 1)

    @property
    def usage(self) -> dict[str, int]:
        """The tokens that the server counted; {} where it did not."""
        counted = self.finish.usage if self.finish else None
        return asdict(counted) if counted else {}

    @property
    def seconds(self) -> float:
        """Seconds since the question came."""
        return round(time.monotonic() - self.started, 1)

    def stage(self, name: str, done: int = 0, total: int = 0) -> Stage:
        """Returns what the question waits for now."""
        return Stage(name, self.seconds, done, total)

    def end_thinking(self) -> None:
        """Remembers how long the model reasoned, once that is over."""
        if self.thinking_since:
            spent = round(self.elapsed() - self.thinking_since, 1)
            self.timings.setdefault(THINKING, spent)

    def say(self, text: str) -> Iterator[Token]:
        """Takes a piece of the answer and yields it, unless it is empty."""
        if text:
            self.timings.setdefault("first_token_ms", self.elapsed())
            self.pieces.append(text)
            yield Token(text)

    def record(self, history: History, status: str) -> Turn:
        """Stores the turn, unless nothing may be written; returns it as stored.

        An answer that broke off takes the place of no other: what was to be replaced
        stays, and the beginning of the new answer stands after it. Of a repeated
        question that was stopped before its first word there is nothing to keep.

        Raises:
            Locked, StorageFailed: It could not be stored.
        """
        if self.recorded:
            return self.turn
        self.end(status)
        broken = self.turn.status in BROKEN_OFF
        if not self.request.record or (broken and self.repeats and not self.answer):
            return self.turn
        self.turn = history.commit(
            self.turn,
            title=self.title,
            origin=self.request.origin,
            parent=self.parent,
            expect=self.request.expect_seq,
        )
        self.recorded = True
        return self.turn

    def end(self, status: str) -> None:
        """Completes the turn with all that is known now, unless that was done."""
        if self.ended:
            return
        self.ended = True
        self.end_thinking()
        self.timings["total_ms"] = self.elapsed()
        self.turn = replace(
            self.turn,
            answer=self.answer,
            status=status,
            replaces="" if status in BROKEN_OFF else self.turn.replaces,
            citations=self.checked.citations if self.checked else (),
            retrieved=tuple(
                remembered(passage) | self.sent.get(at, {})
                for at, passage in enumerate(self.retrieved)
            ),
            timings=dict(self.timings),
            unsupported=self.checked.unsupported if self.checked else (),
            reasoning="".join(self.thoughts).strip()[:LONGEST_REASONING],
            usage=self.usage,
        )


def remembered(passage: Passage) -> dict[str, Any]:
    """Returns what a turn keeps of a passage: enough to show it again later."""
    return {
        "id": passage.id,
        "path": passage.path,
        "page": passage.page,
        "lines": list(passage.lines) if passage.lines else None,
        "heading": " > ".join(passage.heading),
        "score": round(passage.score, 4),
        "digest": passage.digest,
        "source": passage.source,
        "text": passage.text,
        "units": stored_passages.spans(passage.units),
        **({"part": passage.part} if passage.part else {}),
    }
