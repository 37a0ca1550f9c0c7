"""Rows and records: CSV, TSV, JSON Lines and JSON."""

from __future__ import annotations

import csv
import json
import re

from ragcli.index.documents.loaders.parts import Part, one_line, well_formed

_LONG_LINE = re.compile(r"[^\n]{2000}")
_LARGEST_PARSED = 20 << 20
_NUMBER = re.compile(r"[-+]?[\d.,]+%?")


def comma_separated(text: str) -> tuple[str, list[Part]]:
    """Returns the rows as one table, under its columns' names."""
    return "", _table(text, ",")


def tab_separated(text: str) -> tuple[str, list[Part]]:
    """Returns the rows as one table, under its columns' names."""
    return "", _table(text, "\t")


def _table(text: str, delimiter: str) -> list[Part]:
    if not text.strip():
        return []
    columns = _columns(text, delimiter)
    return [Part(text, (columns,) if columns else (), None, 1, "table")]


def _columns(text: str, delimiter: str) -> str:
    """Returns the columns' names, "" when the first row does not look like names."""
    first = text[: text.find("\n")] if "\n" in text else text
    if delimiter not in first and ";" in first:
        delimiter = ";"
    try:
        names = next(csv.reader([first[:2000]], delimiter=delimiter), [])
    except csv.Error:
        return ""
    if not names or any(not name or _NUMBER.fullmatch(name) for name in names):
        return ""
    return one_line(", ".join(name.strip() for name in names))


def json_lines(text: str) -> tuple[str, list[Part]]:
    """Returns the records as one table, a line each."""
    return "", [Part(text, (), None, 1, "table")] if text.strip() else []


def json_document(text: str) -> tuple[str, list[Part]]:
    """Returns the text as it is; what is on one line or full of escapes is laid out.

    A file that is no JSON is read as the text that it is.
    """
    if not text.strip():
        return "", []
    if _LONG_LINE.search(text) or text.count("\\u") * 50 > len(text):
        laid_out = _laid_out(text)
        if laid_out:
            return "", [Part(laid_out, (), None, None, "code")]
    return "", [Part(text, (), None, 1, "code")]


def _laid_out(text: str) -> str:
    """Returns JSON on many lines, "" when it is none, too large or too deep."""
    if len(text) > _LARGEST_PARSED:
        return ""
    try:
        return well_formed(json.dumps(json.loads(text), indent=1, ensure_ascii=False))
    except (ValueError, RecursionError):
        return ""
