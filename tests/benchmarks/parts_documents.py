"""What documents cost: to take in, to look through, to add one more, to hold."""

from __future__ import annotations

import itertools
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tests.benchmarks import corpus, pdf_files
from tests.benchmarks.measure import MEBI, Figure, Run, in_turn, run
from tests.benchmarks.workshop import Workshop


def ingest(workshop: Workshop) -> Iterator[Figure]:
    """Chunks a second, against the LangChain script."""
    chunks = 3000 if workshop.quick else 30_000
    for suffix, kind in ((".md", "Markdown"), (".txt", "plain text")):
        texts = str(workshop.texts(chunks, suffix))
        number = itertools.count()
        medians = _both_add(workshop, suffix, number, texts, warm=suffix != ".md")
        name = f"ingest, {chunks:,} chunks of {kind}"
        yield _rate(workshop, name, "chunks", chunks, medians, target=4)


def pdf(workshop: Workshop) -> Iterator[Figure]:
    """Pages a second of PDF files of several kinds, against the LangChain script.

    The script has pypdf take the text of each page, as LangChain's `PyPDFLoader` does.
    """
    pages = 60 if workshop.quick else 400
    number = itertools.count()
    for kind, directory in pdf_files.write(workshop.root / "pdf", pages).items():
        medians = _both_add(
            workshop, "pdf", number, str(directory), warm=kind != "prose"
        )
        count = pdf_files.pages_of(directory)
        yield _rate(workshop, f"PDF, {kind}", "pages", count, medians, target=5)


def sync(workshop: Workshop) -> Iterator[Figure]:
    """`docs sync` of files that did not change, against `git status` on them."""
    count = 3000 if workshop.quick else 10_000
    tree = corpus.write(workshop.root / "tree", count, per_file=1)
    git = ["git", "-C", str(tree), "-c", "user.name=b", "-c", "user.email=b@localhost"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "files"]):
        subprocess.run([*git, *arguments], check=True)
    _added(workshop, "tree", str(tree))
    time.sleep(3)  # neither git nor ragcli believes a time that is as young as the look
    yield workshop.compared(
        f"docs sync, {count:,} unchanged files",
        "git status",
        partial(run, [*git, "status", "--short"]),
        partial(workshop.ragcli, "docs", "sync", "-p", "docs-tree", "-q"),
        3,
    )


def add_one(workshop: Workshop) -> Iterator[Figure]:
    """One more file in a large profile, against the first in an empty one."""
    large, number = workshop.profile(workshop.large), itertools.count()
    empty, full = in_turn(
        lambda: _added(workshop, f"one-{next(number)}", _single(workshop, number)),
        lambda: workshop.ragcli("docs", "add", "-p", large, _single(workshop, number)),
        workshop.runs,
    )
    what = f"add one file to {workshop.large:,} chunks"
    yield workshop.time(f"{what}: time", "to none", empty, full, 2)
    yield Figure(
        f"{what}: bytes written",
        "to none",
        empty.written / 1024,
        full.written / 1024,
        "KiB",
        2,
    )


def memory_cap(workshop: Workshop) -> Iterator[Figure]:
    """A corpus ten times larger than the memory it may take (`ulimit -d` and `-v`)."""
    found = workshop.capped
    yield Figure(
        f"documents indexed with {found.allowed / MEBI:.0f} MiB"
        f" for {found.size / MEBI:.0f} MiB"
        f" (peak {found.run.anonymous / MEBI:.0f} MiB)",
        "all",
        1,
        found.kept,
        "share",
        1,
        at_least=True,
    )


def recall(workshop: Workshop) -> Iterator[Figure]:
    """Our half-precision index against exact search over float32."""
    measured = workshop.module("recall", str(workshop.large))
    yield Figure(
        f"recall@10, {workshop.large:,} chunks",
        "exact float32",
        1,
        float(measured.stdout),
        "share",
        0.98,
        at_least=True,
    )


def _added(workshop: Workshop, name: str, path: str) -> Run:
    """Makes a profile, then indexes a path into it; returns what the latter cost."""
    workshop.ragcli("profile", "create", f"docs-{name}")
    return workshop.ragcli("docs", "add", "-p", f"docs-{name}", "-q", path)


def _added_anew(workshop: Workshop, name: str, number: Iterator[int], path: str) -> Run:
    """Indexes a path into a profile that was not there before."""
    return _added(workshop, f"{name}-{next(number)}", path)


def _both_add(
    workshop: Workshop, name: str, number: Iterator[int], path: str, *, warm: bool
) -> tuple[Run, Run]:
    """Has the script and ragcli index a path by turns; returns the medians."""
    return in_turn(
        partial(workshop.script, "ingest", path, str(workshop.root / "thrown")),
        partial(_added_anew, workshop, name, number, path),
        1 if workshop.quick else 3,
        warm=warm,
    )


def _rate(
    workshop: Workshop,
    name: str,
    unit: str,
    count: int,
    medians: tuple[Run, Run],
    *,
    target: float,
) -> Figure:
    """Returns how many of `count` things the script and ragcli do a second."""
    base, ours = medians
    return Figure(
        name,
        "LangChain",
        count / workshop.seconds(base),
        count / workshop.seconds(ours),
        unit=f"{unit}/s",
        target=target,
        at_least=True,
    )


def _single(workshop: Workshop, number: Iterator[int]) -> str:
    """Returns a new file of ten chunks."""
    seed = 1000 + next(number)
    place = Path(workshop.root, f"single-{seed}")
    return str(corpus.write(place, 10, seed=seed) / "part-0000000.md")
