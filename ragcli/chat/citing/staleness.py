"""Whether a cited file is still what was indexed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from functools import cache

from ragcli.paths import is_address
from ragcli.sessions.records.record_types import Citation


def stale_markers(citations: Iterable[Citation]) -> frozenset[int]:
    """Returns the markers whose file changed or vanished since it was indexed.

    Only a profile's own documents are looked at: mounts, piped text and pages on
    the web have no file here to compare with.
    """
    current = cache(_digest)
    return frozenset(
        citation.marker
        for citation in citations
        if citation.digest and not citation.source and not is_address(citation.path)
        and current(citation.path) != citation.digest
    )  # fmt: skip


def is_as_indexed(path: str, digest: str) -> bool:
    """Tells whether the file at `path` is the very one that was indexed.

    A document of a mount has the path that it had where it was indexed; here another
    file may stand there.
    """
    return bool(digest) and _digest(path) == digest


def _digest(path: str) -> str:
    """Returns the SHA-256 of a file, "" when it cannot be read as one."""
    if not os.path.isfile(path):
        return ""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
