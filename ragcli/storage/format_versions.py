"""The versions of what is stored, and how older ones are read: one rule for each.

A number rises where an older program would misread what a newer one writes; what is
only added does not raise it, for every reader leaves alone what it does not know. What
is older is brought up step by step as it is read, and written so with the next change
of that very thing. What is newer is refused, with what to do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import field
from typing import Any

from ragcli.errors import NewerFormat
from ragcli.frozen import frozen

Step = Callable[[MutableMapping[str, Any]], None]
"""Makes a table of one version one of the next, in place."""


@frozen
class StoredFormat:
    """How one kind of thing is stored."""

    key: str
    """Where its version stands in it."""
    version: int
    """The version that is written."""
    steps: Mapping[int, Step] = field(default_factory=dict)
    """By the version that they start from: all from the oldest that is read."""

    def check(self, version: int, what: str) -> None:
        """Refuses what is newer.

        Args:
            version: What was found.
            what: Names the thing: `profile 'work'`.

        Raises:
            NewerFormat: Written by a newer ragcli.
        """
        if version > self.version:
            from ragcli import packages  # of a newer version alone

            raise NewerFormat(
                f"{what} has format {version}; this ragcli knows up to {self.version}",
                f"upgrade ragcli to use it: {packages.upgrade()}",
            )

    def bring_up(self, table: MutableMapping[str, Any], what: str) -> None:
        """Makes a table one of the version that is written, in place.

        Raises:
            NewerFormat: Written by a newer ragcli.
            KeyError, ValueError, TypeError: It has no version that ever was.
        """
        version_read = int(table[self.key])
        self.check(version_read, what)
        for version in range(version_read, self.version):
            self.steps[version](table)
        if version_read != self.version:
            table[self.key] = self.version


PROFILE = StoredFormat("format", 1)
"""`profile.toml`."""
RECORD = StoredFormat("v", 1)
"""A record of a history: its `kind` and the fields of that, and `v`."""
INDEX = StoredFormat("format", 1)
"""The manifest of a generation; its version is that of all files, catalogues too."""
BUNDLE = StoredFormat("format", 1)
"""The manifest of a bundle."""
SHARED_PROFILE = StoredFormat("v", 1)
"""What a server holds about a profile."""
KEY_SLOT = StoredFormat("v", 1)
"""A wrapped key."""
