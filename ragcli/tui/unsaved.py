"""A turn put together from what the screen saw, when the engine could not store it."""

from __future__ import annotations

from ragcli.chat.answering import BROKEN_OFF, remembered
from ragcli.chat.events import Retrieved
from ragcli.index.passages import Passage
from ragcli.sessions.records.records import Citation, Turn
from ragcli.tui.asking import Asking
from ragcli.tui.rendering.inline import MARKER


def unsaved_turn(asking: Asking, status: str) -> Turn:
    """Returns the turn of an answer that was given but not recorded."""
    history, request = asking.profile.history, asking.request
    found, answer = asking.retrieved, asking.answer().strip()
    return Turn(
        id=history.new_turn_id(),
        conversation=request.conversation or history.new_conversation_id(),
        question=request.question,
        query=found.query if found else request.question,
        answer=answer,
        status=status,
        model=found.model if found else "",
        citations=_citations(answer, found) if found else (),
        retrieved=tuple(remembered(p) for p in found.passages) if found else (),
        # An answer that broke off takes the place of no other.
        replaces="" if status in BROKEN_OFF else request.replaces,
        continues=request.continues,
    )


def _citations(answer: str, found: Retrieved) -> tuple[Citation, ...]:
    """Returns the citations of an answer whose markers the engine let through."""
    numbers = dict.fromkeys(int(match[1]) for match in MARKER.finditer(answer))
    return tuple(
        _citation(number, found.passages[number - 1])
        for number in numbers
        if 0 < number <= found.used
    )


def _citation(number: int, passage: Passage) -> Citation:
    return Citation(
        marker=number,
        path=passage.path,
        page=passage.page,
        lines=passage.lines,
        heading=" > ".join(passage.heading),
        score=passage.score,
        quote="",
        verified=True,  # the engine lets no other marker through
        digest=passage.digest,
        source=passage.source,
    )
