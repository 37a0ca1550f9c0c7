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

import psutil

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
    exec {python} -m ragcli "$@"
fi
printf '%s\\0' "$@" >'{place}/got.new'
mv '{place}/got.new' '{place}/got'
"""
"""Answers the shell as ragcli does, and keeps what else it is called with."""


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
            self.type(f"{start}echo rea''dy\n")
            self.until(lambda: b"ready" in self._shown, "start")
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
        self.settle()
        self.type(f"{line}\t")
        self.settle(0.3)
        self._end_line("\n")
        self.until(got.exists, line)
        return os.fsdecode(got.read_bytes()).split("\0")[:-1]

    def offered(self, line: str, awaited: str) -> str:
        """Types a line and two tabs; returns what is shown, and drops the line.

        Args:
            line: What is typed.
            awaited: What the shell shows at least.
        """
        self.settle()
        self._shown = b""
        self.type(f"{line}\t")
        self.settle()
        self.type("\t")
        self.until(lambda: awaited.encode() in self._shown, f"{line}: {awaited}")
        self.settle(0.5)
        shown = self._shown.decode(errors="replace")
        self._end_line("\x03\x03")
        return shown

    def _end_line(self, keys: str) -> None:
        """Presses keys that end a line, and waits for the prompt of the next one."""
        self._shown = b""
        self.type(keys)
        self.until(lambda: PROMPT.encode() in self._shown, f"a prompt after {keys!r}")

    def ran(self) -> bool:
        """Tells whether something that was only a name left its trace."""
        return any(self.work.iterdir())

    def settle(self, quiet: float = 0.2) -> None:
        """Waits until the shell has answered and nothing more comes.

        While a completion runs the shell says nothing, so that it is asked for a
        sign of life only once ragcli has ended.
        """
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if not self._read(quiet) and not self._busy():
                return
        raise AssertionError(f"{self.name} does not settle: {self._shown[-500:]!r}")

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

    def _busy(self) -> bool:
        """Tells whether the shell waits for a process of its own."""
        try:
            return bool(psutil.Process(self._process.pid).children())
        except psutil.NoSuchProcess:
            return False
