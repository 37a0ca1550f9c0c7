"""The text index: BM25 over stems, one tantivy document a chunk.

A generation's text index is a directory of immutable tantivy segments and one
`meta.json` that lists them. An ingest writes its own small index first; joining it
to another one is listing the segments of both, whatever happened to that one
meanwhile. Only removals open a writer.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ragcli.errors import SnapshotDamaged, StorageFailed
from ragcli.index.generations.publishing import link_or_copy
from ragcli.index.misreading import damaged_file, is_count, misread
from ragcli.storage.files import disk_errors
from ragcli.storage.os_errors import raise_if_unopened

if TYPE_CHECKING:
    import tantivy

META = "meta.json"
_MANAGED = ".managed.json"
_DELETED_AT_ONCE = 16_384
"""Documents that one writer deletes: it takes half a kilobyte for each."""

_HEAP = 16 << 20
"""Bytes of postings that are collected before tantivy writes a segment: about the
least that it takes."""

_MERGE_FROM = 12
"""Segments from which tantivy is asked to merge small ones."""


def schema() -> tantivy.Schema:
    """Returns the fields of a chunk: its row, its document's key, its stems."""
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("row", indexed=True, fast=True)
    builder.add_integer_field("document", indexed=True)
    builder.add_text_field("stems", tokenizer_name="whitespace")
    return builder.build()


class TextWriter:
    """A new text index; indexing runs in tantivy's own threads.

    Args:
        directory: An empty directory; None keeps it in memory.
    """

    def __init__(self, directory: Path | None) -> None:
        import tantivy

        self._make_document = tantivy.Document
        with written():
            self.index = tantivy.Index(schema(), str(directory) if directory else None)
            self.index.config_reader("Manual")
            self._writer = self.index.writer(_HEAP, 1)

    def add(self, row: int, document: int, stems: str) -> None:
        """Adds a chunk.

        Args:
            row: Its number.
            document: Key of its document.
            stems: Its terms, in order, separated by spaces.
        """
        item = self._make_document()
        item.add_integer("row", row)
        item.add_integer("document", document)
        item.add_text("stems", stems)
        with written():
            self._writer.add_document(item)

    def close(self) -> None:
        """Makes everything added searchable."""
        with written():
            self._writer.commit()
            self._writer.wait_merging_threads()
            self.index.reload()


def join(directory: Path, staged: Path) -> None:
    """Adds the segments of the index in `staged` to the one in `directory`.

    Args:
        directory: A text index, or an empty directory.
        staged: Another one; stays as it is.
    """
    ours, theirs = _read_meta(directory), _read_meta(staged)
    with disk_errors(directory):
        for name in os.listdir(staged):
            if not name.startswith(".") and name != META:
                link_or_copy(staged / name, directory / name)
        if ours is not None and theirs is not None:
            theirs["segments"] = ours["segments"] + theirs["segments"]
            theirs["opstamp"] = max(ours["opstamp"], theirs["opstamp"])
        _replace(directory / META, theirs)
        _replace(directory / _MANAGED, sorted(_files(directory)))


def _files(directory: Path) -> list[str]:
    """Returns the names of tantivy's own files."""
    return [name for name in os.listdir(directory) if not name.startswith(".")]


def _read_meta(directory: Path) -> dict[str, Any] | None:
    """Returns what tantivy says of its segments; None where there is no index.

    Raises:
        SnapshotDamaged: It is not what tantivy writes.
    """
    try:
        data = (directory / META).read_bytes()
    except FileNotFoundError:
        return None
    with misread(f"{META} of the text index"):
        meta: dict[str, Any] = json.loads(data)
        is_sound = is_count(meta["opstamp"]) and all(map(_is_segment, meta["segments"]))
    if not is_sound:
        raise _damaged(f"{META} holds other than what was written")
    return meta


