"""A chat line by line, for where there is no screen: `TERM=dumb`, a pipe, a log.

One question a line; a backslash at the end of a line goes on with the next. The
answer goes to stdout as it comes, with its sources below; everything else to
stderr.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TextIO

from ragcli.chat.events import AskRequest, Finished, Notice, Retrieved, Token
from ragcli.errors import RagcliError, SnapshotDamaged, UsageError
from ragcli.index.document_filter import DocumentFilter
from ragcli.sessions.records.record_types import Turn
from ragcli.text import SafePieces, labelled, safe_line, safe_text
from ragcli.tui.attachments import attached, filter_of
from ragcli.tui.lifecycle.terminal_hangup import is_hung_up, when_hung_up
from ragcli.tui.ports import ProfilePort, RuntimePort
from ragcli.tui.source_entries import from_turn

_HELP = """\
/new             start a conversation
/profile NAME    switch to a profile
/model SPEC      switch to a model
/in [PATH …]     search only these documents; alone, all again
/quit            leave; so does the end of input
@path            in a question: a document for this question
\\                at the end of a line: go on with the next"""


_LEAVING = {"/quit", "/exit", "quit", "exit"}
"""What ends the chat; the bare words as in a shell."""

_HUNG_UP = 128 + signal.SIGHUP
"""The exit code of a process whose terminal is gone."""


@dataclass(frozen=True, slots=True)
class Streams:
    """Where a plain chat reads and writes."""

    stdin: TextIO = field(default_factory=lambda: sys.stdin)
    stdout: TextIO = field(default_factory=lambda: sys.stdout)
    stderr: TextIO = field(default_factory=lambda: sys.stderr)


def run_plain(
    profiles: RuntimePort,
    *,
    conversation: str = "",
    new: bool = False,
    streams: Streams | None = None,
) -> int:
    """Answers line by line until the input ends.

    Args:
        profiles: This process; `runtime.Runtime`.
        conversation: Which one to go on with: id, beginning of it, or title.
        new: Start a conversation.
        streams: Where to read and write; the process's own by default.

    Returns:
        0; 129 when the terminal is gone; for input that is no terminal, the code of
        the last question that failed.

    Raises:
        RagcliError: The profile or the conversation cannot be opened, or a newer
            ragcli made the index.
    """
    chat = PlainChat(profiles, profiles.open(expires=True), streams or Streams())
    try:
        return chat.run(conversation, new=new)
    finally:
        chat.profile.close()


class PlainChat:
    """Reads questions, writes answers.

    Args:
        profiles: This process.
        profile: The open profile; another one after `/profile`.
        streams: Where to read and write.
    """

    def __init__(
        self, profiles: RuntimePort, profile: ProfilePort, streams: Streams
    ) -> None:
        self._profiles = profiles
        self.profile = profile
        self._streams = streams
        self._conversation = ""
        self._where: DocumentFilter | None = None
        self._is_terminal = streams.stdin.isatty()
        self._code = 0
        self._answers = ""
        """The model that answered last, as it was shown."""

    def run(self, conversation: str, *, new: bool) -> int:
        """Answers until the input ends; returns the exit code."""
        history = self.profile.history
        if conversation:
            self._conversation = history.resolve(conversation)
        elif not new:
            self._conversation = history.latest()
        with suppress(SnapshotDamaged):  # a question is answered from an older index
            self.profile.library.count()
        self._greet()
        if not self._is_terminal:
            with _ended_by(signal.SIGTERM):
                self._converse()
            return self._code
        with _ended_by(signal.SIGTERM, signal.SIGHUP):
            when_hung_up(self._terminal, _hang_up)
            self._converse()
        return _HUNG_UP if is_hung_up(self._terminal) else 0

    @property
    def _terminal(self) -> int:
        """The descriptor of the terminal that is read from."""
        return self._streams.stdin.fileno()

    def _converse(self) -> None:
        for line in self._lines():
            if line.casefold() in _LEAVING:
                return
            try:
                self._obey(line)
            except KeyboardInterrupt:
                self._say("\n(stopped)")
            except RagcliError as error:
                self._code = int(error.code)
                self._tell(error)

    def _greet(self) -> None:
        if self._is_terminal:
            self._say(f"{self.profile.name} · /help lists the commands")

    # Reading

    def _lines(self) -> Iterator[str]:
        """Yields what the user wrote, joined where a line ends in a backslash."""
        parts: list[str] = []
        while (line := self._read("… " if parts else "> ")) is not None:
            if line.endswith("\\"):
                parts.append(line[:-1])
                continue
            text = "\n".join([*parts, line]).strip()
            parts = []
            if text:
                yield text
        if parts:
            yield "\n".join(parts)

    def _read(self, prompt: str) -> str | None:
        """Returns one line, or None at the end of input."""
        if not self._is_terminal:
            line = self._streams.stdin.readline()
            return line.rstrip("\r\n") if line else None
        try:
            return input(prompt)
        except EOFError:
            return None
        except KeyboardInterrupt:
            self._say("")
            return None

    # Doing

    def _obey(self, line: str) -> None:
        word, _, argument = line.partition(" ")
        commands = {
            "/help": self._help,
            "/new": self._new,
            "/model": self._use_model,
            "/profile": self._use_profile,
            "/in": self._search_in,
        }
        if word in commands:
            commands[word](argument.strip())
        elif word.startswith("/") and "/" not in word[1:]:
            raise UsageError(f"there is no command {safe_line(word)}", "try /help")
        else:
            self._ask(line)

    def _help(self, _: str) -> None:
        self._say(_HELP)

    def _new(self, _: str) -> None:
        self._conversation = ""

    def _search_in(self, argument: str) -> None:
        self._where = filter_of(argument)
        told = f"only {self._where}" if self._where else "all documents"
        self._say(f"searched from now on: {told}")

    def _use_model(self, spec: str) -> None:
        self.profile.use_model(spec)
        model = self.profile.choose_model().model
        self._say(f"{labelled(model.spec, model.remote)} answers from now on")

    def _use_profile(self, name: str) -> None:
        opened = self._profiles.open(name, create=False)
        self.profile.close()
        self.profile = opened
        self._conversation = opened.history.latest()
        self._where = None
        self._greet()

    def _ask(self, line: str) -> None:
        question, paths = attached(line)
        request = AskRequest(
            question,
            conversation=self._conversation,
            new=not self._conversation,
            attach_paths=paths,
            where=self._where,
        )
        pieces = SafePieces()
        found: Retrieved | None = None
        for event in self.profile.ask(request):
            if isinstance(event, Token):
                if found:
                    self._announce(found)
                    found = None
                self._write(pieces.add(event.text))
            elif isinstance(event, Notice):
                self._say(event.message)
                if event.model:  # the one that was found for it does not answer
                    found = None
            elif isinstance(event, Retrieved):
                found = event
            elif isinstance(event, Finished):
                self._finish(event.turn)

    def _announce(self, event: Retrieved) -> None:
        """Says that a model on another machine answers, once."""
        told = labelled(event.model, event.remote)
        if event.remote and told != self._answers:
            self._say(f"answered by {told}")
        self._answers = told

    def _finish(self, turn: Turn) -> None:
        self._conversation = turn.conversation
        if turn.status == "nothing_found" and not turn.answer:
            self._write("Nothing in the documents answers this.")
        self._write("\n")
        for source in from_turn(turn):
            if source.cited:
                doubt = f"  ({source.doubt})" if source.doubt else ""
                self._write(f"{source.shown_marker} {source.full_place}{doubt}\n")
        self._write("\n")
        for sentence in turn.unsupported:
            self._say(f"not found in the documents: {sentence}")

    # Writing

    def _write(self, text: str) -> None:
        self._put(self._streams.stdout, text)

    def _say(self, text: str) -> None:
        self._put(self._streams.stderr, safe_text(text) + "\n")

    def _put(self, stream: TextIO, text: str) -> None:
        try:
            stream.write(text)
            stream.flush()
        except OSError:
            if self._is_terminal and is_hung_up(self._terminal):
                _end(signal.SIGHUP, None)
            raise

    def _tell(self, error: RagcliError) -> None:
        self._say(f"ragcli: {error.message}")
        if error.hint:
            self._say(f"hint: {error.hint}")


@contextmanager
def _ended_by(*numbers: int) -> Iterator[None]:
    """Has these signals end the process inside."""
    previous = {number: signal.signal(number, _end) for number in numbers}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _hang_up() -> None:
    """Has the main thread hear that its terminal is gone, whatever it waits for."""
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGHUP)


def _end(number: int, _frame: object) -> None:
    """Ends the process so that the answer in progress is still recorded."""
    # The kernel, the shell and we ourselves tell of a lost terminal: once is enough.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    raise SystemExit(128 + number)
