"""Paths that are typed: documents for one question (`@path`), and where to search."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator

from ragcli.errors import DocumentNotFound
from ragcli.index.document_filter import DocumentFilter
from ragcli.paths import expanded
from ragcli.text import safe_name

_MENTION = re.compile(r'(?<!\S)@(?:"([^"\n]+)"|(\S+))')
_SHOWN = 12


def attached(question: str) -> tuple[str, tuple[str, ...]]:
    """Returns the question without the `@` signs, and the absolute paths named.

    A mention counts when it looks like a path (it has a slash or a dot) or is one;
    `@everyone` stays text.

    Raises:
        DocumentNotFound: A mention looks like a path, and nothing is there.
    """
    paths: list[str] = []

    def replaced(match: re.Match[str]) -> str:
        name, tail = match[1] or match[2], ""
        path = expanded(name)
        if not path.exists() and not match[1]:
            name = name.rstrip(".,;:!?")
            tail = match[2][len(name) :]
            path = expanded(name)
        if path.exists():
            paths.append(str(path.absolute()))
            return name + tail
        if match[1] or "/" in name or "." in name:
            raise DocumentNotFound(
                f"@{safe_name(name)}: there is no such file",
                "mend the path, or drop the @",
            )
        return match[0]

    return _MENTION.sub(replaced, question), tuple(dict.fromkeys(paths))


def filter_of(argument: str) -> DocumentFilter | None:
    """Returns the filter that paths and globs mean; None for none of them."""
    try:
        words = shlex.split(argument)
    except ValueError:
        words = argument.split()
    places = [expanded(word) for word in words]
    inside = tuple(
        str(start.absolute()) if start.exists() else word
        for word, start in zip(words, places, strict=True)
    )
    return DocumentFilter(inside=inside) if inside else None


def mention_start(text: str) -> int | None:
    """Returns where an unfinished `@path` begins that `text` ends in, or None."""
    match = re.search(r'(?<!\S)@("?)([^"\s]*|(?<=")[^"]*)$', text)
    return match.start() if match else None


def paths_like(begun: str) -> Iterator[str]:
    """Yields a few paths that begin with `begun`, directories with a slash."""
    expanded = os.path.expanduser(begun)
    directory, name = os.path.split(expanded)
    kept = begun[: len(begun) - len(name)]
    try:
        entries = sorted(os.scandir(directory or "."), key=lambda e: e.name)
    except OSError:
        return
    wanted = [
        entry
        for entry in entries
        if entry.name.startswith(name)
        and (name.startswith(".") or not entry.name.startswith("."))
    ]
    for entry in wanted[:_SHOWN]:
        yield kept + entry.name + ("/" if entry.is_dir() else "")
