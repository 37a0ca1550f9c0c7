"""The directories that `docs sync` looks through."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Any

from ragcli.frozen import frozen
from ragcli.index.generations.generation_files import GenerationFiles
from ragcli.index.misreading import are_texts, misread
from ragcli.index.report import Choice

FILE = "roots.json"
"""Their place in a generation."""


@frozen
class Roots:
    """Directories that were added, and what is left out of them."""

    directories: tuple[str, ...] = ()
    """Absolute paths."""

    left_out: tuple[str, ...] = ()
    """Paths below them that were removed by hand and stay out."""

    chosen: tuple[Choice, ...] = ()
    """Of which directories only some files are wanted."""

    secrets: tuple[str, ...] = ()
    """Files that look like secrets and were added all the same, by name."""

    def changed(
        self,
        *,
        added: Iterable[str],
        dropped: Iterable[str],
        left_out: Iterable[str],
        chosen: Iterable[Choice] = (),
        secrets: Iterable[str] = (),
    ) -> Roots:
        """Returns the roots after directories came and went.

        Args:
            added: Files and directories that were named; they are in again.
            dropped: Directories that are not looked through any more.
            left_out: Paths that were removed by hand.
            chosen: Which files of some directories are wanted from here on.
            secrets: Files that look like secrets and were added by name.
        """
        named = tuple(added)
        left_out = tuple(left_out)
        directories = set(self.directories) - set(dropped)
        directories |= set(named)
        out = {p for p in self.left_out if not any(is_below(p, n) for n in named)}
        out |= {p for p in left_out if any(is_below(p, d) for d in directories)}
        choices = {item.directory: item for item in (*self.chosen, *chosen)}
        allowed = {*self.secrets, *secrets}
        return Roots(
            tuple(sorted(directories)),
            tuple(sorted(out)),
            tuple(
                choices[directory]
                for directory in sorted(choices)
                if directory in directories
            ),
            tuple(
                s for s in sorted(allowed) if not any(is_below(s, p) for p in left_out)
            ),
        )

    def readmitted(self, paths: Iterable[str]) -> Roots:
        """Returns the roots after some files were added by name."""
        named = tuple(paths)
        out = (p for p in self.left_out if not any(is_below(p, n) for n in named))
        return replace(self, left_out=tuple(out))


def read(files: GenerationFiles) -> Roots:
    """Returns the roots that a generation has stored.

    Raises:
        SnapshotDamaged: They are not as they were written.
    """
    with misread("the list of directories"):
        table = json.loads(bytes(files.buffer(FILE)))
        chosen = (
            Choice(
                _texts([item["directory"]])[0],
                _texts(item["include"]),
                _texts(item["exclude"]),
            )
            for item in table.get("chosen", ())
        )
        return Roots(
            _texts(table["directories"]),
            _texts(table["left_out"]),
            tuple(chosen),
            _texts(table.get("secrets", [])),
        )


def _texts(value: Any) -> tuple[str, ...]:
    """Returns a list of texts; raises what `misread` translates where it is none."""
    if not are_texts(value):
        raise TypeError(value)
    return tuple(value)


def encode(roots: Roots) -> bytes:
    """Returns what `read` reads."""
    return json.dumps(asdict(roots)).encode()


def is_below(path: str, directory: str) -> bool:
    """Tells whether `path` is `directory` or something in it."""
    return path == directory or path.startswith(directory.rstrip("/") + "/")
