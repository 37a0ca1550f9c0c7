"""Lists of entries that programs write: BibTeX, translations (PO), dumps of SQL.

An entry is a row of a table, with what names its parts as columns; what stands between
entries is prose, or code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import (
    Document,
    Element,
    Section,
    TableFacts,
    flat,
    trimmed,
)
from ragcli.index.documents.loaders.structured.source_code import code
from ragcli.language.latex_words import InlineText

_MOST_COLUMNS = 60
_DEEPEST = 20
_MOST_LOOKS = 20
"""How often a text is gone through at most: values without an end reach to its own."""

_ENTRY = re.compile(
    r"^[ \t]*@(?P<kind>[A-Za-z]+)\s*[{(]\s*(?P<key>[^,\s=}]*)\s*,", re.MULTILINE
)
_END = re.compile(r"\s*(?:,\s*)?[})]")
_PART = re.compile(r"\s*(?:,\s*)?(?P<name>[A-Za-z][\w-]*)\s*=\s*")
_PERCENT = re.compile(r"(?<!\\)%")
_MARKS = re.compile(r"\\url\b|\\(?=[_%#&~{}])|[{}]")
_ADDRESSES = frozenset({"doi", "eprint", "file", "pdf", "url"})

_WORD = re.compile(
    r"^(?P<old>#~[ \t]*)?"
    r"(?P<name>msgctxt|msgid_plural|msgid|msgstr(?:\[\d+\])?)[ \t]+\""
)
_QUOTED = re.compile(r"\"((?:[^\"\\]|\\.)*)\"")
_ESCAPED = re.compile(r"\\(.)")

_CREATE = re.compile(
    r"\bCREATE\s+(?:\w+\s+){0,4}?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?(?P<name>[\w.\"`\[\]]+)\s*\(",
    re.IGNORECASE,
)
_COLUMN = re.compile(r"\s*[\"`\[]?(?P<name>\w+)[\"`\]]?\s+[A-Za-z]")
_NO_COLUMN = frozenset(
    {"primary", "key", "unique", "constraint", "foreign", "index", "check"}
)
_INSERT = re.compile(
    r"\b(?:INSERT|REPLACE)\s+(?:\w+\s+){0,4}?INTO\s+(?P<name>[\w.\"`\[\]]+)\s*"
    r"(?:\((?P<columns>[^()]*)\)\s*)?VALUES\s*(?=\()",
    re.IGNORECASE,
)
_COPY = re.compile(
    r"^COPY\s+(?P<name>[\w.\"]+)\s*(?:\((?P<columns>[^()]*)\)\s*)?FROM\s+stdin[^;\n]*;\n",
    re.IGNORECASE | re.MULTILINE,
)
_COPIED = re.compile(r"^\\\.$", re.MULTILINE)
"""The line behind the rows of a copy."""

_SQL_VALUE = re.compile(
    r"'(?:[^'\\]|''|\\.)*(?:'|\Z)|\"(?:[^\"\\]|\\.)*(?:\"|\Z)|[(),]|[^'\"(),]+",
    re.DOTALL,
)


class _Tables:
    """Collects the rows of several tables, and what stands between them."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.elements: list[Element] = []
        self.tables: list[TableFacts] = []

    def table(self, columns: Sequence[str], caption: str, rows: int) -> int:
        """Adds a table and returns its number."""
        self.tables.append(TableFacts(tuple(columns), caption, rows))
        return len(self.tables) - 1

    def between(self, kind: str, start: int, stop: int) -> None:
        """Adds what stands between rows."""
        start, stop = trimmed(self.text, start, stop)
        if start < stop:
            self.elements.append(Element(kind, start, stop))

    def document(self) -> Document:
        """Returns the document."""
        section = Section(self.text, (), None, 1, tuple(self.elements))
        return Document("", (section,), tuple(self.tables))


class _Entry(NamedTuple):
    """An entry of a list: where it stands, and its parts by name."""

    start: int
    end: int
    parts: dict[str, str]


