"""The table, the JSON and the plot of one run of the benchmarks."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tests.benchmarks.measure import Figure
from tests.benchmarks.workshop import Workshop

_HEAD = ("figure", "baseline", "its", "ours", "ratio", "target", "verdict")


def row(figure: Figure) -> tuple[str, ...]:
    """Returns a figure as the columns of the table."""
    sign = "≥" if figure.at_least else "≤"
    return (
        figure.name,
        figure.baseline,
        f"{_short(figure.base)} {figure.unit}",
        f"{_short(figure.ours)} {figure.unit}",
        f"{figure.ratio:.2f}",
        f"{sign} {figure.target:g}",
        "met" if figure.met else "MISSED",
    )


def table(figures: Sequence[Figure]) -> str:
    """Returns the table in Markdown, its columns aligned."""
    rows = [_HEAD, *map(row, figures)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["| " + " | ".join(map(str.ljust, cells, widths)) + " |" for cells in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def save(figures: Sequence[Figure], workshop: Workshop, place: Path) -> list[Path]:
    """Writes what was measured into a directory; returns the files."""
    place.mkdir(parents=True, exist_ok=True)
    told = {
        "quick": workshop.quick,
        "clock": "processor" if workshop.processor_time else "wall",
        "machine": platform.platform(),
        "python": platform.python_version(),
        "figures": [
            asdict(figure) | {"ratio": figure.ratio, "met": figure.met}
            for figure in figures
        ],
        "curves": {
            name: [asdict(point) for point in points]
            for name, points in workshop.curves.items()
        },
    }
    file = place / "figures.json"
    file.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
    return [file, *_plot(workshop, place)]


def _plot(workshop: Workshop, place: Path) -> list[Path]:
    """Draws how the cost of an answer grows; nothing if that was not measured."""
    if not workshop.curves:
        return []
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, len(workshop.curves), squeeze=False)
    figure.set_size_inches(5 * len(workshop.curves), 3.5)
    units = {"documents": "chunks indexed", "history": "turns kept"}
    for axis, (name, points) in zip(axes[0], workshop.curves.items(), strict=True):
        sizes = [point.size for point in points]
        axis.plot(sizes, [point.seconds for point in points], "o-", label="seconds")
        axis.set(xscale="log", xlabel=units[name], ylabel="seconds, one answer")
        axis.set_ylim(bottom=0)
        other = axis.twinx()
        memory = [point.mebibytes for point in points]
        other.plot(sizes, memory, "s--", color="tab:orange", label="MiB")
        other.set_ylim(bottom=0)
        other.set_ylabel("MiB of its own")
    figure.tight_layout()
    file = place / "growth.svg"
    figure.savefig(file)
    return [file]


def _short(value: float) -> str:
    return f"{value:.3f}" if abs(value) < 10 else f"{value:,.0f}"
