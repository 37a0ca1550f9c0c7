"""Adding and removing documents: reads what was typed, and words the result."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ragcli.errors import DocumentNotFound, SnapshotDamaged
from ragcli.paths import checked_path, expanded, is_address
from ragcli.text import safe_name
from ragcli.tui.ports import LibraryPort


def known(library: LibraryPort) -> frozenset[str]:
    """Returns the documents there are, before others come; may block."""
    with suppress(SnapshotDamaged):  # what takes its place is read next time
        return frozenset(str(document.path) for document in library.documents())
    return frozenset()


def to_add(typed: str) -> Path | str:
    """Returns the path or address that is to be added.

    Raises:
        DocumentNotFound: Nothing is there.
    """
    if is_address(typed):
        return typed
    path = expanded(checked_path(typed.strip("\"'"))).absolute()
    if not path.exists():
        raise DocumentNotFound(f"{safe_name(str(path))} is not there", "mend the path")
    return path


def to_remove(typed: str) -> Path | str:
    """Returns the path or address of what is to be removed; it may be gone."""
    return typed if "://" in typed else expanded(typed.strip("\"'")).absolute()


def from_here(paths: Sequence[str]) -> list[str]:
    """Returns paths as they may be typed from the working directory."""
    here = f"{Path.cwd()}{os.sep}"
    return [path.removeprefix(here) for path in paths]


def told_of(report: Any) -> str:
    """Returns one line on what an `IngestReport` counts."""
    counts = {
        name: getattr(report, name)
        for name in ("added", "changed", "removed", "unchanged")
    }
    parts = [f"{count} {name}" for name, count in counts.items() if count]
    return "Documents: " + (", ".join(parts) or "nothing to add")


def left_out(report: Any, noted: Sequence[str]) -> str:
    """Returns one line on files that were not taken in, "" where all were.

    Args:
        report: An `IngestReport`.
        noted: What was said while files were read.
    """
    failed = [f"{f.path}: {f.reason}" for f in getattr(report, "failed", ())]
    reasons = (failed or list(noted))[:3]
    return "Left out: " + "; ".join(reasons) if reasons else ""
