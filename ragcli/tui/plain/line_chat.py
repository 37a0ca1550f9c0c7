"""A chat line by line, for where there is no screen: `TERM=dumb`, a pipe, a log.

One question a line; a backslash at the end of a line goes on with the next. The
answer goes to stdout as it comes, with its sources below; everything else to
stderr.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from ragcli.chat.events import AskRequest, Finished, Notice, Retrieved, Token
from ragcli.errors import RagcliError, SnapshotDamaged
from ragcli.sessions.records.record_types import Turn
from ragcli.text import SafePieces, labelled
from ragcli.tui import commands
from ragcli.tui.attachments.mentions import attached
from ragcli.tui.lifecycle.terminal_hangup import is_hung_up, when_hung_up
from ragcli.tui.plain.line_commands import LineCommands
from ragcli.tui.plain.line_desk import LineDesk, Streams, end
from ragcli.tui.ports import RuntimePort
from ragcli.tui.turns import turn_text

__all__ = ["PlainChat", "Streams", "run_plain"]

_LEAVING = {"/exit", "quit", "exit"}
"""What ends the chat beside `/quit`; the bare words as in a shell."""

_HUNG_UP = 128 + signal.SIGHUP
"""The exit code of a process whose terminal is gone."""


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
    opened = profiles.open(expires=True)
    desk = LineDesk(profiles, opened, streams or Streams())
    try:
        return PlainChat(desk).run(conversation, new=new)
    finally:
        desk.profile.close()


class PlainChat:
    """Reads questions, writes answers.

    Args:
        desk: The open profile, and the streams.
    """

    def __init__(self, desk: LineDesk) -> None:
        self._desk = desk
        self._commands = LineCommands(desk, self._answer)
        self._code = 0
        self._answers = ""
        """The model that answered last, as it was shown."""

    def run(self, conversation: str, *, new: bool) -> int:
        """Answers until the input ends; returns the exit code."""
        desk = self._desk
        history = desk.profile.history
        if conversation:
            desk.conversation = history.resolve(conversation)
        elif not new:
            desk.conversation = history.latest()
        with suppress(SnapshotDamaged):  # a question is answered from an older index
            desk.profile.library.count()
        desk.greet()
        if not desk.is_terminal:
            with _ended_by(signal.SIGTERM):
                self._converse()
            return self._code
        with _ended_by(signal.SIGTERM, signal.SIGHUP):
            when_hung_up(desk.terminal, _hang_up)
            self._converse()
        return _HUNG_UP if is_hung_up(desk.terminal) else 0

    def _converse(self) -> None:
        for line in self._lines():
            if line.casefold() in _LEAVING:
                return
            try:
                self._obey(line)
            except KeyboardInterrupt:
                self._desk.say("\n(stopped)")
            except RagcliError as error:
                self._code = int(error.code)
                self._desk.tell(error)
            if self._desk.is_left:
                return

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
        if not self._desk.is_terminal:
            line = self._desk.streams.stdin.readline()
            return line.rstrip("\r\n") if line else None
        try:
            return input(prompt)
        except EOFError:
            return None
        except KeyboardInterrupt:
            self._desk.say("")
            return None

    # Doing

    def _obey(self, line: str) -> None:
        if commands.is_command(line):
            self._commands.run(line)
        else:
            self._ask(line)

    def _ask(self, line: str) -> None:
        question, paths = attached(line)
        self._answer(AskRequest(question, attach_paths=paths, where=self._desk.where))

    def _answer(self, request: AskRequest) -> None:
        desk = self._desk
        request = replace(
            request,
            conversation=desk.conversation,
            new=not desk.conversation,
            record=not desk.read_only,
        )
        pieces = SafePieces()
        retrieved: Retrieved | None = None
        for event in desk.profile.ask(request):
            if isinstance(event, Token):
                if retrieved:
                    self._announce(retrieved)
                    retrieved = None
                self._desk.write(pieces.add(event.text))
            elif isinstance(event, Notice):
                self._desk.say(event.message)
                if event.model:  # the one that was found for it does not answer
                    retrieved = None
            elif isinstance(event, Retrieved):
                retrieved = event
            elif isinstance(event, Finished):
                self._finish(request, event.turn)

    def _announce(self, event: Retrieved) -> None:
        """Says that a model on another machine answers, once."""
        label = labelled(event.model, event.remote)
        if event.remote and label != self._answers:
            self._desk.say(f"answered by {label}")
        self._answers = label

    def _finish(self, request: AskRequest, turn: Turn) -> None:
        if request.record:
            self._desk.conversation = turn.conversation
        if request.attach_paths:
            self._desk.asked[turn.id] = request
        if turn.status == "nothing_found" and not turn.answer:
            self._desk.write(turn_text.NOTHING)
        self._desk.write("\n")
        for line in turn_text.source_lines(turn):
            self._desk.write(f"{line}\n")
        self._desk.write("\n")
        for sentence in turn.unsupported:
            self._desk.say(f"not found in the documents: {sentence}")


@contextmanager
def _ended_by(*numbers: int) -> Iterator[None]:
    """Has these signals end the process inside."""
    previous = {number: signal.signal(number, end) for number in numbers}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _hang_up() -> None:
    """Has the main thread hear that its terminal is gone, whatever it waits for."""
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGHUP)
