"""What a generation says about itself: `manifest.json`.

A manifest names every file of its generation with size and SHA-256, the segments
that make up the index, and the embedder whose vectors they hold. Its own hash is
in `CURRENT`. It never names a document: a profile may be encrypted.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, field, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from ragcli.errors import (
    EmbedderMismatch,
    SnapshotDamaged,
    SnapshotNotFound,
)
from ragcli.frozen import frozen
from ragcli.index.misreading import MISREAD, is_count
from ragcli.storage import format_versions

FORMAT = format_versions.INDEX.version
NAME = "manifest.json"
LIMIT = 64 << 20
"""Bytes of the largest manifest that is read."""

_GENERATION = re.compile(r"gen-(\d{8,12})")
_FILE = re.compile(r"(?:text/)?[A-Za-z0-9.][A-Za-z0-9._-]{0,120}")
_HASH = re.compile(r"[0-9a-f]{64}")
_TYPES = {"str": str, "int": int, "bool": bool, "dict": dict, "tuple": list}
"""By the type of a field: what it is in JSON."""


def generation_name(number: int) -> str:
    """Returns the name of generation `number`: `gen-00000007`."""
    return f"gen-{number:08d}"


def generation_number(name: str) -> int:
    """Returns a generation's number; 0 if `name` is not one."""
    match = _GENERATION.fullmatch(name)
    return int(match[1]) if match else 0


@frozen
class SegmentInfo:
    """One segment: some chunks and documents that were written together."""

    id: str
    """Random, never reused; part of its files' names."""

    chunks: int = 0
    """Chunks in its files, dead ones included."""

    dead: int = 0
    """Chunks of removed and replaced documents."""

    records: int = 0
    """Lines in its documents file."""

    size: int = 0
    """Bytes of its files."""

    dead_file: str = ""
    """File with the positions of dead chunks, or ""."""

    moments_file: str = ""
    """File with the sums over its live vectors, or "" while they are few."""

    summed_dead: int = 0
    """How many entries of `dead_file` the moments have left out already."""

    languages: dict[str, int] = field(default_factory=dict)
    """Chunks by language."""

    extra: dict[str, Any] = field(default_factory=dict)
    """What a newer version says of it besides."""

    @property
    def live(self) -> int:
        """Chunks that can be found."""
        return self.chunks - self.dead

    def file_names(self, *, tokens: bool) -> list[str]:
        """Returns the names of its files.

        Args:
            tokens: Whether token ids are stored with the chunks.
        """
        names = [f"documents-{self.id}.jsonl", f"documents-{self.id}.bin"]
        if self.chunks:
            names += [f"vectors-{self.id}.faiss", f"passages-{self.id}.jsonl"]
            names += [f"chunks-{self.id}.bin"] + [f"tokens-{self.id}.bin"] * tokens
        return names + [name for name in (self.dead_file, self.moments_file) if name]


@frozen
class Manifest:
    """One generation, as its manifest describes it."""

    name: str = ""
    """`gen-00000007`."""

    parent: str = ""
    """The generation it was made from, or ""."""

    origin: str = ""
    """The generation whose contents it repeats after a rollback, or ""."""

    created: str = ""
    """When it was published, ISO 8601, UTC."""

    change: str = ""
    """What made it: `add`, `sync`, `remove`, `reembed`, `rollback`, `import`."""

    embedder: str = ""
    """Id of the embedder whose vectors it holds."""

    dimension: int = 0
    """Length of a vector."""

    tokens: bool = False
    """Whether token ids are stored with the chunks."""

    chunking: dict[str, int] = field(default_factory=dict)
    """Splitter parameters of the last change."""

    documents: int = 0
    """Documents that can be found."""

    chunks: int = 0
    """Chunks that can be found."""

    segments: tuple[SegmentInfo, ...] = ()
    """Oldest first; a document's newest record counts."""

    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Relative name → `{"size": bytes, "sha256": hex}`."""

    seal: str = ""
    """Proof, for an encrypted profile, that a holder of the key wrote it."""

    format: int = FORMAT

    extra: dict[str, Any] = field(default_factory=dict)
    """What a newer version says besides; it goes from generation to generation."""

    def as_dict(self) -> dict[str, Any]:
        """Returns what is written as JSON."""
        table = asdict(self)
        table["segments"] = [_with_extra(item) for item in table["segments"]]
        return _with_extra(table)


def _with_extra(table: dict[str, Any]) -> dict[str, Any]:
    """Returns a table with what it has under `extra` as entries of its own."""
    extra: dict[str, Any] = table.pop("extra")
    return extra | table


def encode(manifest: Mapping[str, Any]) -> bytes:
    """Returns the bytes of a manifest file, with its own checksum in it."""
    body = {key: value for key, value in manifest.items() if key != "check"}
    table = {**body, "check": body_digest(body)}
    # Without blanks: all of it is written anew with every change.
    return json.dumps(table, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def body_digest(manifest: Mapping[str, Any]) -> str:
    """Returns the hash of all that a manifest says, without seal and checksum."""
    body = {k: v for k, v in manifest.items() if k not in {"check", "seal"}}
    canonical = json.dumps(body, indent=1, sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def digest(data: bytes) -> str:
    """Returns the hash of a manifest's bytes that `CURRENT` records."""
    return hashlib.sha256(data).hexdigest()


