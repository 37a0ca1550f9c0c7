"""Lines that are a short key, a colon and a value: `Invoice no: 4711`."""

from __future__ import annotations

import re

from ragcli.index.documents import text_structure
from ragcli.index.documents.elements import DocumentBuilder

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


def add_paragraph(builder: DocumentBuilder, text: str) -> None:
    """Adds a paragraph; lines of it that are keys with values become fields."""
    lines = [line for line in text.split("\n") if line]
    fields = [labelled(line) for line in lines]
    if len(lines) > 1 and 2 * sum(map(bool, fields)) < len(lines):
        if not text_structure.is_line_by_line(text):
            builder.paragraph(text)
            return
    elif not any(fields):
        builder.paragraph(text)
        return
    for line, pair in zip(lines, fields, strict=True):
        if pair:
            builder.field(*pair)
        else:
            builder.line(line)
