"""`python -m tests.benchmarks [PART …] [--quick]`: how fast ragcli is, and beside what.

Makes its own inputs in a temporary directory, runs each command and its baseline in
turn, prints a table, and leaves figures.json and growth.svg in tests/benchmarks/out.
Exits with 1 if a target was missed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.benchmarks import (
    parts_agents,
    parts_ask,
    parts_chat,
    parts_documents,
    parts_models,
    parts_redis,
    parts_sessions,
    parts_stages,
    parts_startup,
    parts_years,
    report,
)
from tests.benchmarks.measure import Figure
from tests.benchmarks.workshop import Workshop

HERE = Path(__file__).parent
ASKED_FOR = ("follow-ups", "years")
"""Parts that need a real model, or a quarter of an hour: only by name."""
Part = Callable[[Workshop], Iterator[Figure]]


def parts() -> dict[str, Part]:
    """Returns all parts by name."""
    return {
        "startup": parts_startup.startup,
        "stages": parts_stages.stages,
        "ask": parts_ask.ask,
        "growth": parts_ask.growth,
        "history": parts_ask.history,
        "first-token": parts_ask.first_token,
        "batch": parts_ask.batch,
        "ingest": parts_documents.ingest,
        "pdf": parts_documents.pdf,
        "sync": parts_documents.sync,
        "add-one": parts_documents.add_one,
        "memory-cap": parts_documents.memory_cap,
        "recall": parts_documents.recall,
        "filters": parts_agents.filters,
        "freshness": parts_agents.freshness,
        "agents": parts_agents.agents,
        "commits": parts_sessions.commits,
        "sessions": parts_sessions.sessions,
        "redis": parts_redis.redis,
        "chat": parts_chat.chat,
        "attachment": parts_models.attachment,
        "follow-ups": parts_models.follow_ups,
        "years": parts_years.years,
    }


def main() -> int:
    """Runs the chosen parts; returns the exit code."""
    known = parts()
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description=__doc__,
        epilog=f"parts: {', '.join(known)}",
    )
    parser.add_argument("part", nargs="*", help="only these; all by default")
    parser.add_argument("--quick", action="store_true", help="small inputs, 3 minutes")
    parser.add_argument(
        "--processor-time",
        action="store_true",
        help="compare processor time, for a machine that others use",
    )
    parser.add_argument("--out", type=Path, default=HERE / "out")
    given = parser.parse_args()
    unknown = set(given.part) - set(known)
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    chosen = given.part or [name for name in known if name not in ASKED_FOR]
    with tempfile.TemporaryDirectory(prefix="ragcli-benchmarks-") as root:
        workshop = Workshop(Path(root), given.quick, given.processor_time)
        figures = _measured(workshop, {name: known[name] for name in chosen})
        print(report.table(figures))
        if given.quick:
            print("Small inputs: the targets are for the full sizes.")
        for file in report.save(figures, workshop, given.out):
            print(f"wrote {file}")
    return int(not all(figure.met for figure in figures))


def _measured(workshop: Workshop, chosen: dict[str, Part]) -> list[Figure]:
    """Runs parts and tells how they get on, on stderr."""
    figures: list[Figure] = []
    for name, part in chosen.items():
        started = time.monotonic()
        for figure in part(workshop):
            figures.append(figure)
            print("  ", *report.row(figure), sep="  ", file=sys.stderr, flush=True)
        spent = time.monotonic() - started
        print(f"{name}: {spent:.0f} s", file=sys.stderr, flush=True)
    return figures


if __name__ == "__main__":
    sys.exit(main())
