"""Compound files: how the binary office formats and embedded objects are packed."""

from __future__ import annotations

import io
import struct

from ragcli.errors import UnreadableDocument
from ragcli.index.documents.elements import one_line

COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""What a compound file begins with."""

_FAILURES = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RecursionError,
    struct.error,
)
"""What the library raises over a damaged file, by what of it is damaged."""

_MAC, _WINDOWS = 32768, 32769
_CODE_PAGES = {_MAC: "mac_roman", 10000: "mac_roman", _WINDOWS: "cp1252"}


class CompoundFile:
    """The streams of a compound file.

    Args:
        data: The file's bytes.

    Raises:
        UnreadableDocument: It is none, or damaged.
    """

    def __init__(self, data: bytes) -> None:
        import olefile

        try:
            self._file = olefile.OleFileIO(io.BytesIO(data))
        except _FAILURES as error:
            raise UnreadableDocument(_damage(error)) from None

    def __contains__(self, name: str) -> bool:
        return bool(self._file.get_type(name))

    def read(self, name: str) -> bytes:
        """Returns a stream's bytes; its name counts in any case.

        Raises:
            UnreadableDocument: It is missing or damaged.
        """
        try:
            with self._file.openstream(name) as stream:
                return bytes(stream.read())
        except _FAILURES as error:
            raise UnreadableDocument(_damage(error)) from None

    def title(self) -> str:
        """Returns the title in the document's properties, or ""."""
        try:
            properties = self._file.get_metadata()
        except _FAILURES:
            return ""
        title, page = properties.title, properties.codepage
        if not isinstance(title, bytes):
            return ""
        return one_line(decoded(title, page if isinstance(page, int) else 0))


def decoded(text: bytes, page: int) -> str:
    """Returns text in a code page of Windows; as Western where that is not known."""
    name = _CODE_PAGES.get(page & 0xFFFF, f"cp{page & 0xFFFF}")
    try:
        return text.decode(name, "replace").rstrip("\0")
    except LookupError:
        return text.decode("cp1252", "replace").rstrip("\0")


def _damage(error: BaseException) -> str:
    return f"damaged inside: {one_line(str(error)) or type(error).__name__}"
