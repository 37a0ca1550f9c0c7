"""What the library tells those who use it, and what it asks of an ingest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragcli.frozen import frozen

if TYPE_CHECKING:
    from pathlib import Path

    from ragcli.index.documents.discover import Skipped


@frozen
class Failure:
    """A file that could not be indexed."""

    path: str
    """Its absolute path."""

    reason: str
    """Why, in one line."""


@frozen
class IngestReport:
    """What an ingest did."""

    added: int = 0
    """Documents that were not there before."""

    changed: int = 0
    """Documents whose content changed."""

    unchanged: int = 0
    """Files that did not change."""

    removed: int = 0
    """Documents whose files are gone."""

    failed: tuple[Failure, ...] = ()
    """Files that could not be indexed; what was indexed of them before stays."""

    skipped: tuple[Skipped, ...] = ()
    """What was left out on purpose."""

    notices: tuple[Failure, ...] = ()
    """Documents that were read only in part, each with what is missing."""

    chunks: int = 0
    """Chunks that were made."""

    left: int = 0
    """Files that there was no time for."""

    reread: int = 0
    """Unchanged documents that were read again: an older version had read them."""

    generation: str = ""
    """The generation that holds the result."""

    freed: int = 0
    """Bytes that were given back at once."""

    seconds: float = 0.0
    """How long it took."""

    @property
    def tells_of_change(self) -> bool:
        """Whether the index is another one than before."""
        return bool(self.added or self.changed or self.removed or self.reread)


@frozen
class Choice:
    """Which files of a directory are wanted; globs as in `.gitignore`."""

    directory: str
    """Absolute path."""

    include: tuple[str, ...] = ()
    """Only what matches one of them; () for all."""

    exclude: tuple[str, ...] = ()
    """Nothing that matches one of them."""


@frozen
class FileChoice:
    """What is wanted of the paths that are added, with this and every later sync."""

    include: tuple[str, ...] = ()
    """Of directories only what matches one of these globs; () for all."""

    exclude: tuple[str, ...] = ()
    """Of directories nothing that matches one of these globs."""

    secrets: tuple[Path | str, ...] = ()
    """Files that are wanted although they look like secrets."""


@frozen
class Request:
    """What an ingest has to do besides reading files."""

    kind: str
    """`add`, `sync` or `remove`."""

    chosen: tuple[Choice, ...] = ()
    """Which files of some directories are wanted."""

    secrets: tuple[str, ...] = ()
    """Files that look like secrets and are added all the same."""

    add_roots: tuple[str, ...] = ()
    leave_out: tuple[str, ...] = ()
    drop_roots: tuple[str, ...] = ()

    @property
    def is_needed(self) -> bool:
        """Whether there is something to publish even if no file changed."""
        return bool(
            self.add_roots
            or self.leave_out
            or self.drop_roots
            or self.chosen
            or self.secrets
        )


@frozen
class GenerationInfo:
    """One kept state of an index."""

    name: str
    """`gen-00000007`."""

    created: str
    """When it was published, ISO 8601, UTC."""

    change: str
    """What made it: `add`, `sync`, `remove`, `reembed`, `rollback`."""

    documents: int
    """Documents in it."""

    chunks: int
    """Chunks in it."""

    current: bool
    """Whether it is the live one."""

    damaged: str = ""
    """What is wrong with it, or ""."""


class NoProgress:
    """Progress that nobody watches."""

    def start(self, total: int, what: str) -> None:
        """Ignores it."""

    def step(self, name: str, count: int = 1) -> None:
        """Ignores it."""

    def note(self, message: str) -> None:
        """Ignores it."""