def parse(data: bytes, generation: str) -> Manifest:
    """Returns a manifest from its bytes.

    Raises:
        NewerFormat: Written by a newer ragcli.
        SnapshotDamaged: Not a manifest, or one of another generation.
    """
    try:
        table = json.loads(data)
        format_versions.INDEX.bring_up(table, f"index {generation}")
        values = _known(Manifest, table)
        values["extra"].pop("check")
        values["segments"] = tuple(_segment(item) for item in table["segments"])
        manifest = Manifest(**values)
        _check_files(manifest)
    except MISREAD as error:
        raise damaged(generation, f"its manifest is not readable: {error}") from None
    if not _is_as_written(bytes(data)):
        raise damaged(generation, "its manifest does not match its own checksum")
    if manifest.name != generation:
        raise damaged(generation, f"its manifest is that of {manifest.name!r}")
    return manifest


@lru_cache(maxsize=4)
def _is_as_written(data: bytes) -> bool:
    """Tells whether a manifest matches its own checksum; one is read several times."""
    table = json.loads(data)
    return bool(table["check"] == body_digest(table))


def read(directory: Path) -> Manifest:
    """Returns the manifest in the verified directory of a generation."""
    return parse((directory / NAME).read_bytes(), directory.name)


def mismatch(indexed: str, wanted: str) -> EmbedderMismatch:
    """Returns the error for an index whose vectors another embedder made."""
    return EmbedderMismatch(
        f"the documents were embedded by {indexed}, the embedder in use is {wanted}",
        f"run `ragcli docs reembed`, or set `embedder` back to {indexed}",
    )


def other_length(indexed: int, given: int) -> EmbedderMismatch:
    """Returns the error for vectors that are as long as no other of the index.

    A server may load another model under the name of one that it had.
    """
    return EmbedderMismatch(
        f"the embedder gives vectors of {given} numbers, those of the index have "
        f"{indexed}",
        "run `ragcli docs reembed`, or have the server load its earlier model again",
    )


def not_found(generation: str) -> SnapshotNotFound:
    """Returns the error for a generation that is not kept."""
    return SnapshotNotFound(
        f"there is no index {generation!r}",
        "`ragcli docs rollback --list` shows those that are kept",
    )


def damaged(generation: str, what: str) -> SnapshotDamaged:
    """Returns the error for a generation that is not as it was written."""
    return SnapshotDamaged(
        f"index {generation or 'CURRENT'} is damaged: {what}",
        "`ragcli docs rollback` returns to the last sound one, "
        "`ragcli profile verify --repair` moves the damage aside",
    )


def _known(kind: type[Manifest | SegmentInfo], table: dict[str, Any]) -> dict[str, Any]:
    """Returns the fields that a table has of a kind, and all else as `extra`.

    Raises:
        TypeError: A value is of another type than its field.
    """
    values: dict[str, Any] = {}
    for item in fields(kind):
        if item.name in table and item.name != "extra":
            value = values[item.name] = table[item.name]
            expected = _TYPES[str(item.type).partition("[")[0]]
            if type(value) is not expected or (expected is int and not is_count(value)):
                raise TypeError(f"{item.name} is {value!r:.40}")
    return values | {"extra": {k: v for k, v in table.items() if k not in values}}


def _segment(item: dict[str, Any]) -> SegmentInfo:
    segment = SegmentInfo(**_known(SegmentInfo, item))
    if not re.fullmatch(r"[0-9a-f]{12}", segment.id):
        raise ValueError(f"segment id {segment.id!r}")
    if not 0 <= segment.dead <= segment.chunks:
        raise ValueError(f"segment {segment.id} counts {segment.dead} dead")
    return segment


def _check_files(manifest: Manifest) -> None:
    """Checks that the files are named rightly, and hold what segments count.

    Nothing is allocated for numbers that no file stands behind. A sealed file is
    larger than what it holds.

    Raises:
        ValueError, KeyError, TypeError: They do not.
    """
    for name, facts in manifest.files.items():
        sound = _FILE.fullmatch(name) and ".." not in name
        size = facts["size"]
        if not sound or not _HASH.fullmatch(facts["sha256"]) or not is_count(size):
            raise ValueError(f"file entry {name!r}")
    for segment in manifest.segments:
        sizes = {
            name: manifest.files[name]["size"]
            for name in segment.file_names(tokens=manifest.tokens)
        }
        needed = {}
        if segment.chunks:
            needed = {
                f"chunks-{segment.id}.bin": 24 * (segment.chunks + 1),
                f"vectors-{segment.id}.faiss": 2 * manifest.dimension * segment.chunks,
            }
        for name, size in needed.items():
            if sizes[name] < size:
                raise ValueError(f"{name} is too small for {segment.chunks} chunks")