def _entries_document(text: str, entries: Sequence[_Entry]) -> Document:
    """Returns a list of entries as the rows of one table, under their parts' names."""
    names = dict.fromkeys(name for entry in entries for name in entry.parts)
    columns = list(names)[:_MOST_COLUMNS]
    collected = _Tables(text)
    number = collected.table(columns, "", len(entries))
    reached = 0
    for start, end, parts in entries:
        collected.between("prose", reached, start)
        cells = tuple(parts.get(name, "") for name in columns)
        collected.elements.append(Element("row", start, end, number, cells))
        reached = end
    collected.between("prose", reached, len(text))
    return collected.document()


def bibliography(content: Content) -> Document:
    """Reads BibTeX: an entry is a row, under the names of its parts."""
    text = content.text
    entries: list[_Entry] = []
    for match in _ENTRY.finditer(text):
        if not entries or match.start() >= entries[-1].end:
            parts, end = _parts(text, match)
            named = {"key": match["key"], "kind": match["kind"].lower(), **parts}
            start = text.index("@", match.start())
            entries += [_Entry(start, end, named)] if parts else []
    return _entries_document(text, entries) if entries else code(content)


def _parts(text: str, entry: re.Match[str]) -> tuple[dict[str, str], int]:
    """Returns the parts of an entry by name, and where it ends."""
    parts: dict[str, str] = {}
    at = entry.end()
    while match := _PART.match(text, at):
        at = _value_end(text, match.end())
        value = text[match.end() : at].strip()
        if value[:1] in {"{", '"'}:
            value = value[1:-1]
        name = match["name"].lower()
        parts[name] = _address(value) if name in _ADDRESSES else _words(value)
    closing = _END.match(text, at)
    return parts, closing.end() if closing else at


def _value_end(text: str, at: int) -> int:
    """Returns where a value ends: at a comma or brace that is not inside it."""
    depth, quoted = 0, False
    for position in range(at, min(len(text), at + 20_000)):
        sign = text[position]
        if sign == "{":
            depth += 1
        elif sign == "}":
            if not depth:
                return position
            depth -= 1
        elif sign == '"' and not depth:
            quoted = not quoted
        elif sign == "," and not depth and not quoted:
            return position
    return min(len(text), at + 20_000)


def _words(value: str) -> str:
    """Returns words as they are printed; a percent sign begins no comment here."""
    return flat(InlineText().plain(_PERCENT.sub(r"\\%", value)))


def _address(value: str) -> str:
    """Returns an address as it stands, without the marks that LaTeX wants in it."""
    return flat(_MARKS.sub("", value))


def translations(content: Content) -> Document:
    """Reads messages with their translations: a message is a row."""
    text = content.text
    messages: list[_Entry] = []
    name, start = "", 0
    for line in text.split("\n"):
        end = start + len(line)
        match = _WORD.match(line)
        if match:
            name = match["name"]
            begins = name == "msgctxt" or (
                name == "msgid"
                and not (messages and set(messages[-1].parts) == {"msgctxt"})
            )
            if begins or not messages:
                messages.append(_Entry(start + len(match["old"] or ""), end, {}))
        quoted = _QUOTED.match(line, max(line.find('"'), 0))
        is_more = line.lstrip("#~ \t").startswith('"')
        if messages and quoted and (match or (name and is_more)):
            parts = messages[-1].parts
            parts[name] = parts.get(name, "") + _unescaped(quoted[1])
            messages[-1] = messages[-1]._replace(end=end)
        elif not match:
            name = ""
        start = end + 1
    if not messages:
        return code(content)
    shown = [
        message._replace(parts={key: flat(part) for key, part in message.parts.items()})
        for message in messages
    ]
    return _entries_document(text, shown)


def _unescaped(value: str) -> str:
    signs = {"n": "\n", "t": "\t", "r": ""}
    return _ESCAPED.sub(lambda m: signs.get(m[1], m[1]), value)


