"""What servers of pages are asked; made with every plan, so nothing heavy is here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragcli.frozen import frozen
from ragcli.index.segments import catalogue

if TYPE_CHECKING:
    from ragcli.index.segments.catalogue import Record


@frozen
class PageRequest:
    """What is asked of a server."""

    address: str
    """Of the page, normalised."""

    largest: int
    """Bytes that a page may have."""

    allow_private: bool = False
    """Whether servers may be asked that are not on the public Internet."""

    etag: str = ""
    """What the server called the state of the page that is known, or ""."""

    modified: str = ""
    """When that state is of, as the server said, or ""."""


def about(
    address: str, record: Record | None, largest: int, *, allow_private: bool
) -> PageRequest:
    """Returns what to ask the server of a page.

    Args:
        address: Of the page, normalised.
        record: What is known of it; the server is then asked only for what changed.
        largest: Bytes that a page may have.
        allow_private: Whether servers may be asked that are not public.
    """
    if record is None or catalogue.is_outdated(record):
        return PageRequest(address, largest, allow_private)
    known = record.get("web", {})
    return PageRequest(
        address,
        largest,
        allow_private,
        str(known.get("etag", "")),
        str(known.get("modified", "")),
    )
