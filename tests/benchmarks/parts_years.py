"""What a profile costs after many years, beside one with a tenth of it.

What looks at one thing is to cost the same with both, what goes through all of it ten
times as much and no more; and no command may take more memory than `ROOM` beyond what
the program takes with an empty profile.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from tests.benchmarks.measure import MEBI, Figure, Run
from tests.benchmarks.workshop import Workshop

ROOM = 64
"""MiB that a command may take for what the profile holds."""

_ALL, _ONE = 12.0, 1.5
"""Largest ratios to a tenth, for what goes through everything and what does not."""


@dataclass(frozen=True, slots=True)
class Years:
    """How much there is."""

    conversations: int
    turns: int
    documents: int
    profiles: int
    adds: int
    """Documents that are added one by one."""

    @classmethod
    def of(cls, workshop: Workshop) -> Years:
        """Returns the sizes of a run; they can be set in `RAGCLI_BENCHMARK_YEARS`.

        There, as JSON: `{"turns": 20000}`.
        """
        full = cls(10_000, 100_000, 200_000, 10_000, 500)
        quick = cls(1000, 10_000, 20_000, 300, 60)
        asked = json.loads(os.environ.get("RAGCLI_BENCHMARK_YEARS", "{}"))
        return replace(quick if workshop.quick else full, **asked)


def years(workshop: Workshop) -> Iterator[Figure]:
    """Everything that people do with a profile, after many years."""
    size = Years.of(workshop)
    for name, share in (("years", 1), ("tenth", 10)):
        workshop.module(
            "years", name,
            "--conversations", str(size.conversations // share),
            "--turns", str(size.turns // share),
            "--documents", str(size.documents // share),
        )  # fmt: skip
    workshop.ragcli("profile", "create", "empty")
    least = workshop.ragcli("history", "list", "-p", "empty", codes=(0, 1))
    for what, ratio, command in _commands(workshop):
        small, large = command("tenth"), command("years")
        base, ours = workshop.seconds(small), workshop.seconds(large)
        yield Figure(what, "of a tenth", base, ours, "s", ratio)
        most = least.anonymous / MEBI + ROOM
        own = large.anonymous / MEBI
        yield Figure(f"memory of {what}", f"{ROOM} MiB more", most, own, "MiB", 1)
    yield _adds(workshop, size.adds)
    yield from _profiles(workshop, size.profiles)


def _commands(
    workshop: Workshop,
) -> Iterator[tuple[str, float, Callable[[str], Run]]]:
    """Yields what is done, in this order, and its largest ratio to a tenth."""

    # No document has a file: each would be looked for with every question.
    calm = {"RAGCLI_DOCUMENTS_REFRESH": "off"}

    def of(*arguments: str) -> Callable[[str], Run]:
        return lambda name: workshop.ragcli(
            *arguments, "-p", name, codes=(0, 1), environ=calm
        )

    def delete(name: str) -> Run:
        listed = workshop.ragcli("history", "list", "-p", name, "--json")
        oldest = json.loads(listed.stdout)["conversations"][-1]["id"]
        return workshop.ragcli("history", "delete", oldest, "--yes", "-p", name)

    def expire(name: str) -> Run:
        short = {**calm, "RAGCLI_TTL_ABSOLUTE": "1d"}
        return workshop.ragcli("ask", "what", "-p", name, codes=(0, 1), environ=short)

    yield "`ask`", _ONE, of("ask", "what does the footer say")
    yield "`history list`", _ALL, of("history", "list")
    yield "`history delete` of one", _ALL, delete
    yield "`history list` after it", _ALL, of("history", "list")
    yield (
        "`history redact`",
        _ALL,
        of("history", "redact", "--match", "tulute", "--yes"),
    )
    yield "`history export --all`", _ALL, of("history", "export", "--all")
    yield "`docs list`", _ALL, of("docs", "list")
    yield "`docs list --json`", _ALL, of("docs", "list", "--json")
    yield "`docs remove` of all", _ALL, of("docs", "remove", "/documents")
    yield "`ask` where most expires", _ALL, expire


def _adds(workshop: Workshop, count: int) -> Figure:
    """Adds documents one by one; returns the last adds beside the first ones."""
    place = workshop.root / "one-by-one"
    place.mkdir()
    workshop.ragcli("profile", "create", "adds")
    took = []
    for number in range(count):
        page = place / f"page-{number}.md"
        page.write_text(f"# Page {number}\n\nIt was added as number {number}.\n")
        added = workshop.ragcli("docs", "add", "-q", "-p", "adds", str(page))
        took.append(workshop.seconds(added))
    few = max(count // 10, 1)
    first, last = statistics.median(took[:few]), statistics.median(took[-few:])
    what = f"`docs add` after {count:,} adds"
    return Figure(what, "of the first ones", first, last, "s", _ONE)


def _profiles(workshop: Workshop, count: int) -> Iterator[Figure]:
    """Makes many profiles; yields what lists and questions cost then."""
    home = workshop.root / "home" / "profiles"
    asked = ("ask", "What is on page 7?", "-p", "adds")
    alone = workshop.ragcli(*asked, codes=(0, 1))
    listed = workshop.ragcli("profile", "list")
    for number in range(count):  # what nobody opens needs no name of its own inside
        shutil.copytree(home / "empty", home / f"other-{number}")
    among = workshop.ragcli(*asked, codes=(0, 1))
    yield workshop.time(f"`ask` among {count:,} profiles", "alone", alone, among, _ONE)
    all_listed = workshop.ragcli("profile", "list")
    what = f"`profile list` of {count:,}"
    yield workshop.time(what, "of a few", listed, all_listed, 10)
