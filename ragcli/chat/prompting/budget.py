"""Fits history and passages into a model's window, and says what had to go.

The reply keeps its share; instructions and question are never cut. While everything
fits, a prompt only grows: see `prompt_prefix`. Where it does not, it begins anew:
history may take a third, newest turns first and without their passages; passages take
the rest, best first; what they leave over goes to older turns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ragcli.chat.prompting.prompts import source
from ragcli.errors import UsageError
from ragcli.frozen import frozen
from ragcli.index.passages import Passage
from ragcli.language.markers import without_markers
from ragcli.models.base import ChatModel, Exchange, Prompt, Source
from ragcli.models.prompt_messages import (
    exchange_messages,
    messages,
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

_PER_NUMBER = 8
"""Tokens of a number in the line that says which passages count."""
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
    used: int = 0
    """How many of the passages, the first so many, the model is shown."""
    afresh: bool = True
    """Whether no earlier turn stands there with its passages."""


def fit(
    model: ChatModel,
    prompt: Prompt,
    passages: Sequence[Passage],
    numbers: Sequence[int] = (),
    turns: int = 0,
) -> Fitted:
    """Fills `prompt` with what fits the model's window.

    Args:
        model: Says how large its window is, and counts its tokens. A window of 0 has
            no limit.
        prompt: Question, instructions, summary and all earlier turns; no sources.
        passages: What was retrieved, best first.
        numbers: Those of the passages in this conversation; () to count from 1.
        turns: Most earlier turns of a prompt that begins anew; 0 for any.

    Returns:
        The prompt with the first so many passages as its sources.

    Raises:
        UsageError: The question alone is too long.
        ModelUnavailable: The model cannot say how large its window is.
    """
    count = range(1, len(passages) + 1)
    sources = tuple(map(source, numbers or count, passages))
    window = model.window()
    bare = replace(prompt, history=tuple(map(_bare, prompt.history)), sources=())
    if not window:
        return Fitted(replace(bare, sources=sources), used=len(sources))
    fitting = _Fitting(model, window)
    if prompt.grounded and any(turn.focus for turn in prompt.history):
        grown = _grown(prompt, sources)
        if fitting.is_room_for(grown):
            return Fitted(grown, used=len(sources), afresh=False)
    if turns:
        bare = replace(bare, history=bare.history[-turns:])
    return fitting.fit(bare, sources, focused=bool(numbers))


def _bare(turn: Exchange) -> Exchange:
    """Returns a turn without passages, whose markers would stand for nothing."""
    answer = without_markers(turn.answer)
    return replace(turn, answer=answer, sources=(), focus=())


def _grown(prompt: Prompt, sources: tuple[Source, ...]) -> Prompt:
    """Returns a prompt that goes on with what was sent: new passages, all numbers."""
    sent = {item.marker for turn in prompt.history for item in turn.sources}
    return replace(
        prompt,
        sources=tuple(item for item in sources if item.marker not in sent),
        focus=tuple(item.marker for item in sources),
    )


class _Fitting:
    """One run of `fit`: counts each text once."""

    def __init__(self, model: ChatModel, window: int) -> None:
        self._model = model
        self._window = window

    def is_room_for(self, prompt: Prompt) -> bool:
        """Tells whether a whole prompt leaves the reply its share."""
        sent = messages(prompt)
        used = sum(self._count(message.text) + _PER_MESSAGE for message in sent)
        return used <= self._window - self._reply

    @property
    def _reply(self) -> int:
        return min(LONGEST_REPLY, int(self._window * REPLY_SHARE))

    def fit(
        self, prompt: Prompt, sources: tuple[Source, ...], *, focused: bool
    ) -> Fitted:
        """Returns a prompt that begins anew."""
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
            focus=tuple(item.marker for item in sources[:used]) if focused else (),
            history=prompt.history[len(turns) - recent :],
            summary=summary,
        )
        return self._reported(kept, len(sources) - used, len(turns) - recent)

    def _room(self, prompt: Prompt) -> int:
        """Returns the tokens left for passages and history."""
        bare = replace(prompt, history=(), summary="")
        fixed = self._count(system_text(bare)) + self._count(user_text(bare))
        room = self._window - self._reply - fixed - 3 * _PER_MESSAGE
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
        rendered = exchange_messages(turn, mark)
        return sum(self._count(message.text) + _PER_MESSAGE for message in rendered)

    def _passage_tokens(self, item: Source, mark: str) -> int:
        # Two for the blank line, and its number among those that count.
        return self._count(passage_text(item, mark)) + 2 + _PER_NUMBER

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
        used = len(kept.sources)
        return Fitted(kept, passages, turns, tuple(notices), used)


def _how_many(costs: Sequence[int], room: int) -> int:
    """Returns how many of the first `costs` fit into `room` together."""
    for number, cost in enumerate(costs):
        room -= cost
        if room < 0:
            return number
    return len(costs)
