"""The filter that was typed on a command line, or named by an agent."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from ragcli.config import seconds
from ragcli.errors import UsageError
from ragcli.index.document_filter import DATE, DocumentFilter
from ragcli.index.documents import formats
from ragcli.storage.name_spelling import as_on_disk


def parsed(
    *,
    inside: Sequence[str] | None = None,
    outside: Sequence[str] | None = None,
    tags: Sequence[str] | None = None,
    since: str | None = None,
    until: str | None = None,
    types: Sequence[str] | None = None,
) -> DocumentFilter | None:
    """Returns the filter that was typed; None when nothing was.

    What is None was not typed.

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
        if not all(value.strip("# ") for value in values or ()):
            raise UsageError(f"{option}: the value is empty")
        if any("\0" in value for value in values or ()):
            raise UsageError(f"{option}: no name has a NUL character")
    document_filter = DocumentFilter(
        inside=tuple(map(_path, inside or ())),
        outside=tuple(map(_path, outside or ())),
        tags=tuple(tags or ()),
        since=_bound("--since", since, last=False),
        until=_bound("--until", until, last=True),
        formats=tuple(map(_format, types or ())),
    )
    if document_filter.until and document_filter.since > document_filter.until:
        raise UsageError(
            f"--since {document_filter.since} is after --until {document_filter.until}"
        )
    return document_filter if document_filter != DocumentFilter() else None


def _path(typed: str) -> str:
    """Returns a path in full where it can only be one from here, else as it is."""
    if os.path.lexists(typed):
        return as_on_disk(typed)
    if os.path.isabs(typed) or typed.split("/", 1)[0] in {".", ".."}:
        return os.path.abspath(typed)
    return typed.rstrip("/")


def _bound(option: str, text: str | None, *, last: bool) -> str:
    """Returns the first or last day of what was typed; "" where nothing was.

    Raises:
        UsageError: It is neither a date nor a span of time.
    """
    if text is None:
        return ""
    typed = text.strip()
    from calendar import monthrange  # most questions have no date

    match = DATE.fullmatch(typed)
    try:
        if not match:
            if not typed[:1].isdigit():  # `never` is a span as well
                raise ValueError(typed)  # noqa: TRY301 - one place says what to write
            ago = timedelta(seconds=seconds(typed))
            return (datetime.now() - ago).date().isoformat()  # noqa: DTZ005 - days are the user's
        year = int(match[1])
        month = int(match[2] or (12 if last else 1))
        day = int(match[3] or (monthrange(year, month)[1] if last else 1))
        return date(year, month, day).isoformat()
    except (ValueError, OverflowError):
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
    if name and (format_name := formats.format_of(f"name.{name}")):
        return format_name
    from difflib import get_close_matches

    near = get_close_matches(name, formats.BY_NAME, 1)
    hint = f"did you mean {near[0]}?" if near else "for example markdown, pdf, python"
    raise UsageError(f"--type: {typed!r} is not a format", hint)
