"""Keeps the number of segments small at a cost that follows what was added.

Neighbouring small segments of about one size are merged when there are eight of
them, so that a chunk is rewritten once for each factor of eight, and a full
segment is left alone until a quarter of it is dead.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from ragcli.frozen import frozen
from ragcli.index.generations.generation_files import GenerationFiles
from ragcli.index.generations.manifests import Manifest, SegmentInfo
from ragcli.index.segments import catalogue
from ragcli.index.segments.segment import Segment
from ragcli.index.segments.segment_writer import FULL, Columns, SegmentWriter, Store

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FANOUT = 8
_SMALLEST_TIER = 64 << 10
"""Bytes; all smaller segments count as one size."""

_MOST_DEAD = 0.25


class Conversion(Protocol):
    """How stored chunks are written again."""

    def writer(self) -> SegmentWriter:
        """Returns a writer for a new segment."""

    def columns(self, record: catalogue.Record, stored: Columns) -> Columns:
        """Returns what to write for the stored chunks of one document."""


@frozen
class _AsStored:
    """Writes chunks as they are."""

    manifest: Manifest

    def writer(self) -> SegmentWriter:
        """Returns a writer for vectors of the same kind."""
        return SegmentWriter(self.manifest.dimension, tokens=self.manifest.tokens)

    def columns(self, record: catalogue.Record, stored: Columns) -> Columns:
        """Returns what is stored."""
        del record
        return stored


def runs(segments: Sequence[SegmentInfo]) -> list[tuple[int, int]]:
    """Returns which neighbours to merge, as half-open ranges of places."""
    tiers = [_tier(item) for item in segments]
    ranges: list[tuple[int, int]] = []
    for tier in range(4):
        for start, end in _stretches(tiers, tier):
            overlaps = any(start < b and a < end for a, b in ranges)
            if tiers[start:end].count(tier) >= _FANOUT and not overlaps:
                ranges.append((start, end))
    taken = {index for start, end in ranges for index in range(start, end)}
    ranges += [
        (index, index + 1)
        for index, item in enumerate(segments)
        if index not in taken and item.dead > _MOST_DEAD * item.chunks
    ]
    return sorted(ranges)


def _tier(segment: SegmentInfo) -> int:
    """Returns the size class of a segment; 9 is never merged."""
    live = segment.size * segment.live / max(segment.chunks, 1)
    if live >= FULL / 2:
        return 9
    tier = 0
    while live > _SMALLEST_TIER * _FANOUT**tier:
        tier += 1
    return tier


def _stretches(tiers: Sequence[int], tier: int) -> list[tuple[int, int]]:
    """Returns the longest ranges of neighbours of at most this size class."""
    ranges, start = [], 0
    for index in range(len(tiers) + 1):
        if index == len(tiers) or tiers[index] > tier:
            if index > start:
                ranges.append((start, index))
            start = index + 1
    return ranges


def merge(
    infos: Sequence[SegmentInfo],
    files: GenerationFiles,
    manifest: Manifest,
    store: Store,
    *,
    oldest: bool,
    conversion: Conversion | None = None,
) -> list[SegmentInfo]:
    """Writes the segments that take the place of `infos`: usually one.

    Args:
        infos: Neighbours, oldest first.
        files: Where their files are.
        manifest: What they have in common.
        store: Keeps the new files.
        oldest: Whether there is none before them, so that nobody has to be told any
            more of documents that were removed.
        conversion: Makes other vectors of what is stored.
    """
    segments = [Segment(info, files, manifest) for info in infos]
    newest = catalogue.Records([item.lines for item in segments], with_gone=not oldest)
    records = [
        record for record in newest.in_order() if not _is_outdated(record, segments)
    ]
    return _rewrite(segments, records, conversion or _AsStored(manifest), store)


def _is_outdated(record: catalogue.Record, segments: Sequence[Segment]) -> bool:
    """Tells whether a record's chunks are here and dead: a newer one is elsewhere."""
    import numpy as np

    first = np.array([record.get("row", 0)], np.int64)
    for segment in segments if record.get("chunks") else ():
        here, positions = segment.positions(first)
        if here[0]:
            return bool(segment.info.dead and segment.dead[positions[0]])
    return False


def _rewrite(
    segments: Sequence[Segment],
    records: list[catalogue.Record],
    conversion: Conversion,
    store: Store,
) -> list[SegmentInfo]:
    """Writes live chunks in the order of their rows, each beside its document."""
    import numpy as np

    owned: list[tuple[catalogue.Record, int, int]] = []
    others: list[tuple[catalogue.Record, int, int]] = []
    rows, sources = _live_rows(segments)
    for record in sorted(records, key=lambda item: item.get("row", 0)):
        span = (record.get("row", 0), record.get("row", 0) + record.get("chunks", 0))
        start, end = np.searchsorted(rows, span)
        (owned if end > start else others).append((record, int(start), int(end)))
    written: list[SegmentInfo] = []
    writer = conversion.writer()
    for record, start, end in others + owned:
        writer.add_record(record)
        if end > start:
            columns = _columns(segments, rows, sources, (start, end))
            writer.add_chunks(conversion.columns(record, columns))
        if writer.size >= FULL:
            written.append(writer.write(store))
            writer = conversion.writer()
    if not writer.is_empty():
        written.append(writer.write(store))
    return written


def _live_rows(
    segments: Sequence[Segment],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Returns all live rows, sorted, and where each is: segment, position."""
    import numpy as np

    rows = [np.zeros(0, np.int64)]
    locations = [np.zeros((0, 2), np.int64)]
    for number, segment in enumerate(segments):
        if segment.info.live:
            positions = np.flatnonzero(~segment.dead)
            rows.append(segment.rows[positions])
            owner = np.full(len(positions), number)
            locations.append(np.stack([owner, positions], axis=1))
    joined, located = np.concatenate(rows), np.concatenate(locations)
    order = np.argsort(joined)
    return joined[order], located[order]


def _columns(
    segments: Sequence[Segment],
    rows: NDArray[np.int64],
    locations: NDArray[np.int64],
    span: tuple[int, int],
) -> Columns:
    """Returns the stored chunks of one document."""
    import numpy as np

    start, end = span
    columns = Columns(rows=rows[start:end].tolist())
    for number, position in locations[start:end].tolist():
        segment = segments[number]
        columns.passages.append(segment.passage_line(position))
        columns.tokens.append(segment.tokens(position).tobytes())
        columns.languages.append(segment.passage(position)["language"])
    owner = int(locations[start, 0])
    vectors = segments[owner].vectors.vectors(locations[start:end, 1])
    columns.vectors.append(vectors.astype(np.float16))
    return columns
