"""What a model reads of the conversation that a question belongs to."""

from __future__ import annotations

from dataclasses import replace

from ragcli.chat.events import AskRequest
from ragcli.language.markers import without_attached
from ragcli.models.base import Exchange, only_quotes
from ragcli.sessions.records.record_types import ConversationContext, Turn


def replaced_turn(context: ConversationContext, request: AskRequest) -> Turn | None:
    """Returns the turn that is asked again, while the model still reads it.

    Another process may have had another of its versions shown meanwhile.
    """
    return next((t for t in context.turns if _is_asked_again(t, request)), None)


def without_replaced(
    context: ConversationContext, request: AskRequest
) -> ConversationContext:
    """Returns the context without the turn that is asked again."""
    kept = tuple(t for t in context.turns if not _is_asked_again(t, request))
    return replace(context, turns=kept)


def _is_asked_again(turn: Turn, request: AskRequest) -> bool:
    wanted = request.replaces
    return bool(wanted) and wanted in {turn.id, *turn.versions}


def question_and_beginning(
    request: AskRequest, context: ConversationContext
) -> tuple[str, str]:
    """Returns the question, and the answer so far of a turn that is continued."""
    partial = next((t for t in context.turns if t.id == request.continues), None)
    if partial is None:
        return request.question, ""
    return partial.question, without_attached(partial.answer)


def exchanges(turns: tuple[Turn, ...]) -> tuple[Exchange, ...]:
    """Returns what was asked and answered; questions without an answer left out."""
    return tuple(
        Exchange(turn.question, without_attached(turn.answer), only_quotes(turn.model))
        for turn in turns
        if turn.answer
    )
