"""JSON: records are rows, other values fields with their path; and JSON Lines.

The text stays as it stands in the file where that is laid out on lines. A walk over
its tokens tells where each value stands, so that comments and a comma too many cost
nothing; what is no JSON is read as the text that it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import (
    Document,
    Element,
    Section,
    TableFacts,
    flat,
    trimmed,
    well_formed,
)
from ragcli.index.documents.loaders.structured.settings_files import (
    LONGEST_NAME,
    NAMING_KEYS,
)
from ragcli.index.documents.loaders.structured.source_code import code

_LONG_LINE = re.compile(r"[^\n]{2000}")
_LARGEST_PARSED = 16 << 20
_MOST_INDENTED = 8
"""Times its length that a text may grow to when it is laid out: depth is indented."""

_DEEPEST = 200
_MOST_FLATTENED = 5
"""Records inside each other whose values are columns of one row."""

_LONGEST_RECORD = 4000
"""Characters; a longer record of a list is told by its fields."""

_MOST_COLUMNS = 60
_LONGEST_VALUE = 300
"""Characters of a text from which it is prose rather than a value."""

_LONGEST_LIST = 400
"""Characters of a list of plain values that is one field."""

_TOKEN = re.compile(
    r"[ \t\n\r\ufeff]*(?:(?P<string>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\\n]|\\.)*')"
    r"|(?P<mark>[\[\]{}:,])|(?P<word>[^\s\[\]{}:,\"'/]+)|(?P<remark>//[^\n]*|/\*.*?\*/)"
    r"|(?P<other>.)|\Z)",
    re.DOTALL,
)


class _Value(NamedTuple):
    """A value with its place; a list or record has others in it."""

    kind: str
    """`text`, `plain`, `list` or `record`."""

    start: int
    end: int
    inside: tuple[_Pair, ...] = ()


class _Pair(NamedTuple):
    """A key with its value; the key of a list's entry is ""."""

    key: str
    start: int
    value: _Value


def json_document(content: Content) -> Document:
    """Reads records and values; what is on one line or full of escapes is laid out."""
    text = content.text
    if not text.strip():
        return Document()
    first_line: int | None = 1
    if _LONG_LINE.search(text) or text.count("\\u") * 50 > len(text):
        laid_out = _laid_out(text)
        text, first_line = (laid_out, None) if laid_out else (text, 1)
    if len(text) <= _LARGEST_PARSED * _MOST_INDENTED:
        reader = _JsonReader(text)
        if reader.read():
            section = Section(text, (), None, first_line, tuple(reader.elements))
            return Document("", (section,), tuple(reader.tables))
    if first_line:
        return code(content)
    whole = (Element("code", 0, len(text)),)
    return Document("", (Section(text, (), None, None, whole),))


def _laid_out(text: str) -> str:
    """Returns JSON on many lines, "" when it is none, too large or too deep."""
    if len(text) > _LARGEST_PARSED:
        return ""
    pieces: list[str] = []
    left = _MOST_INDENTED * len(text)
    try:
        for piece in json.JSONEncoder(indent=1, ensure_ascii=False).iterencode(
            json.loads(text)
        ):
            pieces.append(piece)
            left -= len(piece)
            if left < 0:
                return ""
    except (ValueError, RecursionError):
        return ""
    return well_formed("".join(pieces))


def json_lines(content: Content) -> Document:
    """Reads the records as rows, one a line."""
    text = content.text
    if not text.strip():
        return Document()
    spans: list[tuple[int, int, _Record | None]] = []
    columns: dict[str, None] = {}
    position = 0
    for line in text.split("\n"):
        if line.strip():
            record = _record_of(line)
            spans.append((position, position + len(line), record))
            columns.update(dict.fromkeys(record or ()))
        position += len(line) + 1
    names = tuple(columns) if len(columns) <= _MOST_COLUMNS else ()
    elements = []
    for start, end, record in spans:
        if record:
            elements.append(Element("row", start, end, 0, _cells_of(record, names)))
        else:
            elements.append(Element("line", start, end))
    rows = sum(element.kind == "row" for element in elements)
    tables = (TableFacts(names, "", rows),) if rows else ()
    return Document("", (Section(text, (), None, 1, tuple(elements)),), tables)


_Record: TypeAlias = dict[str, str]
"""Column → cell."""


