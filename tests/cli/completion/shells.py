"""Interactive shells on terminals of their own, that complete `ragcli`."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from tests.patience import PATIENCE

PROMPT = "what now? "

START = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], 'eval "$(ragcli --script)"\n'),
    "zsh": (
        ["zsh", "-f", "-i"],
        (
            "autoload -Uz compinit; compinit -u -D; unsetopt beep\n"
            'eval "$(ragcli --script)"\n'
        ),
    ),
    "fish": (
        ["fish", "--no-config", "-i"],
        (f"function fish_prompt; printf '{PROMPT}'; end\nragcli --script | source\n"),
    ),
}

WRAPPER = """\
#!/bin/sh
if [ "$1" = --script ]; then
    _RAGCLI_COMPLETE=source_{shell} exec {python} -m ragcli
elif [ -n "$_RAGCLI_COMPLETE" ]; then
    {python} -m ragcli "$@"
    code=$?
    echo >>'{place}/completed'
    exit $code
fi
printf '%s\\0' "$@" >'{place}/got.new'
mv '{place}/got.new' '{place}/got'
"""
"""Answers the shell as ragcli does, leaves a line for each answer, and keeps what else
it is called with."""

DROPPED = "\x15"
"""The key that drops a line. Ctrl+C may be a signal, which overtakes keys."""


def _own_terminal() -> None:
    """Makes the terminal at stdin the one that controls this process."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Shell:
    """One shell; its working directory is empty, so that it finds nothing itself.

    Args:
        name: `bash`, `zsh` or `fish`.
        place: A directory of the shell's own.
    """

    def __init__(self, name: str, place: Path) -> None:
        self.name = name
        self.work = place / "work"
        self._place = place
        self._shown = b""
        self._marks = 0

    def __enter__(self) -> Self:
        for folder in ("bin", "work", "home"):
            (self._place / folder).mkdir()
        wrapper = self._place / "bin" / "ragcli"
        wrapper.write_text(
            WRAPPER.format(
                shell=self.name, python=sys.executable, place=str(self._place)
            )
        )
        wrapper.chmod(0o700)
        words, start = START[self.name]
        own = filter(None, [os.environ.get("PYTHONPATH")])
        self._terminal, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 50, 200, 0, 0))
        environ = os.environ | {
            "PATH": f"{wrapper.parent}:{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join([os.getcwd(), *own]),
            "HOME": str(self._place / "home"),
            "TERM": "xterm",
            "LC_ALL": "C.UTF-8",
            "PS1": PROMPT,
            "HISTFILE": "",
        }
        self._process = subprocess.Popen(
            words,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=self.work,
            env=environ,
            start_new_session=True,
            preexec_fn=_own_terminal,  # noqa: PLW1509 - one system call
        )
        os.close(theirs)
        try:
            self.type(start)
            self._wait_for_prompt()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._terminal)

    def type(self, keys: str) -> None:
        """Presses keys."""
        os.write(self._terminal, keys.encode())

    def called(self, line: str) -> list[str]:
        """Types a line, a tab and Enter; returns what ragcli is called with."""
        got = self._place / "got"
        got.unlink(missing_ok=True)
        self._complete(line)
        self.type("\n")
        self.until(got.exists, line)
        self._wait_for_prompt()
        return os.fsdecode(got.read_bytes()).split("\0")[:-1]

    def offered(self, line: str, awaited: str) -> str:
        """Types a line and two tabs; returns what is shown, and drops the line.

        Args:
            line: What is typed.
            awaited: What the shell shows at least.
        """
        self._complete(line)
        self.type("\t")
        self.until(lambda: awaited.encode() in self._shown, f"{line}: {awaited}")
        self.type(DROPPED)
        return self._wait_for_prompt()

    def _complete(self, line: str) -> None:
        """Types a line and a tab, and waits until ragcli has answered the shell."""
        answers = self._answers()
        self._shown = b""
        self.type(f"{line}\t")
        self.until(lambda: self._answers() > answers, f"{line}: an answer")

    def _answers(self) -> int:
        """Returns how many questions of the shell ragcli has answered."""
        try:
            return (self._place / "completed").stat().st_size
        except FileNotFoundError:
            return 0

    def _wait_for_prompt(self) -> str:
        """Waits for the prompt behind a mark that the shell writes; returns all before.

        Keys are read in their order: once the mark is there, all that was typed before
        it is done with. What is typed is another word than what is written.
        """
        self._marks += 1
        mark = f"mark-{self._marks}."
        self.type(f"echo ma''{mark[2:]}\n")
        self.until(
            lambda: PROMPT.encode() in self._shown.partition(mark.encode())[2], mark
        )
        return self._shown.decode(errors="replace").partition(mark)[0]

    def ran(self) -> bool:
        """Tells whether something that was only a name left its trace."""
        return any(self.work.iterdir())

    def until(self, done: Callable[[], object], what: str) -> None:
        """Waits until `done()`."""
        end = time.monotonic() + PATIENCE
        while not done():
            self._read(0.05)
            assert time.monotonic() < end, (
                f"{self.name}: {what}: {self._shown[-2000:]!r}"
            )

    def _read(self, wait: float) -> bool:
        poll = select.poll()
        poll.register(self._terminal, select.POLLIN)
        if not poll.poll(wait * 1000):
            return False
        try:
            self._shown += os.read(self._terminal, 1 << 16)
        except OSError:
            return False
        return True
