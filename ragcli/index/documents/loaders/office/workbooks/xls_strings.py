"""Strings in the records of an XLS file, of BIFF8 and of BIFF5 before it."""

from __future__ import annotations

from ragcli.index.documents.loaders.office.compound_files import decoded

_WESTERN = 1252


class BiffStrings:
    """How the strings of a workbook are kept, as its first records say."""

    def __init__(self) -> None:
        self.is_old = False
        """Whether they are of BIFF5: bytes in a code page."""

        self.page = _WESTERN
        """The code page of old ones, as Windows numbers them."""

    def read(self, data: bytes, at: int, width: int) -> str:
        """Returns a string.

        Args:
            data: The record that it is in.
            at: Where it begins: with how many characters it has.
            width: Bytes that this number takes up.
        """
        count = int.from_bytes(data[at : at + width], "little")
        at += width
        if self.is_old:
            return decoded(data[at : at + count], self.page)
        flags = data[at] if at < len(data) else 0
        at += 1 + (2 if flags & 8 else 0) + (4 if flags & 4 else 0)
        return characters(data[at:], count, is_wide=bool(flags & 1))


def characters(data: bytes, count: int, *, is_wide: bool) -> str:
    """Returns so many characters of BIFF8, of two bytes or of one."""
    if is_wide:
        return data[: 2 * count].decode("utf-16-le", "replace")
    return data[:count].decode("latin-1")
