"""The clipboard of the desktop, where the chat runs on it.

A terminal may put into it what it is told to (OSC 52), and many do not: Terminal.app
never does, others ask or refuse, and none says so. The desktop's own programs do, and
say whether they did; but in a session over SSH they would reach another one's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence

_PATIENCE = 1.0
"""Seconds for a program that hands a text over."""

_REMOTE = ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY")


class Clipboard:
    """What was copied last, and whether the desktop has it."""

    def __init__(self) -> None:
        self.has_it = False
        """Whether a program of the desktop took the last text."""

    def put(self, text: str) -> None:
        """Hands a text to the first program of the desktop that takes it."""
        commands = programs(os.environ)
        self.has_it = any(_took(command, text) for command in commands)


system = Clipboard()
"""The one of this process."""


def programs(environ: Mapping[str, str]) -> list[Sequence[str]]:
    """Returns the commands that put their input into the clipboard of this desktop."""
    if any(environ.get(name) for name in _REMOTE):
        return []
    commands: list[Sequence[str]] = []
    if sys.platform == "darwin":
        commands.append(("pbcopy",))
    if environ.get("WAYLAND_DISPLAY"):
        commands.append(("wl-copy",))
    if environ.get("DISPLAY"):
        commands.append(("xclip", "-selection", "clipboard"))
        commands.append(("xsel", "--clipboard", "--input"))
    return [command for command in commands if shutil.which(command[0])]


def _took(command: Sequence[str], text: str) -> bool:
    """Tells whether a program ended well; it may stay to hand the text on."""
    try:
        done = subprocess.run(  # noqa: S603 - the desktop's own, by its name
            command,
            input=text.encode(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE,
            check=False,
            start_new_session=True,
            env={**os.environ, "LC_CTYPE": "UTF-8"},  # pbcopy's, under LANG=C
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
