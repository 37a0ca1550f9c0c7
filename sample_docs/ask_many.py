"""Asks ragcli every question of a file and prints the answers as a table.

Usage: python ask_many.py questions.txt

Each line of the file is one question. The process is started once for all of them,
with `ragcli ask --batch -`, which writes one JSON object a line.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path


def answers(questions: str) -> Iterator[dict]:
    """Yields one JSON document for each line of `questions`."""
    with subprocess.Popen(
        ["ragcli", "ask", "--batch", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        output, _ = process.communicate(questions)
    for line in output.splitlines():
        yield json.loads(line)


def source_of(document: dict) -> str:
    """Returns where the first citation of an answer stands, as path:line."""
    if not document["citations"]:
        return "no source"
    first = document["citations"][0]
    lines = first["lines"]
    return f"{first['path']}:{lines[0]}" if lines else first["path"]


def main() -> None:
    """Prints question, answer and source."""
    questions = Path(sys.argv[1]).read_text(encoding="utf-8")
    for document in answers(questions):
        print(document["question"])
        print(f"  {document['answer']}  ({source_of(document)})")


if __name__ == "__main__":
    main()
