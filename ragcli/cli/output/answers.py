"""The loop over the engine's events: answers as text, JSON or JSON Lines."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ragcli.chat.events import (
    AskRequest,
    Event,
    Finished,
    Notice,
    Retrieved,
    Stage,
    Token,
)
from ragcli.chat.presentation.answers import error_event, event_document, whole_answer
from ragcli.chat.presentation.envelope import error_document
from ragcli.chat.presentation.lines import (
    shown_prompt,
    source_lines,
    thought_line,
    unsupported_lines,
)
from ragcli.chat.prompting.prompts import label
from ragcli.cli.output.progress import QuietProgress
from ragcli.cli.output.waiting import WaitingLine
from ragcli.cli.output.writer import Output
from ragcli.errors import ExitCode, ModelUnavailable, RagcliError, SomeFailed
from ragcli.frozen import frozen
from ragcli.text import labelled

if TYPE_CHECKING:
    from ragcli.workspace import Workspace

ANSWERS = frozenset({"answered", "truncated"})
"""Statuses of a turn that was answered, as far as it went."""

_CLOSE = 0.3
"""Relevance from which a passage is worth a look though nothing of it answers."""


@frozen
class Style:
    """How an answer is printed."""

    stream: bool = True
    """Piece by piece, or whole at the end."""

    events: bool = False
    """`--jsonl`: one JSON event a line."""

    sources: bool = False
    """Print the sources also when nobody sits at stdout."""

    show_prompt: bool = False
    """Show all that the model is given."""

    answer_only: bool = False
    """`--answer-only`: no sources, whoever sits at stdout."""


def exit_code(status: str) -> int:
    """Returns what the process says for a turn of this status."""
    if status == "interrupted":
        return int(ExitCode.INTERRUPTED)
    return int(ExitCode.ANSWERED if status in ANSWERS else ExitCode.NOTHING_FOUND)


class AnswerPrinter:
    """Asks an engine and prints what comes.

    Args:
        output: Where to.
        workspace: The open profile.
        documents: What `--docs` named; empty for the profile's own documents.
        style: How to print.
    """

    def __init__(
        self,
        output: Output,
        workspace: Workspace,
        documents: Sequence[Path],
        style: Style,
    ) -> None:
        self._output = output
        self._workspace = workspace
        self._engine = workspace.engine(documents, QuietProgress(output))
        self._documents = documents
        self._style = style
        self._model = ""
        self._found: Retrieved | None = None
        self._unmatched = False
        self._line_is_written = False
        self._held: list[Notice] = []
        self._waiting = WaitingLine(output)

    def one(self, request: AskRequest) -> int:
        """Answers one question; returns the exit code."""
        if self._style.events:
            return self._as_events(request)
        if self._output.as_json:
            document = self._as_document(request)
            self._output.document(document)
            return exit_code(document["status"])
        return self._as_text(request)

    def batch(self, requests: Sequence[AskRequest]) -> int:
        """Answers many questions, one JSON document a line.

        Raises:
            SomeFailed: Some questions could not be answered; each has its line.
        """
        from ragcli.cli import batch

        codes: list[int] = []
        among = batch.processes(len(requests)) if self._may_share(requests) else 1
        for document in batch.answered(requests, self._tried, self._apart, among):
            failed = document.get("error")
            codes.append(failed["code"] if failed else exit_code(document["status"]))
            self._output.event(document)
        failed = sum(code > 1 for code in codes)
        if failed:
            raise SomeFailed(
                f"{failed} of {len(codes)} questions failed", "see their lines"
            )
        return min(codes, default=0)

    def _tried(self, request: AskRequest) -> dict[str, Any]:
        """Returns the JSON of one answer, or of the error in its place."""
        try:
            return self._as_document(request)
        except RagcliError as error:
            return {"question": request.question, **error_document(error)}

    def _apart(self, request: AskRequest) -> dict[str, Any]:
        """Answers in a process beside the first, which says what there is to say."""
        self._output.quiet, self._output.verbose = True, False
        return self._tried(request)

    def _may_share(self, requests: Sequence[AskRequest]) -> bool:
        """Tells whether several processes may answer, each for itself.

        A model that generates is a server's business, and turns of one conversation
        follow each other; documents of the call are indexed once.
        """
        if self._documents or not self._workspace.forks:
            return False
        if not all(request.new for request in requests):
            return False
        with suppress(ModelUnavailable):
            return not self._workspace.choose_model().model.generates
        return False

    def _events(self, request: AskRequest) -> Iterator[Event]:
        """Yields the events; says which model answers, and shows the prompt."""
        answering = cast("Generator[Event]", self._engine.ask(request))
        self._found, self._unmatched = None, False
        with closing(answering) as events, self._waiting:
            for event in events:
                if isinstance(event, Retrieved):
                    self._tell_found(event)
                elif isinstance(event, Stage):
                    self._waiting.show(event)
                elif isinstance(event, Token | Finished):
                    self._waiting.end()
                    self._announce(event)
                elif isinstance(event, Notice):
                    self._unmatched |= event.kind == "unmatched"
                    self._take_over(event.model)
                    if self._line_is_written:
                        self._held.append(event)
                    else:
                        self._tell(event)
                yield event

    def _tell(self, notice: Notice) -> None:
        tell = self._output.warn if notice.kind == "warning" else self._output.note
        tell(notice.message)

    @contextmanager
    def _streaming(self) -> Iterator[None]:
        """Holds notices back while a line of the answer is written, and ends it."""
        self._line_is_written, self._held = False, []
        try:
            yield
        finally:
            self._line_is_written = False
            self._output.end_line()
            for notice in self._held:
                self._tell(notice)

    def _take_over(self, model: str) -> None:
        """Takes note of the model that answers in place of the one that was found."""
        if model and self._found:
            self._found = replace(self._found, model=model, remote="")

    def _announce(self, event: Token | Finished) -> None:
        """Says which model answers, once there is an answer."""
        retrieved = self._found
        if retrieved is None:
            return
        model, remote = retrieved.model, retrieved.remote
        if isinstance(event, Finished):
            model, remote = event.turn.model, event.turn.remote
            if not event.turn.answer:
                return
        if model != self._model:
            self._model = model
            self._output.note(f"answered by {labelled(model, remote)}")

    def _tell_found(self, event: Retrieved) -> None:
        self._found = event
        self._output.detail(
            f"searched for: {event.query}; {len(event.passages)} passages in "
            f"{event.milliseconds:.0f} ms, {event.used} used"
        )
        if self._style.show_prompt and not self._output.as_json:
            self._output.block(shown_prompt(event))

    def _as_text(self, request: AskRequest) -> int:
        finished: Finished | None = None
        with self._streaming():
            for event in self._events(request):
                if isinstance(event, Token) and self._style.stream:
                    self._line_is_written = True
                    self._output.piece(event.text)
                elif isinstance(event, Finished):
                    finished = event
        if finished is None:
            return int(ExitCode.BUG)
        if not self._style.stream and finished.turn.answer:
            self._output.prose(finished.turn.answer)
        self._after(finished)
        if request.new and request.record and finished.turn.status in ANSWERS:
            self._output.aside('go on: ragcli ask -c "…"')
        return exit_code(finished.turn.status)

    def _after(self, finished: Finished) -> None:
        """Prints what belongs under an answer."""
        shown = self._output.to_terminal and not self._style.answer_only
        if shown or self._style.sources:
            self._sources(finished)
        thought = thought_line(finished.turn)
        if thought:
            self._output.note(f"{thought}: ragcli history show --reasoning")
        if finished.removed:
            self._output.warn(f"{finished.removed} unsupported citations removed")
        for line in unsupported_lines(finished.turn):
            self._output.warn(line)
        if finished.turn.status == "nothing_found" and not self._unmatched:
            self._output.note(self._nothing(finished))

    def _sources(self, finished: Finished) -> None:
        lines = source_lines(finished)
        for line in lines[:1]:  # the empty one above them
            self._output.line(line)
        for line, citation in zip(lines[1:], finished.turn.citations, strict=True):
            if citation.source or not os.path.isabs(citation.path):
                self._output.line(line, style="dim")
            else:
                self._output.place(line, citation.path, style="dim")

    def _nothing(self, finished: Finished) -> str:
        """Says that there is no answer, and why when there could be none."""
        name = self._workspace.name
        own = not self._documents and not self._workspace.settings.mounts
        if own and not finished.retrieved and not self._workspace.library.count():
            return (
                f"profile {name} has no documents yet; add some: ragcli docs add PATH"
            )
        searched = "the given paths" if self._documents else f"profile {name}"
        nearest = self._found.passages[:1] if self._found else ()
        for passage in nearest:
            if passage.score >= _CLOSE:
                where = label(passage)
                nothing = f"nothing in {searched} answers this"
                return f"{nothing}; the nearest passage is {where}"
        return f"nothing relevant found in {searched}"

    def _as_document(self, request: AskRequest) -> dict[str, Any]:
        """Returns the JSON of one answer."""
        return whole_answer(
            self._workspace.name,
            self._events(request),
            show_prompt=self._style.show_prompt,
        )

    def _as_events(self, request: AskRequest) -> int:
        status = ""
        try:
            for event in self._events(request):
                document = event_document(
                    self._workspace.name, event, show_prompt=self._style.show_prompt
                )
                if document is not None:
                    self._output.event(document)
                if isinstance(event, Finished):
                    status = event.turn.status
        except RagcliError as error:
            self._output.event(error_event(error))
            return int(error.code)
        return exit_code(status)
