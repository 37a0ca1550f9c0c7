"""What the tools do: over profiles, without the protocol.

Searches and answers have an opened profile each, so that nobody waits for a model who
only wants to read. What is opened stays open: the second search is quick.
"""

from __future__ import annotations

import fnmatch
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ragcli.agents.tools import AgentTool, offered
from ragcli.agents.untrusted import LONGEST_TEXT, Quoting
from ragcli.chat.events import AskRequest, Finished, Notice
from ragcli.chat.presentation.document_texts import (
    document_text,
    found_place,
    numbered,
    outline,
)
from ragcli.chat.presentation.lines import passage_place, source_line
from ragcli.chat.presentation.passages import heading
from ragcli.errors import (
    DocumentNotFound,
    NotPermitted,
    RagcliError,
    UsageError,
)
from ragcli.index.report import NoProgress
from ragcli.index.search import typed_filter
from ragcli.language import question_limits
from ragcli.paths import PART_MARK
from ragcli.sessions.audit.after_the_fact import note
from ragcli.text import safe_name

if TYPE_CHECKING:
    from ragcli.index.document_filter import DocumentFilter
    from ragcli.index.document_text import NumberedLine
    from ragcli.index.passages import Passage
    from ragcli.runtime import Runtime
    from ragcli.sessions.records.record_types import Citation
    from ragcli.workspace import Workspace

DEFAULT_HITS = 6
MOST_HITS = 30
LONGEST_HIT = 4_000
"""Characters of one passage."""

MOST_DOCUMENTS = 200
DEFAULT_DOCUMENTS = 50

Arguments = Mapping[str, Any]


class AgentService:
    """The tools of one server.

    Args:
        runtime: The process's settings and store.
        profiles: Names of those that may be asked; the first is meant when an agent
            names none.
        adding: The directory that documents may be added from; None for none.
    """

    def __init__(
        self, runtime: Runtime, profiles: Sequence[str], adding: Path | None = None
    ) -> None:
        self._profiles = {name: ServedProfile(runtime, name) for name in profiles}
        self._adding = Path(os.path.realpath(adding)) if adding else None

    @property
    def tools(self) -> list[AgentTool]:
        """What is offered."""
        return offered(list(self._profiles), adding=self._adding is not None)

    @property
    def profiles(self) -> list[ServedProfile]:
        """Those that are served, the first one first."""
        return list(self._profiles.values())

    def open(self) -> None:
        """Opens every profile, so that one that cannot be opened is told at once."""
        for profile in self._profiles.values():
            profile.open()

    def close(self) -> None:
        """Closes them."""
        for profile in self._profiles.values():
            profile.close()

    def call(
        self, name: str, arguments: Arguments, client: str, cancel: threading.Event
    ) -> str:
        """Does what a tool promises, and returns what the agent reads.

        Args:
            name: Of the tool.
            arguments: As the agent gave them.
            client: What the agent calls itself, for the audit log.
            cancel: Set from another thread when nobody waits any more.

        Raises:
            RagcliError: It cannot be done; the message is for the agent.
        """
        tool = next((tool for tool in self.tools if tool.name == name), None)
        if tool is None:
            raise UsageError(f"there is no tool {safe_name(name)}")
        _check(tool, arguments)
        profile = self._profile(arguments.get("profile"))
        match name:
            case "search":
                return profile.search(arguments, client)
            case "ask":
                return profile.ask(arguments, client, cancel)
            case "get":
                return profile.get(arguments, client)
            case "outline":
                return profile.outline(arguments, client)
            case "documents":
                return profile.documents(arguments)
        below = self._adding
        assert below is not None  # noqa: S101 - else `add` is not offered
        path = self.allowed_path(_required(arguments, "path"), below)
        return profile.add(path, below, client)

    def _profile(self, name: str | None) -> ServedProfile:
        if name is None:
            return next(iter(self._profiles.values()))
        if name not in self._profiles:
            raise UsageError(
                f"profile {safe_name(name)} is not served",
                f"try {', '.join(self._profiles)}",
            )
        return self._profiles[name]

    @staticmethod
    def allowed_path(typed: str, below: Path) -> Path:
        """Returns a path to add; raises `NotPermitted` for one elsewhere.

        It has no symbolic links. Whoever opens it has to see to it that it still has
        none then.
        """
        try:
            path = Path(os.path.realpath(below / typed))
        except ValueError as error:  # NUL
            raise UsageError(f"{safe_name(typed)}: {error}") from None
        if not path.is_relative_to(below):
            raise NotPermitted(
                f"{safe_name(typed)} is outside {below}",
                "only what is below it can be added from here",
            )
        return path


