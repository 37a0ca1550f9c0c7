"""One question, from history-aware retrieval to the recorded turn.

`Engine.ask` is a generator of events. A front end draws them; closing the
generator, interrupting it, or setting the request's `cancel` event ends the
answer, and what was said so far is kept as an interrupted turn.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from ragcli.chat import budget, rewrite, summary
from ragcli.chat.citations import Checked, MarkerFilter
from ragcli.chat.events import AskRequest, Event, Finished, Notice, Retrieved, Token
from ragcli.chat.interruption import Cancelled, cancellable
from ragcli.chat.prompts import REFUSAL, new_boundary
from ragcli.chat.staleness import stale_markers
from ragcli.config import Settings
from ragcli.errors import ModelUnavailable, Unverified, UsageError
from ragcli.index.passages import Exchange as PassageExchange
from ragcli.index.passages import Passage, SearchRequest, SearchResult
from ragcli.models.base import ChatModel, Exchange, Prompt
from ragcli.models.select import Choice
from ragcli.sessions.context import Context
from ragcli.sessions.history import History
from ragcli.sessions.records import Turn
from ragcli.text import safe_line

_TITLE_WIDTH = 60
"""Characters of the first question that become a conversation's title."""


class Retriever(Protocol):
    """What finds passages; `index.retriever` has the real one."""

    def search(self, request: SearchRequest) -> SearchResult:
        """Returns the passages that fit a request best."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What an engine is made of; `runtime` puts it together."""

    history: History
    settings: Settings
    choose_model: Callable[[], Choice]
    """Returns the model in force; raises `ModelUnavailable`."""
    fallback: Callable[[], ChatModel]
    """Returns the built-in model."""
    retriever: Callable[[AskRequest], Retriever | None]
    """Returns what searches for this request; None when there are no documents."""
    similarity: Callable[[str, str], float] | None = None
    """Cosine of two texts, with which paraphrased claims are checked."""
    notices: Callable[[], list[str]] = list
    """Returns, once each, what was repaired or left for something sounder."""


@dataclass(slots=True)
class _Answering:
    """The state of one question on its way."""

    request: AskRequest
    turn: Turn
    starts: bool
    """Whether the turn opens its conversation."""
    parent: int
    context: Context
    started: float = field(default_factory=time.monotonic)
    retrieved: tuple[Passage, ...] = ()
    used: int = 0
    timings: dict[str, float] = field(default_factory=dict)
    answer: list[str] = field(default_factory=list)
    checked: Checked | None = None
    recorded: bool = False

    def elapsed(self) -> float:
        """Returns the milliseconds since the question came."""
        return round((time.monotonic() - self.started) * 1000, 1)


