"""Every file of tests says in its first sentence what it proves."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
DOCSTRING = re.compile(r'(?:#[^\n]*\n|\s)*"""([^"\n]+)')
LEAST_WORDS = 4


def test_every_file_says_what_it_proves() -> None:
    files = sorted(TESTS.rglob("test_*.py"))
    said = {
        path: DOCSTRING.match(path.read_text(encoding="utf-8"))
        for path in [*files, *TESTS.rglob("conftest.py")]
    }

    silent = [path for path, first in said.items() if first is None]
    short = [
        path for path in files if (first := said[path]) and too_short(first.group(1))
    ]

    assert len(files) > 100
    assert (silent, short) == ([], [])


def too_short(sentence: str) -> bool:
    """Whether so few words can say nothing."""
    return len(sentence.split()) < LEAST_WORDS
