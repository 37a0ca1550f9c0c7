"""Masking what matches a pattern, before it is stored or after."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ragcli.errors import UsageError

MASK = "[redacted]"
TEXT_FIELDS = frozenset(
    {
        *("question", "query", "answer", "title", "text"),
        *("quote", "heading", "path", "part", "source", "label"),
        *("reasoning", "unsupported"),
    }
)
"""Fields that hold what people or documents said; ids and numbers never match."""


def compiled(pattern: str, where: str) -> re.Pattern[str]:
    """Returns the compiled pattern.

    Raises:
        UsageError: Not a regular expression, or one that matches nothing at all.
    """
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise UsageError(
            f"{where}: {pattern!r} is not a regular expression: {error}",
            "see https://docs.python.org/3/library/re.html",
        ) from None
    if expression.search(""):
        raise UsageError(
            f"{where}: {pattern!r} matches the empty text", "make it match something"
        )
    return expression


def masked(expression: re.Pattern[str], body: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a record's body with every match in its texts masked."""
    return {name: _masked(expression, name, value) for name, value in body.items()}


def _masked(expression: re.Pattern[str], name: str, value: Any) -> Any:
    if isinstance(value, str):
        return expression.sub(MASK, value) if name in TEXT_FIELDS else value
    if isinstance(value, Mapping):
        return masked(expression, value)
    if isinstance(value, list | tuple):
        return [_masked(expression, name, item) for item in value]
    return value
