"""Fits history and passages into a model's window, and says what had to go.

The reply keeps its share; instructions and question are never cut. Of what is left,
history may take a third, newest turns first; passages take the rest, best first;
what they leave over goes to older turns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ragcli.chat.prompts import source
from ragcli.errors import UsageError
from ragcli.frozen import frozen
from ragcli.index.passages import Passage
from ragcli.language.markers import without_markers
from ragcli.models.base import ChatModel, Exchange, Prompt, Source
from ragcli.models.langchain.rendering import (
    exchange_messages,
    passage_text,
    summary_text,
    system_text,
    user_text,
)

REPLY_SHARE = 0.25
"""Part of the window that is kept for the answer, up to `LONGEST_REPLY`."""
LONGEST_REPLY = 1024
"""Tokens kept for the answer in large windows."""
HISTORY_SHARE = 0.33
"""Part of the remaining room that history may take from passages."""

_PER_MESSAGE = 8
"""Tokens of a chat template around one message."""


@frozen
class Fitted:
    """A prompt that fits, and what was left out of it."""

    prompt: Prompt
    """With as many passages and turns as there was room for."""
    dropped_passages: int = 0
    """How many of the lowest-ranked passages did not fit."""
    dropped_turns: int = 0
    """How many of the oldest turns did not fit."""
    notices: tuple[str, ...] = ()
    """The same for people, one line each."""


def fit(model: ChatModel, prompt: Prompt, passages: Sequence[Passage]) -> Fitted:
    """Fills `prompt` with what fits the model's window.

    Args:
        model: Says how large its window is, and counts its tokens. A window of 0 has
            no limit.
        prompt: Question, instructions, summary and all earlier turns; no sources.
        passages: What was retrieved, best first.

    Returns:
        The prompt with the first so many passages as its sources, numbered from 1.

    Raises:
        UsageError: The question alone is too long.
        ModelUnavailable: The model cannot say how large its window is.
    """
    history = tuple(
        replace(turn, answer=without_markers(turn.answer)) for turn in prompt.history
    )
    prompt = replace(prompt, history=history, sources=())
    sources = tuple(source(i, passage) for i, passage in enumerate(passages, 1))
    window = model.window()
    if not window:
        return Fitted(replace(prompt, sources=sources))
    return _Fitting(model, window).fit(prompt, sources)


class _Fitting:
    """One run of `fit`: counts each text once."""

    def __init__(self, model: ChatModel, window: int) -> None:
        self._model = model
        self._window = window

    def fit(self, prompt: Prompt, sources: tuple[Source, ...]) -> Fitted:
        room = self._room(prompt)
        summary, for_history = self._summary(prompt, int(room * HISTORY_SHARE))
        mark = prompt.boundary
        turns = [self._turn_tokens(turn, mark) for turn in reversed(prompt.history)]
        passages = [self._passage_tokens(item, mark) for item in sources]

        recent = _how_many(turns, for_history)
        room -= (for_history_used := sum(turns[:recent]))
        room -= self._summary_tokens(summary, mark)
        used = _how_many(passages, room)
        leftover = room - sum(passages[:used]) + for_history_used
        recent = max(recent, _how_many(turns, leftover))

        kept = replace(
            prompt,
            sources=sources[:used],
            history=prompt.history[len(turns) - recent :],
            summary=summary,
        )
        return self._reported(kept, len(sources) - used, len(turns) - recent)

    def _room(self, prompt: Prompt) -> int:
        """Returns the tokens left for passages and history."""
        reply = min(LONGEST_REPLY, int(self._window * REPLY_SHARE))
        bare = replace(prompt, history=(), summary="")
        fixed = self._count(system_text(bare)) + self._count(user_text(bare))
        room = self._window - reply - fixed - 2 * _PER_MESSAGE
        if room < 0:
            raise UsageError(
                f"the question is too long for {self._model.spec}: about {fixed} "
                f"tokens with the instructions, in a window of {self._window}",
                "shorten it, or pipe the long part in as a document: … | ragcli ask Q",
            )
        return room

    def _summary(self, prompt: Prompt, share: int) -> tuple[str, int]:
        """Returns the summary if it fits, and what is left of history's share."""
        left = share - self._summary_tokens(prompt.summary, prompt.boundary)
        return (prompt.summary, left) if left >= 0 else ("", share)

    def _summary_tokens(self, summary: str, mark: str) -> int:
        return self._count(summary_text(summary, mark)) if summary else 0

    def _turn_tokens(self, turn: Exchange, mark: str) -> int:
        told = exchange_messages(turn, mark)
        return sum(self._count(message.text) + _PER_MESSAGE for message in told)

    def _passage_tokens(self, item: Source, mark: str) -> int:
        return self._count(passage_text(item, mark)) + 2

    def _count(self, text: str) -> int:
        return self._model.count_tokens(text) if text else 0

    def _reported(self, kept: Prompt, passages: int, turns: int) -> Fitted:
        limit = f"the window of {self._model.spec} ({self._window} tokens)"
        notices = []
        if passages:
            total = len(kept.sources) + passages
            notices.append(f"{passages} of {total} passages did not fit {limit}")
        if turns:
            notices.append(f"{turns} earlier turns did not fit {limit}")
        return Fitted(kept, passages, turns, tuple(notices))


def _how_many(costs: Sequence[int], room: int) -> int:
    """Returns how many of the first `costs` fit into `room` together."""
    for number, cost in enumerate(costs):
        room -= cost
        if room < 0:
            return number
    return len(costs)
