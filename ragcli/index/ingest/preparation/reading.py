"""From a file to what is stored of it: read, load, split, stem.

Everything here is plain values and plain Python, so that it can run in another
process as well (`ragcli.index.ingest.preparation.reading_pool`).
"""

from __future__ import annotations

import base64
import hashlib
import os
import stat
import time
from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ragcli.errors import UnreadableDocument
from ragcli.frozen import frozen
from ragcli.index import stored_passages
from ragcli.index.documents import formats, splitter
from ragcli.index.documents.content import is_blank
from ragcli.index.documents.loaders.dispatch import bounds
from ragcli.index.documents.loaders.dispatch.load import load, loaded, text_document
from ragcli.index.file_names import spoken_name
from ragcli.index.fulltext import analysis
from ragcli.index.passages import Chunk, above_of, indexed_text
from ragcli.index.segments.catalogue import READER, Record
from ragcli.paths import enclosing
from ragcli.storage.beneath import open_beneath

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ragcli.config import Settings
    from ragcli.index.documents.elements import Document


class PreparedChunk(NamedTuple):
    """A chunk ready to be embedded and stored."""

    text: str
    """What is embedded: title, headings, text; "" once that is done."""

    passage: bytes
    """What is stored: a line of JSON."""

    stems: str
    """What the text index takes: stems, separated by spaces."""

    language: str
    """ISO 639-1 code, "" when unknown."""


@frozen
class Embedded:
    """What an embedder made of the chunks of a document."""

    vectors: bytes
    """Their vectors, float16, one row a chunk."""

    dimension: int
    """Length of a vector."""

    tokens: list[bytes]
    """Token ids of each, little-endian uint16; none of an embedder without any."""

    def matrix(self) -> NDArray[np.float16]:
        """Returns the vectors, one row a chunk."""
        import numpy as np

        return np.frombuffer(self.vectors, "<f2").reshape(-1, self.dimension)


@frozen
class Prepared:
    """A document that was read and split."""

    record: Record
    """Its record, still without `row` and `chunks`."""

    chunks: Sequence[PreparedChunk]
    """Its chunks, in reading order."""

    embedded: Embedded | None = None
    """Their vectors, where the process that read the document made them."""


@frozen
class Outcome:
    """The outcome of one file: prepared, touched, failed, or skipped."""

    location: str
    """Its absolute path."""

    prepared: Prepared | None = None
    """A document to store."""

    touched: Record | None = None
    """Its new size and times: the content is the one that was expected."""

    failure: str = ""
    """Why it cannot be indexed, in one line."""

    hint: str = ""
    """What may help against that."""

    skipped: str = ""
    """Why there is nothing to index in it, in a word or two."""


@frozen
class Chunking:
    """How documents are read and split."""

    size: int
    """Longest chunk in characters."""

    overlap: int
    """Characters that neighbouring chunks share."""

    ocr: bool = False
    """Whether text in pictures of pages is recognized."""

    @classmethod
    def of(cls, settings: Settings) -> Chunking:
        """Returns how these settings have documents read and split."""
        return cls(settings.chunk_size, settings.chunk_overlap, settings.ocr)


HERE = 256 << 10
"""Bytes of a file up to which no text is worth a process of its own.

However it is made, a text of this size is read in a second or so.
"""


LARGEST = 512 << 20
"""Bytes, about, that one document's chunks may take while they are stored."""

_WEIGHT = 1000
"""Bytes of a chunk beside its text: vector, token ids, and what holds them."""

_COPIES = 3
"""Times that a text is there: to be embedded, stored and found."""


class Outgrown(Exception):
    """A file has grown beyond what may be read in this process."""


class ReadRequest(NamedTuple):
    """A file or text to read."""

    location: str
    """Its absolute path."""

    size: int
    """Bytes that it has, or had when it was found."""

    digest: str = ""
    """SHA-256 of the content of it that is indexed already, "" for none."""

    text: str | None = None
    """Its text, where that came from elsewhere and the location is only its name."""

    below: str = ""
    """A directory under which no symbolic link may lead to it; "" follows them."""

    body: str | None = None
    """Its bytes in base 64, where they were fetched and the location is an address."""

    format: str = ""
    """The format in which `body` is read."""


def is_light(wanted: ReadRequest) -> bool:
    """Tells whether something may be read in a process that must not be lost.

    Short texts may. Formats that are parsed hold more than their size tells.
    """
    if wanted.size > HERE:
        return False
    name = _format_of(wanted)
    if name or wanted.text is not None:
        return not formats.is_isolated(name)
    return not formats.is_isolated(formats.format_of_content(_head(wanted.location)))


def read(wanted: ReadRequest, chunking: Chunking, *, most: int = -1) -> Outcome:
    """Reads one file; an error of its loader becomes the outcome.

    Args:
        wanted: What to read.
        chunking: How to split it.
        most: Bytes that may be read; -1 for any number.

    Raises:
        Outgrown: The file has more than `most`, whatever it had when it was found.
    """
    location = wanted.location
    name = _format_of(wanted)
    try:
        return _read(wanted, chunking, most)
    except Outgrown:
        raise
    except UnreadableDocument as error:
        reason = error.message.removeprefix(f"{location}: ")
        return Outcome(location, failure=reason, hint=error.hint)
    except MemoryError:
        pass  # only after this is what was read let go of, and there is room to say so
    except Exception as error:  # noqa: BLE001 - the bytes are anybody's: what reading them raises costs this file alone
        return Outcome(location, failure=bounds.loader_failure(error))
    return Outcome(location, failure=bounds.too_much(name))


