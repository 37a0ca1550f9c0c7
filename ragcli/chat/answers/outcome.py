"""The outcome of a question: an answer, nothing, or an answer that fails its checks."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ragcli.chat.answers.state import BROKEN_OFF, AnswerState
from ragcli.chat.prompting.prompts import REFUSAL
from ragcli.errors import ModelFailed, Unverified
from ragcli.index.passages import SearchResult
from ragcli.language.vocabulary.languages import NAMES, detect
from ragcli.models.base import ChatModel
from ragcli.models.replies.finish_reasons import FILTER, LENGTH, TOOLS, UNFINISHED
from ragcli.sessions.records.record_types import Turn

if TYPE_CHECKING:
    from ragcli.chat.citing.citations import Checked

REPEATED = "repeated"
"""The reason of an answer that we ended because it went round in circles."""

_CUT = {
    LENGTH: "the answer was cut at its longest",
    FILTER: "the model's filter cut the answer",
    UNFINISHED: "the server broke the answer off without a word",
    REPEATED: "stopped: the answer began to repeat itself",
}
"""Notices about an incomplete answer, by why it ended."""


def status_of(state: AnswerState) -> str:
    """Returns how an answer that came to its end is to be recorded."""
    answer = state.answer
    if not answer or (state.request.use_documents and answer.startswith(REFUSAL)):
        return "nothing_found"
    return "truncated" if is_cut(state) else "answered"


def is_cut(state: AnswerState) -> bool:
    """Tells whether the model ended its answer before it was whole."""
    return state.finish is not None and state.finish.reason in _CUT


def cut_notice(state: AnswerState, limit: int) -> str:
    """Returns why an answer is not whole; "" where it is.

    Args:
        state: The question; its model has ended.
        limit: The most tokens that an answer may have; 0 for no limit.
    """
    reason = state.finish.reason if state.finish else ""
    notice = _CUT.get(reason, "")
    if reason == LENGTH and limit:
        return f"{notice} ({limit} tokens): ragcli config set max_tokens {2 * limit}"
    return notice


def language_notice(state: AnswerState) -> str:
    """Returns that a question without an answer is in another language, "" if not.

    Words are compared as they are written: a question finds little in documents that
    say it in other words.
    """
    languages = Counter(item.language for item in state.retrieved if item.language)
    asked = detect(state.request.question)
    if not languages or asked not in NAMES or asked in languages:
        return ""
    [(language, _)] = languages.most_common(1)
    if language not in NAMES:
        return ""
    return (
        f"the question is in {NAMES[asked]}, the nearest passages are in "
        f"{NAMES[language]}: ask in that language"
    )


def check_said(state: AnswerState, model: ChatModel, limit: int) -> None:
    """Makes sure that a model that generates said something.

    Silence is the model's failure; that the documents do not say, it says in words.

    Raises:
        ModelFailed: It only thought, wanted a tool, or gave nothing at all.
    """
    if not model.generates or state.answer:
        return
    reason = state.finish.reason if state.finish else ""
    who = model.spec
    if reason == TOOLS:
        raise ModelFailed(
            f"{who} asked for a tool instead of answering", "choose another model"
        )
    if reason == FILTER:
        raise ModelFailed(
            f"the filter of {who} kept its answer back", "ask in other words"
        )
    if state.thoughts and reason == LENGTH:
        raise ModelFailed(
            f"{who} spent all its {limit} tokens on reasoning",
            f"give it more: ragcli config set max_tokens {4 * limit}",
        )
    if state.thoughts:
        raise ModelFailed(f"{who} reasoned, and gave no answer", "ask it again")
    raise ModelFailed(f"{who} gave an empty answer", "ask again, or another model")


def nothing_to_say(
    state: AnswerState, model: ChatModel, result: SearchResult | None
) -> bool:
    """Tells whether the documents leave nothing to answer from.

    Every model judges doubtful passages itself: the built-in one is silent when it is
    not sure enough that one of their units answers.
    """
    if result is None:
        return not model.generates
    return not state.used


def check_strict(turn: Turn, checked: Checked | None, *, recorded: bool) -> None:
    """Refuses an answer that its citations do not bear out.

    What claims nothing passes: no answer, the sentence that says there is none, and
    one that broke off, which is never shown as an answer. A sentence that cites nothing
    is refused like a marker that does not hold, unless the model cites its passage
    elsewhere and it stands there.

    Args:
        turn: The turn, ended.
        checked: What the checks of its answer came to.
        recorded: Whether the turn can be read later.

    Raises:
        Unverified: It cites nothing, or a citation or sentence does not hold.
    """
    if turn.status in BROKEN_OFF or turn.answer in {"", REFUSAL}:
        return
    removed = checked.removed if checked else 0
    uncited = len(turn.unsupported) + (checked.open if checked else 0)
    count = removed + sum(not citation.verified for citation in turn.citations)
    if count or uncited or not turn.citations:
        faults = [f"{count} of its citations"] if count else []
        faults += [f"{uncited} of its sentences without one"] if uncited else []
        what = " and ".join(faults) or "it cites nothing, so it"
        raise Unverified(
            f"the answer is not borne out: {what} cannot be verified",
            "to read it: ragcli history show --last 1"
            if recorded
            else "ask without --strict to read it",
        )
