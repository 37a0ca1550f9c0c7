"""Turns a test collection into documents and a file of questions for `ragcli eval`.

Usage:
    python -m tests.benchmarks.quality.prepare COLLECTION OUTPUT

COLLECTION holds `corpus.jsonl.gz` (`id`, `title`, `text`) and `questions.jsonl.gz`
(`id`, `question`, `relevant`: id → grade, and perhaps `history` and `answers`).
OUTPUT gets `docs/ID.md`, each passage below its title as heading, and
`questions.jsonl`.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def prepare(collection: Path, output: Path) -> tuple[int, int]:
    """Writes documents and questions; returns how many of each."""
    documents = output / "docs"
    documents.mkdir(parents=True, exist_ok=True)
    count = 0
    for passage in _lines(collection / "corpus.jsonl.gz"):
        (documents / f"{passage['id']}.md").write_text(as_markdown(passage), "utf-8")
        count += 1
    questions = [
        question
        | {"relevant": {f"{id_}.md": g for id_, g in question["relevant"].items()}}
        for question in _lines(collection / "questions.jsonl.gz")
    ]
    with (output / "questions.jsonl").open("w", encoding="utf-8") as file:
        for question in questions:
            print(json.dumps(question, ensure_ascii=False), file=file)
    return count, len(questions)


def as_markdown(passage: dict[str, Any]) -> str:
    """Returns a passage as a Markdown file: its title as heading, then its text."""
    title = " ".join(passage.get("title", "").split())
    return f"# {title}\n\n{passage['text']}\n" if title else f"{passage['text']}\n"


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


if __name__ == "__main__":
    passages, asked = prepare(Path(sys.argv[1]), Path(sys.argv[2]))
    print(f"{passages} documents, {asked} questions")
