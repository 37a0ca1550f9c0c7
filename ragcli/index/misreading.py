"""What is said of a file of an index that holds other than what was written.

Hashes are compared when a generation is published, imported and first opened here.
After that a disk may still lose a bit, and a bundle may have been made by anybody: who
reads a file of an index takes no type, size or place in it on trust.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ragcli.errors import SnapshotDamaged

MISREAD = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)
"""What reading raises where a file has another shape than was written."""

REPAIR = (
    "run `ragcli profile verify --repair`, or go back to an earlier index with "
    "`ragcli docs rollback`"
)

LARGEST_INTEGER = (1 << 63) - 1
"""The largest that a file of an index may hold."""


def damaged_file(what: str) -> SnapshotDamaged:
    """Returns the error for a file of an index.

    Args:
        what: The file, and what is wrong with it.
    """
    return SnapshotDamaged(what, REPAIR)


@contextmanager
def misread(what: str) -> Iterator[None]:
    """Turns what reading raises into the error for a damaged file.

    Args:
        what: Names the file: `the list of documents`.

    Raises:
        SnapshotDamaged: It has another shape than was written.
    """
    try:
        yield
    except MISREAD:
        raise damaged_file(
            f"{what} is damaged: it holds other than what was written"
        ) from None


def is_count(value: Any) -> bool:
    """Tells whether a value is a whole number that can count something."""
    return type(value) is int and 0 <= value <= LARGEST_INTEGER


def are_texts(value: Any) -> bool:
    """Tells whether a value is a list of texts."""
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
