"""What a list of profiles tells of each: looked up for ten thousand in a row.

Files are looked at, not opened, and no lock is asked for. `profile_states` tells what
the chat marks in its list.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress

from ragcli.errors import RagcliError
from ragcli.sessions import profile_layout
from ragcli.sessions.local.lifecycle.directories import Directories
from ragcli.sessions.profile_summary import IndexFigures, ProfileSummary

_COUNT = (profile_layout.HISTORY, "audit.jsonl")
"""Files that grow with use."""


def read_summaries(
    directories: Directories, names: Iterable[str], figures: IndexFigures
) -> dict[str, ProfileSummary]:
    """Returns what is told of the caller's profiles of these names.

    Args:
        directories: Where they are.
        names: Theirs.
        figures: Tells what an index holds.
    """
    summaries = {}
    with suppress(FileNotFoundError, RagcliError), directories.every() as opened:
        profiles, entry_of = opened
        for name in names:
            with suppress(OSError, RagcliError):
                summaries[name] = _summary(profiles, entry_of(name), figures)
    return summaries


def _summary(profiles: int, entry: str, figures: IndexFigures) -> ProfileSummary:
    used, size = os.stat(f"{entry}/profile.toml", dir_fd=profiles).st_mtime, 0
    for name in _COUNT:
        if status := _seen(profiles, f"{entry}/{name}"):
            used, size = max(used, status.st_mtime), size + status.st_size
    if status := _seen(profiles, f"{entry}/{profile_layout.USED}"):
        used = max(used, status.st_mtime)
    encrypted = _seen(profiles, f"{entry}/{profile_layout.KEYS}") is not None
    documents, of_index = figures(profiles, entry) or (None, None)
    total = None if of_index is None else size + of_index
    return ProfileSummary(encrypted, used, documents, total)


def _seen(profiles: int, path: str) -> os.stat_result | None:
    try:
        return os.lstat(path, dir_fd=profiles)
    except FileNotFoundError:
        return None