def _record_of(line: str) -> _Record | None:
    """Returns the values of a record on one line; None when it is none."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if (
        isinstance(value, list)
        and value
        and not any(isinstance(item, (dict, list)) for item in value)
    ):
        return {str(at + 1): _shown(item) for at, item in enumerate(value)}
    if not isinstance(value, dict):
        return None
    record: _Record = {}
    _flatten(value, "", record, 0)
    return record


def _flatten(value: object, path: str, record: _Record, depth: int) -> None:
    """Enters a value under its path; what is nested deep stays as it is."""
    if isinstance(value, dict) and value and depth < _MOST_FLATTENED:
        for key, inner in value.items():
            name = flat(str(key))
            _flatten(inner, f"{path}.{name}" if path else name, record, depth + 1)
    else:
        record[path] = _shown(value)


def _shown(value: object) -> str:
    if isinstance(value, str):
        return flat(value)
    if isinstance(value, list) and not any(isinstance(x, (dict, list)) for x in value):
        return ", ".join(_shown(item) for item in value)
    try:
        return (
            "" if value is None else well_formed(json.dumps(value, ensure_ascii=False))
        )
    except RecursionError:
        return ""


def _cells_of(record: _Record, columns: Sequence[str]) -> tuple[str, ...]:
    """Returns cells by column, or with their names where there are no columns."""
    if columns:
        return tuple(record.get(name, "") for name in columns)
    return tuple(f"{key}: {value}" for key, value in record.items() if value)


class _JsonReader:
    """Reads one JSON text into elements.

    Args:
        text: The text.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.elements: list[Element] = []
        self.tables: list[TableFacts] = []

    def read(self) -> bool:
        """Reads all of it; False when it is no JSON."""
        try:
            values = _values(self.text)
        except ValueError:
            return False
        if not any(value.inside for value in values):
            return False
        for value in values:
            self._value(value, "", value.start)
        return bool(self.elements)

    def _value(self, value: _Value, path: str, start: int) -> None:
        """Adds what a value says.

        Args:
            value: The value.
            path: Where it is.
            start: Offset of its key, or its own.
        """
        if value.kind in {"text", "plain"}:
            self._plain(value, path, start)
        elif not value.inside:
            self._add("field", start, value.end, (path, ""))
        elif value.kind == "record":
            self._heading(value, start)
            for pair in value.inside:
                name = f"{path}.{pair.key}" if path else pair.key
                self._value(pair.value, name, pair.start)
        else:
            self._list(value, path, start)

    def _heading(self, value: _Value, start: int) -> None:
        """Adds the key that others are below."""
        end = value.start
        said = self.text[start:end].rstrip(": \t\n")
        if said:
            self._add("heading", start, start + len(said))

    def _plain(self, value: _Value, path: str, start: int) -> None:
        said = self._said(value)
        if len(said) > _LONGEST_VALUE:
            if start < value.start:
                self._add("heading", start, value.start - 1)
            self._add("prose", value.start + 1, value.end - 1, label=path)
        elif path:
            self._add("field", start, value.end, (path, said))
        else:
            self._add("item", start, value.end)

    def _list(self, value: _Value, path: str, start: int) -> None:
        entries = [pair.value for pair in value.inside]
        if all(entry.kind in {"text", "plain"} for entry in entries):
            self._plain_list(value, entries, path, start)
            return
        records = self._records(entries)
        self._heading(value, start)
        if records:
            self._rows(entries, records, path)
            return
        for at, entry in enumerate(entries):
            name = self._name(entry) or (str(at) if len(entries) > 1 else "")
            self._value(entry, f"{path}[{name}]" if name else path, entry.start)

    def _plain_list(
        self, value: _Value, entries: Sequence[_Value], path: str, start: int
    ) -> None:
        said = ", ".join(self._said(entry) for entry in entries)
        if path and len(said) <= _LONGEST_LIST:
            self._add("field", start, value.end, (path, said))
            return
        self._heading(value, start)
        for entry in entries:
            quoted = entry.kind == "text"
            self._add("item", entry.start + quoted, entry.end - quoted, label=path)

    def _rows(
        self, entries: Sequence[_Value], records: Sequence[_Record], path: str
    ) -> None:
        columns = tuple(dict.fromkeys(key for record in records for key in record))
        number = len(self.tables)
        self.tables.append(TableFacts(columns, path, len(records)))
        for entry, record in zip(entries, records, strict=True):
            cells = _cells_of(record, columns)
            self.elements.append(Element("row", entry.start, entry.end, number, cells))

    def _records(self, entries: Sequence[_Value]) -> list[_Record]:
        """Returns the entries of a list as rows, none when they are no such thing."""
        records: list[_Record] = []
        columns: set[str] = set()
        for entry in entries:
            if entry.kind != "record" or entry.end - entry.start > _LONGEST_RECORD:
                return []
            record: _Record = {}
            if not self._flattened(entry, "", record):
                return []
            columns.update(record)
            records.append(record)
            if len(columns) > _MOST_COLUMNS:
                return []
        return records if len(records) > 1 else []

    def _flattened(self, value: _Value, path: str, record: _Record) -> bool:
        """Enters the values of a record; False when there are records in it."""
        for key, _, inner in value.inside:
            name = f"{path}.{key}" if path else key
            if inner.kind == "record":
                if not self._flattened(inner, name, record):
                    return False
            elif inner.kind == "list":
                if any(pair.value.inside for pair in inner.inside):
                    return False
                said = (self._said(pair.value) for pair in inner.inside)
                record[name] = ", ".join(said)
            else:
                record[name] = self._said(inner)
        return True

    def _name(self, entry: _Value) -> str:
        """Returns what a record of a list calls itself, or ""."""
        for key, _, value in entry.inside[:4]:
            if key in NAMING_KEYS and value.kind in {"text", "plain"}:
                name = self._said(value)
                return name if len(name) <= LONGEST_NAME else ""
        return ""

    def _said(self, value: _Value) -> str:
        """Returns a plain value, escapes decoded."""
        said = self.text[value.start : value.end]
        return flat(_decoded(said)) if value.kind == "text" else flat(said)

    def _add(
        self,
        kind: str,
        start: int,
        end: int,
        cells: tuple[str, ...] = (),
        label: str = "",
    ) -> None:
        start, end = trimmed(self.text, start, end)
        if start < end:
            self.elements.append(Element(kind, start, end, -1, cells, label))


