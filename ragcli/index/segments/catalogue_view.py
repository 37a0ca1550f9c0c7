"""Looking up documents in a generation, one or all, without opening its vectors."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from ragcli.index.generations.generation_files import GenerationFiles
from ragcli.index.generations.manifests import Manifest
from ragcli.index.misreading import damaged_file
from ragcli.index.segments import catalogue


class CatalogueView:
    """The documents of one generation.

    Args:
        manifest: Of the generation, or of a workspace made from it.
        files: Its files.
    """

    def __init__(self, manifest: Manifest, files: GenerationFiles) -> None:
        self._manifest = manifest
        self._files = files

    def records(self) -> catalogue.Records:
        """Returns the records of all documents by path, read one by one."""
        names = (f"documents-{item.id}.jsonl" for item in self._manifest.segments)
        return catalogue.Records([self._files.buffer(name) for name in names])

    def find(self, path: str) -> catalogue.Record | None:
        """Returns the record of one document; None if it is not there.

        Reads only the tables that say where a record is.

        Raises:
            SnapshotDamaged: The record, or what finds it, is not as it was written.
        """
        for table in self._tables:
            record = table.of_path(path)
            if record is None:
                continue
            if catalogue.is_gone(record):
                return None
            if record["chunks"] > sum(item.chunks for item in self._manifest.segments):
                raise damaged_file(
                    "the list of documents is damaged: one has more chunks than all"
                )
            return record
        return None

    def some(self, paths: Iterable[str]) -> dict[str, catalogue.Record]:
        """Returns the records of those documents of `paths` that are there."""
        pairs = ((path, self.find(path)) for path in paths)
        return {path: record for path, record in pairs if record}

    def still_holds(self, record: catalogue.Record) -> bool:
        """Tells whether a document is there with the same chunks."""
        current = self.find(record["path"])
        return current is not None and current["row"] == record["row"]

    @cached_property
    def _tables(self) -> list[catalogue.DocumentTable]:
        """The tables of all segments, newest first."""
        return [
            catalogue.DocumentTable(
                self._files.buffer(f"documents-{item.id}.bin"),
                self._files.buffer(f"documents-{item.id}.jsonl"),
            )
            for item in reversed(self._manifest.segments)
        ]
