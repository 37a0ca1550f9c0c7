"""Passages to cite."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ragcli.index.passages import Passage
from ragcli.index.stored_passages import units


def indexed(passage: Passage) -> Passage:
    """Returns a passage with its units, as retrieval gives it."""
    quotable = units({"text": passage.text, "kind": passage.kind})
    return replace(passage, units=quotable)


LOCKS = indexed(
    Passage(
        "l",
        "/docs/locks.md",
        "A lock is a file.\nIt is held by the kernel and\nreleased when the process "
        "exits. At most 5 seconds pass.\n\n- Readers take no lock.",
        0.9,
        title="Locks",
        heading=("Storage", "Locks"),
        lines=(10, 14),
        digest="d1",
    )
)
FRANCE = indexed(
    Passage(
        "f",
        "/docs/france.html",
        "Paris is the capital of France. It has 2,100,000 inhabitants.",
        0.5,
        page=3,
    )
)
CODE = indexed(
    Passage(
        "c",
        "/src/locks.py",
        "def commit_lock(directory, wait):\n"
        "    with flock(directory):\n        yield\n",
        0.4,
        kind="code",
        lines=(1, 3),
    )
)


@pytest.fixture
def passages() -> list[Passage]:
    return [LOCKS, FRANCE, CODE]
