"""Which documents a search looks at: by place, tag, date and format.

What is asked for is told of documents, never of passages, so that it is decided once
for an index and holds for both sides of a search.
"""

from __future__ import annotations

import os
import re
from calendar import monthrange
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

from ragcli.config import seconds
from ragcli.errors import UsageError
from ragcli.frozen import frozen
from ragcli.index.documents import formats
from ragcli.index.segments.catalogue import Record
from ragcli.storage.spelling import as_on_disk

_GLOB = re.compile(r"[*?\[]")
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?(?![\d-])")


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
        told = [f"--in {item}" for item in self.inside]
        told += [f"--not-in {item}" for item in self.outside]
        told += [f"--tag {item}" for item in self.tags]
        told += [f"--since {self.since}"] if self.since else []
        told += [f"--until {self.until}"] if self.until else []
        told += [f"--type {item}" for item in self.formats]
        return " ".join(told)

    def document(self) -> dict[str, Any]:
        """Returns it as a turn keeps it: what is asked for, by name."""
        return {name: value for name, value in asdict(self).items() if value}

    def matcher(self) -> Callable[[Record], bool]:
        """Returns what tells whether a record's document is meant."""
        inside, outside = _places(self.inside), _places(self.outside)
        tags = [_tag(tag) for tag in self.tags]
        last = self.until or "9999-12-31"

        def matches(record: Record) -> bool:
            path = record["path"]
            return bool(
                (not self.inside or inside(path))
                and not (self.outside and outside(path))
                and (not self.formats or record.get("format") in self.formats)
                and (not tags or _has_tag(record, tags))
                and (
                    not (self.since or self.until) or self.since <= _day(record) <= last
                )
            )

        return matches


def parsed(
    *,
    inside: Sequence[str] = (),
    outside: Sequence[str] = (),
    tags: Sequence[str] = (),
    since: str = "",
    until: str = "",
    types: Sequence[str] = (),
) -> DocumentFilter | None:
    """Returns the filter that was typed; None when nothing was.

    Args:
        inside: Paths and globs.
        outside: Those to leave out.
        tags: Tags, with or without `#`.
        since: A day, month or year, or how long ago: `30d`.
        until: The same; of a month or year its last day is meant.
        types: Names of formats, or suffixes of files.

    Raises:
        UsageError: A date is none, a type is unknown, or a value is empty.
    """
    for option, values in (("--in", inside), ("--not-in", outside), ("--tag", tags)):
        if not all(value.strip("# ") for value in values):
            raise UsageError(f"{option}: the value is empty")
    made = DocumentFilter(
        inside=tuple(map(_place, inside)),
        outside=tuple(map(_place, outside)),
        tags=tuple(tags),
        since=_bound("--since", since, last=False),
        until=_bound("--until", until, last=True),
        formats=tuple(map(_format, types)),
    )
    if made.until and made.since > made.until:
        raise UsageError(f"--since {made.since} is after --until {made.until}")
    return made if made != DocumentFilter() else None


def recorded(told: Mapping[str, Any]) -> DocumentFilter | None:
    """Returns the filter that a turn keeps; None where it keeps none."""
    if not told:
        return None
    several = {
        name: tuple(map(str, told.get(name, ())))
        for name in ("inside", "outside", "tags", "formats")
    }
    since, until = str(told.get("since", "")), str(told.get("until", ""))
    return DocumentFilter(**several, since=since, until=until)


def _place(typed: str) -> str:
    """Returns a path in full where it can only be one from here, else as it is."""
    if os.path.lexists(typed):
        return as_on_disk(typed)
    if os.path.isabs(typed) or typed.split("/", 1)[0] in {".", ".."}:
        return os.path.abspath(typed)
    return typed.rstrip("/")


def _places(wanted: Iterable[str]) -> Callable[[str], bool]:
    """Returns what tells whether a path is one of those wanted, or below one."""
    full: list[str] = []
    parts: list[str] = []
    globs: list[str] = []
    for place in wanted:
        if _GLOB.search(place) and not os.path.lexists(place):
            globs.append(place if place.startswith("/") else f"**/{place}")
        elif os.path.isabs(place):
            full += {place.rstrip("/") + "/", os.path.realpath(place).rstrip("/") + "/"}
        else:
            parts.append(f"/{place}/")
    patterns: list[re.Pattern[str]] = []
    if globs:
        import pathspec  # 40 ms

        patterns = [
            pattern.regex
            for pattern in pathspec.GitIgnoreSpec.from_lines(globs).patterns
            if pattern.regex is not None
        ]

    def matches(path: str) -> bool:
        told = f"{path}/"
        return (
            any(told.startswith(place) for place in full)
            or any(part in told for part in parts)
            or any(pattern.match(path.lstrip("/")) for pattern in patterns)
        )

    return matches


def _tag(text: str) -> str:
    return text.strip().lstrip("#").casefold()


def _has_tag(record: Record, wanted: Sequence[str]) -> bool:
    told = record.get("facts", {}).get("tags", ())
    tags = [_tag(str(tag)) for tag in told] if isinstance(told, list) else []
    return any(
        tag == want or tag.startswith(f"{want}/") for tag in tags for want in wanted
    )


def _day(record: Record) -> str:
    """Returns a document's day, ISO 8601."""
    told = str(record.get("facts", {}).get("date", "")).strip("\"' ")
    match = _DATE.match(told)
    if match:
        try:
            return date(
                int(match[1]), int(match[2] or 1), int(match[3] or 1)
            ).isoformat()
        except ValueError:
            pass
    changed = datetime.fromtimestamp(record["mtime_ns"] / 1e9)  # noqa: DTZ006 - days are the user's
    return changed.date().isoformat()


def _bound(option: str, text: str, *, last: bool) -> str:
    """Returns the first or last day of what was typed; "" for nothing.

    Raises:
        UsageError: It is neither a date nor a span of time.
    """
    typed = text.strip()
    if not typed:
        return ""
    match = _DATE.fullmatch(typed)
    try:
        if not match:
            ago = timedelta(seconds=seconds(typed))
            return (datetime.now() - ago).date().isoformat()  # noqa: DTZ005 - days are the user's
        year = int(match[1])
        month = int(match[2] or (12 if last else 1))
        day = int(match[3] or (monthrange(year, month)[1] if last else 1))
        return date(year, month, day).isoformat()
    except ValueError:
        raise UsageError(
            f"{option}: {text!r} is not a date",
            "write 2024-03-31, 2024-03, 2024, or 30d for thirty days ago",
        ) from None


def _format(typed: str) -> str:
    """Returns the name of a format, given it or a suffix of its files.

    Raises:
        UsageError: There is none; the nearest is named.
    """
    name = typed.strip().lower().lstrip(".")
    if name in formats.BY_NAME:
        return name
    if name and (found := formats.format_of(f"name.{name}")):
        return found
    from difflib import get_close_matches

    near = get_close_matches(name, formats.BY_NAME, 1)
    hint = f"did you mean {near[0]}?" if near else "for example markdown, pdf, python"
    raise UsageError(f"--type: {typed!r} is not a format", hint)
