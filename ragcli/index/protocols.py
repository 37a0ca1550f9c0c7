"""What the index asks of others; models and sessions satisfy it, runtime introduces."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ragcli.storage.contracts import Sealer
    from ragcli.storage.files import Directory

OnChange = Callable[[str, str, Mapping[str, Any]], None]
"""Called after a change to an index: what changed, the generation, its facts."""


class Embedder(Protocol):
    """Turns texts into unit vectors.

    Raises only `ModelUnavailable` and its leaves.
    """

    id: str
    """Who made a vector, recorded in every snapshot: `builtin:wordllama-256`."""

    dimension: int
    """Length of a vector; 0 until the first embedding where it must be asked."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Returns one L2-normalised row a text, float32, C order.

        A text with no known token gives a zero row.
        """


class PortableEmbedder(Embedder, Protocol):
    """An embedder that processes which read documents can make for themselves."""

    factory: str
    """`module:name` of what makes one that gives the same vectors, without arguments.

    Only an embedder that works on this machine alone should have it: one that asks
    a server would ask from every process.
    """


class TokenEmbedder(Embedder, Protocol):
    """An embedder whose vectors are means of static token vectors.

    Only such an embedder can be asked for windows and MaxSim (late interaction).
    """

    def tokenize(self, texts: Sequence[str]) -> list[NDArray[np.uint16]]:
        """Returns each text's token ids, without special tokens."""

    def embed_with_tokens(
        self, texts: Sequence[str]
    ) -> tuple[NDArray[np.float32], list[NDArray[np.uint16]]]:
        """Returns what `embed` and `tokenize` return, for the price of one."""

    def token_vectors(self) -> NDArray[np.float16]:
        """Returns the mapped table of token vectors (vocabulary by dimension)."""


class Snapshots(Protocol):
    """Where the generations of one index live: a directory, or a place for many."""

    @property
    def sealer(self) -> Sealer | None:
        """What seals the files; None for a profile in the clear."""

    @property
    def notes(self) -> Directory | None:
        """Where the outcome of a sync may be noted in the clear; None for nowhere."""

    def current(self) -> str:
        """Returns the live generation, `gen-00000007`, or "" when there is none."""

    def directory(self, generation: str) -> Path:
        """Returns the local, verified directory of a generation.

        Raises:
            SnapshotNotFound: Collected, or never there.
            SnapshotDamaged: A hash does not match.
        """

    def share(self, generation: str) -> int:
        """Returns a descriptor of a generation's directory; it stays until closed.

        Raises:
            SnapshotNotFound: It was collected.
        """

    def is_whole(self, generation: str) -> bool:
        """Tells whether all files of a generation are there at this moment.

        Raises:
            ProfileNotFound: The profile itself was removed, or is being removed.
        """

    def generations(self) -> list[str]:
        """Returns the kept generations, oldest first."""

    def workspace(self, parent: str) -> AbstractContextManager[Path]:
        """Yields a private `tmp-*` directory, parent's files hard-linked into it.

        It is removed on leaving unless `publish` has taken it.
        """

    def publish(self, workspace: Path, parent: str, manifest: dict[str, Any]) -> str:
        """Makes `workspace` the next generation and returns its name.

        `manifest` is completed with name, parent, sizes and SHA-256 of every file.

        Raises:
            Conflict: `parent` is no longer current; rebase and publish again.
            StorageFailed: Nothing changed.
        """

    def select(self, generation: str) -> str:
        """Makes an older generation current again, as a new one; returns its name."""

    def stored(self) -> int:
        """Returns the bytes of all kept generations; shared ones count once."""

    def prune(self) -> None:
        """Removes every generation but the current one."""

    def lock(self, wait: float) -> AbstractContextManager[None]:
        """Holds the ingest lock; raises `Locked` after `wait` seconds."""


class Progress(Protocol):
    """Where long work reports to; a front end draws it."""

    def start(self, total: int, what: str) -> None:
        """Work of `total` steps begins."""

    def step(self, name: str, count: int = 1) -> None:
        """`count` steps are done, the last of them `name`."""

    def note(self, message: str) -> None:
        """Something a user should read: a skipped or failed file."""
