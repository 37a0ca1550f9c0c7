"""Files of an index changed at random, in three ways: used all the same, or one line.

A file is changed behind the hashes, after it was verified (a disk lost a bit), or
together with them (somebody made a bundle of it). Nothing but ragcli's own errors may
come of it, whatever is done with the index.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from ragcli.config import Settings
from ragcli.errors import NewerFormat, RagcliError, SnapshotDamaged
from ragcli.index.document_filter import DocumentFilter
from ragcli.index.generations import figures, generation_checks, manifests
from ragcli.index.generations.snapshots import LocalSnapshots
from ragcli.index.library import Library
from ragcli.index.passages import SearchRequest
from ragcli.index.report import NoProgress
from ragcli.index.search.retriever import Retriever
from ragcli.language.units import spoken
from ragcli.storage.files import Directory
from tests.unit.index.documents.loaders.test_mail import message
from tests.unit.index.doubles import WordEmbedder

COUNT = 600 if os.environ.get("RAGCLI_THOROUGH") else 16
TABLE = (
    "# Bees\n\nBees build combs.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n- one\n- two\n"
)
VALUES: list[Any] = [
    *(None, True, -1, 0, 10**30, 2**63, 2**40, -(10**12), 1.5, float("inf")),
    *(float("nan"), "", "x", "\0", "../x", [], {}, [[]], {"a": 1}, ["x"], [1, 2]),
]
NUMBERS = (-1, 0, 2**31, 2**40, 2**63 - 1, -(2**63))


class Work:
    """An index with its documents, at one path whatever becomes of it."""

    def __init__(self, root: Path) -> None:
        self.notes = root / "notes"
        self.profile = root / "profile"
        self.index = self.profile / "index"
        self.embedder = WordEmbedder()

    def snapshots(self) -> LocalSnapshots:
        directory = Directory.open(self.profile, create=True)
        return LocalSnapshots(directory, None, grace=0.0)

    def library(self) -> Library:
        return Library(self.snapshots(), lambda: self.embedder, Settings())

    def write(self, name: str, data: bytes, age: float) -> None:
        (self.notes / name).write_bytes(data)
        changed = time.time() - age
        for path in (self.notes / name, self.notes):
            os.utime(path, (changed, changed))

    def fill(self) -> None:
        self.notes.mkdir()
        self.write("locks.md", b"Locks wait ten seconds.", 100)
        self.write("bees.md", b"---\ntags: [x]\n---\n" + TABLE.encode(), 100)
        mail = message("Offer", "The price is attached.")
        mail.add_attachment(b"a,b\n1,2\n", "text", "csv", filename="price.csv")
        self.write("offer.eml", bytes(mail), 100)
        library = self.library()
        library.add([self.notes], NoProgress())
        self.write("locks.md", b"Locks wait eleven seconds.", 50)
        library.sync(NoProgress())
        library.sync(NoProgress())
        library.reader()

    def retriever(self) -> Retriever:
        reader = self.library().reader()
        return Retriever([reader] if reader else [], self.embedder, Settings())

    def search(self, **request: Any) -> None:
        retriever = self.retriever()
        found = retriever.search(SearchRequest("How long do locks wait?", **request))
        for passage in found.passages:
            [spoken(passage.text, unit, passage.tables) for unit in passage.units]
            list(retriever.document(passage))

    def count(self) -> None:
        profiles = os.open(self.profile.parent, os.O_RDONLY)
        try:
            counted = figures.figures(profiles, self.profile.name)
        finally:
            os.close(profiles)
        if counted:
            f"{counted[0]:,} {counted[1]:,}"

    def verify(self) -> None:
        snapshots = self.snapshots()
        for name in snapshots.candidates():
            snapshots.verify(name)
            snapshots.is_whole(name)
        snapshots.stored()

    def steps(self) -> Iterator[Callable[[], object]]:
        """Yields what users do, the later ones with what the earlier ones left."""
        yield self.search
        yield lambda: self.search(where=DocumentFilter(("notes",), tags=("x",)))
        yield lambda: self.search(where=DocumentFilter(formats=("csv",), since="2020"))
        yield lambda: [
            f"{item.title} {item.size:,} {item.mtime_ns:,} {dict(item.facts)}"
            for item in self.library().documents()
        ]
        yield from (
            lambda name=name: self.library().document(self.notes / name)
            for name in ("locks.md", "bees.md", "offer.eml")
        )
        yield lambda: [
            f"{item.documents:,} {item.created[:10]}"
            for item in self.library().generations()
        ]
        yield self.count
        yield self.verify
        yield lambda: self.library().places()
        yield lambda: f"{self.library().sync(NoProgress()).unchanged:,}"
        yield lambda: self.write("new.md", b"Something new.", 1)
        yield lambda: self.library().sync(NoProgress())
        yield lambda: self.library().remove([self.notes / "bees.md"])
        yield lambda: self.library().compact()
        yield lambda: self.library().rollback()


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Work:
    work = Work(tmp_path_factory.mktemp("damaged"))
    work.fill()
    shutil.copytree(work.notes.parent, work.notes.parent.with_suffix(".kept"))
    return work


def restore(work: Work) -> None:
    root = work.notes.parent
    shutil.rmtree(root)
    shutil.copytree(root.with_suffix(".kept"), root)


def with_other_value(value: Any, chance: random.Random) -> Any:
    """Returns JSON in which one value is another, or gone."""
    at: list[tuple[tuple[Any, ...], Any]] = [((), value)]
    for path, item in at:
        inner: Iterable[tuple[Any, Any]] = ()
        if isinstance(item, dict):
            inner = item.items()
        elif isinstance(item, list):
            inner = enumerate(item)
        at += [((*path, key), child) for key, child in inner]
    path, _ = chance.choice(at)
    if not path:
        return chance.choice(VALUES)
    place = value
    for key in path[:-1]:
        place = place[key]
    if isinstance(place, dict) and chance.random() < 0.2:
        del place[path[-1]]
    else:
        place[path[-1]] = chance.choice(VALUES)
    return value


def damaged(name: str, data: bytes, chance: random.Random) -> bytes:
    """Returns a file with a JSON value, some bits, a number or its size changed."""
    kind = chance.random()
    if name.endswith(".json") and kind < 0.75:
        return json.dumps(with_other_value(json.loads(data), chance)).encode()
    if name.endswith(".jsonl") and kind < 0.75:
        lines = data.splitlines()
        at = chance.randrange(len(lines))
        value = with_other_value(json.loads(lines[at]), chance)
        lines[at] = json.dumps(value, separators=(",", ":")).encode()
        return b"\n".join(lines) + b"\n"
    out = bytearray(data)
    if kind < 0.1:
        del out[chance.randrange(len(data) + 1) :]
    elif kind < 0.15:
        out += bytes(chance.choice((1, 8, 40)))
    elif kind < 0.2:
        out[:] = b"[" * 100_000
    elif kind < 0.6 or len(out) < 16:
        for _ in range(chance.choice((1, 3))):
            out[chance.randrange(len(out))] ^= 1 << chance.randrange(8)
    else:
        at = chance.randrange(len(out) // 8) * 8 + chance.choice((0, 0, 1, 5))
        out[at : at + 8] = chance.choice(NUMBERS).to_bytes(8, "little", signed=True)
    return bytes(out)


def point_to(work: Work, live: str, manifest: bytes) -> None:
    (work.index / live / manifests.NAME).write_bytes(manifest)
    line = f"{live} {manifests.digest(manifest)}\n"
    (work.index / "CURRENT").write_text(line)


def change(work: Work, live: str, path: Path, chance: random.Random) -> None:
    """Changes a file, and in some cases what would tell of that."""
    data = damaged(path.name, path.read_bytes(), chance)
    path.write_bytes(data)
    stamp = work.index / generation_checks.stamp_name(live)
    how = chance.choice(("behind the hashes", "after it was verified", "with hashes"))
    if path.parent.name not in {live, "text"} or how == "behind the hashes":
        return
    if path.name == manifests.NAME:
        with suppress(ValueError, AttributeError):
            data = manifests.encode(json.loads(data))
        point_to(work, live, data)
        return
    manifest = (work.index / live / manifests.NAME).read_bytes()
    if how == "with hashes":
        table = json.loads(manifest)
        name = path.relative_to(work.index / live).as_posix()
        digest = hashlib.sha256(data).hexdigest()
        table["files"][name] = {"size": len(data), "sha256": digest}
        point_to(work, live, manifests.encode(table))
        stamp.unlink()
    else:
        with (
            Directory.open(work.index) as index,
            index.child(live) as generation,
        ):
            generation_checks.note(index, generation, live, manifest)


@pytest.mark.parametrize("seed", range(COUNT))
def test_nothing_but_an_error_of_ours_comes_of_damage(work: Work, seed: int) -> None:
    restore(work)
    chance = random.Random(seed)
    live = (work.index / "CURRENT").read_text().split()[0]
    older = {path for path in work.index.glob("gen-*") if path.name != live}
    files = [
        path
        for path in sorted(work.index.rglob("*"))
        if path.is_file() and older.isdisjoint(path.parents)
    ]
    change(work, live, chance.choice(files), chance)

    raised: list[RagcliError] = []
    for step in work.steps():
        try:
            step()
        except RagcliError as error:
            raised.append(error)

    for each in raised:
        assert "\n" not in each.message
        assert len(each.message) < 500
        assert each.hint


ODD = [
    ("documents", "many"),
    ("documents", float("inf")),
    ("chunks", -1),
    ("dimension", 1 << 40),
    ("embedder", ["x"]),
    ("files", [1]),
    ("format", float("inf")),
    ("format", "x"),
    ("segments", [{"id": 5}]),
    ("languages", 5),
    ("dead_file", "../../../../etc/passwd"),
    ("dead", 1 << 70),
    ("chunks of a segment", 1 << 40),
]


@pytest.mark.parametrize(("name", "value"), ODD)
def test_a_manifest_holds_what_it_may_or_is_damaged(
    work: Work, name: str, value: Any
) -> None:
    restore(work)
    live = (work.index / "CURRENT").read_text().split()[0]
    table = json.loads((work.index / live / manifests.NAME).read_bytes())
    if name in {"languages", "dead_file", "dead", "chunks of a segment"}:
        table["segments"][0][name.partition(" ")[0]] = value
    else:
        table[name] = value
    with pytest.raises((SnapshotDamaged, NewerFormat)):
        manifests.parse(manifests.encode(table), live)


def test_a_manifest_as_deep_as_a_well_is_damaged() -> None:
    with pytest.raises(SnapshotDamaged):
        manifests.parse(b"[" * 100_000, "gen-00000001")