class ServedProfile:
    """One profile that agents may ask.

    Args:
        runtime: The process's settings and store.
        name: Of the profile.
    """

    def __init__(self, runtime: Runtime, name: str) -> None:
        self.name = name
        self._runtime = runtime
        self._reading = Lane(self._opened)
        self._asking = Lane(self._opened)

    def _opened(self) -> Workspace:
        opened = self._runtime.open(self.name, create=False)
        opened.freshness.repeats = True  # an agent may not remember the last result
        return opened

    def open(self) -> None:
        """Opens the profile for reading."""
        with self._reading as workspace:
            workspace.library.count()

    def close(self) -> None:
        """Closes it."""
        self._reading.close()
        self._asking.close()

    def search(self, arguments: Arguments, client: str) -> str:
        """Returns passages, best first."""
        query = _required(arguments, "query")
        question_limits.check(query)
        limit = min(arguments.get("limit") or DEFAULT_HITS, MOST_HITS)
        where = _filter(arguments)
        with self._reading as workspace:
            outdated = workspace.freshness.see_to()
            result = workspace.search(query, limit=limit, where=where)
            notices = workspace.notices()
            note(
                workspace.session.audit,
                "agent.search",
                client=client,
                hits=len(result.passages),
            )
        quoting = Quoting()
        parts = [
            quoting.quoted(passage.text, LONGEST_HIT, place=_place(passage))
            for passage in result.passages
        ]
        nothing = f"Nothing was found: {result.unmatched}" if result.unmatched else ""
        head = quoting.notice if parts else nothing or "Nothing was found."
        warnings = [outdated] if outdated else []
        return "\n\n".join([head, *parts, *_told(quoting, notices), *warnings])

    def ask(self, arguments: Arguments, client: str, cancel: threading.Event) -> str:
        """Returns an answer with its sources; the turn joins the history."""
        question = _required(arguments, "question")
        conversation = arguments.get("conversation", "")
        where = _filter(arguments)
        with self._asking as workspace:
            if conversation:
                conversation = workspace.history.resolve(conversation)
            request = AskRequest(
                question=question,
                conversation=conversation,
                new=not conversation,
                where=where,
                cancel=cancel,
            )
            notices: list[str] = []
            outdated = ""
            finished: Finished | None = None
            for event in workspace.ask(request):
                match event:
                    case Notice(message, "outdated"):
                        outdated = message
                    case Notice(message):
                        notices.append(message)
                    case Finished():
                        finished = event
            note(workspace.session.audit, "agent.ask", client=client)
        assert finished is not None  # noqa: S101 - it ends so, or raises
        notice = f"\n\n{outdated}" if outdated else ""
        return _answer(finished, notices) + notice

    def get(self, arguments: Arguments, client: str) -> str:
        """Returns lines of a document, and where to go on."""
        with self._reading as workspace:
            outdated = workspace.freshness.see_to()
            typed = _required(arguments, "path")
            path, passages, part, ranges = found_place(typed, workspace.document)
            note(workspace.session.audit, "agent.get", client=client)
        around = min(arguments.get("context") or 0, 1_000)
        wanted = [(max(1, first - around), last + around) for first, last in ranges]
        selected_text = document_text(path, passages, wanted, part)
        shown: list[NumberedLine] = []
        size = 0
        for line in selected_text.lines:
            size += len(line.text) + 1
            if shown and size > LONGEST_TEXT:
                break
            shown.append(line)
        rest = ""
        if len(shown) < len(selected_text.lines):
            at = selected_text.lines[len(shown)].position
            rest = f"\n\nMore follows: from {at} to {selected_text.total}"
        quoting = Quoting()
        text = "\n".join(numbered(line, selected_text.width) for line in shown)
        # One line may be longer than all that a call returns.
        quoted = quoting.quoted(
            text, LONGEST_TEXT + 100, place=f"{path}{PART_MARK}{part}" if part else path
        )
        notice = f"\n\n{outdated}" if outdated else ""
        return f"{quoting.notice}\n\n{quoted}{rest}{notice}"

    def outline(self, arguments: Arguments, client: str) -> str:
        """Returns the headings of a document."""
        with self._reading as workspace:
            typed = _required(arguments, "path")
            path, passages, _, _ = found_place(typed, workspace.document)
            note(workspace.session.audit, "agent.get", client=client)
        lines = [
            f"{'  ' * (len(above) - 1)}{above[-1]}{f'  :{at}' if at else ''}"
            for above, at in outline(passages)
        ]
        if not lines:
            return "The document has no headings."
        quoting = Quoting()
        text = quoting.quoted(
            "\n".join(map(safe_name, lines)), LONGEST_TEXT, place=path
        )
        return f"{quoting.notice}\n\n{text}"

    def documents(self, arguments: Arguments) -> str:
        """Returns a page of the list of documents."""
        match = arguments.get("match", "")
        offset = arguments.get("offset") or 0
        limit = min(arguments.get("limit") or DEFAULT_DOCUMENTS, MOST_DOCUMENTS)
        shown, count = [], 0
        for path, title in self.listed():
            if _matches(path, match):
                if offset <= count < offset + limit:
                    shown.append((path, title))
                count += 1
        if not shown:
            return "No documents."
        quoting = Quoting()
        lines = [f"{safe_name(path)}\t{safe_name(title)}" for path, title in shown]
        head = f"{offset + 1}-{offset + len(shown)} of {count} documents"
        if offset + limit < count:
            head += f"; go on with offset {offset + limit}"
        text = quoting.quoted("\n".join(lines), LONGEST_TEXT)
        return f"{quoting.notice}\n\n{head}\n{text}"

    def listed(self) -> Iterator[tuple[str, str]]:
        """Returns the path and the title of every document, by path."""
        with self._reading as workspace:
            documents = workspace.library.documents()
        return ((document.path, document.title) for document in documents)

    def add(self, path: Path, below: Path, client: str) -> str:
        """Indexes a file or a directory, and nothing outside `below`."""
        with self._asking as workspace:
            report = workspace.library.add([path], NoProgress(), below=str(below))
            note(workspace.session.audit, "agent.add", client=client)
        failed = [
            f"{safe_name(str(failure.path))}: {failure.reason}"
            for failure in report.failed
        ]
        done = f"{report.added} added, {report.changed} changed, {len(failed)} failed"
        if not failed:
            return done
        quoting = Quoting()
        quoted = quoting.quoted("\n".join(failed[:20]), LONGEST_TEXT)
        return f"{quoting.notice}\n\n{done}\n{quoted}"


