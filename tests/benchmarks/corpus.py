"""Text that the benchmarks make themselves: repeatable, of any size."""

from __future__ import annotations

import itertools
import random
import re
from pathlib import Path

_HANDBOOK = Path(__file__).parents[2] / "sample_docs"
_WORD = re.compile(r"[A-Za-z]{3,}")
_SYLLABLES = tuple(first + last for first in "bdfghklmnprst" for last in "aeiou")


def vocabulary(size: int = 20_000, seed: int = 7) -> list[str]:
    """Returns words: those of the handbook first, then made-up ones."""
    found: dict[str, None] = {}
    for path in sorted(_HANDBOOK.glob("*.md")):
        found.update(dict.fromkeys(_WORD.findall(path.read_text().lower())))
    chance = random.Random(seed)
    while len(found) < size:
        found["".join(chance.choices(_SYLLABLES, k=chance.randint(2, 4)))] = None
    return list(found)


def sentences(count: int, seed: int = 1) -> list[str]:
    """Returns sentences whose words fall off as in natural text (Zipf)."""
    words = vocabulary()
    weights = list(itertools.accumulate(1 / (rank + 10) for rank in range(len(words))))
    chance = random.Random(seed)
    found = []
    for _ in range(count):
        picked = chance.choices(words, cum_weights=weights, k=chance.randint(8, 18))
        found.append(" ".join(picked).capitalize() + ".")
    return found


def write(
    directory: Path,
    chunks: int,
    *,
    per_file: int = 100,
    suffix: str = ".md",
    seed: int = 1,
) -> Path:
    """Writes files that split into about `chunks` chunks of about 800 characters."""
    directory.mkdir(parents=True, exist_ok=True)
    said = sentences(min(9 * chunks, 100_000), seed)
    chance = random.Random(seed)
    mark = "## " if suffix == ".md" else ""
    for number in range(0, chunks, per_file):
        parts = []
        for section in range(min(per_file, chunks - number)):
            text = " ".join(chance.choices(said, k=9))
            parts.append(f"{mark}Section {number + section}\n\n{text}\n")
        (directory / f"part-{number:07}{suffix}").write_text("\n".join(parts))
    return directory


def questions(count: int, seed: int = 3) -> list[str]:
    """Returns questions of a few words each."""
    words = vocabulary()
    chance = random.Random(seed)
    return [" ".join(chance.sample(words[:4000], 5)) + "?" for _ in range(count)]
