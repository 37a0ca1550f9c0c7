"""Makes profiles of many years: `python -m tests.benchmarks.years [NAME] [OPTION …]`.

They are written as the stores' own writers write them, without a question asked and
without a file read: a hundred thousand turns in seconds, two hundred thousand
documents in a minute or two.
"""

from __future__ import annotations

import argparse
import hashlib
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np

from ragcli.index.fulltext import text_workspace
from ragcli.index.fulltext.text_index import TextWriter
from ragcli.index.generations.generation_files import WorkspaceFiles
from ragcli.index.ingest.preparation.reading import Embedded, Prepared, PreparedChunk
from ragcli.index.ingest.revision import Change, publish
from ragcli.index.ingest.staging import Stager
from ragcli.index.passages import Chunk
from ragcli.index.protocols import Snapshots
from ragcli.index.segments.catalogue import READER, Record
from ragcli.index.stored_passages import encode
from ragcli.models.builtin.embedder import BuiltinEmbedder
from ragcli.runtime import Runtime
from ragcli.sessions.history.turns import to_draft
from ragcli.sessions.profile_file import ProfileFile
from ragcli.sessions.protocols import NewProfile
from ragcli.sessions.records.clock import stamp
from ragcli.sessions.records.identifiers import new_id
from ragcli.sessions.records.record_lines import PlainLines
from ragcli.sessions.records.record_types import Citation, Turn
from ragcli.sessions.records.record_types import Record as LogRecord
from tests.benchmarks import corpus

_DIMENSION = 256
_APART = timedelta(minutes=15)
_PASSAGES = 4
"""Passages that a turn was answered from."""


def history(conversations: int, turns: int) -> Iterator[LogRecord]:
    """Yields the records of conversations that take turns, a quarter hour apart.

    Args:
        conversations: How many.
        turns: How many of them in all.
    """
    said, chance = corpus.sentences(2000), random.Random(17)
    each = -(-turns // conversations)
    moment = datetime.now(UTC) - _APART * (turns + conversations + 4)
    seq = left = 0
    for number in range(conversations):
        name = new_id()
        asked = [chance.choice(said)[:60] for _ in range(min(each, turns - left))]
        left += len(asked)
        title = asked[0] if asked else f"conversation {number}"
        bodies = [("conversation", name, {"title": title})]
        for question in asked:
            draft = to_draft(_turn(name, question, chance.choices(said, k=24)))
            bodies.append((draft.kind, draft.id, dict(draft.body)))
        for kind, identifier, body in bodies:
            seq, moment = seq + 1, moment + _APART
            yield LogRecord(seq, identifier, seq - 1, stamp(moment), kind, body)


def _turn(conversation: str, question: str, said: list[str]) -> Turn:
    """Returns an answered question, with what it was answered from."""
    passages = [
        {
            "id": number,
            "path": f"/documents/{said[number][:12]}/notes-{number}.md",
            "lines": [1, 9],
            "page": None,
            "score": 0.5,
            "text": " ".join(said[4 * number : 4 * number + 4]),
        }
        for number in range(_PASSAGES)
    ]
    cited = tuple(
        Citation(1 + n, str(p["path"]), None, (1, 9), "Notes", 0.5, said[4 * n], True)
        for n, p in enumerate(passages[:2])
    )
    return Turn(
        id=new_id(),
        conversation=conversation,
        question=question,
        answer=f"{said[0]} [1] {said[4]} [2]",
        model="builtin:extractive",
        citations=cited,
        retrieved=tuple(passages),
        snapshot="gen-00000001",
        timings={"retrieve_ms": 11.5, "first_token_ms": 14.0, "total_ms": 15.0},
    )


def documents(count: int) -> Iterator[Prepared]:
    """Yields documents of one chunk each, with vectors that mean nothing."""
    said = corpus.sentences(2000)
    vectors = np.random.default_rng(5).normal(size=(512, _DIMENSION))
    rows = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype("<f2")
    for number in range(count):
        text = f"{said[number % 2000]} {said[number * 7 % 2000]}"
        chunk = Chunk(text=text, language="en", lines=(1, 2))
        stored = PreparedChunk("", encode(chunk), text.lower().rstrip("."), "en")
        made = Embedded(rows[number % 512].tobytes(), _DIMENSION, [b"\1\0\2\0"])
        yield Prepared(_record(number, text), [stored], made)


def _record(number: int, text: str) -> Record:
    return {
        "path": f"/documents/{number // 1000:04}/notes-{number:07}.md",
        "title": text[:40],
        "digest": hashlib.sha256(str(number).encode()).hexdigest(),
        "size": len(text),
        "mtime_ns": 1_700_000_000_000_000_000 + number,
        "checked_ns": 1_800_000_000_000_000_000,
        "added": "2026-01-31T10:00:00Z",
        "format": "markdown",
        "language": "en",
        "reader": READER,
    }


def index(snapshots: Snapshots, count: int) -> None:
    """Publishes a generation with so many documents."""
    with snapshots.workspace("") as place:
        files = WorkspaceFiles(place, snapshots.sealer)
        with text_workspace.staging(files) as text:
            embedder = BuiltinEmbedder()
            stager = Stager(embedder, TextWriter(text), files.store)
            for document in documents(count):
                stager.add(document)
            stager.finish()
            paths = frozenset(_record(number, "")["path"] for number in range(count))
            facts = {
                "embedder": embedder.id,
                "dimension": _DIMENSION,
                "tokens": True,
                "chunking": {"size": 800, "overlap": 100},
            }
            segments = tuple(stager.segments)
            change = Change("add", files.directory, segments, text, paths, facts=facts)
            publish(snapshots, change, 10.0)


def make(
    runtime: Runtime, name: str, conversations: int, turns: int, count: int
) -> None:
    """Makes a profile in the store of a process; nothing is asked, nothing read."""

    def fill(new: NewProfile) -> None:
        new.put_records(PlainLines(), history(conversations, turns))

    profile = ProfileFile.fresh({}, encrypted=False)
    session = runtime.store.build(name, profile, fill, lambda _: None)
    if count:
        index(session.snapshots, count)
    session.close()


def main() -> None:
    """Makes the profile that is asked for, where `RAGCLI_HOME` and the store say."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.years")
    parser.description = __doc__
    parser.add_argument("name", nargs="?", default="years")
    parser.add_argument("--conversations", type=int, default=10_000)
    parser.add_argument("--turns", type=int, default=100_000)
    parser.add_argument("--documents", type=int, default=0)
    given = parser.parse_args()
    make(Runtime(), given.name, given.conversations, given.turns, given.documents)


if __name__ == "__main__":
    main()
