"""What of a conversation stands in a prompt, so that a server reads it only once.

Servers keep what they have read of a prompt, up to the first token that differs. So
the prompt of a follow-up begins as the one before it ended: the same mark, the turns
with the passages as they were sent, each passage once and under one number. Each turn
records what that takes (`Turn.prompt`). When it no longer fits, the prompt begins anew:
some turns without their passages, and all passages of the question.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from ragcli.chat.prompting.numbering import renumbered
from ragcli.chat.prompting.prompts import label, new_boundary
from ragcli.frozen import frozen
from ragcli.index.passages import Passage
from ragcli.language.markers import without_attached
from ragcli.models.base import Exchange, Source, only_quotes
from ragcli.sessions.records.record_types import ConversationContext, Turn

Names = Mapping[tuple[str, str], int]
"""The number of each passage, by its id and text."""


@frozen
class PromptPrefix:
    """The prompt of a conversation, as far as it has been sent."""

    mark: str
    """Delimits what is data; random, and made for this conversation."""
    turns: tuple[Turn, ...] = ()
    """Those in the prompt, oldest first."""
    exchanges: tuple[Exchange, ...] = ()
    """The same, as the model reads them."""
    base: str = ""
    """Id of the first turn that stands there with its passages; "" for none."""
    names: Names = field(default_factory=dict)
    next: int = 1
    """The first number that no passage has."""

    def numbers(self, passages: Sequence[Passage]) -> tuple[int, ...]:
        """Returns the number of each passage: its old one, or the next ones."""
        numbers: list[int] = []
        free = self.next
        for passage in passages:
            number = self.names.get((passage.id, passage.text))
            if number is None or number in numbers:
                number, free = free, free + 1
            numbers.append(number)
        return tuple(numbers)


def prefix_of(
    context: ConversationContext, passages: Sequence[Passage] = ()
) -> PromptPrefix:
    """Returns the prefix that a question's prompt goes on from.

    Args:
        context: The conversation's last turns.
        passages: What was found; a mark that one of them holds is never used again.
    """
    answered = tuple(turn for turn in context.turns if turn.answer)
    latest = next((turn for turn in reversed(answered) if turn.prompt), None)
    recorded = latest.prompt if latest else {}
    mark = str(recorded.get("mark") or "")
    if not mark or any(mark in passage.text for passage in passages):
        return PromptPrefix(new_boundary(), answered, tuple(map(_bare, answered)))
    names = _names(answered)
    following = max([*names.values(), int(recorded.get("next") or 1) - 1]) + 1
    ids = [turn.id for turn in answered]
    base = str(recorded.get("base") or "")
    first = str(recorded.get("since") or base)
    # A changed summary is another beginning.
    if (
        base not in ids
        or first not in ids
        or recorded.get("covers", 0) != context.covers
    ):
        bare = tuple(map(_bare, answered))
        return PromptPrefix(mark, answered, bare, names=names, next=following)
    kept = answered[ids.index(first) :]
    exchanges = _exchanges(kept, base)
    return PromptPrefix(mark, kept, exchanges, base, names, following)


def record_of(
    prefix: PromptPrefix, turn: Turn, covers: int, kept: int, *, afresh: bool
) -> dict[str, Any]:
    """Returns what a turn has to remember of the prompt that it was asked with.

    Args:
        prefix: What it went on with.
        turn: The turn.
        covers: Of the summary in the prompt.
        kept: How many of the prefix's turns, the newest, the prompt has.
        afresh: Whether none of them has its passages.
    """
    turns = prefix.turns[len(prefix.turns) - kept :]
    base = turn.id if afresh else prefix.base
    return {
        "mark": prefix.mark,
        "since": turns[0].id if turns else base,
        "base": base,
        "covers": covers,
        "next": prefix.next,
    }


def remembered_source(passage: Passage, number: int) -> dict[str, Any]:
    """Returns what it takes to send a passage again as it was sent."""
    source: dict[str, Any] = {"number": number, "label": label(passage)}
    return source | ({"attached": True} if passage.attached else {})


def _names(turns: Sequence[Turn]) -> dict[tuple[str, str], int]:
    return {
        (str(item.get("id")), str(item.get("text"))): int(item["number"])
        for turn in turns
        for item in turn.retrieved
        if item.get("number")
    }


def _bare(turn: Turn) -> Exchange:
    answer = without_attached(turn.answer)
    return Exchange(turn.question, answer, only_quotes(turn.model))


def _exchanges(turns: Sequence[Turn], base: str) -> tuple[Exchange, ...]:
    """Returns turns as they were sent: bare before `base`, with passages from it on."""
    exchanges: list[Exchange] = []
    sent: set[int] = set()
    is_full = False
    for turn in turns:
        is_full = is_full or turn.id == base
        numbered = [item for item in turn.retrieved if item.get("number")]
        if not is_full or not numbered:
            exchanges.append(_bare(turn))
            continue
        focus = tuple(int(item["number"]) for item in numbered)
        fresh = [item for item in numbered if int(item["number"]) not in sent]
        sent |= set(focus)
        exchanges.append(
            Exchange(
                turn.question,
                renumbered(without_attached(turn.answer), dict(enumerate(focus, 1))),
                sources=tuple(map(_source, fresh)),
                focus=focus,
            )
        )
    return tuple(exchanges)


def _source(item: Mapping[str, Any]) -> Source:
    return Source(
        marker=int(item["number"]),
        text=str(item.get("text") or ""),
        label=str(item.get("label") or ""),
        kind="",
        score=float(item.get("score") or 0),
        attached=bool(item.get("attached")),
    )
