"""Sees to it that nobody is answered from documents that changed without a word.

Every front end asks here before it searches: `ask`, `search`, the chat, agents.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ragcli.errors import RagcliError
from ragcli.index.report import NoProgress

if TYPE_CHECKING:
    from ragcli.index.library import Library

LINE = "documents changed since they were indexed: ragcli docs sync"
"""What is said where they are not brought up to date."""

MOST = 200
"""Files that a question waits for; with more, the user decides."""

BUDGET = 10.0
"""Seconds that a question waits for them; what was read by then stays."""

_SHARE = 20
"""A look that took a second is repeated after so many of them at the earliest."""

_LONGEST = 1.0
"""Seconds for which the last look is believed at most."""


class Freshness:
    """Whether an index is behind its documents, and what is done about that.

    Args:
        library: The documents.
        wanted: The setting `documents.refresh`: `check`, `auto` or `off`.
    """

    def __init__(self, library: Library, wanted: str) -> None:
        self.repeats = False
        """Whether the line is said each time; else once until all is in step."""
        self._library = library
        self._wanted = wanted
        self._changed = 0
        self._believed_until = 0.0
        self._was_said = False

    @property
    def may_sync(self) -> bool:
        """Whether what the last look found is to be read before the answer."""
        return self._wanted == "auto" and self._changed <= MOST

    def is_behind(self) -> bool:
        """Tells whether documents changed since they were indexed.

        Never where nobody wants to know. What is wrong with an index is not told
        here: whoever searches it next will say so.
        """
        if self._wanted == "off":
            return False
        begun = time.monotonic()
        if begun >= self._believed_until:
            self._look()
            ended = time.monotonic()
            self._believed_until = ended + min(_SHARE * (ended - begun), _LONGEST)
        if not self._changed:
            self._was_said = False
        return bool(self._changed)

    def catch_up(self) -> bool:
        """Reads what changed, for a few seconds; tells whether all is in step then.

        Servers of pages are not asked.
        """
        try:
            self._library.sync(NoProgress(), asks_servers=False, budget=BUDGET)
        except RagcliError:
            return False
        self._look()
        return not self._changed

    def line(self) -> str:
        """Returns what is to be said of an index that is behind; "" if it was."""
        was_said, self._was_said = self._was_said, True
        return LINE if self.repeats or not was_said else ""

    def see_to(self) -> str:
        """Does all of it; returns the line to say, "" for nothing."""
        if not self.is_behind() or (self.may_sync and self.catch_up()):
            return ""
        return self.line()

    def settle(self) -> str:
        """Does all of it for good: many questions are about one state of an index."""
        line = self.see_to()
        self._wanted = "off"
        return line

    def _look(self) -> None:
        try:
            self._changed = self._library.changed_files()
        except RagcliError:
            self._changed = 0
