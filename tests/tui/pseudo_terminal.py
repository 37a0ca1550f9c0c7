"""A bare pseudo-terminal whose other end the test holds, and can let go of."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Mapping
from typing import Self

from tests.patience import PATIENCE

_DEAF = 'trap "" HUP; exec "$@"'
"""Starts a command as `nohup` does."""


class PseudoTerminal:
    """`ragcli` on a pseudo-terminal, deaf to SIGHUP.

    Args:
        argv: Its arguments.
        environ: More variables.
    """

    def __init__(self, *argv: str, environ: Mapping[str, str]) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 32, 120, 0, 0))
        kept = {k: v for k, v in os.environ.items() if k not in {"COLUMNS", "LINES"}}
        self._process = subprocess.Popen(
            ["sh", "-c", _DEAF, "sh", sys.executable, "-m", "ragcli", *argv],
            stdin=theirs, stdout=theirs, stderr=theirs,
            env={**kept, "TERM": "xterm-256color", **environ},
            start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        self._said = b""
        self._left = threading.Event()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self.hang_up()

    def _read(self) -> None:
        poll = select.poll()  # not select, which knows no descriptor above 1023
        poll.register(self._ours, select.POLLIN)
        while not self._left.is_set():
            if not poll.poll(20):
                continue
            try:
                self._said += os.read(self._ours, 65536)
            except OSError:  # nobody is at the other end
                return

    def type(self, text: str) -> None:
        """Types text; `\\r` is Enter."""
        os.write(self._ours, text.encode())

    def send(self, raw: bytes) -> None:
        """Sends bytes as they are, as a terminal or a paste may."""
        os.write(self._ours, raw)

    def signal(self, number: int) -> None:
        """Sends a signal to the command."""
        self._process.send_signal(number)

    @property
    def said(self) -> str:
        """All that was written."""
        return self._said.decode(errors="replace")

    def until(self, *texts: str) -> None:
        """Waits until one of these has been written, in one piece."""
        end = time.monotonic() + PATIENCE
        while not any(text.encode() in self._said for text in texts):
            assert time.monotonic() < end, f"never came: {texts}\n{self._said!r}"
            time.sleep(0.005)

    def hang_up(self) -> None:
        """Closes the terminal."""
        if not self._left.is_set():
            self._left.set()
            self._reader.join()
            os.close(self._ours)

    def code(self) -> int:
        """Waits for the end; returns the exit code."""
        return self._process.wait(PATIENCE)
