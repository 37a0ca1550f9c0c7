"""The directories that `docs sync` looks through."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict

from ragcli.frozen import frozen
from ragcli.index.generations.generation_files import GenerationFiles

FILE = "roots.json"
"""Their place in a generation."""


@frozen
class Roots:
    """Directories that were added, and what is left out of them."""

    directories: tuple[str, ...] = ()
    """Absolute paths."""

    left_out: tuple[str, ...] = ()
    """Paths below them that were removed by hand and stay out."""

    def changed(
        self, *, added: Iterable[str], dropped: Iterable[str], left_out: Iterable[str]
    ) -> Roots:
        """Returns the roots after directories came and went.

        Args:
            added: Files and directories that were named; they are in again.
            dropped: Directories that are not looked through any more.
            left_out: Paths that were removed by hand.
        """
        named = tuple(added)
        directories = set(self.directories) - set(dropped)
        directories |= set(named)
        out = {p for p in self.left_out if not any(is_below(p, n) for n in named)}
        out |= {p for p in left_out if any(is_below(p, d) for d in directories)}
        return Roots(tuple(sorted(directories)), tuple(sorted(out)))

    def readmitted(self, paths: Iterable[str]) -> Roots:
        """Returns the roots after some files were added by name."""
        named = tuple(paths)
        out = (p for p in self.left_out if not any(is_below(p, n) for n in named))
        return Roots(self.directories, tuple(out))


def read(files: GenerationFiles) -> Roots:
    """Returns the roots that a generation has stored."""
    told = json.loads(bytes(files.buffer(FILE)))
    return Roots(tuple(told["directories"]), tuple(told["left_out"]))


def encode(roots: Roots) -> bytes:
    """Returns what `read` reads."""
    return json.dumps(asdict(roots)).encode()


def is_below(path: str, directory: str) -> bool:
    """Tells whether `path` is `directory` or something in it."""
    return path == directory or path.startswith(directory.rstrip("/") + "/")