class Engine:
    """Answers questions over one profile.

    Args:
        parts: The history, models and retriever that it works with.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def ask(self, request: AskRequest) -> Iterator[Event]:
        """Yields what happens while `request` is answered, `Finished` at the end.

        With `memory = "summary"` the generator then has older turns summed up.

        Raises:
            UsageError: The question is empty.
            ConversationNotFound: There is no such conversation.
            ModelUnavailable: The model failed and may not be replaced.
            Unverified: `strict`, and a citation does not hold.
            Locked, StorageFailed: The turn could not be recorded.
        """
        request = replace(request, question=request.question.strip())
        if not request.question:
            raise UsageError("the question is empty", 'try: ragcli ask "How …?"')
        state = self._begin(request)
        try:
            yield from self._answer(state)
        except (GeneratorExit, KeyboardInterrupt, SystemExit):
            self._record(state, "interrupted")
            raise
        except Cancelled:
            yield self._finish(state, "interrupted")
        except ModelUnavailable:
            self._record(state, "failed")
            raise

    def _begin(self, request: AskRequest) -> _Answering:
        history = self._parts.history
        conversation = self._conversation(request)
        starts = not conversation
        head = history.head() if request.record else 0
        turn = Turn(
            id=history.new_turn_id(),
            conversation=conversation or history.new_conversation_id(),
            question=request.question,
            replaces=request.replaces,
            continues=request.continues,
        )
        context = Context("", 0, ())
        if conversation:
            context = history.context(conversation, self._parts.settings.memory_turns)
        return _Answering(request, turn, starts, head, _without(context, request))

    def _conversation(self, request: AskRequest) -> str:
        """Returns the id of the conversation to go on with, or ""."""
        if request.conversation:
            return self._parts.history.resolve(request.conversation)
        if request.new or not request.record:
            return ""
        return self._parts.history.latest()

    def _answer(self, state: _Answering) -> Iterator[Event]:
        choice = yield from self._choose()
        found = self._retrieve(state, choice.model)
        if found is not None:
            state.retrieved = found.passages
            state.turn = replace(
                state.turn, query=found.query, snapshot=found.generation
            )
        state.timings["retrieve_ms"] = state.elapsed()
        state.turn = replace(state.turn, model=choice.model.spec)
        prompt, notices = self._prompt(state, choice.model, found)
        yield Retrieved(
            state.turn.query, state.retrieved, state.used, choice.model.spec,
            prompt, state.timings["retrieve_ms"],
        )  # fmt: skip
        yield from notices
        yield from self._repairs()
        if state.starts and self._sums_up(state) and not choice.model.generates:
            yield Notice(summary.RECENCY_ONLY)
        if _nothing_to_say(state, choice.model, found):
            yield self._finish(state, "nothing_found")
            return
        yield from self._speak(state, choice.model, prompt)
        finished = self._finish(state, _status(state))
        yield from self._repairs()
        yield finished
        yield from self._summarise(state, choice.model)

    def _repairs(self) -> Iterator[Notice]:
        for message in self._parts.notices():
            yield Notice(message, "warning")

    def _choose(self) -> Generator[Notice, None, Choice]:
        """Yields a notice when the wanted model cannot be had; returns the choice."""
        try:
            choice = self._parts.choose_model()
        except ModelUnavailable as error:
            if self._parts.settings.require_model:
                raise
            yield _fallback_notice(error)
            return Choice(self._parts.fallback(), "fallback")
        return choice

    def _retrieve(self, state: _Answering, model: ChatModel) -> SearchResult | None:
        request = state.request
        if not request.use_documents:
            return None
        retriever = self._parts.retriever(request)
        if retriever is None:
            return SearchResult((), request.question, relevant=False, generation="")
        settings = self._parts.settings
        # What the documents do not speak of would only lead the search astray.
        turns = state.context.turns
        earlier = tuple(turn for turn in turns if turn.status != "nothing_found")
        return retriever.search(
            SearchRequest(
                question=request.question,
                history=tuple(PassageExchange(t.question, t.answer) for t in earlier),
                rewrite=rewrite.rewritten(model, request.question, _exchanges(earlier)),
                limit=request.limit or settings.retrieval_k,
                exclude=request.exclude,
                mode=settings.retrieval_mode,
            )
        )

    def _prompt(
        self, state: _Answering, model: ChatModel, found: SearchResult | None
    ) -> tuple[Prompt, list[Notice]]:
        """Fits everything into the model's window; says what had to be left out."""
        fitted = budget.fit(
            model,
            Prompt(
                question=_asked(state.request, state.context),
                query=state.turn.query or state.request.question,
                sources=(),
                history=_exchanges(state.context.turns),
                summary=state.context.summary,
                instructions=self._parts.settings.instructions,
                boundary=new_boundary(),
                grounded=found is not None,
            ),
            state.retrieved,
        )
        state.used = len(fitted.prompt.sources)
        return fitted.prompt, [Notice(text, "warning") for text in fitted.notices]

    def _speak(
        self, state: _Answering, model: ChatModel, prompt: Prompt
    ) -> Iterator[Event]:
        """Streams the answer, checking each citation as it completes."""
        try:
            yield from self._stream(state, model, prompt)
        except ModelUnavailable as error:
            if state.answer or self._parts.settings.require_model:
                raise
            yield _fallback_notice(error)
            builtin = self._parts.fallback()
            state.turn = replace(state.turn, model=builtin.spec)
            if prompt.sources:
                yield from self._stream(state, builtin, prompt)

    def _stream(
        self, state: _Answering, model: ChatModel, prompt: Prompt
    ) -> Iterator[Token]:
        markers = MarkerFilter(
            state.retrieved[: state.used],
            state.request.question,
            self._parts.similarity,
        )
        pieces = cancellable(model, prompt, state.request.cancel)
        try:
            for piece in pieces:
                yield from _token(state, markers.feed(piece))
        finally:
            pieces.close()
            state.checked = markers.close()
            if state.checked.tail:
                state.answer.append(state.checked.tail)
        if state.checked.tail:
            yield Token(state.checked.tail)

    def _finish(self, state: _Answering, status: str) -> Finished:
        turn = self._record(state, status)
        checked = state.checked
        unsupported = checked.unsupported if checked else 0
        if state.request.strict and status == "answered":
            _check_strict(turn, unsupported)
        stale = stale_markers(turn.citations)
        return Finished(turn, len(state.retrieved), state.used, unsupported, stale)

    def _record(self, state: _Answering, status: str) -> Turn:
        """Stores the turn, unless nothing may be written; returns it as stored."""
        if state.recorded:
            return state.turn
        state.timings["total_ms"] = state.elapsed()
        state.turn = replace(
            state.turn,
            answer="".join(state.answer).strip(),
            status=status,
            citations=state.checked.citations if state.checked else (),
            retrieved=tuple(_remembered(passage) for passage in state.retrieved),
            timings=dict(state.timings),
        )
        if not state.request.record:
            return state.turn
        title = safe_line(state.request.question, _TITLE_WIDTH)
        state.turn = self._parts.history.commit(
            state.turn,
            title=title if state.starts else None,
            parent=state.parent,
            expect=state.request.expect_seq,
        )
        state.recorded = True
        return state.turn

    def _summarise(self, state: _Answering, model: ChatModel) -> Iterator[Notice]:
        """Has the model sum up the turns that no longer fit, once."""
        if self._sums_up(state):
            conversation = state.turn.conversation
            note = summary.refresh(self._parts.history, conversation, model)
            if note:
                yield Notice(note)

    def _sums_up(self, state: _Answering) -> bool:
        """Tells whether older turns are to be summed up, where the model can."""
        return self._parts.settings.memory == "summary" and state.request.record