def _decoded(token: str) -> str:
    """Returns the text of a quoted token."""
    if "\\" not in token:
        return token[1:-1]
    try:
        return str(json.loads(token, strict=False))
    except ValueError:
        return token[1:-1]


class _Open:
    """A list or record that is not closed yet."""

    def __init__(self, kind: str, start: int, key: tuple[str, int]) -> None:
        self.kind = kind
        self.start = start
        self.key = key
        self.inside: list[_Pair] = []


class _Nesting:
    """Puts tokens together to values; raises `ValueError` where they are no JSON."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._opened = [_Open("list", 0, ("", 0))]
        self._pending: _Value | None = None
        self._key: tuple[str, int] | None = None

    def take(self, kind: str, start: int, end: int) -> None:
        """Takes the next token."""
        mark = self._text[start] if kind == "mark" else ""
        if mark == ":":
            self._name(start)
        elif mark in {"]", "}", ","}:
            self._finish(start)
            if mark != ",":
                self._close(mark, end)
        elif self._pending is not None:
            raise ValueError(start)
        elif mark:
            self._open(mark, start)
        else:
            self._pending = _Value("text" if kind == "string" else "plain", start, end)

    def end(self) -> list[_Value]:
        """Returns the outermost values."""
        if len(self._opened) > 1 or self._key:
            raise ValueError(len(self._text))
        return [pair.value for pair in self._opened[0].inside]

    def _name(self, start: int) -> None:
        pending = self._pending
        if pending is None or self._opened[-1].kind != "record" or self._key:
            raise ValueError(start)
        said = self._text[pending.start : pending.end]
        name = _decoded(said) if pending.kind == "text" else said
        self._key, self._pending = (flat(name), pending.start), None

    def _open(self, mark: str, start: int) -> None:
        if len(self._opened) > _DEEPEST:
            raise ValueError(start)
        if self._opened[-1].kind == "record" and self._key is None:
            raise ValueError(start)
        kind = "list" if mark == "[" else "record"
        self._opened.append(_Open(kind, start, self._key or ("", start)))
        self._key = None

    def _finish(self, at: int) -> None:
        """Enters the plain value that ends here, if one does."""
        top, pending = self._opened[-1], self._pending
        if pending is None:
            return
        if (top.kind == "record") != (self._key is not None):
            raise ValueError(at)
        top.inside.append(_Pair(*(self._key or ("", pending.start)), pending))
        self._pending = self._key = None

    def _close(self, mark: str, end: int) -> None:
        top = self._opened[-1]
        if (mark == "]") != (top.kind == "list") or len(self._opened) == 1 or self._key:
            raise ValueError(end)
        self._opened.pop()
        value = _Value(top.kind, top.start, end, tuple(top.inside))
        self._opened[-1].inside.append(_Pair(*top.key, value))


def _values(text: str) -> list[_Value]:
    """Returns the values of a text, one for JSON.

    Raises:
        ValueError: It is no JSON, or too deep.
    """
    nesting = _Nesting(text)
    for kind, start, end in _tokens(text):
        nesting.take(kind, start, end)
    return nesting.end()


def _tokens(text: str) -> Iterator[tuple[str, int, int]]:
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        if kind == "other":
            raise ValueError(match.start())
        if kind and kind != "remark":
            yield kind, match.start(kind), match.end(kind)
