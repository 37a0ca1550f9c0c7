"""The theme, remembered from one chat to the next."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from contextlib import suppress

from ragcli.storage.files import Directory
from ragcli.text import safe_line
from ragcli.tui.ports import RuntimePort

_FILE = "chat-theme"


def unknown(name: str, themes: Iterable[str]) -> str:
    """Returns what to say about a theme that there is none of."""
    near = difflib.get_close_matches(name, list(themes), 1, 0.4)
    hint = f"; did you mean {near[0]}?" if near else "; /theme lists them"
    return f"tui.theme: there is no theme {safe_line(name, 40)!r}{hint}"


def remembered(profiles: RuntimePort) -> str:
    """Returns the theme that was chosen in an earlier chat, or "".

    A theme that the settings name comes first: then it is "" too.
    """
    if _origin(profiles) != "default":
        return ""
    with suppress(OSError, UnicodeDecodeError):
        place = profiles.home.data / _FILE
        return place.read_text(encoding="utf-8").strip()[:64]
    return ""


def remember(profiles: RuntimePort, name: str) -> str:
    """Keeps the chosen theme for the next chat; returns what to say about it, or "".

    Note:
        Writes one small file beside the profiles.
    """
    origin = _origin(profiles)
    if origin != "default":
        return f"tui.theme is set by {safe_line(origin, 80)}: it comes first next time"
    with Directory.open(profiles.home.data, create=True) as directory:
        directory.replace(_FILE, f"{name}\n".encode(), durable=False)
    return ""


def _origin(profiles: RuntimePort) -> str:
    origins = {origin.key: origin.source for origin in profiles.resolved.origins()}
    return origins.get("tui.theme", "default")
