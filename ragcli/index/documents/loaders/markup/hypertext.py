"""HTML: headings, paragraphs, lists, tables, fields, code and notes as they read.

A tokenizer of one regular expression walks the page; it needs no tree, so that
neither depth nor missing end tags matter, and its time grows with the length of
the page alone. What it finds are steps that add to a document; those of a table's
cell wait until the table ends, which shows whether it is a table or a page's layout.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import unescape

from ragcli.index.documents.content import Content, with_newlines
from ragcli.index.documents.elements import (
    Document,
    DocumentBuilder,
    one_line,
    raised,
    well_formed,
)
from ragcli.index.documents.loaders.layout.labelled import add_paragraph
from ragcli.index.documents.text_layout import ruled_table

_TOKEN = re.compile(
    r"<!--(?:-?>|.*?(?:--!?>|\Z))|<!\[CDATA\[(?P<cdata>.*?)(?:\]\]>|\Z)"
    r"|<(?P<close>/?)(?P<name>[a-zA-Z][^\s/<>]*)(?:"
    r"(?P<attributes>(?:[^<>=]++|=\s*+(?:\"[^\"]*+\"|'[^']*+')|=)*+)>"
    r"|(?P<broken>[^<>]*)>)|<[!?][^<>]*>",
    re.DOTALL,
)
"""Comments, tags and declarations; a quoted value of a tag may hold `<` and `>`."""

_ATTRIBUTE = re.compile(
    r"([a-zA-Z][\w:-]{0,40})\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))"
)
_SPACES = re.compile(r"[ \t\r\n\f\xa0]+")
_LINE_SPACES = re.compile(r" *\n *")
_DECLARED = re.compile(
    rb"(?:charset|encoding)\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE
)
_NO_CHARACTER = re.compile(r"&#(?:\d{20,}|[xX][\da-fA-F]{20,});?")
"""A reference to a character beyond all that there are."""

_LINK_SIGN = re.compile(r"[\s\xb6#\u00a7\U0001f517]+")
"""What a heading's link to itself shows."""

_HEADING_SIGN = re.compile(r"[\s\xb6\U0001f517]+$")
"""Such a sign where it is no link, less those that a heading may well end with."""

_REFERENCE = re.compile(
    r"\s*[\[(]?\s*(?:(?:note|fn|nb)\s*)?(?:\d{1,4}|[a-z]|[ivx]{1,5}|[*\u2020\u2021\u00a7])"
    r"\s*[\])]?\s*",
    re.IGNORECASE,
)
"""What a mark that refers to a note says."""

_BRACKETED = re.compile(r"\s*\[[^\[\]]{1,12}\]\s*")
_REFERS = re.compile(
    r"noteref|footnote-?ref|fn-?ref|reference\b|cite_ref|biblioref", re.IGNORECASE
)
_RETURNS = re.compile(r"backlink|footnote-?back|fn-?back", re.IGNORECASE)
_NOTE = re.compile(
    r"(?:^|\s)(?:doc-)?(?:foot|end|rear)notes?(?:\s|$)|(?:^|\s)fn(?:\s|$)",
    re.IGNORECASE,
)
_RETURN_SIGNS = re.compile(r"[\u21a9\u2191^\ufe0e\s]+")

_OPAQUE = frozenset(
    {"script", "style", "template", "noscript", "annotation", "annotation-xml"}
)
"""Elements that show nothing; the last two keep a formula in another notation."""

_ASIDE = frozenset({"nav", "button", "datalist", "iframe", "canvas", "dialog"})
_CONTROLS = frozenset({"input", "select", "textarea"})
_UNSEEN = frozenset(
    {"hidden", "password", "submit", "button", "image", "reset", "file"}
)
"""Kinds of inputs that show no words of whoever filled a form in."""

_BOXES = {"checkbox": "\u2612\u2610", "radio": "\u25c9\u25cb"}
"""How an input looks that is chosen, and one that is not."""

_MOST_TERMS = 20
"""Terms that may share their values."""

