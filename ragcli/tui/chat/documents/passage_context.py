"""What stands before and after a passage in its document."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from ragcli.errors import DocumentNotFound, RagcliError
from ragcli.text import safe_name
from ragcli.tui.turns.source_entries import SourceEntry

_LINES = 8
"""Lines shown on either side of a passage of a text file."""


def passage_context(
    source: SourceEntry, document: Callable[[Path | str], tuple[Any, Sequence[Any]]]
) -> tuple[str, str]:
    """Returns the text before and after a passage.

    A text file is read as it is now; of other formats the neighbouring passages of
    the index are taken.

    Args:
        source: The passage.
        document: Returns what the index has of a file; `Library.document`.

    Raises:
        DocumentNotFound: Neither the file nor the index has it any more.
    """
    if source.file_lines and source.is_file and not source.stale:
        try:
            return _around(Path(source.path), *source.file_lines)
        except (OSError, UnicodeDecodeError) as error:
            raise DocumentNotFound(
                f"{safe_name(source.path)} cannot be read", "was it moved?"
            ) from error
    if source.origin:  # its neighbours are not among the profile's own documents
        return "", ""
    try:
        _, passages = document(source.path)
    except RagcliError as error:
        raise DocumentNotFound(
            f"{safe_name(source.path)} is not among the documents", error.message
        ) from error
    return _neighbours([passage.text for passage in passages], source.text)


def _around(path: Path, first: int, last: int) -> tuple[str, str]:
    start = max(1, first - _LINES)
    with path.open(encoding="utf-8") as file:
        lines = [line.rstrip("\n") for line in islice(file, start - 1, last + _LINES)]
    inside = first - start
    return "\n".join(lines[:inside]), "\n".join(lines[last - start + 1 :])


def _neighbours(texts: Sequence[str], text: str) -> tuple[str, str]:
    if text not in texts:
        return "", ""
    at = texts.index(text)
    before = texts[at - 1] if at else ""
    after = texts[at + 1] if at + 1 < len(texts) else ""
    return before, after
