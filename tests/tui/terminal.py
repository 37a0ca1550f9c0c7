"""A real terminal: `ragcli` inside tmux, typed at and looked at."""

from __future__ import annotations

import io
import os
import shlex
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

from tests.patience import PATIENCE


class Terminal:
    """One tmux server with one pane, gone with the context.

    Args:
        home: `RAGCLI_HOME` of what runs in it.
        environ: More variables.
        size: Columns and lines.
    """

    def __init__(
        self,
        home: Path,
        environ: Mapping[str, str] | None = None,
        size: tuple[int, int] = (160, 32),
    ) -> None:
        self._socket = f"ragcli-{uuid.uuid4().hex[:12]}"
        self._environ = {"RAGCLI_HOME": str(home), **(environ or {})}
        self._size = size

    def __enter__(self) -> Self:
        width, height = map(str, self._size)
        options = [
            word
            for name, value in self._environ.items()
            for word in ("-e", f"{name}={value}")
        ]
        self.tmux(
            "-f", "/dev/null", "new-session", "-d", "-x", width, "-y", height,
            *options, "sh",
        )  # fmt: skip
        self.tmux("set-option", "-g", "escape-time", "0")
        return self

    def __exit__(self, *_: object) -> None:
        self.tmux("kill-server", check=False)

    def tmux(self, *words: str, check: bool = True) -> str:
        done = subprocess.run(
            ["tmux", "-L", self._socket, *words],
            capture_output=True,
            text=True,
            check=check,
            env=_environ(),
        )
        return done.stdout

    def run(self, *argv: str) -> None:
        """Types a `ragcli` command at the shell; its exit code is shown at its end."""
        line = shlex.join([sys.executable, "-m", "ragcli", *argv])
        self.type(f"{line}; echo ended $?")
        self.press("Enter")

    def type(self, text: str) -> None:
        """Types text as it is."""
        self.tmux("send-keys", "-l", text)

    def press(self, *keys: str) -> None:
        """Presses keys as tmux names them: `Enter`, `C-q`, `Escape`."""
        self.tmux("send-keys", *keys)

    def paste(self, text: str) -> None:
        """Pastes text as a terminal does."""
        self.tmux("set-buffer", "--", text)
        self.tmux("paste-buffer", "-p", "-d")

    def picture(self, title: str) -> str:
        """Returns what is on the screen, in its colours, as SVG."""
        from rich.console import Console
        from rich.text import Text

        shown = Text.from_ansi(self.tmux("capture-pane", "-e", "-p", "-N"))
        width, height = self._size
        console = Console(
            file=io.StringIO(),
            record=True,
            width=width,
            height=height,
            force_terminal=True,
        )
        console.print(shown, no_wrap=True, crop=True)
        return console.export_svg(title=title)

    def resize(self, width: int, height: int) -> None:
        """Changes the size of the terminal."""
        self._size = (width, height)
        self.tmux("resize-window", "-x", str(width), "-y", str(height))

    def pids(self, name: str = "chat") -> list[int]:
        """Returns the processes below the shell whose command has this word."""
        shell = self.tmux("display-message", "-p", "#{pane_pid}").strip()
        listing = subprocess.run(
            ["ps", "-o", "pid=,args=", "--ppid", shell],
            capture_output=True, text=True, check=False,
        ).stdout  # fmt: skip
        lines = [line.split(maxsplit=1) for line in listing.splitlines()]
        return [int(pid) for pid, args in lines if name in args.split()]

    @property
    def screen(self) -> str:
        """What is on the screen."""
        return self.tmux("capture-pane", "-p")

    def is_alternate(self) -> bool:
        """Tells whether the alternate screen is on."""
        return self.tmux("display-message", "-p", "#{alternate_on}").strip() == "1"

    def until(self, done: str | Callable[[], object]) -> str:
        """Waits for a text on the screen, or for something to be true."""
        end = time.monotonic() + PATIENCE
        while True:
            screen = self.screen
            if screen.strip() and (done in screen if isinstance(done, str) else done()):
                return screen
            assert time.monotonic() < end, f"never came: {done}\n{screen}"
            time.sleep(0.05)


def _environ() -> dict[str, str]:
    """Returns the environment with a terminal, and nobody's idea of its size."""
    kept = {k: v for k, v in os.environ.items() if k not in {"COLUMNS", "LINES"}}
    return {**kept, "TERM": "xterm-256color"}
