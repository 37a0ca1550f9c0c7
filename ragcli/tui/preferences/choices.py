"""Choices that the user makes in the chat, remembered for the next one."""

from __future__ import annotations

from contextlib import suppress

from ragcli.errors import RagcliError
from ragcli.storage.files import Directory
from ragcli.tui.ports import RuntimePort

_FILES = {
    "tui.theme": "chat-theme",
    "tui.sidebar": "chat-sidebar",
    "tui.sources": "chat-sources",
}
"""One small file beside the profiles for each setting that is changed by hand."""

_LONGEST = 64
_SHOWN, _HIDDEN = "shown", "hidden"


def origin(profiles: RuntimePort, key: str) -> str:
    """Returns where a setting comes from: `default` where nobody has set it."""
    origins = {each.key: each.source for each in profiles.resolved.origins()}
    return origins.get(key, "default")


def remembered(profiles: RuntimePort, key: str) -> str:
    """Returns what was chosen for a setting in an earlier chat, or "".

    What the settings say comes first: then it is "" too.
    """
    chosen = ""
    with suppress(OSError, UnicodeDecodeError):
        file = profiles.home.data / _FILES[key]
        chosen = file.read_text(encoding="utf-8").strip()[:_LONGEST]
    # Where a setting comes from takes a while to find out: only if it matters.
    return chosen if chosen and origin(profiles, key) == "default" else ""


def remember(profiles: RuntimePort, key: str, value: str) -> None:
    """Keeps a choice for the next chat.

    Raises:
        RagcliError: It cannot be stored.
    """
    with Directory.open(profiles.home.data, create=True) as directory:
        directory.replace(_FILES[key], f"{value}\n".encode(), durable=False)


class PaneChoices:
    """Which panes the user wants to see.

    Args:
        profiles: This process, whose home keeps the choice.
    """

    def __init__(self, profiles: RuntimePort) -> None:
        self._profiles = profiles

    def wanted(self, key: str) -> bool:
        """Tells whether a pane is to be shown; by the key of its setting."""
        chosen = remembered(self._profiles, key)
        settings = self._profiles.settings
        shown = settings.sidebar if key == "tui.sidebar" else settings.sources_pane
        return chosen == _SHOWN if chosen else shown

    def want(self, key: str, *, wanted: bool) -> None:
        """Remembers whether a pane is wanted; where it cannot be stored, it is not."""
        with suppress(RagcliError, OSError):
            remember(self._profiles, key, _SHOWN if wanted else _HIDDEN)