def sql(content: Content) -> Document:
    """Reads SQL: what is inserted are rows, all else is code."""
    text = content.text
    stretches = list(_inserted(text))
    if not stretches:
        return code(content)
    known = dict(_created(text))
    collected = _Tables(text)
    numbers: dict[tuple[str, tuple[str, ...]], int] = {}
    reached = 0
    for name, columns, inserted in stretches:
        rows = [row for row in inserted if row[0] >= reached]
        if not rows:
            continue
        names = columns or known.get(_bare(name), ())
        key = (_bare(name), names)
        if key not in numbers:
            numbers[key] = collected.table(names, _bare(name), 0)
        number = numbers[key]
        facts = collected.tables[number]
        collected.tables[number] = facts._replace(rows=facts.rows + len(rows))
        collected.between("code", reached, rows[0][0])
        for start, end, cells in rows:
            collected.elements.append(Element("row", start, end, number, cells))
        reached = rows[-1][1]
    rest = text[reached:]
    reached += len(rest) - len(rest.lstrip("\\.;\n"))
    collected.between("code", reached, len(text))
    return collected.document()


def _bare(name: str) -> str:
    return name.strip('"`[]').rpartition(".")[2].strip('"`[]')


def _names(columns: str | None) -> tuple[str, ...]:
    return (
        tuple(name.strip(' \n\t"`[]') for name in columns.split(",")) if columns else ()
    )


def _created(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yields tables with the names of their columns."""
    tables = list(_CREATE.finditer(text))
    stops = [*(match.start() for match in tables[1:]), len(text)]
    for match, stop in zip(tables, stops, strict=False):
        depth, at, begin = 1, match.end(), match.end()
        parts = []
        while depth and at < stop:
            sign = text[at]
            depth += (sign == "(") - (sign == ")")
            if (sign == "," and depth == 1) or not depth:
                parts.append(text[begin:at])
                begin = at + 1
            at += 1
        columns = [_COLUMN.match(part) for part in parts]
        yield (
            _bare(match["name"]),
            tuple(
                m["name"] for m in columns if m and m["name"].lower() not in _NO_COLUMN
            ),
        )


_Rows = list[tuple[int, int, tuple[str, ...]]]


def _inserted(text: str) -> Iterator[tuple[str, tuple[str, ...], _Rows]]:
    """Yields what is inserted at once, in order: table, columns, rows."""
    stretches = []
    looked = 0
    for match in _INSERT.finditer(text):
        rows, end = _tuples(text, match.end())
        stretches.append((match.start(), match["name"], _names(match["columns"]), rows))
        looked += end - match.end()
        if looked > _MOST_LOOKS * len(text):
            break
    reached = 0
    while (copy := _COPY.search(text, reached)) and (
        last := _COPIED.search(text, copy.end())
    ):
        start, reached = copy.end(), last.end()
        rows = []
        for line in text[start : last.start()].split("\n"):
            if line:
                cells = (
                    "" if cell == "\\N" else flat(cell) for cell in line.split("\t")
                )
                rows.append((start, start + len(line), tuple(cells)))
            start += len(line) + 1
        stretches.append((copy.start(), copy["name"], _names(copy["columns"]), rows))
    for _, name, columns, rows in sorted(stretches, key=lambda item: item[0]):
        if rows:
            yield name, columns, rows


def _tuples(text: str, at: int) -> tuple[_Rows, int]:
    """Returns the rows in parentheses from one on, and where they end."""
    rows: _Rows = []
    depth, start = 0, at
    cells: list[str] = []
    held: list[str] = []
    for match in _SQL_VALUE.finditer(text, at):
        piece = match[0]
        if piece == "(":
            depth += 1
            if depth > _DEEPEST:
                return rows, match.start()
            if depth == 1:
                start, cells, held = match.start(), [], []
                continue
        elif piece == ")":
            depth -= 1
            if not depth:
                cells.append(_sql_value("".join(held)))
                rows.append((start, match.end(), tuple(cells)))
                continue
        elif piece == "," and depth == 1:
            cells.append(_sql_value("".join(held)))
            held = []
            continue
        if not depth:
            if ";" in piece or (piece.strip() and piece != ","):
                return rows, match.start()
        else:
            held.append(piece)
    return rows, len(text)


def _sql_value(piece: str) -> str:
    said = piece.strip()
    if said.upper() == "NULL":
        return ""
    if len(said) > 1 and said[0] == said[-1] == "'":
        said = re.sub(r"\\(.)", r"\1", said[1:-1].replace("''", "'"))
    return flat(said)
