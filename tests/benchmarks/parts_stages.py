"""Where the time of one answer goes; refreshes the table in README.md."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.benchmarks import imports
from tests.benchmarks.measure import PYTHON, Figure, median, run
from tests.benchmarks.parts_ask import CODES, QUESTION
from tests.benchmarks.workshop import Workshop

README = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- stages: written by the script -->", "<!-- end of stages -->"
_INTERPRETER = "interpreter"


def stages(workshop: Workshop) -> Iterator[Figure]:
    """Measures the stages of one answer and writes them into README.md."""
    profile = workshop.profile(workshop.medium)
    found = _medians(workshop, profile)
    arguments = ["ask", "-p", profile, "--new", QUESTION]
    whole = median(
        [workshop.ragcli(*arguments, codes=CODES) for _ in range(workshop.runs)]
    )
    packages = imports.by_package(arguments, workshop.environ, workshop.runs)
    _write(_section(workshop, found, packages, workshop.seconds(whole) * 1000))
    known = sum(map(sum, found.values())) / 1000
    yield Figure(
        "stages of ask that are known", "whole process", workshop.seconds(whole),
        known, "s", 0.8, at_least=True,
    )  # fmt: skip


def _medians(workshop: Workshop, profile: str) -> dict[str, tuple[float, float]]:
    """Returns stage → milliseconds of imports and of work."""
    options = ["--processor-time"] if workshop.processor_time else []
    walks: list[dict[str, list[float]]] = [
        json.loads(workshop.module("stages", profile, QUESTION, *options).stdout)
        for _ in range(workshop.runs)
    ]
    bare = median([run([PYTHON, "-c", "pass"]) for _ in range(workshop.runs)])
    found = {_INTERPRETER: (0.0, workshop.seconds(bare) * 1000)}
    for name in walks[0]:
        middle = [statistics.median(walk[name][i] for walk in walks) for i in (0, 1)]
        found[name] = (middle[0], middle[1])
    return found


def _section(
    workshop: Workshop,
    found: Mapping[str, tuple[float, float]],
    packages: Mapping[str, float],
    whole: float,
) -> str:
    clock = "of processor time" if workshop.processor_time else "by the clock"
    lines = [
        f"One `ragcli ask` over {workshop.medium:,} chunks, built-in model;",
        f"milliseconds {clock}, medians of {workshop.runs}:",
        "",
        "| stage | imports | work |",
        "|---|--:|--:|",
        *(f"| {name} | {a:.0f} | {b:.0f} |" for name, (a, b) in found.items()),
        f"| whole process, its end included | | {whole:.0f} |",
        "",
        "Imports by package, milliseconds (`-X importtime`, which adds a little):",
        "",
        "| package | ms |",
        "|---|--:|",
        *(f"| {name} | {spent:.1f} |" for name, spent in packages.items() if spent > 2),
    ]
    return "\n".join(lines)


def _write(section: str) -> None:
    """Puts the tables between their marks, and leaves the rest alone."""
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    README.write_text(f"{before}{BEGIN}\n{section}\n{END}{after}", encoding="utf-8")
