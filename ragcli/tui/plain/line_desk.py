"""What the chat line by line shares: the open profile, and the streams."""

from __future__ import annotations

import signal
import sys
from dataclasses import dataclass, field
from typing import NoReturn, TextIO

from ragcli.chat.events import AskRequest
from ragcli.errors import RagcliError, UsageError
from ragcli.index.document_filter import DocumentFilter
from ragcli.text import safe_text
from ragcli.tui.lifecycle.terminal_hangup import is_hung_up
from ragcli.tui.ports import ProfilePort, RuntimePort


@dataclass(frozen=True, slots=True)
class Streams:
    """Where a plain chat reads and writes."""

    stdin: TextIO = field(default_factory=lambda: sys.stdin)
    stdout: TextIO = field(default_factory=lambda: sys.stdout)
    stderr: TextIO = field(default_factory=lambda: sys.stderr)


class LineDesk:
    """The open profile, the conversation that goes on, and where it is written.

    Args:
        profiles: This process.
        profile: The open profile; another one after a switch.
        streams: Where to read and write.
    """

    def __init__(
        self, profiles: RuntimePort, profile: ProfilePort, streams: Streams
    ) -> None:
        self.profiles = profiles
        self.profile = profile
        self.streams = streams
        self.conversation = ""
        """The one that goes on; "" for one that has not begun."""
        self.where: DocumentFilter | None = None
        """Which documents the next questions search; None for all."""
        self.read_only = False
        """Whether turns are left unrecorded."""
        self.is_left = False
        """Whether the user wants no more."""
        self.is_terminal = streams.stdin.isatty()
        self.asked: dict[str, AskRequest] = {}
        """Turn → its request, where documents came with it: to ask it again."""

    @property
    def terminal(self) -> int:
        """The descriptor of the terminal that is read from."""
        return self.streams.stdin.fileno()

    def use(self, profile: ProfilePort) -> None:
        """Puts a profile in place of the open one, which is closed."""
        old, self.profile = self.profile, profile
        old.close()
        self.conversation = profile.history.latest()
        self.where = None
        self.greet()

    def greet(self) -> None:
        """Says which profile is open, and where help is."""
        if self.is_terminal:
            self.say(f"{self.profile.name} · /help lists the commands")

    # Writing

    def write(self, text: str) -> None:
        """Writes a part of an answer, which is safe already."""
        self._put(self.streams.stdout, text)

    def say(self, text: str) -> None:
        """Writes lines beside the answers."""
        self._put(self.streams.stderr, safe_text(text) + "\n")

    def tell(self, error: RagcliError) -> None:
        """Says what is wrong, and what to do."""
        self.say(f"ragcli: {error.message}")
        if error.hint:
            self.say(f"hint: {error.hint}")

    def _put(self, stream: TextIO, text: str) -> None:
        try:
            stream.write(text)
            stream.flush()
        except OSError:
            if self.is_terminal and is_hung_up(self.terminal):
                end(signal.SIGHUP, None)
            raise

    # Asking back

    def confirmed(self, question: str, otherwise: str) -> bool:
        """Tells whether a person says yes.

        Args:
            question: One sentence.
            otherwise: What does the same where nobody is there to be asked.

        Raises:
            UsageError: Nobody is.
        """
        if not self.is_terminal:
            raise UsageError("nobody is there to confirm it", otherwise)
        try:
            return input(f"{safe_text(question)} [y/N] ").strip().lower() in {
                "y",
                "yes",
            }
        except EOFError:
            return False


def end(number: int, _frame: object) -> NoReturn:
    """Ends the process so that the answer in progress is still recorded."""
    # The kernel, the shell and we ourselves tell of a lost terminal: once is enough.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    raise SystemExit(128 + number)
