"""A process that reads documents for another one.

Requests come in as lines of JSON; outcomes go out as JSON after their length in
eight bytes. It ends when its input does.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict


def serve() -> None:
    """Answers requests; the entry point of the process."""
    from ragcli.index.reading import Chunking, read

    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not end up between two answers
    for line in sys.stdin.buffer:
        request = json.loads(line)
        chunking = Chunking(request["size"], request["overlap"])
        outcome = read(request["location"], request["digest"], chunking)
        data = json.dumps(asdict(outcome)).encode()
        answers.write(len(data).to_bytes(8, "little"))
        answers.write(data)
        answers.flush()
