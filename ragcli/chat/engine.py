"""One question, from history-aware retrieval to the recorded turn.

`Engine.ask` is a generator of events. A front end draws them; closing the
generator, interrupting it, or setting the request's `cancel` event ends the
answer, and what was said so far is kept as an interrupted turn.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import replace

from ragcli.chat import budget, rewrite, summary, whole
from ragcli.chat.answering import Answering
from ragcli.chat.citations import MarkerFilter
from ragcli.chat.events import (
    AskRequest,
    Event,
    Failed,
    Finished,
    Notice,
    Retrieved,
    Token,
)
from ragcli.chat.interruption import Cancelled, cancellable
from ragcli.chat.memory import (
    exchanges,
    question_and_beginning,
    replaced_turn,
    without_replaced,
)
from ragcli.chat.outcome import check_strict, nothing_to_say, status_of
from ragcli.chat.prompts import new_boundary
from ragcli.chat.staleness import stale_markers
from ragcli.chat.whole import FromWhole, Retriever
from ragcli.config import Settings
from ragcli.errors import ModelUnavailable, RagcliError, UsageError
from ragcli.frozen import frozen
from ragcli.index.passages import EarlierTurn, SearchRequest, SearchResult
from ragcli.language import question
from ragcli.models.base import ChatModel, Prompt
from ragcli.models.select import ChosenModel
from ragcli.sessions.history.context import Context
from ragcli.sessions.history.history import History
from ragcli.sessions.records.records import Turn


@frozen
class Parts:
    """What an engine is made of; `runtime` puts it together."""

    history: History
    settings: Settings
    choose_model: Callable[[], ChosenModel]
    """Returns the model in force; raises `ModelUnavailable`."""
    fallback: Callable[[], ChatModel]
    """Returns the built-in model."""
    retriever: Callable[[AskRequest], Retriever | None]
    """Returns what searches for this request; None when there are no documents."""
    similarity: Callable[[str, str], float] | None = None
    """Cosine of two texts, with which paraphrased claims are checked."""
    notices: Callable[[], list[str]] = list
    """Returns, once each, what was repaired or left for something sounder."""


class Engine:
    """Answers questions over one profile.

    Args:
        parts: The history, models and retriever that it works with.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def ask(self, request: AskRequest) -> Iterator[Event]:
        """Yields what happens while `request` is answered, `Finished` at the end.

        Before an error is raised, `Failed` hands over the turn as far as it came.
        With `memory = "summary"` the generator then has older turns summed up.

        Raises:
            UsageError: The question is empty, or longer than a question is.
            ConversationNotFound: There is no such conversation.
            ModelUnavailable: The model failed and may not be replaced.
            Unverified: `strict`, and a citation does not hold.
            Locked, StorageFailed, StoreUnavailable: The turn could not be recorded.
        """
        request = replace(request, question=request.question.strip())
        if not request.question:
            raise UsageError("the question is empty", 'try: ragcli ask "How …?"')
        question.check(request.question)
        state = self._begin(request)
        try:
            yield from self._until_cancelled(state)
        except (GeneratorExit, KeyboardInterrupt, SystemExit):
            state.record(self._parts.history, "interrupted")
            raise
        except RagcliError as error:
            yield from self._failed(state, error)
            raise

    def _until_cancelled(self, state: Answering) -> Iterator[Event]:
        try:
            yield from self._answer(state)
        except Cancelled:
            yield self._finish(state, "interrupted")

    def _failed(self, state: Answering, error: RagcliError) -> Iterator[Failed]:
        """Yields the turn as far as it came; records it where its model failed.

        Raises:
            Locked, StorageFailed, StoreUnavailable: It could not be recorded.
        """
        try:
            if isinstance(error, ModelUnavailable):
                state.record(self._parts.history, "failed")
        finally:
            state.end("failed")
            yield Failed(state.turn, state.title)

    def _begin(self, request: AskRequest) -> Answering:
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
        again = replaced_turn(context, request)
        return Answering(
            request,
            turn,
            starts,
            head,
            without_replaced(context, request),
            repeats=again is not None and again.question == request.question,
        )

    def _conversation(self, request: AskRequest) -> str:
        """Returns the id of the conversation to go on with, or ""."""
        if request.conversation:
            return self._parts.history.resolve(request.conversation)
        if request.new or not request.record:
            return ""
        return self._parts.history.latest()

    def _answer(self, state: Answering) -> Iterator[Event]:
        choice = yield from self._choose()
        found, drawn = self._retrieve(state, choice.model)
        if found is not None:
            state.retrieved = (*drawn.passages, *found.passages)
            state.turn = replace(
                state.turn, query=found.query, snapshot=found.generation
            )
        state.timings["retrieve_ms"] = state.elapsed()
        remote = choice.model.remote
        state.turn = replace(state.turn, model=choice.model.spec, remote=remote)
        prompt, notices = self._prompt(state, choice.model, found)
        prompt = replace(prompt, drawn=drawn.pieces)
        yield Retrieved(
            state.turn.query, state.retrieved, state.used, choice.model.spec,
            prompt, state.timings["retrieve_ms"], remote,
        )  # fmt: skip
        yield from notices
        yield from self._repairs()
        if state.starts and self._sums_up(state) and not choice.model.generates:
            yield Notice(summary.RECENCY_ONLY)
        if nothing_to_say(state, choice.model, found):
            yield self._finish(state, "nothing_found")
            return
        yield from self._speak(state, choice.model, prompt)
        if drawn.reason and status_of(state) == "nothing_found":
            yield Notice(drawn.reason)
        finished = self._finish(state, status_of(state))
        if state.request.strict and state.answer:
            yield Token(state.answer)
        yield from self._repairs()
        yield finished
        yield from self._summarise(state, choice.model)

    def _repairs(self) -> Iterator[Notice]:
        for message in self._parts.notices():
            yield Notice(message, "warning")

    def _choose(self) -> Generator[Notice, None, ChosenModel]:
        """Yields a notice when the wanted model cannot be had; returns the choice."""
        try:
            choice = self._parts.choose_model()
        except ModelUnavailable as error:
            if self._parts.settings.require_model:
                raise
            yield _fallback_notice(error)
            return ChosenModel(self._parts.fallback(), "fallback")
        return choice

    def _retrieve(
        self, state: Answering, model: ChatModel
    ) -> tuple[SearchResult | None, FromWhole]:
        """Returns what was retrieved, and what was drawn from whole documents."""
        request = state.request
        if not request.use_documents:
            return None, FromWhole()
        retriever = self._parts.retriever(request)
        if retriever is None:
            nothing = SearchResult((), request.question, relevant=False, generation="")
            return nothing, FromWhole()
        settings = self._parts.settings
        # What the documents do not speak of would only lead the search astray.
        turns = state.context.turns
        earlier = tuple(turn for turn in turns if turn.status != "nothing_found")
        found = retriever.search(
            SearchRequest(
                question=request.question,
                history=tuple(EarlierTurn(t.question, t.answer) for t in earlier),
                rewrite=rewrite.rewritten(model, request.question, exchanges(earlier)),
                limit=request.limit or settings.retrieval_k,
                exclude=request.exclude,
                mode=settings.retrieval_mode,
            )
        )
        return found, whole.draw(model, request.question, retriever, found.passages)

    def _prompt(
        self, state: Answering, model: ChatModel, found: SearchResult | None
    ) -> tuple[Prompt, list[Notice]]:
        """Fits everything into the model's window; says what had to be left out."""
        question, begun = question_and_beginning(state.request, state.context)
        fitted = budget.fit(
            model,
            Prompt(
                question=question,
                query=state.turn.query or state.request.question,
                sources=(),
                history=exchanges(state.context.turns),
                summary=state.context.summary,
                begun=begun,
                instructions=self._parts.settings.instructions,
                boundary=new_boundary(),
                grounded=found is not None,
                threshold=self._parts.settings.retrieval_threshold,
            ),
            state.retrieved,
        )
        state.used = len(fitted.prompt.sources)
        return fitted.prompt, [Notice(text, "warning") for text in fitted.notices]

    def _speak(
        self, state: Answering, model: ChatModel, prompt: Prompt
    ) -> Iterator[Event]:
        """Streams the answer, checking each citation as it completes."""
        try:
            yield from self._stream(state, model, prompt)
        except ModelUnavailable as error:
            if state.pieces or self._parts.settings.require_model:
                raise
            yield _fallback_notice(error)
            builtin = self._parts.fallback()
            state.turn = replace(state.turn, model=builtin.spec, remote="")
            if prompt.sources:
                yield from self._stream(state, builtin, prompt)

    def _stream(
        self, state: Answering, model: ChatModel, prompt: Prompt
    ) -> Iterator[Token]:
        markers = MarkerFilter(
            state.retrieved[: state.used],
            state.request.question,
            self._parts.similarity,
        )
        pieces = cancellable(model, prompt, state.request.cancel)
        try:
            for piece in pieces:
                yield from self._shown(state, state.say(markers.feed(piece)))
        finally:
            pieces.close()
            state.checked = markers.close()
            if state.checked.tail:
                state.pieces.append(state.checked.tail)
        if state.checked.tail:
            yield from self._shown(state, [Token(state.checked.tail)])

    def _shown(self, state: Answering, tokens: Iterable[Token]) -> Iterator[Token]:
        """Yields what may be shown at once: nothing of an answer that can be refused.

        The tokens are taken in all the same.
        """
        for token in tokens:
            if not state.request.strict:
                yield token

    def _finish(self, state: Answering, status: str) -> Finished:
        turn = state.record(self._parts.history, status)
        checked = state.checked
        unsupported = checked.unsupported if checked else 0
        if state.request.strict:
            check_strict(turn, unsupported, recorded=state.recorded)
        stale = stale_markers(turn.citations)
        return Finished(turn, len(state.retrieved), state.used, unsupported, stale)

    def _summarise(self, state: Answering, model: ChatModel) -> Iterator[Notice]:
        """Has the model sum up the turns that no longer fit, once."""
        if self._sums_up(state):
            conversation = state.turn.conversation
            note = summary.refresh(self._parts.history, conversation, model)
            if note:
                yield Notice(note)

    def _sums_up(self, state: Answering) -> bool:
        """Tells whether older turns are to be summed up, where the model can."""
        return self._parts.settings.memory == "summary" and state.request.record


def _fallback_notice(error: ModelUnavailable) -> Notice:
    return Notice(f"{error.message}; using built-in answers", "warning")
