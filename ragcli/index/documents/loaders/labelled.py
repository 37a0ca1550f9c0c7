"""Lines that are a short key, a colon and a value: `Invoice no: 4711`."""

from __future__ import annotations

import re

_FIELD = re.compile(
    r"(?P<key>[^\W\d_][^:\n]{0,59}?)\s*[:\uff1a]\s+(?P<value>\S[^\n]{0,239})"
)
_KEY_WORDS = 6


def labelled(line: str) -> tuple[str, str] | None:
    """Returns key and value of a line, None when it is none."""
    match = _FIELD.fullmatch(line.strip())
    if match and len(match["key"].split()) <= _KEY_WORDS:
        return match["key"], match["value"]
    return None
