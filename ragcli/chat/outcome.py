"""What came of a question: an answer, nothing, or an answer that does not hold."""

from __future__ import annotations

from ragcli.chat.answering import BROKEN_OFF, Answering
from ragcli.chat.prompts import REFUSAL
from ragcli.errors import Unverified
from ragcli.index.passages import SearchResult
from ragcli.models.base import ChatModel
from ragcli.sessions.records.records import Turn


def status_of(state: Answering) -> str:
    """Returns how an answer that came to its end is to be recorded."""
    answer = state.answer
    if not answer or (state.request.use_documents and answer.startswith(REFUSAL)):
        return "nothing_found"
    return "answered"


def nothing_to_say(
    state: Answering, model: ChatModel, found: SearchResult | None
) -> bool:
    """Tells whether the documents leave nothing to answer from.

    Every model judges doubtful passages itself: the built-in one is silent when it is
    not sure enough that one of their units answers.
    """
    if found is None:
        return not model.generates
    return not state.used


def check_strict(turn: Turn, unsupported: int, *, recorded: bool) -> None:
    """Refuses an answer that its citations do not bear out.

    What claims nothing passes: no answer, the sentence that says there is none, and
    one that broke off, which is never shown as an answer.

    Args:
        turn: The turn, ended.
        unsupported: How many of its markers were removed.
        recorded: Whether the turn can be read later.

    Raises:
        Unverified: It cites nothing, or a citation does not hold.
    """
    if turn.status in BROKEN_OFF or turn.answer in {"", REFUSAL}:
        return
    unverified = sum(not citation.verified for citation in turn.citations)
    if unsupported or unverified or not turn.citations:
        count = unsupported + unverified
        what = f"{count} of its citations" if count else "it cites nothing, so it"
        raise Unverified(
            f"the answer is not borne out: {what} cannot be verified",
            "to read it: ragcli history show --last 1"
            if recorded
            else "ask without --strict to read it",
        )
