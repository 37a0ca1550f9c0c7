"""One question, from history-aware retrieval to the recorded turn.

`Engine.ask` is a generator of events. A front end draws them; closing the
generator, interrupting it, or setting the request's `cancel` event ends the
answer, and what was said so far is kept as an interrupted turn.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from ragcli.chat.answers import whole_documents
from ragcli.chat.answers.outcome import (
    REPEATED,
    check_said,
    check_strict,
    cut_notice,
    is_cut,
    language_notice,
    nothing_to_say,
    status_of,
)
from ragcli.chat.answers.state import AnswerState
from ragcli.chat.answers.whole_documents import FromWhole, PassageFinder
from ragcli.chat.citing.citations import Checked, MarkerFilter
from ragcli.chat.citing.echoes import EchoFilter
from ragcli.chat.citing.staleness import stale_markers
from ragcli.chat.events import (
    AskRequest,
    Event,
    Failed,
    Finished,
    Notice,
    Retrieved,
    Stage,
    Thinking,
    Token,
)
from ragcli.chat.interruption import Cancelled, Interruption
from ragcli.chat.prompting import budget
from ragcli.chat.prompting.budget import Fitted
from ragcli.chat.prompting.memory import (
    exchanges,
    question_and_beginning,
    replaced_turn,
    without_replaced,
)
from ragcli.chat.prompting.numbering import Renumbering
from ragcli.chat.prompting.prompt_prefix import (
    PromptPrefix,
    prefix_of,
    record_of,
    remembered_source,
)
from ragcli.chat.prompting.prompts import source
from ragcli.config import Settings
from ragcli.errors import ModelUnavailable, PromptTooLong, RagcliError, UsageError
from ragcli.frozen import frozen
from ragcli.index.freshness import Freshness
from ragcli.index.passages import EarlierTurn, SearchRequest, SearchResult
from ragcli.language import question_limits
from ragcli.language.anaphors import stands_alone
from ragcli.models.base import (
    ChatModel,
    Ended,
    Piece,
    Prompt,
    Reading,
    Restart,
    Sign,
    Thought,
    Waiting,
)
from ragcli.models.select import ChosenModel
from ragcli.models.transport.connections import Connections
from ragcli.sessions.history.writer import History
from ragcli.sessions.records.record_types import ConversationContext, Turn

if TYPE_CHECKING:
    from ragcli.chat.answers.repetition import Repetition


@frozen
class Parts:
    """What an engine is made of; `runtime` puts it together."""

    history: History
    settings: Settings
    choose_model: Callable[[], ChosenModel]
    """Returns the model in force; raises `ModelUnavailable`."""
    fallback: Callable[[], ChatModel]
    """Returns the built-in model."""
    retriever: Callable[[AskRequest], PassageFinder | None]
    """Returns what searches for this request; None when there are no documents."""
    similarity: Callable[[str, str], float] | None = None
    """Cosine of two texts, with which paraphrased claims are checked."""
    notices: Callable[[], list[str]] = list
    """Returns, once each, what was repaired or left for something sounder."""
    freshness: Freshness | None = None
    """Tells whether the documents changed meanwhile; None where that is no matter."""
    connections: Connections = field(default_factory=Connections)
    """What requests to servers are sent over; the same for every question."""


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
        question_limits.check(request.question)
        state = self._begin(request)
        state.interruption = Interruption(request.cancel, self._parts.connections)
        try:
            yield from self._until_cancelled(state)
        except (GeneratorExit, KeyboardInterrupt, SystemExit):
            state.record(self._parts.history, "interrupted")
            raise
        except RagcliError as error:
            yield from self._failed(state, error)
            raise

    def _until_cancelled(self, state: AnswerState) -> Iterator[Event]:
        try:
            yield from self._answer(state)
        except Cancelled:
            yield self._finish(state, "interrupted")

    def _failed(self, state: AnswerState, error: RagcliError) -> Iterator[Failed]:
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

    def _begin(self, request: AskRequest) -> AnswerState:
        history = self._parts.history
        conversation = self._conversation(request)
        starts = not conversation
        head = history.head() if request.record else 0
        turn = Turn(
            id=history.new_turn_id(),
            conversation=conversation or history.new_conversation_id(),
            question=request.question,
            pasted=request.pasted,
            replaces=request.replaces,
            continues=request.continues,
            where=request.where.document() if request.where else {},
        )
        context = ConversationContext("", 0, ())
        if conversation:
            context = history.context(conversation, self._parts.settings.memory_turns)
        again = replaced_turn(context, request)
        return AnswerState(
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

    def _answer(self, state: AnswerState) -> Iterator[Event]:
        yield state.stage("choosing")
        choice = yield from self._choose(state)
        yield from self._freshen(state)
        result, drawn = yield from self._retrieve(state, choice.model)
        if result is not None:
            state.retrieved = (*drawn.passages, *result.passages)
            state.turn = replace(
                state.turn, query=result.query, snapshot=result.generation
            )
        state.timings["retrieve_ms"] = state.elapsed()
        try:
            prompt, notices = state.interruption.call(
                lambda: self._prompt(state, choice.model, result)
            )
        except ModelUnavailable as error:
            choice = yield from self._replacement(error)
            prompt, notices = self._prompt(state, choice.model, result)
        remote = state.interruption.call(lambda: choice.model.remote)
        state.turn = replace(state.turn, model=choice.model.spec, remote=remote)
        prompt = replace(prompt, drawn=drawn.pieces, rows_answer=not drawn.is_unknown)
        yield Retrieved(
            state.turn.query, state.retrieved, state.used, choice.model.spec,
            prompt, state.timings["retrieve_ms"], remote,
        )  # fmt: skip
        yield from notices
        if result is not None and result.unmatched:
            yield Notice(result.unmatched, "unmatched")
        yield from self._repairs()
        if state.starts and self._sums_up(state) and not choice.model.generates:
            from ragcli.chat.prompting.summary import RECENCY_ONLY

            yield Notice(RECENCY_ONLY)
        if nothing_to_say(state, choice.model, result):
            yield self._finish(state, "nothing_found")
            return
        yield from self._speak(state, choice.model, prompt, result)
        if status_of(state) == "nothing_found":
            yield from _reasons(state, choice.model, drawn)
        finished = self._finish(state, status_of(state))
        if state.request.strict and state.answer:
            yield Token(state.answer)
        yield from self._repairs()
        yield finished
        yield from self._summarise(state, choice.model)

    def _repairs(self) -> Iterator[Notice]:
        for message in self._parts.notices():
            yield Notice(message, "warning")

    def _choose(self, state: AnswerState) -> Generator[Notice, None, ChosenModel]:
        """Yields a notice when the wanted model cannot be had; returns the choice."""
        try:
            return state.interruption.call(self._parts.choose_model)
        except ModelUnavailable as error:
            return (yield from self._replacement(error))

    def _replacement(
        self, error: ModelUnavailable
    ) -> Generator[Notice, None, ChosenModel]:
        """Yields why the wanted model is not used; returns the built-in one.

        Raises:
            ModelUnavailable: The wanted one is required.
        """
        if self._parts.settings.require_model:
            raise error
        builtin = self._parts.fallback()
        yield _fallback_notice(error, builtin)
        return ChosenModel(builtin, "fallback")

    def _freshen(self, state: AnswerState) -> Generator[Stage | Notice, None, None]:
        """Brings the documents up to date, or yields that they are not."""
        fresh = self._parts.freshness
        if fresh is None or not state.request.use_documents:
            return
        if not state.interruption.call(fresh.is_behind):
            return
        if fresh.may_sync:
            yield state.stage("syncing")
            if state.interruption.call(fresh.catch_up):
                return
        if line := fresh.line():
            yield Notice(line, "outdated")

    def _retrieve(
        self, state: AnswerState, model: ChatModel
    ) -> Generator[Stage, None, tuple[SearchResult | None, FromWhole]]:
        """Returns what was retrieved, and what was drawn from whole documents."""
        request = state.request
        if not request.use_documents:
            return None, FromWhole()
        retriever = state.interruption.call(lambda: self._parts.retriever(request))
        if retriever is None:
            nothing = SearchResult((), request.question, relevant=False, generation="")
            return nothing, FromWhole()
        settings = self._parts.settings
        # What the documents do not speak of would only lead the search astray.
        turns = state.context.turns
        earlier = tuple(turn for turn in turns if turn.status != "nothing_found")
        again = yield from self._rewritten(state, model, earlier)
        yield state.stage("searching")
        earlier_turns = tuple(
            EarlierTurn(turn.question, turn.answer) for turn in earlier
        )
        is_quoted = bool(earlier) and not model.generates
        if is_quoted and stands_alone(request.question):
            # What is quoted for it must not depend on what was asked before.
            earlier_turns = ()
        wanted = SearchRequest(
            question=request.question,
            history=earlier_turns,
            rewrite=again,
            limit=request.limit or settings.retrieval_k,
            exclude=request.exclude,
            where=request.where,
            mode=settings.retrieval_mode,
        )

        def look() -> tuple[SearchResult, FromWhole]:
            result = retriever.search(wanted)
            drawn = whole_documents.draw(
                model, request.question, retriever, result.passages
            )
            return result, drawn

        return state.interruption.call(look)

    def _rewritten(
        self, state: AnswerState, model: ChatModel, earlier: tuple[Turn, ...]
    ) -> Generator[Stage, None, str]:
        """Returns the question understandable alone, "" where nothing better came.

        It is not asked for again where the model's last one was of no use, or took
        longer than anybody waits for.
        """
        history = exchanges(earlier)
        if not history or not model.generates:
            return ""
        from ragcli.chat.prompting import rewrite

        if rewrite.is_no_use(earlier, model.spec):
            return ""
        yield state.stage("rewriting")
        started = state.elapsed()
        question = state.request.question
        after = self._sent_before(state)
        rewritten = state.interruption.call(
            lambda: rewrite.rewritten(model, question, history, after)
        )
        state.timings[rewrite.TIMING] = round(state.elapsed() - started, 1)
        state.timings[rewrite.OF_USE] = float(rewritten.of_use)
        return rewritten.text

    def _sent_before(self, state: AnswerState) -> Prompt | None:
        """Returns the conversation as its server has read it; None if it has not."""
        prefix = prefix_of(state.context)
        if not prefix.base:
            return None
        return Prompt(
            question="",
            query="",
            sources=(),
            history=prefix.exchanges,
            summary=state.context.summary,
            instructions=self._parts.settings.instructions,
            boundary=prefix.mark,
        )

    def _prompt(
        self, state: AnswerState, model: ChatModel, result: SearchResult | None
    ) -> tuple[Prompt, list[Notice]]:
        """Fits everything into the model's window; says what had to be left out."""
        question, begun = question_and_beginning(state.request, state.context)
        settings = self._parts.settings
        prefix = self._prefix(state, model, result)
        numbers = prefix.numbers(state.retrieved) if model.generates else ()
        fitted = budget.fit(
            model,
            Prompt(
                question=question,
                query=state.turn.query or state.request.question,
                sources=(),
                history=prefix.exchanges,
                summary=state.context.summary,
                begun=begun,
                instructions=settings.instructions,
                boundary=prefix.mark,
                grounded=result is not None,
                threshold=self._parts.settings.threshold,
            ),
            state.retrieved,
            numbers,
            max(1, settings.memory_turns // 2),
        )
        state.used = fitted.used
        if fitted.prompt.focus:
            self._remember(state, prefix, fitted)
        return fitted.prompt, [Notice(text, "warning") for text in fitted.notices]

    def _prefix(
        self, state: AnswerState, model: ChatModel, result: SearchResult | None
    ) -> PromptPrefix:
        """Returns what the prompt goes on with; bare turns where nothing was sent."""
        if result is None or not model.generates:
            bare = replace(state.context, turns=())
            turns = exchanges(state.context.turns)
            return replace(prefix_of(bare), exchanges=turns)
        return prefix_of(state.context, state.retrieved)

    def _remember(
        self, state: AnswerState, prefix: PromptPrefix, fitted: Fitted
    ) -> None:
        """Has the turn remember how it was sent, for the next to go on with."""
        state.sent = {
            at: remembered_source(state.retrieved[at], number)
            for at, number in enumerate(fitted.prompt.focus)
        }
        kept = len(fitted.prompt.history)
        recorded = record_of(
            prefix, state.turn, state.context.covers, kept, afresh=fitted.afresh
        )
        following = max([prefix.next, *(1 + n for n in fitted.prompt.focus)])
        state.turn = replace(state.turn, prompt=recorded | {"next": following})

    def _speak(
        self,
        state: AnswerState,
        model: ChatModel,
        prompt: Prompt,
        result: SearchResult | None,
    ) -> Iterator[Event]:
        """Streams the answer, checking each citation as it completes."""
        limit = self._parts.settings.max_tokens
        try:
            try:
                yield from self._stream(state, model, prompt)
            except PromptTooLong as error:
                if state.pieces or not error.window:
                    raise
                # The refusal told the window, which nobody had said before.
                prompt, notices = self._prompt(state, model, result)
                yield from notices
                yield from self._stream(state, model, prompt)
            check_said(state, model, limit)
        except ModelUnavailable as error:
            if state.pieces or self._parts.settings.require_model:
                raise
            builtin = self._parts.fallback()
            yield _fallback_notice(error, builtin)
            state.turn = replace(state.turn, model=builtin.spec, remote="", prompt={})
            state.finish, state.sent = None, {}
            shown = state.retrieved[: state.used]
            if shown:
                sources = tuple(map(source, range(1, len(shown) + 1), shown))
                quoted = replace(prompt, sources=sources, focus=())
                yield from self._stream(state, builtin, quoted)
        notice = cut_notice(state, limit)
        if notice:
            yield Notice(notice, "warning")

    def _stream(
        self, state: AnswerState, model: ChatModel, prompt: Prompt
    ) -> Iterator[Event]:
        if model.generates:
            yield state.stage("reading")
        heard = _Heard(self._markers(state, model), prompt)
        pieces = state.interruption.stream(lambda: model.stream(prompt))
        cut = True
        try:
            for piece in pieces:
                if isinstance(piece, Restart):
                    heard = _Heard(self._markers(state, model), prompt)
                if isinstance(piece, Sign):
                    yield from _told(state, piece)
                    continue
                if not state.pieces and model.generates:
                    state.end_thinking()
                    yield state.stage("writing")
                yield from self._shown(state, state.say(heard.feed(piece)))
                if model.generates and heard.repeats(piece):
                    state.finish = Ended(REPEATED)
                    break
            cut = is_cut(state)
        finally:
            pieces.close()
            state.checked = heard.close(cut=cut)
            if state.checked.tail:
                state.pieces.append(state.checked.tail)
        if state.checked.tail:
            yield from self._shown(state, [Token(state.checked.tail)])

    def _markers(self, state: AnswerState, model: ChatModel) -> MarkerFilter:
        return MarkerFilter(
            state.retrieved[: state.used],
            state.request.question,
            self._parts.similarity,
            attaches=model.generates and state.request.use_documents,
        )

    def _shown(self, state: AnswerState, tokens: Iterable[Token]) -> Iterator[Token]:
        """Yields what may be shown at once: nothing of an answer that can be refused.

        The tokens are taken in all the same.
        """
        for token in tokens:
            if not state.request.strict:
                yield token

    def _finish(self, state: AnswerState, status: str) -> Finished:
        turn = state.record(self._parts.history, status)
        checked = state.checked
        if state.request.strict:
            check_strict(turn, checked, recorded=state.recorded)
        removed = checked.removed if checked else 0
        stale = stale_markers(turn.citations)
        return Finished(turn, len(state.retrieved), state.used, removed, stale)

    def _summarise(self, state: AnswerState, model: ChatModel) -> Iterator[Notice]:
        """Has the model sum up the turns that no longer fit, once."""
        if self._sums_up(state):
            from ragcli.chat.prompting import summary

            conversation = state.turn.conversation
            history = self._parts.history
            try:
                note = state.interruption.call(
                    lambda: summary.refresh(history, conversation, model)
                )
            except Cancelled:  # the answer is whole; the next turn sums up
                return
            if note:
                yield Notice(note)

    def _sums_up(self, state: AnswerState) -> bool:
        """Tells whether older turns are to be summed up, where the model can."""
        return self._parts.settings.memory == "summary" and state.request.record


class _Heard:
    """An answer as it comes, with only what may be shown of it.

    Args:
        markers: Checks its citations.
        prompt: Its mark is never shown; its numbers become those of the answer.
    """

    def __init__(self, markers: MarkerFilter, prompt: Prompt) -> None:
        self._markers = markers
        self._echoes = EchoFilter(prompt.boundary)
        places = {number: at for at, number in enumerate(prompt.focus, 1)}
        self._numbers = Renumbering(places) if places else None

    def feed(self, piece: Piece) -> str:
        """Returns what may be shown after the next piece."""
        if not isinstance(piece, str):
            return self._markers.feed(piece)
        text = self._echoes.feed(piece)
        return self._markers.feed(self._numbers.feed(text) if self._numbers else text)

    @cached_property
    def _repetition(self) -> Repetition:
        from ragcli.chat.answers.repetition import Repetition

        return Repetition()

    def repeats(self, piece: Piece) -> bool:
        """Tells whether the answer goes round in circles with this piece."""
        return isinstance(piece, str) and self._repetition.feed(piece)

    def close(self, *, cut: bool) -> Checked:
        """Returns the rest, and what the checks came to.

        Args:
            cut: Whether the answer broke off.
        """
        text = self._echoes.close()
        if self._numbers:
            text = self._numbers.feed(text) + self._numbers.close()
        rest = self._markers.feed(text)
        checked = self._markers.close(cut=cut)
        return replace(checked, tail=rest + checked.tail)


def _told(state: AnswerState, sign: Sign) -> Iterator[Event]:
    """Takes in what a model tells beside its answer; yields what to show of it."""
    match sign:
        case Thought(text):
            if not state.thoughts:
                state.thinking_since = state.elapsed()
                yield state.stage("thinking")
            state.thoughts.append(text)
            yield Thinking(text)
        case Reading(done, total):
            yield state.stage("reading", done, total)
        case Waiting(seconds, why):
            yield Notice(f"{why}; asking again in {seconds:g} s", "warning")
        case Restart():
            state.thoughts += state.pieces
            state.pieces.clear()
            state.thinking_since = state.timings.pop("first_token_ms", state.elapsed())
            state.end_thinking()
            yield Notice("what came so far was the model's reasoning")
        case Ended():
            state.finish = sign


def _reasons(
    state: AnswerState, model: ChatModel, drawn: FromWhole
) -> Iterator[Notice]:
    """Yields why there is no answer, as far as it can be told."""
    if drawn.reason:
        yield Notice(drawn.reason)
    foreign = "" if model.generates else language_notice(state)
    if foreign:
        yield Notice(foreign)


def _fallback_notice(error: ModelUnavailable, model: ChatModel) -> Notice:
    hint = f" ({error.hint})" if error.hint else ""
    line = f"{error.message}; using built-in answers{hint}"
    return Notice(line, "warning", model.spec)
