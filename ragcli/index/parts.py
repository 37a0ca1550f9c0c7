"""Documents inside documents: `offer.eml!price.xlsx` names an attachment of a mail.

Names of parts are what others wrote: labels that are compared, never paths.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from ragcli.errors import DocumentNotFound
from ragcli.index.passages import Passage
from ragcli.paths import PART_MARK

_Info = TypeVar("_Info")

_SHOWN = 5
"""How many parts of a document are named when one is not there."""


def part_named(
    typed: str,
    document: Callable[[str], tuple[_Info, list[Passage]]],
    error: DocumentNotFound,
) -> tuple[_Info, list[Passage], str]:
    """Returns what is known of a document, and the passages and name of a part of it.

    Args:
        typed: Names both: `offer.eml!price.xlsx`.
        document: Returns what is known of a document, and its passages.
        error: That there is no document of the whole name.

    Raises:
        DocumentNotFound: There is neither.
    """
    for name, wanted in readings(typed):
        try:
            info, passages = document(name)
        except DocumentNotFound:
            continue
        inside = of_part(passages, wanted)
        if inside:
            return info, inside, wanted
        known = named(passages)
        more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
        error = DocumentNotFound(
            f"{name} has nothing inside it that is called {wanted}",
            f"it has {', '.join(known[:_SHOWN])}{more}" if known else "",
        )
    raise error


def readings(typed: str) -> Iterator[tuple[str, str]]:
    """Yields how a name can be a document and a part of it, the longest part first.

    Both may have the mark in their own names.
    """
    at = typed.find(PART_MARK)
    while at >= 0:
        document, part = typed[:at], typed[at + len(PART_MARK) :]
        if document and part:
            yield document, part
        at = typed.find(PART_MARK, at + 1)


def is_within(part: str, wanted: str) -> bool:
    """Tells whether a part is the one wanted, or inside it."""
    return part == wanted or part.startswith(f"{wanted}{PART_MARK}")


def of_part(passages: Sequence[Passage], wanted: str) -> list[Passage]:
    """Returns the passages of one part of their document, and of what is inside it."""
    return [passage for passage in passages if is_within(passage.part, wanted)]


def named(passages: Sequence[Passage]) -> list[str]:
    """Returns the parts of a document, in reading order."""
    return list(dict.fromkeys(passage.part for passage in passages if passage.part))