_OPTION = re.compile(r"<option\b([^<>]*)>([^<]*)", re.IGNORECASE)
_TITLE_END = re.compile(r"</title\b|\Z", re.IGNORECASE)
_DRAWN_TEXT = re.compile(r"<text\b[^<>]*>((?:[^<]|<(?!/text\b))*)", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_CHOSEN = re.compile(r"(?:^|\s)(?:selected|checked)\b", re.IGNORECASE)
_MULTIPLE = re.compile(r"(?:^|\s)multiple\b", re.IGNORECASE)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BLOCKS = frozenset(
    re.findall(
        r"\w+",
        "p div section article main blockquote figure figcaption header footer aside"
        " form fieldset address details summary hr body legend option center",
    )
)
_TABLE_PARTS = frozenset(
    {"td", "th", "tr", "table", "caption", "thead", "tbody", "tfoot"}
)
_LIST_PARTS = frozenset({"ul", "ol", "li", "dl", "dt", "dd"})
_BOLD = frozenset({"b", "strong"})
_MOST_SPANNED = 1000
_LARGEST_SPANS = 100_000
"""Fields that the merged cells of a table may reach over, beside its cells."""

_LONGEST_CELL = 2000
"""Characters from which a cell with several paragraphs is a page's layout."""

_FEW = 8
_DEEPEST = 100


@dataclass(slots=True)
class _Step:
    """Something to add to a document."""

    kind: str
    """`paragraph`, `item`, `code`, `heading`, `field`, `note` or `table`."""

    text: str = ""
    more: str = ""
    """Of an item its bullet, of a field its value, of a note its label."""

    level: int = 0
    table: _Table | None = None


@dataclass(slots=True)
class _Cell:
    """A cell of a table, with what it holds."""

    is_header: bool
    columns: int = 1
    rows: int = 1
    steps: list[_Step] = field(default_factory=list)
    bold: int = 0
    """Characters of it that are bold."""

    @property
    def text(self) -> str:
        """Its text, on one line."""
        parts = (
            f"{step.text} {step.more}" if step.kind == "field" else step.text
            for step in self.steps
        )
        return " ".join(" ".join(parts).split())


@dataclass(slots=True)
class _Table:
    """A table that is being read."""

    rows: list[list[_Cell]] = field(default_factory=list)
    headings: int = 0
    """Rows that stand in its head."""

    caption: str = ""
    in_head: bool = False


def _preformatted(text: str) -> _Step:
    """Returns code, or the table that is set in letters of one width."""
    lines = ruled_table(text)
    if not lines:
        return _Step("code", text)
    rows = [
        [_Cell(not at, steps=[_Step("paragraph", cell)]) for cell in cells]
        for at, cells in enumerate(lines)
    ]
    return _Step("table", table=_Table(rows, headings=1))


def declared_text(data: bytes) -> str | None:
    """Returns the text by the encoding that the page declares; None without one."""
    match = _DECLARED.search(data[:2048])
    if not match:
        return None
    try:
        return data.decode(match[1].decode("ascii"), "replace")
    except (LookupError, UnicodeError):
        return None


def html(content: Content) -> Document:
    """Reads a page; one that is not UTF-8 may declare what it is in."""
    builder = DocumentBuilder()
    title = add_page(builder, page_text(content))
    builder.title = title or builder.title
    return builder.document()


def add_page(builder: DocumentBuilder, text: str) -> str:
    """Adds what a page says to a document, and returns its own title or "".

    Navigation is left out, unless the page holds nothing else.
    """
    page = _PageWalk(_ASIDE)
    page.read(text)
    if not page.steps:
        page = _PageWalk(frozenset())
        page.read(text)
    _add(builder, page.steps)
    return page.title


def page_text(content: Content) -> str:
    """Returns the text of a page's bytes."""
    if not content.data.isascii():
        try:
            content.data.decode("utf-8")
        except UnicodeDecodeError:
            declared = declared_text(content.data)
            return content.text if declared is None else with_newlines(declared)
    return content.text


class _PageWalk:
    """One walk over a page; the result is in `title` and `steps`.

    Args:
        aside: Elements that are left out with all that is in them.
    """

    def __init__(self, aside: frozenset[str]) -> None:
        self.title = ""
        self.steps: list[_Step] = []
        self._into = self.steps
        """Where steps go: the page's, or those of the cell that is open."""
        self._aside = aside
        self._out: list[str] = []
        self._kind = ("paragraph", "")
        """What the text so far becomes when it ends, and its bullet or label."""
        self._heading = 0
        self._pre = 0
        self._bold = 0
        self._tables: list[tuple[_Table, list[_Step]]] = []
        self._lists: list[int] = []
        """Of each open list the number of its last item; -1 where it has none."""
        self._terms: list[str] = []
        """Terms whose value may follow."""
        self._has_value = False
        """Whether they have one already."""
        self._label = ("", "")
        """Words that name a control of a form which is to come, and its id."""
        self._named = ""
        """The id of the control that the label is for which is open."""
        self._note = ""
        self._note_tag = ""
        self._marks: list[tuple[str, int, bool]] = []
        """Open `a` and `sup`: name, where their text begins, whether they refer."""
        self._raised = -1, -1
        """From where to where the last raised text reaches."""

    def read(self, text: str) -> None:
        """Walks over a page."""
        position = 0
        while match := _TOKEN.search(text, position):
            self._say(text[position : match.start()])
            position = match.end()
            name = (match["name"] or "").lower()
            attributes = match["attributes"] or match["broken"] or ""
            if match["cdata"]:
                self._say(match["cdata"])
            elif match["close"]:
                self._end(name)
            elif name:
                position = self._element(name, attributes, text, position)
        self._say(text[position:])
        self._flush()
        self._end_terms()
        while self._tables:
            self._end_table()

    def _element(self, name: str, attributes: str, text: str, position: int) -> int:
        """Takes the start of an element; all of it where it is no text with markup.

        Returns:
            The offset after what was taken.
        """
        is_whole = attributes.endswith("/")
        if name == "title" and not self.title:
            return self._read_title(text, position)
        if self._is_left_out(name, attributes):
            return position if is_whole else _after_element(text, position, name)
        if name == "svg":
            return position if is_whole else self._drawing(text, position)
        if name in _CONTROLS:
            return self._control(name, attributes, text, position)
        self._start(name, attributes)
        return position

    def _is_left_out(self, name: str, attributes: str) -> bool:
        if name in _OPAQUE or name in self._aside:
            return True
        return (
            bool(self._aside)
            and name in {"div", "ul"}
            and ('role="navigation"' in attributes)
        )

    def _read_title(self, text: str, position: int) -> int:
        match = _TITLE_END.search(text, position)
        end = match.start() if match else len(text)
        self.title = one_line(_unescaped(text[position:end]))
        return end

    def _drawing(self, text: str, position: int) -> int:
        """Takes the words of a drawing, a line each, and returns the offset after it.

        What names it is left out: that of an icon is no text of the page.
        """
        end = _after_element(text, position, "svg")
        lines = (
            " ".join(_unescaped(_TAG.sub("", match[1])).split())
            for match in _DRAWN_TEXT.finditer(text, position, end)
        )
        figure = "\n".join(filter(None, lines))
        if figure:
            self._flush()
            self._end_terms()
            self._into.append(_Step("figure", figure))
        return end

    def _say(self, piece: str) -> None:
        if not piece:
            return
        piece = _unescaped(piece) if "&" in piece else piece
        if not self._pre:
            piece = _SPACES.sub(" ", piece)
            if piece == " " and (not self._out or self._out[-1].endswith((" ", "\n"))):
                return
        if self._bold and self._tables and self._cell:
            self._cell.bold += len(piece.strip())
        self._out.append(piece)

    @property
    def _cell(self) -> _Cell | None:
        """The cell that is open."""
        rows = self._tables[-1][0].rows if self._tables else []
        return rows[-1][-1] if rows and rows[-1] else None

    def _start(self, name: str, attributes: str) -> None:
        if name in _HEADINGS:
            self._flush()
            self._heading = _HEADINGS[name]
        elif name in {"a", "sup"}:
            self._start_mark(name, attributes)
        elif name == "label":
            self._start_label(attributes)
        elif name in _BOLD:
            self._bold += 1
        elif name == "br":
            self._out.append("\n")
        elif name in _TABLE_PARTS:
            self._start_table_part(name, attributes)
        elif name in _LIST_PARTS:
            self._start_list_part(name, attributes)
        elif name == "pre":
            self._flush()
            self._pre += 1
        elif name in _BLOCKS:
            self._start_block(name, attributes)

    def _start_block(self, name: str, attributes: str) -> None:
        is_new = len(self._out) < _FEW and not "".join(self._out).strip()
        if self._kind[0] != "paragraph" and is_new:
            return  # the first paragraph of an item, say, is what it says
        self._flush()
        if name in {"aside", "div", "section"}:
            self._start_note(name, attributes)

    def _start_note(self, name: str, attributes: str) -> None:
        """Takes an element that says that it is a note, or that it holds them."""
        values = _attributes(attributes)
        kinds = " ".join(values.get(key, "") for key in ("epub:type", "role", "class"))
        if not self._note and _NOTE.search(kinds):
            self._note, self._note_tag = values.get("id") or "footnote", name

    def _start_label(self, attributes: str) -> None:
        if not self._cell and not _is_box(self._out):
            self._flush()
        self._named = _attributes(attributes).get("for", "")

    def _end_label(self) -> None:
        """Ends the words that name a control; it may have been before them."""
        text = "".join(self._out).strip()
        if self._named and text and not self._cell and not _is_box(self._out):
            self._out = []
            self._label = text, self._named
        elif text:
            self._out.append(" ")
        self._named = ""

    def _control(self, name: str, attributes: str, text: str, position: int) -> int:
        """Takes what a form shows: what was typed, chosen or ticked.

        Returns:
            The offset after the control.
        """
        end, inside = position, ""
        if name != "input" and not attributes.endswith("/"):
            end = _after_element(text, position, name)
            inside = text[position:end].rpartition("</")[0]
        values = _attributes(attributes)
        kind = values.get("type", "").lower() if name == "input" else name
        is_named = bool(self._label[0]) and self._label[1] == values.get("id")
        if kind in _BOXES:
            is_chosen = bool(_CHOSEN.search(attributes))
            self._tick(_BOXES[kind][not is_chosen], is_named=is_named)
        elif kind not in _UNSEEN:
            value = values.get("value", "")
            if name == "select":
                value = _shown_option(inside, attributes, is_named=is_named)
            elif name == "textarea":
                value = _unescaped(inside).strip()
            value = _SPACES.sub(" ", value).strip()
            self._fill(value, values)
        return end

    def _tick(self, box: str, *, is_named: bool) -> None:
        """Adds a box; the words for it are before it or follow."""
        if not is_named and "".join(self._out).strip():
            self._out.append("  ")
        self._out.append(f"{box} ")
        if is_named:
            label, self._label = self._label[0], ("", "")
            self._out.append(label)
            self._flush()

    def _fill(self, value: str, attributes: dict[str, str]) -> None:
        """Adds what a form has been filled with, under the words before it."""
        if self._cell:
            self._say(value)
            return
        label = f"{self._label[0]} {''.join(self._out)}".strip()
        if value and not label:
            names = ("aria-label", "placeholder", "name")
            hints = (attributes.get(name) for name in names)
            label = next(filter(None, hints), "")
        if label:
            self._out, self._label = [], ("", "")
            self._flush()
            self._into.append(_Step("field", " ".join(label.split()), value))
        elif value:
            self._into.append(_Step("paragraph", value))

    def _start_list_part(self, name: str, attributes: str) -> None:
        self._flush()
        if name in {"ul", "ol"}:
            self._lists.append(_first_number(attributes) - 1 if name == "ol" else -1)
            del self._lists[_DEEPEST:]
        elif name == "li":
            bullet = "- "
            if self._lists and self._lists[-1] >= 0:
                self._lists[-1] = _first_number(attributes, self._lists[-1] + 1)
                bullet = f"{self._lists[-1]}. "
            if self._note:
                label = _attributes(attributes).get("id") or bullet.strip()
                self._kind = ("note", label)
            else:
                self._kind = ("item", bullet)
        elif name == "dl":
            self._end_terms()
        elif name == "dt":
            if self._has_value:
                self._end_terms()
            self._kind = ("term", "")
        else:
            self._kind = ("value", "")

    def _start_table_part(self, name: str, attributes: str) -> None:
        if name == "table":
            self._flush()
            self._end_terms()
            if len(self._tables) < _DEEPEST:
                self._tables.append((_Table(), self._into))
            return
        if not self._tables:
            return
        table = self._tables[-1][0]
        if name == "tr":
            self._end_cell()
            table.rows.append([])
        elif name in {"td", "th"}:
            self._end_cell()
            values = _attributes(attributes)
            columns, rows = map(_count, map(values.get, ("colspan", "rowspan")))
            cell = _Cell(name == "th", columns, rows)
            if not table.rows:
                table.rows.append([])
            table.rows[-1].append(cell)
            self._into = cell.steps
        elif name == "caption":
            self._flush()
            self._kind = ("caption", "")
        else:
            self._end_cell()
            table.in_head = name == "thead"

    def _start_mark(self, name: str, attributes: str) -> None:
        values = _attributes(attributes)
        kinds = " ".join(
            values.get(key, "") for key in ("epub:type", "role", "class", "rel", "id")
        )
        target = values.get("href", "")
        if name == "a" and _RETURNS.search(kinds):
            refers = True
        elif _REFERS.search(kinds):
            refers = name == "sup" or bool(target)
        else:
            refers = False
        is_local = "#" in target and not target.startswith(("http:", "https:"))
        self._marks.append((f"{name}#" if is_local else name, len(self._out), refers))
        del self._marks[_DEEPEST:]

    def _end_mark(self, name: str) -> None:
        """Ends a link or a raised text; one that only refers to a note says nothing."""
        while self._marks and self._marks[-1][0].rstrip("#") != name:
            self._marks.pop()
        if not self._marks:
            return
        opened, start, refers = self._marks.pop()
        text = "".join(self._out[start:])
        if self._pre or start > len(self._out):
            return
        if self._heading:
            if opened.endswith("#") and start and _LINK_SIGN.fullmatch(text):
                del self._out[start:]
            return
        is_raised = (
            name == "sup"
            or any(mark[0] == "sup" for mark in self._marks)
            or (start, len(self._out)) == self._raised
        )
        is_mark = bool(_REFERENCE.fullmatch(text))
        drops = (
            (refers and (is_mark or not text.strip() or _RETURN_SIGNS.fullmatch(text)))
            or (is_mark and is_raised and opened.endswith("#"))
            or (is_mark and opened.endswith("#") and _BRACKETED.fullmatch(text))
            or (name == "sup" and is_mark and _BRACKETED.fullmatch(text))
            or (opened.endswith("#") and bool(text) and _RETURN_SIGNS.fullmatch(text))
        )
        if drops:
            del self._out[start:]
        elif name == "sup" and start:
            self._out[start:] = [raised(text, self._out[start - 1])]
            self._raised = start, len(self._out)

    def _end(self, name: str) -> None:
        if name in _HEADINGS:
            self._flush()
        elif name in {"a", "sup"}:
            self._end_mark(name)
        elif name == "label":
            self._end_label()
        elif name in _BOLD:
            self._bold = max(0, self._bold - 1)
        elif name == "pre" and self._pre:
            self._flush(kind="code")
            self._pre -= 1
        elif name in _TABLE_PARTS:
            self._end_table_part(name)
        elif name in _LIST_PARTS or name in _BLOCKS:
            self._flush()
            if name in {"ul", "ol"} and self._lists:
                self._lists.pop()
        if self._note and name == self._note_tag:
            self._note = self._note_tag = ""

    def _end_table_part(self, name: str) -> None:
        if name in {"td", "th", "tr", "table"}:
            self._end_cell()
        else:
            self._flush()
        if self._tables and name == "thead":
            self._tables[-1][0].in_head = False
        if self._tables and name == "table":
            self._end_table()

    def _end_cell(self) -> None:
        self._flush()
        if not self._tables:
            return
        self._end_terms()
        table, _ = self._tables[-1]
        if table.in_head and table.rows and table.rows[-1]:
            table.headings = len(table.rows)
        # What stands between cells belongs to none of them.
        self._into = self._tables[-1][1]

    def _end_table(self) -> None:
        self._flush()
        table, self._into = self._tables.pop()
        if any(cell.steps for row in table.rows for cell in row) or table.caption:
            self._into.append(_Step("table", table=table))

    def _flush(self, kind: str = "") -> None:
        """Ends the text so far."""
        label, self._label = self._label[0], ("", "")
        text = f"{label} {''.join(self._out)}" if label else "".join(self._out)
        self._out = []
        self._marks = []
        what, more = self._kind
        self._kind = ("paragraph", "")
        if self._pre or kind == "code":
            if text.strip():
                self._end_terms()
                self._into.append(_preformatted(text.strip("\n")))
            return
        text = _LINE_SPACES.sub("\n", text).strip()
        if self._heading:
            level, self._heading = self._heading, 0
            text = _HEADING_SIGN.sub("", text)
            if text:
                self._into.append(_Step("heading", text, level=level))
            return
        if not text:
            return
        if what == "caption" and self._tables:
            self._tables[-1][0].caption = text
        elif what == "term":
            self._add_term(text)
        elif what == "value" and self._terms:
            self._into.append(_Step("field", ", ".join(self._terms), text))
            self._has_value = True
        elif self._note:
            self._into.append(
                _Step("note", text, more if what == "note" else self._note)
            )
        else:
            self._end_terms()
            kind = what if what in {"item", "note"} else "paragraph"
            self._into.append(_Step(kind, text, more))

    def _add_term(self, text: str) -> None:
        if len(self._terms) >= _MOST_TERMS:
            self._end_terms()
        self._terms.append(text)

    def _end_terms(self) -> None:
        """Adds terms that no value follows."""
        terms, self._terms = self._terms, []
        if terms and not self._has_value:
            self._into += [_Step("paragraph", term) for term in terms]
        self._has_value = False


def _add(builder: DocumentBuilder, steps: Iterable[_Step]) -> None:
    """Takes the steps; those of a page's layout are taken in their place."""
    waiting = list(steps)[::-1]
    while waiting:
        step = waiting.pop()
        if step.kind == "table" and step.table:
            if _is_layout(step.table):
                inside = [
                    inner
                    for row in step.table.rows
                    for cell in row
                    for inner in cell.steps
                ]
                if step.table.caption:
                    inside.insert(0, _Step("paragraph", step.table.caption))
                waiting += inside[::-1]
            else:
                _add_table(builder, step.table)
        else:
            _add_step(builder, step)


def _add_step(builder: DocumentBuilder, step: _Step) -> None:
    if step.kind == "heading":
        builder.heading(step.level, step.text)
    elif step.kind == "code":
        builder.code(step.text)
    elif step.kind == "item":
        builder.item(step.text, bullet=step.more or "- ")
    elif step.kind == "figure":
        builder.figure(step.text)
    elif step.kind == "field":
        builder.field(step.text.removesuffix(":").rstrip(), step.more)
    elif step.kind == "note":
        builder.note(step.text, step.more)
    else:
        add_paragraph(builder, step.text)


def _is_box(out: list[str]) -> bool:
    """Tells whether the text so far begins with a box that a form has ticked or not."""
    return "".join(out).lstrip()[:1] in {*"".join(_BOXES.values())} and bool(out)


def _shown_option(inside: str, attributes: str, *, is_named: bool) -> str:
    """Returns what a list to choose from shows: what is chosen, else its first entry.

    One that nobody named and nobody chose from is a switch of the page.
    """
    options = [(match[1], _unescaped(match[2])) for match in _OPTION.finditer(inside)]
    chosen = [shown.strip() for values, shown in options if _CHOSEN.search(values)]
    if not chosen and options and is_named and not _MULTIPLE.search(attributes):
        chosen = [options[0][1].strip()]
    return ", ".join(chosen)


def _is_layout(table: _Table) -> bool:
    """Tells whether a table only places what is in it."""
    cells = [cell for row in table.rows for cell in row if cell.steps]
    if any(step.kind == "table" for cell in cells for step in cell.steps):
        return True
    if len(cells) < 2 or max(map(len, table.rows), default=0) < 2:
        return len(cells) < 2 or not any(cell.is_header for cell in cells)
    is_headed = bool(table.headings or _heading_rows(table))
    for cell in cells:
        kinds = {step.kind for step in cell.steps}
        if "heading" in kinds or ("code" in kinds and not is_headed):
            return True
        if len(cell.steps) > 1 and sum(len(s.text) for s in cell.steps) > _LONGEST_CELL:
            return True
    return False


def _add_table(builder: DocumentBuilder, table: _Table) -> None:
    """Adds a table, each of its cells once, where it begins."""
    from ragcli.index.documents.loaders.layout.grids import add_table
    from ragcli.index.documents.loaders.layout.header_rows import Span

    rows: list[list[str]] = []
    spans: list[Span] = []
    count = sum(map(len, table.rows))
    area = sum(
        cell.columns * min(cell.rows, len(table.rows))
        for row in table.rows
        for cell in row
    )
    is_bomb = area > _LARGEST_SPANS + 20 * count
    taken: dict[int, int] = {}
    """Of each column the rows that a cell from above still reaches over."""
    for number, row in enumerate(table.rows):
        cells: list[str] = []
        reach = {at: left - 1 for at, left in taken.items() if left > 1}
        for cell in row:
            if is_bomb:
                cells.append(cell.text)
                continue
            while taken.get(len(cells), 0) > 0:
                cells.append("")
            start = len(cells)
            cells += [cell.text, *[""] * (cell.columns - 1)]
            bottom = number + cell.rows - 1
            if cell.columns > 1 or cell.rows > 1:
                spans.append(Span(number, start, bottom, len(cells) - 1))
            if cell.rows > 1:
                reach.update(dict.fromkeys(range(start, len(cells)), cell.rows - 1))
        rows.append(cells)
        taken = reach
    headings = table.headings or _heading_rows(table)
    if all(len([c for c in row if c]) <= 2 for row in rows) and headings == len(rows):
        headings = 0
    add_table(builder, rows, spans, headings, table.caption)


def _heading_rows(table: _Table) -> int:
    """Returns how many rows at the top hold headers alone, or bold text alone."""
    count = 0
    for row in table.rows:
        filled = [cell for cell in row if cell.text]
        if not filled or not all(cell.is_header for cell in filled):
            break
        count += 1
    if count or len(table.rows) < 2:
        return count if count < len(table.rows) else 0
    first, second = table.rows[:2]
    is_bold = all(_is_bold(cell) for cell in first if cell.text)
    return int(is_bold and not all(_is_bold(cell) for cell in second if cell.text))


def _is_bold(cell: _Cell) -> bool:
    return cell.bold >= len(cell.text.replace(" ", "")) > 0


def _attributes(text: str) -> dict[str, str]:
    """Returns the attributes of a tag, names in lower case."""
    if "=" not in text:
        return {}
    return {
        match[1].lower(): _unescaped(match[2] or match[3] or match[4] or "")
        for match in _ATTRIBUTE.finditer(text)
    }


def _first_number(attributes: str, default: int = 1) -> int:
    """Returns the number that a list begins with, or that an item of it has."""
    values = _attributes(attributes)
    digits = values.get("start", values.get("value", "")).strip()
    is_number = digits.isascii() and digits.isdigit() and len(digits) < 7
    return int(digits) if is_number else default


def _count(text: str | None) -> int:
    """Returns how many rows or columns a cell reaches over."""
    digits = (text or "").strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) < 5):
        return 1
    return max(1, min(int(digits), _MOST_SPANNED))


def _unescaped(text: str) -> str:
    """Returns text with its character references replaced."""
    try:
        return well_formed(unescape(text))
    except ValueError:  # Python takes no number of thousands of digits
        return well_formed(unescape(_NO_CHARACTER.sub("\ufffd", text)))


def _after_element(text: str, position: int, name: str) -> int:
    """Returns the offset after an element's end tag, or after the page."""
    edge = re.compile(rf"<(/?){re.escape(name)}\b[^<>]*>", re.IGNORECASE)
    depth = 1
    while depth:
        match = edge.search(text, position)
        if not match:
            return len(text)
        position = match.end()
        if not match[0].endswith("/>"):
            depth += -1 if match[1] else (name not in {"script", "style"})
    return position
