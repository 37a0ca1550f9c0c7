"""The theme, remembered from one chat to the next."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from ragcli.text import safe_line
from ragcli.tui.ports import RuntimePort
from ragcli.tui.preferences import choices

_KEY = "tui.theme"


def unknown(name: str, themes: Iterable[str]) -> str:
    """Returns the notice for a theme that does not exist."""
    near = difflib.get_close_matches(name, list(themes), 1, 0.4)
    hint = f"; did you mean {near[0]}?" if near else "; /theme lists them"
    return f"tui.theme: there is no theme {safe_line(name, 40)!r}{hint}"


def remembered(profiles: RuntimePort) -> str:
    """Returns the theme that was chosen in an earlier chat, or "".

    A theme that the settings name comes first: then it is "" too.
    """
    return choices.remembered(profiles, _KEY)


def remember(profiles: RuntimePort, name: str) -> str:
    """Keeps the chosen theme for the next chat; returns what to say about it, or "".

    Note:
        Writes one small file beside the profiles.
    """
    source = choices.origin(profiles, _KEY)
    if source != "default":
        return f"tui.theme is set by {safe_line(source, 80)}: it comes first next time"
    choices.remember(profiles, _KEY, name)
    return ""
