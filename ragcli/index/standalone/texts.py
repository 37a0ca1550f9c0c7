"""An index of given texts instead of files: each has a name and facts of its own.

The same generations, segments and searches as for files; a text is one chunk.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ragcli.config import Settings, seconds
from ragcli.frozen import frozen
from ragcli.index.fulltext import text_workspace
from ragcli.index.fulltext.text_index import TextWriter
from ragcli.index.generations.generation_files import WorkspaceFiles
from ragcli.index.ingest.preparation.embedding import has_tokens
from ragcli.index.ingest.preparation.reading import prepare
from ragcli.index.ingest.revision import Change, publish
from ragcli.index.ingest.staging import Stager
from ragcli.index.passages import Chunk
from ragcli.index.search.opening import open_current

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ragcli.index.protocols import Embedder, Snapshots
    from ragcli.index.search.index_reader import IndexReader


@frozen
class Text:
    """One text."""

    name: str
    """Its name, by which it is found and replaced."""

    content: str
    """The text itself."""

    facts: Mapping[str, Any] = field(default_factory=dict)
    """Values that are returned with it, as JSON."""


class TextIndex:
    """Texts by name, searchable by vector.

    Args:
        snapshots: Where its generations live.
        embedder: Makes the vectors.
        settings: How long to wait for others who publish.
    """

    def __init__(
        self, snapshots: Snapshots, embedder: Embedder, settings: Settings
    ) -> None:
        self._snapshots = snapshots
        self._embedder = embedder
        self._wait = float(seconds(settings.lock_wait))
        self._reader: IndexReader | None = None

    def put(self, texts: Sequence[Text]) -> None:
        """Stores texts; one of a known name takes the place of the old one.

        Raises:
            EmbedderMismatch: The index has vectors of another embedder.
            Locked, StorageFailed: Nothing changed.
        """
        newest = {text.name: text for text in texts}
        with self._snapshots.workspace("") as workspace:
            files = WorkspaceFiles(workspace, self._snapshots.sealer)
            with text_workspace.staging(files) as text_directory:
                stager = Stager(self._embedder, TextWriter(text_directory), files.store)
                for text in newest.values():
                    stager.add(prepare(_record(text), [Chunk(text.content)]))
                stager.finish()
                self._publish(workspace, tuple(newest), (), stager, text_directory)

    def drop(self, names: Sequence[str]) -> None:
        """Forgets texts; unknown names are no error."""
        reader = self._opened()
        known = reader.catalogue.some(names) if reader else {}
        if known:
            with self._snapshots.workspace("") as workspace:
                self._publish(workspace, (), tuple(known), None, None)

    def _publish(
        self,
        workspace: Path,
        replaced: Sequence[str],
        removed: Sequence[str],
        stager: Stager | None,
        text_directory: Path | None,
    ) -> None:
        change = Change(
            kind="add" if stager else "remove",
            staged=workspace,
            segments=tuple(stager.segments) if stager else (),
            text=text_directory,
            replaced=frozenset(replaced),
            removed=frozenset(removed),
            facts=self._facts(stager) if stager else {},
        )
        publish(self._snapshots, change, self._wait)

    def _facts(self, stager: Stager) -> Mapping[str, object]:
        return {
            "embedder": self._embedder.id,
            "dimension": stager.dimension,
            "tokens": has_tokens(self._embedder),
        }

    def get(self, names: Sequence[str]) -> list[Text]:
        """Returns the texts of these names, in this order, unknown ones left out."""
        reader = self._opened()
        return _texts(reader, names) if reader else []

    def nearest(
        self, vector: NDArray[np.float32], count: int
    ) -> list[tuple[Text, float]]:
        """Returns the most similar texts with their cosines, best first.

        Args:
            vector: A unit vector, float32.
            count: How many at most.
        """
        reader = self._opened()
        if reader is None or not reader.chunk_count:
            return []
        rows, scores = reader.vector_search(vector, count)
        names = [passage.path for passage in reader.passages(rows)]
        return list(zip(_texts(reader, names), map(float, scores), strict=True))

    def vectors(self, names: Sequence[str]) -> NDArray[np.float32]:
        """Returns the stored vectors of known names, one row each."""
        reader = self._opened()
        if reader is None:
            return self._embedder.embed([])
        known = reader.catalogue.some(names)
        return reader.vectors([known[name]["row"] for name in names])

    def _opened(self) -> IndexReader | None:
        if self._reader is None or self._reader.generation != self._snapshots.current():
            self._reader = open_current(self._snapshots)
        return self._reader


def _texts(reader: IndexReader, names: Sequence[str]) -> list[Text]:
    """Returns the texts of these names, all of one generation."""
    known = reader.catalogue.some(names)
    rows = [known[name]["row"] for name in names if name in known]
    return [
        Text(passage.path, passage.text, known[passage.path].get("facts", {}))
        for passage in reader.passages(rows)
    ]


def _record(text: Text) -> dict[str, Any]:
    """Returns the catalogue's record of a text."""
    content = text.content.encode("utf-8", "surrogatepass")
    return {
        "path": text.name,
        "title": "",
        "digest": hashlib.sha256(content).hexdigest(),
        "size": len(content),
        "mtime_ns": 0,
        "checked_ns": time.time_ns(),
        "added": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "format": "text",
        "language": "",
        "facts": dict(text.facts),
    }
