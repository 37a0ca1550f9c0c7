"""What a list of profiles says about each without opening it."""

from __future__ import annotations

import os
from contextlib import suppress

from ragcli.config import Settings
from ragcli.errors import RagcliError
from ragcli.frozen import frozen
from ragcli.paths import Home
from ragcli.sessions import profile_file
from ragcli.sessions.local.directories import Directories
from ragcli.storage.holders import Holder
from ragcli.storage.locks import holder

_LONG = ("profile", "ingest")
"""The locks that are held for as long as work takes, not for one write."""


@frozen
class ProfileState:
    """One profile, from outside."""

    encrypted: bool
    """Whether it takes a passphrase to open it."""
    holder: Holder | None
    """Which other process works on it for long: it indexes, clones, encrypts."""


def read_states(home: Home, settings: Settings) -> dict[str, ProfileState]:
    """Returns how the caller's profiles on this machine's disk stand.

    A profile that cannot be read is left out: opening it says why.
    """
    directories = Directories(home, settings)
    found = {}
    for name in directories.names():
        with suppress(RagcliError), directories.open(name) as directory:
            holders = [holder(directory, lock) for lock in _LONG]
            others = [one for one in holders if one and one.pid != os.getpid()]
            encrypted = profile_file.read(directory, name).encrypted
            found[name] = ProfileState(encrypted, others[0] if others else None)
    return found
