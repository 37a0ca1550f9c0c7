"""Whether a cited file is still what was indexed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from functools import cache

from ragcli.sessions.records.records import Citation


def stale_markers(citations: Iterable[Citation]) -> frozenset[int]:
    """Returns the markers whose file changed or vanished since it was indexed.

    Only a profile's own documents are looked at: mounts and piped text have no
    file here to compare with.
    """
    current = cache(_digest)
    return frozenset(
        citation.marker
        for citation in citations
        if citation.digest and not citation.source
        and current(citation.path) != citation.digest
    )  # fmt: skip


def _digest(path: str) -> str:
    """Returns the SHA-256 of a file, "" when it cannot be read as one."""
    if not os.path.isfile(path):
        return ""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