def _read(wanted: ReadRequest, chunking: Chunking, most: int) -> Outcome:
    location = wanted.location
    if wanted.text is not None:
        size = len(wanted.text)
        record: Record = {"path": location, "digest": "", "size": size, "mtime_ns": 0}
        return _outcome({**record, **_now()}, text_document(wanted.text), chunking)
    if wanted.body is not None:
        return _read_fetched(wanted, base64.b64decode(wanted.body), chunking)
    status, data = checked_content(location, wanted.below, most)
    record = _record_of(location, status, data)
    if record["digest"] == wanted.digest:
        names = ("size", "mtime_ns", "checked_ns")
        return Outcome(location, touched={name: record[name] for name in names})
    try:
        loaded = load(Path(location), data, ocr=chunking.ocr)
    except UnreadableDocument:
        if is_blank(data):
            return Outcome(location, skipped="empty")
        raise
    return _outcome(record, loaded, chunking)


def _read_fetched(wanted: ReadRequest, data: bytes, chunking: Chunking) -> Outcome:
    """Reads what came from an address; nothing is in a file, so no time is known."""
    record: Record = {
        "path": wanted.location,
        "digest": hashlib.sha256(data).hexdigest(),
        "size": len(data),
        "mtime_ns": 0,
        **_now(),
    }
    if record["digest"] == wanted.digest:
        return Outcome(wanted.location, touched={"checked_ns": record["checked_ns"]})
    name = os.path.basename(wanted.location.rstrip("/"))
    page = loaded(name, data, wanted.format, ocr=chunking.ocr)
    return _outcome(record, page, chunking)


def _outcome(record: Record, loaded: Document, chunking: Chunking) -> Outcome:
    record["title"] = loaded.title
    record["format"] = loaded.format
    record["language"] = loaded.language
    record["reader"] = READER
    _check_weight(len(loaded.sections), 0)
    chunks = splitter.split(loaded, size=chunking.size, overlap=chunking.overlap)
    _check_weight(len(chunks), sum(len(chunk.text) for chunk in chunks))
    facts = dict(loaded.facts)
    if inside := _parts(chunks, loaded.format, facts.pop("parts", {})):
        record["parts"] = inside
    if facts:
        record["facts"] = facts
    return Outcome(record["path"], prepared=prepare(record, chunks))


def _parts(
    chunks: Sequence[Chunk], format_name: str, known: Mapping[str, str]
) -> list[tuple[int, int, str, list[str]]]:
    """Returns the stretches of chunks that are of a document and of those inside it.

    Args:
        chunks: The chunks.
        format_name: The document's format.
        known: The format of each part, by its name.

    Returns:
        Number of the first chunk, how many, name of the part, and its format behind
        those that it is inside of; [] where nothing is inside the document.
    """
    stretches: list[tuple[int, int, str, list[str]]] = []
    first = 0
    for part, group in groupby(chunks, key=attrgetter("part")):
        count = len(list(group))
        around = [known[name] for name in enclosing(part) if name in known]
        stretches.append((first, count, part, [format_name, *around]))
        first += count
    return stretches if known and any(part for _, _, part, _ in stretches) else []


def _check_weight(count: int, characters: int) -> None:
    """Refuses a document of so many pieces.

    Raises:
        UnreadableDocument: They would take more than `LARGEST` bytes.
    """
    if count * _WEIGHT + characters * _COPIES > LARGEST:
        raise UnreadableDocument(
            f"too large to index: it falls into {count:,} pieces",
            "index it in parts, or raise chunking.size",
        )


def prepare(record: Record, chunks: Sequence[Chunk]) -> Prepared:
    """Returns a document ready to be staged."""
    return Prepared(record, [_prepared(record, chunk) for chunk in chunks])


def _prepared(record: Record, chunk: Chunk) -> PreparedChunk:
    above = above_of(chunk.part, chunk.heading)
    text = indexed_text(record["title"], above, chunk.text, chunk.tables)
    # Vectors say what a text is about; words find a file by its name as well.
    named = f"{spoken_name(record['path'])}\n{text}"
    stems = analysis.indexed_stems(named, chunk.language)
    return PreparedChunk(text, stored_passages.encode(chunk), stems, chunk.language)


def checked_content(
    location: str, below: str, most: int
) -> tuple[os.stat_result, bytes]:
    """Returns a file's bytes, and its status from before they were read.

    Raises:
        Outgrown: It has more than `most` bytes, where that is not negative.
        UnreadableDocument: It is gone, forbidden, or no regular file.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        with open(_opened(location, below, flags), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise UnreadableDocument("not a regular file", "")
            data = file.read(most + 1 if most >= 0 else -1)
            if 0 <= most < len(data):
                raise Outgrown
            return status, data
    except OSError as error:
        raise UnreadableDocument(
            error.strerror or str(error), "check that it is there and readable"
        ) from None


def _opened(location: str, below: str, flags: int) -> int:
    return open_beneath(below, location, flags) if below else os.open(location, flags)


def _head(location: str) -> bytes:
    """Returns a file's first bytes; none of one that cannot be read."""
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        with open(os.open(location, flags), "rb") as file:
            return file.read(formats.HEAD)
    except OSError:
        return b""


def _record_of(location: str, status: os.stat_result, data: bytes) -> Record:
    return {
        "path": location,
        "digest": hashlib.sha256(data).hexdigest(),
        "size": status.st_size,
        "mtime_ns": status.st_mtime_ns,
        **_now(),
    }


def _now() -> Record:
    return {
        "checked_ns": time.time_ns(),
        "added": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def _format_of(wanted: ReadRequest) -> str:
    """Returns a format as far as it is known without a look at the content."""
    return wanted.format or formats.format_of(os.path.basename(wanted.location))
