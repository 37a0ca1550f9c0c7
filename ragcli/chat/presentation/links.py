"""Links on places, for terminals that open them (OSC 8).

https://gist.github.com/egmontkob/eb114294efbcd5adb1944c9f3cb5feda says how; a terminal
that knows no links shows the text alone, but some old ones show the rest as well, so
links are written only where they are known to work.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from urllib.parse import quote

_PROGRAMS = {"iTerm.app", "WezTerm", "ghostty", "vscode", "Hyper", "rio", "Tabby"}
_OLDEST_VTE = 5000


def are_known(environ: Mapping[str, str]) -> bool:
    """Tells whether the terminal shows links."""
    forced = environ.get("FORCE_HYPERLINK")
    if forced:
        return forced != "0"
    if environ.get("TERM", "").startswith(("screen", "tmux", "linux", "dumb")):
        return False
    vte = environ.get("VTE_VERSION", "")
    return (
        environ.get("TERM_PROGRAM") in _PROGRAMS
        or bool(environ.get("KITTY_WINDOW_ID") or environ.get("WT_SESSION"))
        or (vte.isdecimal() and int(vte) >= _OLDEST_VTE)
    )


def linked(shown: str, path: str) -> str:
    """Returns a text that opens a file.

    Args:
        shown: What is seen, safe for a terminal.
        path: Absolute; every byte that could act is encoded.
    """
    return f"\x1b]8;;{file_address(path)}\x1b\\{shown}\x1b]8;;\x1b\\"


def file_address(path: str) -> str:
    """Returns the address of a file, this machine named in it.

    Args:
        path: Absolute; every byte that could act is encoded.
    """
    host = quote(os.uname().nodename)
    return f"file://{host}{quote(os.fsencode(path))}"
