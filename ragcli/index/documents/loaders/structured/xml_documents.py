"""XML: what is said between tags and in attributes are fields, what repeats is rows.

A field's key is the path of its tags; its span is what stands in the file. Records
that follow each other and hold nothing but values are rows of a table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import unescape

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
    LONGEST_VALUE,
    NAMING_KEYS,
)
from ragcli.index.documents.loaders.structured.source_code import code

_TOKEN = re.compile(
    r"<!--.*?(?:-->|\Z)|<!\[CDATA\[(?P<cdata>.*?)(?:\]\]>|\Z)|<\?.*?(?:\?>|\Z)"
    r"|<![A-Za-z](?:[^<>\[]|\[[^\]]*\])*>"
    r"|<(?P<close>/?)(?P<name>[A-Za-z_][^\s/<>]*)(?P<attributes>(?:[^<>\"']|\"[^\"]*\"|'[^']*')*?)"
    r"(?P<empty>/?)>",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"([A-Za-z_][\w:.-]*)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_TAG = re.compile(r"<[^<>]*>")
_DEEPEST = 200
_MOST_NODES = 200_000
_MOST_COLUMNS = 60
_LONGEST_RECORD = 4000
_DRAWN = frozenset({"svg"})
"""Roots of drawings: of these, only words are read."""


@dataclass(slots=True)
class _Node:
    """An element with its place."""

    name: str
    start: int
    end: int = -1
    attributes: list[tuple[str, str, int, int]] = field(default_factory=list)
    """Name, value and place of each."""

    children: list[_Node] = field(default_factory=list)
    texts: list[tuple[int, int, str]] = field(default_factory=list)
    """What is said right inside it, with its place."""

    @property
    def said(self) -> str:
        """All its text on one line, without tags that stand in it as text."""
        text = " ".join(said for _, _, said in self.texts)
        return flat(_TAG.sub(" ", text) if "<" in text else text)


def xml_document(content: Content) -> Document:
    """Reads values and records; what holds no values is read as the code that it is."""
    text = content.text
    root = _tree(text)
    if root is None:
        return code(content)
    reader = _XmlReader(text, words_only=bool({c.name for c in root.children} & _DRAWN))
    for top in root.children:
        reader.read(top, ())
    if not reader.elements:
        return code(content)
    reader.elements.sort(key=lambda item: item.start)
    section = Section(text, (), None, 1, tuple(reader.elements))
    return Document("", (section,), tuple(reader.tables))


def _tree(text: str) -> _Node | None:
    """Returns what holds the outermost elements; None of what is too large."""
    root = _Node("", 0)
    open_nodes = [root]
    position = count = 0
    for match in _TOKEN.finditer(text):
        _say(open_nodes[-1], text, position, match.start())
        position = match.end()
        if match["cdata"]:
            open_nodes[-1].texts.append((*match.span("cdata"), match["cdata"]))
        elif match["close"]:
            names = [node.name for node in open_nodes[1:]]
            if _local(match["name"]) in names:
                while open_nodes[-1].name != _local(match["name"]):
                    open_nodes.pop().end = match.start()
                open_nodes.pop().end = match.end()
        elif match["name"]:
            count += 1
            if count > _MOST_NODES or len(open_nodes) > _DEEPEST:
                return None
            node = _Node(_local(match["name"]), match.start(), match.end())
            node.attributes = list(_attributes(match))
            open_nodes[-1].children.append(node)
            if not match["empty"]:
                open_nodes.append(node)
    _say(open_nodes[-1], text, position, len(text))
    for node in open_nodes[1:]:
        node.end = len(text)
    return root


def _say(node: _Node, text: str, start: int, stop: int) -> None:
    start, stop = trimmed(text, start, stop)
    if start < stop:
        node.texts.append((start, stop, well_formed(unescape(text[start:stop]))))


def _attributes(match: re.Match[str]) -> Iterator[tuple[str, str, int, int]]:
    for pair in _ATTRIBUTE.finditer(match["attributes"] or ""):
        name, value = pair[1], pair[2] if pair[2] is not None else pair[3]
        if name.startswith(("xmlns", "xsi:", "xml:")) or not value.strip():
            continue
        start = match.start("attributes") + pair.start()
        stop = match.start("attributes") + pair.end()
        yield _local(name), well_formed(unescape(value)), start, stop


def _local(name: str) -> str:
    return name.rpartition(":")[2]


class _XmlReader:
    """Adds what elements say, from the outermost on."""

    def __init__(self, text: str, *, words_only: bool) -> None:
        self.elements: list[Element] = []
        self.tables: list[TableFacts] = []
        self._text = text
        self._words_only = words_only

    def read(self, node: _Node, path: tuple[str, ...]) -> None:
        """Reads an element that stands below a path."""
        below = (*path, node.name + _naming(node)) if path or node.attributes else path
        if node.children and node.children[0].name == "key":
            below = path
        if not self._words_only:
            for name, value, start, stop in node.attributes:
                if len(value) <= LONGEST_VALUE:
                    self._add(
                        "field", start, stop, (_joined((*below, name)), flat(value))
                    )
        if node.texts and (node.children or not path):
            self._mixed(node, below)
            return
        if node.texts:
            self._value(node, (*path, node.name))
            return
        self._children(node.children, below)

    def _children(self, children: Sequence[_Node], below: tuple[str, ...]) -> None:
        """Reads elements that follow each other: keys with values, rows, others."""
        at = 0
        while at < len(children):
            if children[at].name == "key" and at + 1 < len(children):
                self._keyed(children[at], children[at + 1], below)
                at += 2
                continue
            end = at + 1
            while end < len(children) and children[end].name == children[at].name:
                end += 1
            if end - at > 1 and all(map(_is_record, children[at:end])):
                self._rows(children[at:end], below)
            else:
                for child in children[at:end]:
                    self.read(child, below)
            at = end

    def _value(self, node: _Node, path: tuple[str, ...]) -> None:
        said = node.said
        start, stop = node.texts[0][0], node.texts[-1][1]
        if len(said) <= LONGEST_VALUE:
            self._add("field", start, stop, (_joined(path), said))
        else:
            self._add("prose", start, stop)

    def _mixed(self, node: _Node, path: tuple[str, ...]) -> None:
        """Adds words with tags among them, as one where they are short."""
        start, stop = _inner(node)
        inside = self._text[start:stop]
        said = flat(
            unescape(_TAG.sub("", re.sub(r"<!--.*?-->", "", inside, flags=re.DOTALL)))
        )
        if len(said) <= LONGEST_VALUE:
            self._add("field", start, stop, (_joined(path), said))
        else:
            self._add("prose", start, stop)

    def _keyed(self, key: _Node, value: _Node, path: tuple[str, ...]) -> None:
        """Adds a value that stands behind its key, as in lists of properties."""
        name = key.said
        if value.children:
            self._children(value.children, (*path, name))
            return
        said = value.said or ("" if value.texts else value.name)
        self._add("field", key.start, value.end, (_joined((*path, name)), said))

    def _rows(self, nodes: Sequence[_Node], path: tuple[str, ...]) -> None:
        records = [_record(node) for node in nodes]
        columns = tuple(dict.fromkeys(name for record in records for name in record))
        if len(columns) > _MOST_COLUMNS:
            for node in nodes:
                self.read(node, path)
            return
        number = len(self.tables)
        caption = _joined((*path, nodes[0].name))
        names = columns if len(columns) > 1 or columns[0] else ()
        self.tables.append(TableFacts(names, caption, len(nodes)))
        for node, record in zip(nodes, records, strict=True):
            cells = tuple(record.get(name, "") for name in columns)
            self._add("row", node.start, node.end, cells, number)

    def _add(
        self,
        kind: str,
        start: int,
        stop: int,
        cells: tuple[str, ...] = (),
        table: int = -1,
    ) -> None:
        start, stop = trimmed(self._text, start, stop)
        if start < stop:
            self.elements.append(Element(kind, start, stop, table, cells))


def _inner(node: _Node) -> tuple[int, int]:
    """Returns where what is inside an element begins and ends."""
    spans = [(start, stop) for start, stop, _ in node.texts]
    spans += [(child.start, child.end) for child in node.children]
    return min(a for a, _ in spans), max(b for _, b in spans)


def _is_record(node: _Node) -> bool:
    """Tells whether an element holds values alone, some of them."""
    if node.end - node.start > _LONGEST_RECORD or (node.texts and node.children):
        return False
    if any(child.children for child in node.children):
        return False
    return len(node.attributes) + len(node.children) + bool(node.texts) > 0


def _record(node: _Node) -> dict[str, str]:
    """Returns the values of a record by their names; of several alike all."""
    values: dict[str, list[str]] = {}
    for name, value, _, _ in node.attributes:
        values.setdefault(name, []).append(flat(value))
    if node.texts:
        values.setdefault(node.name if values else "", []).append(node.said)
    for child in node.children:
        inner = [flat(value) for _, value, _, _ in child.attributes]
        said = " ".join(filter(None, (*inner, child.said)))
        values.setdefault(child.name, []).append(said)
    return {name: ", ".join(filter(None, values)) for name, values in values.items()}


def _naming(node: _Node) -> str:
    """Returns what tells an element from others of its name: `[Bergen]`."""
    for name, value, _, _ in node.attributes:
        if name.lower() in NAMING_KEYS and len(value) <= LONGEST_NAME:
            return f"[{flat(value)}]"
    for child in node.children:
        is_naming = child.name.lower() in NAMING_KEYS and child.name != "key"
        if is_naming and 0 < len(child.said) <= LONGEST_NAME:
            return f"[{child.said}]"
    return ""


def _joined(path: Sequence[str]) -> str:
    return ".".join(filter(None, path))
