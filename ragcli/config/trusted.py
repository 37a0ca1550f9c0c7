"""The project files that the user trusts: each by its path and by what it says.

As direnv does (https://direnv.net/man/direnv.1.html): whoever changes the file, be it
with `git pull`, loses the trust that was given to what it said before.
"""

from __future__ import annotations

import os
from pathlib import Path

from ragcli.storage.files import Directory

NAME = "trusted"
"""The directory beside the user's settings: one file for each trusted file."""
_LONGEST = 64 << 10


def digest(data: bytes) -> str:
    """Returns the SHA-256 of a file's bytes, in hexadecimal."""
    import hashlib  # 2 ms, and most commands find no project file

    return hashlib.sha256(data).hexdigest()


class Trusted:
    """What the user trusts.

    Args:
        settings: The directory of the user's settings.
    """

    def __init__(self, settings: Path) -> None:
        self._directory = settings / NAME

    def recorded(self, path: Path) -> str:
        """Returns the digest that the file at a real path was trusted with, or "".

        Raises:
            NotPermitted: Others could have written the record.
        """
        try:
            with Directory.open(self._directory) as directory:
                line = directory.read(_name(path), limit=_LONGEST)
        except FileNotFoundError:
            return ""
        recorded, _, where = line.rstrip(b"\n").partition(b"  ")
        return recorded.decode("ascii", "replace") if where == os.fsencode(path) else ""

    def add(self, path: Path, sha256: str) -> None:
        """Trusts the file at a real path while it has this digest.

        Raises:
            NotPermitted: Others could replace the record.
            StorageFailed: Nothing was recorded.
        """
        with Directory.open(self._directory, create=True) as directory:
            line = sha256.encode() + b"  " + os.fsencode(path) + b"\n"
            directory.replace(_name(path), line)

    def remove(self, path: Path) -> bool:
        """Ends the trust in the file at a real path; tells whether there was any.

        Raises:
            NotPermitted, StorageFailed: As `add`.
        """
        try:
            with Directory.open(self._directory) as directory:
                existed = directory.has(_name(path))
                directory.remove(_name(path))
        except FileNotFoundError:
            return False
        return existed


def _name(path: Path) -> str:
    return digest(os.fsencode(path))
