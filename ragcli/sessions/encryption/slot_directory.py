"""Key slots that are no files, used as the files of the directory `keys/`."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from ragcli.storage.files import Directory


class SlotDirectory(Directory):
    """Key slots by their names.

    Args:
        name: The profile's name.
        files: What there is; it is changed in place.
    """

    def __init__(self, name: str, files: dict[str, bytes]) -> None:
        super().__init__(Path(name), -1)
        self._files = files

    def child(self, name: str, *, create: bool = False) -> Self:  # noqa: ARG002 - as a directory
        """Returns the same: there are no directories inside."""
        return self

    def has(self, name: str) -> bool:  # noqa: ARG002 - as a directory
        """Tells whether there are slots."""
        return bool(self._files)

    def names(self) -> list[str]:
        """Returns the names of the slots, sorted."""
        return sorted(self._files)

    def read(self, name: str, *, limit: int = 1 << 30) -> bytes:
        """Returns a slot's bytes."""
        return self._files[name][:limit]

    def replace(self, name: str, data: bytes, *, durable: bool = True) -> None:  # noqa: ARG002
        """Stores a slot."""
        self._files[name] = data

    def remove(self, name: str) -> None:
        """Removes a slot; none is fine."""
        self._files.pop(name, None)

    def sync(self) -> None:
        """Does nothing: what was stored is stored."""

    def close(self) -> None:
        """Does nothing: nothing is open."""
