"""What agents wait for, and what sees to it that answers are fresh and in place."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from tests.benchmarks import corpus
from tests.benchmarks.measure import Figure
from tests.benchmarks.workshop import Workshop

_QUESTION = corpus.questions(1)[0]
_LONGEST_SEARCH = 0.05
_LONGEST_LOOK = 0.02
"""Seconds."""


def agents(workshop: Workshop) -> Iterator[Figure]:
    """Searches over MCP, by the SDK's client, once the server is warm."""
    profile = workshop.profile(workshop.small)
    runs = "40" if workshop.quick else "200"
    told = workshop.module("agent_search", profile, runs).stdout.split()
    for what, measured in zip(("median", "p95"), map(float, told), strict=True):
        name = f"search over MCP, {workshop.small:,} chunks: {what}"
        yield Figure(name, "50 ms", _LONGEST_SEARCH, measured, "s", 1)


def freshness(workshop: Workshop) -> Iterator[Figure]:
    """The look for documents that changed, where none did."""
    count = 3000 if workshop.quick else 10_000
    tree = corpus.write(workshop.root / "looked-at", count, per_file=1)
    name = "looked-at"
    workshop.ragcli("profile", "create", name)
    workshop.ragcli("docs", "add", "-p", name, "-q", str(tree))
    told = workshop.module("freshness_look", name, str(tree)).stdout.split()
    bare, ours = map(float, told)
    what = f"freshness, {count:,} unchanged files"
    yield Figure(what, "20 ms", _LONGEST_LOOK, ours, "s", 1)
    yield Figure(what, "bare lstat", bare, ours, "s", 1.5)


def filters(workshop: Workshop) -> Iterator[Figure]:
    """A search in a part of the documents against one in all of them."""
    profile, chunks = workshop.profile(workshop.large), workshop.large
    search = partial(workshop.ragcli, "search", _QUESTION, "-p", profile, codes=(0, 1))
    choices = {
        "one file": ("--in", "part-0000100.md"),
        "a tenth": ("--in", "part-*[5]00.md"),
        "all but one": ("--not-in", "part-0000100.md"),
        "a type": ("--type", "markdown"),
    }
    for kind, arguments in choices.items():
        name = f"search in {kind}, {chunks:,} chunks"
        ours = partial(search, *arguments)
        yield workshop.compared(name, "in all", search, ours, 1.5)