class Lane:
    """A profile, opened once, that one thread uses at a time.

    A renamed profile stays the one that was opened; one that was deleted or encrypted
    meanwhile is opened anew by its name, or not found.

    Args:
        opened: Opens it.
    """

    def __init__(self, opened: Callable[[], Workspace]) -> None:
        self._opened = opened
        self._lock = threading.Lock()
        self._workspace: Workspace | None = None

    def __enter__(self) -> Workspace:
        self._lock.acquire()
        try:
            if self._workspace is not None:
                with suppress(RagcliError):
                    self._workspace.session.expect_standing()
                    return self._workspace
                self._drop()
            self._workspace = self._opened()
        except BaseException:
            self._lock.release()
            raise
        return self._workspace

    def __exit__(
        self, kind: object, error: BaseException | None, trace: object
    ) -> None:
        try:
            if error is not None and not isinstance(
                error, UsageError | DocumentNotFound
            ):
                self._drop()
        finally:
            self._lock.release()

    def close(self) -> None:
        """Closes the profile."""
        with self._lock:
            self._drop()

    def _drop(self) -> None:
        workspace, self._workspace = self._workspace, None
        if workspace is not None:
            with suppress(OSError):
                workspace.close()


def _check(tool: AgentTool, arguments: Arguments) -> None:
    """Refuses arguments that the tool does not take, in a line for the agent."""
    for name, value in arguments.items():
        wanted = tool.arguments.get(name)
        if wanted is None:
            raise UsageError(
                f"{tool.name} takes no {safe_name(name)}",
                f"it takes {', '.join(tool.arguments)}",
            )
        whole = isinstance(value, int) and not isinstance(value, bool) and value >= 0
        if wanted.get("type") == "integer" and not whole:
            raise UsageError(f"{name}: a whole number from 0 is wanted")
        if wanted.get("type") != "integer" and not isinstance(value, str):
            raise UsageError(f"{name}: a text is wanted")


def _filter(arguments: Arguments) -> DocumentFilter | None:
    """Returns which documents a call is about; None for all."""
    inside, kind = arguments.get("in", ""), arguments.get("type", "")
    return typed_filter.parsed(
        inside=[inside] if inside else None, types=[kind] if kind else None
    )


def _required(arguments: Arguments, name: str) -> str:
    value = str(arguments.get(name, ""))
    if not value.strip():
        raise UsageError(f"{name} is missing or empty")
    return value


def _place(passage: Passage) -> str:
    """Returns where a passage stands, under which headings, and how well it fits."""
    where = passage_place(passage)
    above = f"  {heading(passage)}" if passage.heading else ""
    return f"{where}{above}  score {passage.score:.2f}"


def _told(quoting: Quoting, notices: Sequence[str]) -> list[str]:
    return [quoting.quoted("\n".join(notices), LONGEST_TEXT)] if notices else []


def _answer(finished: Finished, notices: Sequence[str]) -> str:
    """Returns an answer as an agent reads it."""
    turn = finished.turn
    quoting = Quoting()
    sources = "\n".join(_source(item, finished) for item in turn.citations)
    parts = [
        quoting.notice,
        quoting.quoted(turn.answer or "Nothing relevant was found.", LONGEST_TEXT),
        *([f"Sources:\n{quoting.quoted(sources, LONGEST_TEXT)}"] if sources else []),
        f"status: {turn.status}; model: {turn.model}",
        f"conversation: {turn.conversation}",
        *_told(quoting, notices),
    ]
    return "\n\n".join(parts)


def _source(citation: Citation, finished: Finished) -> str:
    line = source_line(citation, stale=citation.marker in finished.stale)
    state = "verified" if citation.verified else "not verified"
    return f"{safe_name(line)}  {state}: {safe_name(citation.quote)}"


def _matches(path: str, match: str) -> bool:
    """Tells whether a path has a part, or is matched by a glob."""
    if any(char in match for char in "*?["):
        return fnmatch.fnmatchcase(path, match) or fnmatch.fnmatchcase(
            path, f"*/{match}"
        )
    return match.casefold() in path.casefold()