def _is_segment(segment: dict[str, Any]) -> bool:
    deletes = segment["deletes"]
    return isinstance(segment["segment_id"], str) and (
        deletes is None or is_count(deletes["opstamp"])
    )


def _replace(path: Path, value: Any) -> None:
    """Writes a new file under this name: the old one may belong to a generation."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(json.dumps(value, indent=1))
    fresh.replace(path)


def remove_documents(directory: Path, documents: Sequence[int]) -> None:
    """Removes the chunks of documents, and merges small segments when there are many.

    Args:
        directory: A text index whose files may be shared with other generations.
        documents: Keys.
    """
    import tantivy

    meta = _read_meta(directory)
    if meta is None or (not documents and len(meta["segments"]) < _MERGE_FROM):
        return
    with translated(directory):
        index = tantivy.Index.open(str(directory))
        # The default reader watches the directory from a thread of its own, and
        # would leave a lock file there after `tidy`.
        index.config_reader("Manual")
    with written():
        for start in range(0, max(len(documents), 1), _DELETED_AT_ONCE):
            # A writer keeps what it has deleted as long as it lives.
            writer = index.writer(_HEAP, 1)
            for document in documents[start : start + _DELETED_AT_ONCE]:
                writer.delete_documents_by_term("document", document)
            writer.commit()
            writer.wait_merging_threads()
    tidy(directory)


def tidy(directory: Path) -> None:
    """Removes lock files and what no listed segment needs."""
    meta = _read_meta(directory) or {"segments": []}
    needed = {item["segment_id"].replace("-", "") for item in meta["segments"]}
    stamps = {
        f"{item['segment_id'].replace('-', '')}.{item['deletes']['opstamp']}.del"
        for item in meta["segments"]
        if item["deletes"]
    }
    for name in os.listdir(directory):
        stem = name.split(".")[0]
        stale_deletes = name.endswith(".del") and name not in stamps
        if name in {META, _MANAGED}:
            continue
        if name.startswith(".") or stem not in needed or stale_deletes:
            os.unlink(directory / name)
    _replace(directory / _MANAGED, sorted(_files(directory)))


@contextmanager
def written() -> Iterator[None]:
    """Turns tantivy's errors while it writes into ours.

    Raises:
        StorageFailed: The disk is full, or cannot be written.
    """
    try:
        yield
    except (ValueError, OSError) as error:
        raise StorageFailed(
            f"the text index cannot be written: {_first_line(error)}",
            "free some space and run the command again; what was stored is whole",
        ) from error
    except BaseException as error:
        raise_if_damaged(error)
        raise


@contextmanager
def translated(directory: Path) -> Iterator[None]:
    """Turns tantivy's errors about a directory into ours.

    Raises:
        FileNotFoundError: The directory was collected meanwhile.
        StorageFailed: The system did not open a file.
        SnapshotDamaged: tantivy does not read it.
    """
    try:
        yield
    except ValueError as error:
        raise_if_unopened(directory / META, str(error))
        raise _damaged(_first_line(error)) from None
    except BaseException as error:
        raise_if_damaged(error)
        raise


@contextmanager
def searched() -> Iterator[None]:
    """Turns what tantivy raises while it searches into the error for damage.

    Raises:
        SnapshotDamaged: A file is not as tantivy wrote it.
    """
    try:
        yield
    except BaseException as error:
        raise_if_damaged(error)
        raise


def raise_if_damaged(error: BaseException) -> None:
    """Raises the error for damage if tantivy could not read one of its files.

    It says so by a `ValueError`, or panics: that is no `Exception`, and its class can
    be had from none of its modules.

    Raises:
        SnapshotDamaged: That is so.
    """
    if isinstance(error, ValueError) or type(error).__name__ == "PanicException":
        raise _damaged(_first_line(error)) from None


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or ["unknown error"])[0]


def _damaged(what: str) -> SnapshotDamaged:
    return damaged_file(f"the text index is damaged: {what}")
