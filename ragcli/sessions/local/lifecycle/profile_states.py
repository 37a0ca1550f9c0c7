"""What a list of profiles says about each without opening it."""

from __future__ import annotations

import os
from contextlib import suppress

from ragcli.errors import RagcliError
from ragcli.sessions import profile_file
from ragcli.sessions.local.lifecycle.directories import Directories
from ragcli.sessions.protocols import ProfileState
from ragcli.storage.locking.locks import holder

_LONG = ("profile", "ingest")
"""The locks that are held for as long as work takes, not for one write."""


def read_states(directories: Directories) -> dict[str, ProfileState]:
    """Returns how the caller's profiles on this machine's disk stand.

    A profile that cannot be read is left out: opening it says why.
    """
    states = {}
    for name in directories.names():
        with suppress(RagcliError), directories.open(name) as directory:
            holders = [holder(directory, lock) for lock in _LONG]
            in_use = any(record and record.pid != os.getpid() for record in holders)
            encrypted = profile_file.read(directory, name).encrypted
            states[name] = ProfileState(encrypted, in_use)
    return states
