"""Which documents a search looks at: by place, tag, date and format.

What is asked for is told of documents, never of passages, so that it is decided once
for an index and holds for both sides of a search. What is attached to a mail is a
document of its own: it has a name and a format, and is inside its mail.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, Protocol

from ragcli.errors import UsageError
from ragcli.frozen import frozen
from ragcli.paths import PART_MARK, enclosing

_GLOB = re.compile(r"[*?\[]")
DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?(?![\d-])")
"""A year, month or day, at the beginning of a text."""


class Filterable(Protocol):
    """What the catalogue says of a document: `segments.catalogue`."""

    def __getitem__(self, name: str) -> Any: ...

    def get(self, name: str, default: Any = None) -> Any:
        """Returns what stands under a name, `default` where nothing does."""


@frozen
class DocumentFilter:
    """What a document must be like; what is empty asks for nothing.

    Of several values of one kind any will do; of several kinds all must hold.
    """

    inside: tuple[str, ...] = ()
    """Absolute paths of files and directories, ends or parts of paths (`notes/2024`),
    and globs as in `.gitignore`."""

    outside: tuple[str, ...] = ()
    """Of the same kinds: documents there are left out."""

    tags: tuple[str, ...] = ()
    """Tags of front matter; `work` stands for `work/travel` as well."""

    since: str = ""
    """First day, `2024-03-01`. A document's day is that of its front matter, else the
    one on which its file was last changed."""

    until: str = ""
    """Last day."""

    formats: tuple[str, ...] = ()
    """Names of formats: `markdown`, `pdf`."""

    def __str__(self) -> str:
        """Returns it as it may be typed."""
        options = [f"--in {item}" for item in self.inside]
        options += [f"--not-in {item}" for item in self.outside]
        options += [f"--tag {item}" for item in self.tags]
        options += [f"--since {self.since}"] if self.since else []
        options += [f"--until {self.until}"] if self.until else []
        options += [f"--type {item}" for item in self.formats]
        return " ".join(options)

    def document(self) -> dict[str, Any]:
        """Returns it as a turn keeps it: what is asked for, by name."""
        return {name: value for name, value in asdict(self).items() if value}

    def matcher(self) -> Callable[[Filterable], bool | list[tuple[int, int]]]:
        """Returns what tells whether a record's document is meant.

        Of one that has others inside it and is meant in part alone, that is which
        chunks: the number of the first, counted from 0, and how many.
        """
        inside, outside = _path_matcher(self.inside), _path_matcher(self.outside)
        tags = [_tag(tag) for tag in self.tags]
        last = self.until or "9999-12-31"
        is_placed = bool(self.inside or self.outside or self.formats)

        def matches(record: Filterable) -> bool | list[tuple[int, int]]:
            if is_placed and (parts := record.get("parts")):
                meant = [
                    (first, count)
                    for first, count, part, formats in parts
                    if is_there(_names(record["path"], part), formats)
                ]
                if not (meant and has_facts(record)):
                    return False
                return len(meant) == len(parts) or meant
            if is_placed and not is_there((record["path"],), (record.get("format"),)):
                return False
            return has_facts(record)

        def is_there(names: Sequence[str], formats: Sequence[str | None]) -> bool:
            return bool(
                (not self.inside or any(map(inside, names)))
                and not (self.outside and any(map(outside, names)))
                and (not self.formats or any(name in self.formats for name in formats))
            )

        def has_facts(record: Filterable) -> bool:
            return (not tags or _has_tag(record, tags)) and (
                not (self.since or self.until) or self.since <= _day(record) <= last
            )

        return matches


def recorded(table: Mapping[str, Any]) -> DocumentFilter | None:
    """Returns the filter that a turn keeps; None where it keeps none."""
    if not table:
        return None
    several = {
        name: tuple(map(str, table.get(name, ())))
        for name in ("inside", "outside", "tags", "formats")
    }
    since, until = str(table.get("since", "")), str(table.get("until", ""))
    return DocumentFilter(**several, since=since, until=until)


def _names(path: str, part: str) -> list[str]:
    """Returns what a document inside another is called, and those that it is inside of.

    A part is found by its own name as well: there, what it is inside of is a directory.
    """
    names = [path]
    for name in enclosing(part):
        below = name.replace(PART_MARK, "/")
        names += [f"{path}{PART_MARK}{name}", f"{path}/{below}"]
    return names


def _path_matcher(wanted: Iterable[str]) -> Callable[[str], bool]:
    """Returns what tells whether a path is one of those wanted, or below one."""
    full: list[str] = []
    parts: list[str] = []
    globs: list[str] = []
    for path in wanted:
        if _GLOB.search(path) and not os.path.lexists(path):
            globs.append(path if path.startswith("/") else f"**/{path}")
        elif os.path.isabs(path):
            full += {path.rstrip("/") + "/", os.path.realpath(path).rstrip("/") + "/"}
        else:
            parts.append(f"/{path}/")
    patterns: list[re.Pattern[str]] = []
    if globs:
        import pathspec  # 40 ms

        try:
            spec = pathspec.GitIgnoreSpec.from_lines(globs)
        except (ValueError, re.error):
            raise UsageError(
                f"{' '.join(globs)} is not a pattern that git takes",
                "write `*`, `?`, `**` or `[a-z]`, or a path without them",
            ) from None
        patterns = [
            pattern.regex for pattern in spec.patterns if pattern.regex is not None
        ]

    begins = tuple(full)

    def matches(path: str) -> bool:
        below = f"{path}/"
        within = f"/{below}"
        if below.startswith(begins):
            return True
        for part in parts:  # a million times: a generator takes longer than the look
            if part in within:
                return True
        inner = path.lstrip("/")
        return any(pattern.match(inner) for pattern in patterns) if patterns else False

    return matches


def _tag(text: str) -> str:
    return text.strip().lstrip("#").casefold()


def _has_tag(record: Filterable, wanted: Sequence[str]) -> bool:
    stored = record.get("facts", {}).get("tags", ())
    tags = [_tag(str(tag)) for tag in stored] if isinstance(stored, list) else []
    return any(
        tag == want or tag.startswith(f"{want}/") for tag in tags for want in wanted
    )


def _day(record: Filterable) -> str:
    """Returns a document's day, ISO 8601."""
    text = str(record.get("facts", {}).get("date", "")).strip("\"' ")
    match = DATE.match(text)
    if match:
        try:
            return date(
                int(match[1]), int(match[2] or 1), int(match[3] or 1)
            ).isoformat()
        except ValueError:
            pass
    try:
        changed = datetime.fromtimestamp(record["mtime_ns"] / 1e9)  # noqa: DTZ006 - days are the user's
    except (ValueError, OverflowError, OSError):  # a file may say any time
        return "0001-01-01" if record["mtime_ns"] < 0 else "9999-12-31"
    return changed.date().isoformat()
