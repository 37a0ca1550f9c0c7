"""Settings: every key with its value is a field, and comments are prose above them.

A field's cells are its dotted path (`server.port`) and its value; its text is the
line as it stands. What is commented out is a field too, and its label says so. Lines
are told one by one, so that a template or a damaged file costs only what is damaged.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ragcli.index.documents import text_structure
from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import (
    Document,
    Element,
    Section,
    TableFacts,
    flat,
    well_formed,
)
from ragcli.index.documents.loaders.structured.source_code import code

COMMENTED_OUT = "commented out"
"""Label of a field that is there as a comment."""

LONGEST_VALUE = 300
"""Characters; a longer value is text of its own, below its key."""

NAMING_KEYS = frozenset(
    ("name", "id", "key", "title", "label", "slug", "host", "hostname", "job", "code")
)
"""Keys whose value says which record of a list this is."""

LONGEST_NAME = 40
"""Characters of a value that names a record in a path."""

_COMMENT = re.compile(r"[ \t]*(?P<mark>[#;!]|//)(?:[#;]|(?<=/)/)*(?P<gap>[ \t]*)")
_SAYS = re.compile(r"\w")
_SECTION = re.compile(r"[ \t]*\[{1,2}(?P<name>[^\]\n]{1,200})\]{1,2}[ \t]*(?:[#;].*)?$")
_OPENING = re.compile(
    r"[ \t]*(?:<(?P<tag>[A-Za-z][^<>/]*)>|(?P<name>[\w.\-/~^*$\"' \\()|]+?)[ \t]*\{)"
    r"[ \t]*$"
)
_CLOSING = re.compile(r"[ \t]*(?:</[^<>]*>|\}[;,]?)[ \t]*$")
_ASSIGNED = re.compile(
    r"[ \t]*(?P<key>[^\s=:#;<>\[{}][^=:{}\n]{0,99}?)[ \t]*"
    r"(?:\??\+?=|:(?![:/\\]))[ \t]*(?P<value>.*)$"
)
_SPACED = re.compile(r"[ \t]*(?P<key>[A-Za-z_][\w.\-]{0,60})[ \t]+(?P<value>\S.*)$")
_OFF_ASSIGNED = re.compile(
    r"(?P<key>[A-Za-z_][\w.\-\[\]/]{0,80})[ \t]*(?:=|:(?=[ \t]+\S))[ \t]*"
    r"(?P<value>.{0,160})$"
)
_OFF_SPACED = re.compile(r"(?P<key>[A-Za-z][\w.\-]{1,60})[ \t]+(?P<value>\S.{0,120})$")
_INNER_CAPITAL = re.compile(r"[A-Z0-9]+[a-z0-9]+[A-Z]|[a-z]_[a-z]|[a-z]\.[a-z]")
_TRAILING = re.compile(r"[ \t]+[#;][ \t].*$")
_PLAIN_WORDS = 4
_LONGEST_FIELD = 4000
"""Characters after which lines that go on are lines of their own."""
_LONGEST_RECORD = 4000
"""Characters; a longer entry of a list is told by its fields."""

_FEWEST_RECORDS = 2
_MOST_COLUMNS = 60
_REMARKS = ("default", "example", "note", "see", "todo", "warning", "usage", "type")


class _SettingsLine(NamedTuple):
    """A line of a text: offsets, and what stands there."""

    start: int
    end: int
    text: str

    @property
    def indent(self) -> int:
        """Columns before its first character."""
        return len(self.text) - len(self.text.lstrip(" \t"))


def _lines(text: str) -> Iterator[_SettingsLine]:
    start = 0
    for line in text.split("\n"):
        yield _SettingsLine(start, start + len(line), line)
        start += len(line) + 1


class _SettingsElements:
    """Collects elements; lines of a comment that follow each other are one."""

    def __init__(self) -> None:
        self.elements: list[Element] = []
        self.is_settings = False
        """Whether there is a key, or an entry of a list."""
        self._lists: list[_RecordList] = []
        """Lists of which the entries may have keys."""
        self._last: dict[str, _RecordList] = {}
        """Of each path the list that was read last."""
        self._comment = (-1, -1)

    def comment(self, start: int, end: int) -> None:
        """Adds a line of a comment, from its first word."""
        if self._comment[0] >= 0:
            start = self._comment[0]
        self._comment = (start, end)

    def close(self) -> None:
        """Ends the comment that is open."""
        start, end = self._comment
        if start >= 0:
            self.elements.append(Element("prose", start, end))
        self._comment = (-1, -1)

    def add(
        self,
        kind: str,
        span: tuple[int, int],
        cells: tuple[str, ...] = (),
        label: str = "",
    ) -> None:
        """Adds an element of any kind."""
        self.close()
        start, end = span
        if start < end:
            self.is_settings |= kind in {"field", "item", "heading"}
            self.elements.append(Element(kind, start, end, -1, cells, label))

    def prolong(self, end: int, more: str) -> bool:
        """Lets the last element go on until `end`; False when none can."""
        last = self.elements[-1] if self.elements and self._comment[0] < 0 else None
        if last is None or last.kind not in {"field", "item"}:
            return False
        if end - last.start > _LONGEST_FIELD:
            return False
        cells = last.cells
        if cells:
            cells = (cells[0], f"{cells[1]} {flat(more)}".strip())
        self.elements[-1] = last._replace(end=end, cells=cells)
        return True

    def has_keys(self, first: int) -> bool:
        """Tells whether an entry of a list that begins with an element has keys."""
        elements = self.elements[first : first + 1]
        return bool(elements) and elements[0].kind != "item"

    def enter(self, path: str, entry: _RecordEntry) -> None:
        """Adds an entry of a list to those right before it."""
        last = self._last.get(path)
        if last and last.entries[-1].stop == entry.first:
            last.entries.append(entry)
        else:
            self._last[path] = _RecordList(path, [entry])
            self._lists.append(self._last[path])

    def with_rows(self, text: str, tables: list[TableFacts]) -> list[Element]:
        """Returns the elements, those of lists of records as rows of tables.

        Args:
            text: The text that they are of.
            tables: The document's tables; those that are made here are appended.
        """
        elements: list[Element] = []
        reached = 0
        for listed in sorted(self._lists, key=lambda item: item.entries[0].first):
            records = listed.records(text, self.elements)
            if not records or listed.entries[0].first < reached:
                continue
            columns = tuple(dict.fromkeys(key for record in records for key in record))
            if len(columns) > _MOST_COLUMNS:
                continue
            number = len(tables)
            tables.append(TableFacts(columns, listed.path, len(records)))
            for entry, record in zip(listed.entries, records, strict=True):
                elements += self.elements[reached : entry.first]
                inside = self.elements[entry.first : entry.stop]
                values = [at for at, item in enumerate(inside) if not _is_comment(item)]
                first, last = values[0], values[-1]
                cells = tuple(record.get(name, "") for name in columns)
                start, end = inside[first].start, inside[last].end
                elements += inside[:first]
                elements.append(Element("row", start, end, number, cells))
                elements += inside[last + 1 :]
                reached = entry.stop
        return elements + self.elements[reached:]


class _RecordEntry(NamedTuple):
    """An entry of a list that has keys: which elements it is made of."""

    first: int
    stop: int
    path: str
    """What the paths of its keys begin with."""


class _RecordList(NamedTuple):
    """A list of entries with keys."""

    path: str
    entries: list[_RecordEntry]

    def records(self, text: str, elements: Sequence[Element]) -> list[dict[str, str]]:
        """Returns the entries as records, none where one of them holds more."""
        if len(self.entries) < _FEWEST_RECORDS:
            return []
        records = []
        for entry in self.entries:
            record = _record(text, elements[entry.first : entry.stop], entry.path)
            if not record:
                return []
            records.append(record)
        return records


def _record(text: str, elements: Sequence[Element], path: str) -> dict[str, str]:
    """Returns the values of an entry by key; none where there are lists of records."""
    values = [item for item in elements if not _is_comment(item)]
    if not values or values[-1].end - values[0].start > _LONGEST_RECORD:
        return {}
    record: dict[str, str] = {}
    for item in values:
        if item.kind == "heading":
            continue
        key_path = item.cells[0] if item.kind == "field" else item.label
        key = key_path.removeprefix(path).removeprefix(".")
        if item.kind not in {"field", "item", "prose"} or not key or "[" in key:
            return {}
        if not key_path.startswith(f"{path}."):
            return {}
        value = item.cells[1] if item.cells else flat(text[item.start : item.end])
        joint = ", " if item.kind == "item" else " "
        record[key] = joint.join(filter(None, (record.get(key), value)))
    return record


def _is_comment(element: Element) -> bool:
    """Tells whether an element says nothing of the values of its entry."""
    is_remark = element.kind == "prose" and not element.label
    return is_remark or element.label == COMMENTED_OUT


def key_values(content: Content) -> Document:
    """Reads `key = value`, `key: value` or `Key value`, in sections or blocks."""
    return _document(content, _KeyValues)


def toml(content: Content) -> Document:
    """Reads TOML; tables of one list are rows, what is in any other list are items."""
    return _document(content, _Toml)


def yaml(content: Content) -> Document:
    """Reads YAML by its indentation; entries with keys are rows, any other items."""
    return _document(content, _Yaml)


def front_matter(text: str, start: int) -> list[Element]:
    """Returns the fields and items of YAML that stands in a text from `start` on."""
    collected = _SettingsElements()
    _Yaml(text, collected).read()
    collected.close()
    return [
        item._replace(start=item.start + start, end=item.end + start)
        for item in collected.elements
    ]


def _document(content: Content, reader: type[_SettingsReader]) -> Document:
    text = content.text
    if not text.strip():
        return Document()
    collected = _SettingsElements()
    reader(text, collected).read()
    collected.close()
    if not collected.is_settings:
        return code(content)
    tables: list[TableFacts] = []
    elements = collected.with_rows(text, tables)
    return Document("", (Section(text, (), None, 1, tuple(elements)),), tuple(tables))


class _SettingsReader(ABC):
    """Walks over the lines of a text of settings."""

    def __init__(self, text: str, elements: _SettingsElements) -> None:
        self.text = text
        self.elements = elements
        self.section = ""
        self.spaced = False
        """Whether keys and values are separated by nothing but spaces."""

    def read(self) -> None:
        """Reads all lines."""
        for line in _lines(self.text):
            self.line(line)

    @abstractmethod
    def line(self, line: _SettingsLine) -> None:
        """Reads one line; each notation has its own."""

    def path(self, *keys: str) -> str:
        """Returns the dotted path of a key in the section that is open."""
        return ".".join(filter(None, (self.section, *keys)))

    def comment(self, line: _SettingsLine, marks: str) -> bool:
        """Reads a line that is blank or a comment; False when it is neither."""
        if not line.text.strip():
            self.elements.close()
            return True
        mark = _COMMENT.match(line.text)
        if not mark or mark["mark"][0] not in marks:
            return False
        body = line.text[mark.end() :].rstrip()
        span = (line.start + mark.end(), line.start + mark.end() + len(body))
        off = self.switched_off(body, directly=mark["gap"] != " ")
        if off:
            path = self.path(off[0])
            self.elements.add("field", span, (path, off[1]), COMMENTED_OUT)
        elif _SAYS.search(body):
            self.elements.comment(*span)
        else:
            self.elements.close()
        return True

    def switched_off(self, body: str, *, directly: bool) -> tuple[str, str] | None:
        """Returns key and value of a setting that is commented out.

        Args:
            body: A comment, without what marks it.
            directly: Whether it follows its mark without a space, or is indented.
        """
        match = _OFF_ASSIGNED.match(body)
        if match:
            value = match["value"]
            few = len(value.split()) <= _PLAIN_WORDS and not value.endswith((".", ":"))
            assigned = "=" in body[match.end("key") : match.start("value")]
            plain = body[0].islower() and len(value.split()) == 1
            if few and (assigned or directly or (plain and not _is_remark(body))):
                return match["key"], unquoted(value)
        match = _OFF_SPACED.match(body) if directly and self.spaced else None
        if match and _is_setting(match["key"], match["value"]):
            return match["key"], unquoted(match["value"])
        return None


def _is_remark(body: str) -> bool:
    """Tells whether a comment is about a setting: `default: 5`."""
    return body.lower().startswith(_REMARKS)


def _is_setting(key: str, value: str) -> bool:
    """Tells a key with its value from the first words of a comment."""
    words = len(value.split())
    if _INNER_CAPITAL.search(key):
        return words <= 2 * _PLAIN_WORDS
    return words <= 2 and not value.endswith((".", ":"))


def unquoted(value: str) -> str:
    """Returns a value on one line, without the quotes around it."""
    value = flat(value)
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        inner = value[1:-1]
        return value if value[0] in inner.replace("\\" + value[0], "") else inner
    return value


class _KeyValues(_SettingsReader):
    """INI and what is alike: properties, units of systemd, configuration of servers."""

    def __init__(self, text: str, elements: _SettingsElements) -> None:
        super().__init__(text, elements)
        self._blocks: list[str] = []
        self._host = ""
        self._goes_on = False
        self._ends = ";" if re.search(r"\{[ \t]*$", text, re.MULTILINE) else ""
        assigned = spaced = 0
        for line in text.split("\n")[:400]:
            if line.lstrip()[:1] not in {"", "[", "<"}:
                bare = line.lstrip("#; \t")
                assigned += bool(re.match(r"[\w.\- ]+[ \t]*[=:](?!:)", bare))
                spaced += bool(re.match(r"[A-Za-z]\w*[ \t]+[^=\s]", bare))
        self.spaced = spaced > assigned

    def line(self, line: _SettingsLine) -> None:
        goes_on, self._goes_on = self._goes_on, line.text.endswith("\\")
        said = line.text.rstrip("\\ \t")
        end = line.start + len(line.text.rstrip())
        if goes_on and said.strip() and self.elements.prolong(end, said):
            return
        if self.comment(line, "#;!" if not self.spaced else "#;"):
            return
        if self._structure(line):
            return
        start = line.start + line.indent
        pair = self._pair(line.text)
        if pair:
            key, value = pair
            if not line.indent:
                self._host = f"{key} {value}" if self.spaced else ""
            above = self._host if line.indent and not self._blocks else ""
            path = self.path(*self._blocks, above, key)
            self.elements.add("field", (start, end), (path, value))
        elif not (line.indent and self.elements.prolong(end, said)):
            key = said.strip()
            if " " in key:
                self.elements.add("line", (start, end))
            else:
                path = self.path(*self._blocks, key)
                self.elements.add("field", (start, end), (path, ""))

    def _structure(self, line: _SettingsLine) -> bool:
        """Reads a line that begins or ends a section or block."""
        span = (line.start + line.indent, line.start + len(line.text.rstrip()))
        match = _SECTION.match(line.text)
        if match:
            self.section, self._blocks, self._host = match["name"].strip(), [], ""
            self.elements.add("heading", span)
            return True
        match = _OPENING.match(line.text)
        if match:
            self._blocks.append(flat(match["tag"] or match["name"]))
            self.elements.add("heading", span)
            return True
        if _CLOSING.match(line.text):
            del self._blocks[-1:]
            self.elements.close()
            return True
        return False

    def _pair(self, line: str) -> tuple[str, str] | None:
        """Returns key and value of a line, None when it has no such thing."""
        line = line.rstrip("\\ \t")
        kinds = (_SPACED, _ASSIGNED) if self.spaced else (_ASSIGNED, _SPACED)
        line = line.removesuffix(self._ends)
        for kind in kinds:
            match = kind.match(line)
            if match and not (kind is _SPACED and match["value"].startswith("=")):
                if kind is _SPACED and not self.spaced and not self._blocks:
                    return None
                value = _TRAILING.sub("", match["value"])
                return _spelled(match["key"].strip()), _spelled(unquoted(value))
        return None


_SPELLED = re.compile(r"(?:\\u[0-9a-fA-F]{4})+|\\(?=[ :=])")


def _spelled(text: str) -> str:
    """Returns text with blanks and characters told by their numbers, plain."""
    if "\\" not in text:
        return text
    return well_formed(
        _SPELLED.sub(
            lambda match: "".join(
                chr(int(number, 16)) for number in match[0].split("\\u")[1:]
            ),
            text,
        )
    )


_TOML_KEY = re.compile(
    r"[ \t]*(?P<key>(?:[\w\-]+|\"[^\"\n]*\"|'[^'\n]*')"
    r"(?:[ \t]*\.[ \t]*(?:[\w\-]+|\"[^\"\n]*\"|'[^'\n]*'))*)[ \t]*=[ \t]*"
)
_TOML_TOKEN = re.compile(
    r"\"\"\"(?:[^\\]|\\.)*?(?:\"\"\"|\Z)|'''.*?(?:'''|\Z)"
    r"|\"(?:[^\"\\\n]|\\.)*\"?|'[^'\n]*'?|\#[^\n]*|[\[\]{}]|\n",
    re.DOTALL,
)


class _Toml(_SettingsReader):
    """TOML: values may take several lines."""

    def __init__(self, text: str, elements: _SettingsElements) -> None:
        super().__init__(text, elements)
        self._reached = 0
        self._list = ""
        self._list_end = -1
        self._entry: tuple[str, int] | None = None
        """The list whose entry is open, and the element that it begins with."""

    def read(self) -> None:
        super().read()
        self.elements.close()
        self._end_entry("")

    def _end_entry(self, section: str) -> None:
        """Ends the entry that is open, unless a section is part of it."""
        if self._entry and not section.startswith(f"{self._entry[0]}."):
            path, first = self._entry
            entry = _RecordEntry(first, len(self.elements.elements), path)
            self.elements.enter(path, entry)
            self._entry = None

    def line(self, line: _SettingsLine) -> None:
        if line.start < self._reached:
            return
        if self.comment(line, "#"):
            return
        if line.start < self._list_end:
            self._listed(line)
            return
        section = _SECTION.match(line.text)
        span = (line.start + line.indent, line.start + len(line.text.rstrip()))
        if section:
            self._begin_section(section, span)
            return
        key = _TOML_KEY.match(line.text)
        if not key:
            self.elements.add("line", span)
            return
        self._value(line, self.path(flat(key["key"])), line.start + key.end())

    def _begin_section(self, section: re.Match[str], span: tuple[int, int]) -> None:
        """Begins a table, which may be an entry of a list: `[[servers]]`."""
        is_entry = section[0].lstrip().startswith("[[")
        self.section = section["name"].strip()
        self.elements.close()
        self._end_entry("" if is_entry else self.section)
        if is_entry:
            self._entry = (self.section, len(self.elements.elements))
        self.elements.add("heading", span)

    def _value(self, line: _SettingsLine, path: str, start: int) -> None:
        """Reads the value that begins at `start`."""
        end, is_list = self._end(start)
        if "\n" in self.text[start:end] and is_list:
            self._list, self._list_end = path, end
            self.elements.add(
                "heading", (line.start + line.indent, line.start + len(line.text))
            )
            return
        value = self.text[start:end].rstrip()
        self._reached = end
        shown = listed(value) if is_list else unquoted(value.strip("\"'"))
        self.elements.add(
            "field", (line.start + line.indent, start + len(value)), (path, shown)
        )

    def _end(self, start: int) -> tuple[int, bool]:
        """Returns where a value ends, and whether it is a list."""
        depth = 0
        for token in _TOML_TOKEN.finditer(self.text, start):
            mark = token[0]
            if mark in {"[", "{"}:
                depth += 1
            elif mark in {"]", "}"}:
                depth -= 1
            elif (mark == "\n" or mark[0] == "#") and depth <= 0:
                return token.start(), self.text.startswith("[", start)
        return len(self.text), self.text.startswith("[", start)

    def _listed(self, line: _SettingsLine) -> None:
        said = re.sub(r",?[ \t]*(?:#.*)?$", "", line.text).strip(" \t")
        if said not in {"]", "[", "],"}:
            inner = unquoted(said)
            at = line.start + line.indent + (said != inner and said[1:-1] == inner)
            length = len(said) if said[1:-1] != inner else len(inner)
            self.elements.add("item", (at, at + length), (), self._list)


def listed(value: str) -> str:
    """Returns a list on one line as its entries: `a, b`."""
    inner = value.strip().removeprefix("[").removesuffix("]")
    if "[" in inner or "{" in inner:
        return flat(value)
    entries = re.findall(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'|[^,\"'\s][^,]*", inner)
    return ", ".join(unquoted(entry) for entry in entries)


_YAML_KEY = re.compile(
    r"(?P<key>\"(?:[^\"\\\n]|\\.){0,200}\"|'[^'\n]{0,200}'"
    r"|[^\s#:'\"\[\]{},&*!|>%@`][^:\n]{0,200}?(?::[^\s:][^:\n]{0,100}?){0,4}"
    r"|[\w/])[ \t]*:(?=[ \t]|$)[ \t]*"
)
_FLOW_PAIR = re.compile(
    r"[ ]*(?P<key>\"[^\"]*\"|'[^']*'|[\w.-](?:[\w .-]{0,60}[\w.-])?)[ ]*:[ ]+"
    r"(?P<value>\"(?:[^\"\\]|\\.)*\"|'[^']*'|[^\s,{}\[\]\"'#&*!|>%@`:][^,{}\[\]]*)"
    r"[ ]*(?:,[ ]*)?"
)
"""A key with a plain value in a record on one line."""

_YAML_TRAILING = re.compile(r"[ \t]+#.*$")
_BLOCK_SCALAR = re.compile(r"(?:[!&]\S+[ \t]+)*[|>][-+\d]{0,3}$")
_SENTENCE = re.compile(r"[A-Z\u00c0-\u024f][^\n]*(?:\w[.:!?]$|\w\. )", re.MULTILINE)


class _NestingLevel(NamedTuple):
    """One level of the nesting that is open."""

    indent: int
    name: str
    """Its part of the path: a key, or `[2]` of an entry of a list."""

    first: int = -1
    """Of an entry: the number of the element that it begins with."""


class _Yaml(_SettingsReader):
    """YAML by indentation: a level is open until a line is indented no further."""

    def __init__(self, text: str, elements: _SettingsElements) -> None:
        super().__init__(text, elements)
        self._levels: list[_NestingLevel] = []
        self._counts: dict[tuple[str, int], int] = {}
        self._block: list[_SettingsLine] = []
        self._block_key: tuple[int, str, int] | None = None
        self._block_indent = 0
        self._is_folded = False

    def read(self) -> None:
        super().read()
        self._end_block()
        self.elements.close()
        self._pop(-1)

    def line(self, line: _SettingsLine) -> None:
        blank = not line.text.strip()
        if self._block_key:
            if blank or line.indent > self._block_indent:
                self._block.append(line)
                return
            self._end_block()
        if self.comment(line, "#"):
            return
        if line.text.startswith(("---", "...")) and not line.text.strip("-. \t"):
            self.elements.close()
            self._pop(-1)
            self._counts.clear()
            return
        if line.text.lstrip().startswith("{{"):
            at = line.start + line.indent
            self.elements.add("code", (at, line.start + len(line.text.rstrip())))
            return
        self._entry(line, line.indent, line.text[line.indent :])

    def _entry(self, line: _SettingsLine, indent: int, rest: str) -> None:
        """Reads what stands on a line from a column on."""
        begin = indent
        in_list = False
        while rest.startswith("- ") or rest == "-":
            self._pop(indent, in_list=True)
            if not in_list:
                in_list = True
            parent = self._joined()
            count = self._counts.get((parent, indent), 0)
            self._counts[parent, indent] = count + 1
            self.elements.close()
            first = len(self.elements.elements)
            self._levels.append(_NestingLevel(indent, f"[{count}]", first))
            skipped = len(rest) - len(rest[1:].lstrip(" \t"))
            indent, rest = indent + max(skipped, 2), rest[skipped:]
        if not rest:
            return
        if not in_list:
            self._pop(indent)
        key = _YAML_KEY.match(rest)
        at = line.start + begin
        if key:
            self._pair(line, at, indent, key, rest[key.end() :], in_list=in_list)
            return
        end = line.start + len(line.text.rstrip())
        value = _YAML_TRAILING.sub("", rest).rstrip()
        pairs = _flow_pairs(value) if in_list else []
        for pair in pairs:
            span = pair.start("key"), pair.start() + len(pair[0].rstrip(" ,"))
            at = line.start + indent
            cells = f"{self._joined()}.{unquoted(pair['key'])}", unquoted(pair["value"])
            self.elements.add("field", (at + span[0], at + span[1]), cells)
        if pairs:
            return
        if in_list:
            start = line.start + indent
            path = self._joined(without_entry=True)
            self.elements.add("item", (start, start + len(value)), (), path)
        elif not self.elements.prolong(end, value):
            self.elements.add("line", (at, end))

    def _pair(
        self,
        line: _SettingsLine,
        start: int,
        indent: int,
        key: re.Match[str],
        rest: str,
        *,
        in_list: bool,
    ) -> None:
        name = unquoted(key["key"])
        value = _YAML_TRAILING.sub("", rest).rstrip()
        if value.startswith("#"):
            value = ""
        if in_list and name in NAMING_KEYS and 0 < len(value) <= LONGEST_NAME:
            entry = self._levels[-1]
            self._levels[-1] = entry._replace(name=f"[{unquoted(value)}]")
        path = ".".join(filter(None, (self._joined(), name))).replace(".[", "[")
        end = start + len(line.text.rstrip()) - (start - line.start)
        self._levels.append(_NestingLevel(indent, name))
        if _BLOCK_SCALAR.fullmatch(value):
            self.elements.close()
            self._block_key = (start, path, end)
            self._block_indent, self._block = indent, []
            self._is_folded = ">" in value
        elif (value and value[0] not in "&!") or " " in value:
            shown = listed(value) if value[0] == "[" else unquoted(value)
            self.elements.add("field", (start, end), (path, shown))
        else:
            self.elements.add("heading", (start, end))

    def _end_block(self) -> None:
        """Adds the key of a text of several lines, and the text."""
        if not self._block_key:
            return
        start, path, end = self._block_key
        self._block_key = None
        lines = [line for line in self._block if line.text.strip()]
        said = flat(" ".join(line.text for line in lines))
        if not lines:
            self.elements.add("heading", (start, end))
            return
        stop = lines[-1].start + len(lines[-1].text.rstrip())
        has_code = not self._is_folded and _has_code(lines)
        if len(said) <= LONGEST_VALUE and not has_code:
            self.elements.add("field", (start, stop), (path, said))
            return
        self.elements.add("heading", (start, end))
        first = lines[0].start
        if has_code:
            self.elements.add("code", (first, stop))
            return
        for item in text_structure.elements(self.text[first:stop], "text", []):
            moved = item._replace(start=item.start + first, end=item.end + first)
            self.elements.elements.append(
                moved._replace(table=-1, label=item.label or path)
                if item.table < 0
                else Element("line", moved.start, moved.end, label=path)
            )

    def _pop(self, indent: int, *, in_list: bool = False) -> None:
        """Closes levels that a line with this indentation is not below."""
        levels = self._levels
        while levels:
            last = levels[-1]
            is_entry = last.name.startswith("[")
            if last.indent < indent or (
                in_list and last.indent == indent and not is_entry
            ):
                return
            stop = len(self.elements.elements)
            if is_entry and self.elements.has_keys(last.first):
                entry = _RecordEntry(last.first, stop, self._joined())
                self.elements.enter(self._joined(without_entry=True), entry)
            levels.pop()

    def _joined(self, *, without_entry: bool = False) -> str:
        names = [level.name for level in self._levels]
        if without_entry and names and names[-1].startswith("["):
            names.pop()
        return ".".join(names).replace(".[", "[")


def _flow_pairs(value: str) -> list[re.Match[str]]:
    """Returns the pairs of a record on one line, `{name: a, port: 80}`; else none."""
    if not value.startswith("{"):
        return []
    pairs: list[re.Match[str]] = []
    at = 1
    while match := _FLOW_PAIR.match(value, at):
        pairs.append(match)
        at = match.end()
    return pairs if value[at:].strip() == "}" else []


def _has_code(lines: list[_SettingsLine]) -> bool:
    """Tells whether lines below a key are commands or data rather than sentences."""
    return len(lines) > 1 and not _SENTENCE.search(
        "\n".join(line.text.strip() for line in lines)
    )
