"""A new directory of a profile that takes the place of one that cannot be renamed.

The new one is complete out of sight and has a will in it: whose place it takes. Then
the old one is condemned, which is the moment from which the new one is the profile; it
is removed, and the new one gets its name. Who is killed in between leaves enough for
the next process to go on: a new directory with a will is thrown away as long as the
profile stands, and is the profile when that does not.
"""

from __future__ import annotations

import os
from enum import Enum

from ragcli.errors import Damaged, NewerFormat, NotPermitted, StorageFailed
from ragcli.frozen import frozen
from ragcli.sessions import profile_file
from ragcli.sessions.profile_entries import ProfileEntries
from ragcli.storage.files import Directory

_FILE = "takes-place"
"""The file in a new directory that names whose place it takes."""
_MOST = 1 << 12


@frozen
class Will:
    """Says which profile's place a new directory takes."""

    name: str
    """The profile's name."""
    entry: str
    """Its directory."""
    id: str
    """Its id, which the new one has as well."""


class Fate(Enum):
    """What happens to a new directory that a killed process left."""

    SWEPT = "swept"
    """It is removed: nobody needs it."""
    INHERITS = "inherits"
    """It becomes the profile."""
    KEPT = "kept"
    """It stays: it is whole but its name is taken, or nobody can tell."""


def announce(new: Directory, name: str, entry: str) -> Will:
    """Writes the will into a complete new directory, durably."""
    import json

    will = Will(name, entry, profile_file.read(new, name).id)
    fields = {"name": will.name, "place": will.entry, "id": will.id}
    new.replace(_FILE, json.dumps(fields).encode())
    return will


def withdraw(directory: Directory) -> None:
    """Removes a will, durably; none is fine."""
    if directory.has(_FILE):
        directory.remove(_FILE)
        directory.sync()


def is_announced(directory: Directory) -> bool:
    """Tells whether a directory has a will in it."""
    return directory.has(_FILE)


def has_will(profiles: Directory, entry: str) -> bool:
    """Tells whether a directory has a will in it, whoever can reach it."""
    try:
        os.lstat(f"{entry}/{_FILE}", dir_fd=profiles.descriptor)
    except FileNotFoundError:
        return False
    return True


def fate(
    entries: ProfileEntries, profiles: Directory, new: Directory
) -> tuple[Fate, Will | None]:
    """Returns what becomes of a new directory whose maker is gone, and its will.

    Raises:
        FileNotFoundError: It, or what stands in its place, is on the move.
        StorageFailed, NotPermitted: It cannot be read.
    """
    if not is_announced(new):
        return Fate.SWEPT, None
    will = _read(new)
    if will is None:
        return Fate.KEPT, None
    standing = entries.find_own(profiles, will.name)
    if standing is None:
        return Fate.INHERITS, will
    try:
        with profiles.child(standing) as directory:
            is_kept = _id_in(directory) not in {"", will.id}
    except (NotPermitted, StorageFailed):
        is_kept = True
    return (Fate.KEPT if is_kept else Fate.SWEPT), will


def _read(new: Directory) -> Will | None:
    """Returns a will; None when it is not of the directory that it lies in."""
    import json

    try:
        fields = json.loads(new.read(_FILE, limit=_MOST))
        will = Will(fields["name"], fields["place"], fields["id"])
    except (ValueError, TypeError, KeyError):
        return None
    return will if will.id and _id_in(new) == will.id else None


def _id_in(directory: Directory) -> str:
    """Returns a profile's id, or "" when its file does not say it."""
    try:
        return profile_file.read(directory, directory.path.name).id
    except (Damaged, NewerFormat):
        return ""