def _token(state: _Answering, text: str) -> Iterator[Token]:
    if not text:
        return
    state.timings.setdefault("first_token_ms", state.elapsed())
    state.answer.append(text)
    yield Token(text)


def _status(state: _Answering) -> str:
    """Returns how an answer that came to its end is to be recorded."""
    answer = "".join(state.answer).strip()
    if not answer or (state.request.use_documents and answer.startswith(REFUSAL)):
        return "nothing_found"
    return "answered"


def _nothing_to_say(
    state: _Answering, model: ChatModel, found: SearchResult | None
) -> bool:
    """Tells whether the documents leave nothing to answer from.

    A model that generates judges doubtful passages itself; the built-in one only
    quotes, so for it the calibrated threshold decides.
    """
    if found is None:
        return not model.generates
    return not state.used or (not model.generates and not found.relevant)


def _asked(request: AskRequest, context: Context) -> str:
    """Returns the question as the model reads it; a continued turn shows its start."""
    partial = next((t for t in context.turns if t.id == request.continues), None)
    if partial is None:
        return request.question
    return (
        f"{partial.question}\n\nYour answer was cut off after this; go on from there "
        f"without repeating it:\n{partial.answer}"
    )


def _without(context: Context, request: AskRequest) -> Context:
    """Returns the context up to the turn that is asked again."""
    if not request.replaces:
        return context
    kept = tuple(turn for turn in context.turns if turn.id != request.replaces)
    return replace(context, turns=kept)


def _exchanges(turns: tuple[Turn, ...]) -> tuple[Exchange, ...]:
    return tuple(Exchange(turn.question, turn.answer) for turn in turns if turn.answer)


def _remembered(passage: Passage) -> dict[str, Any]:
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
    }


def _check_strict(turn: Turn, unsupported: int) -> None:
    unverified = sum(not citation.verified for citation in turn.citations)
    if unsupported or unverified or not turn.citations:
        count = unsupported + unverified
        what = f"{count} of its citations" if count else "it cites nothing, so it"
        raise Unverified(
            f"the answer is not borne out: {what} cannot be verified",
            "the turn is recorded; ask without --strict to read it",
        )


def _fallback_notice(error: ModelUnavailable) -> Notice:
    return Notice(f"{error.message}; using built-in answers", "warning")
