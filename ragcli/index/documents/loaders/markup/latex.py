r"""LaTeX: sections, lists, tables and listings, as they are printed.

Commands are left out and characters are what they stand for; nothing is executed but
the definitions of words. What a macro package holds is code. A formula of its own and
a drawing are code as well.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import Document, DocumentBuilder, flat
from ragcli.index.documents.loaders.layout.grids import add_table
from ragcli.index.documents.loaders.layout.header_rows import Span
from ragcli.index.documents.loaders.structured.source_code import code
from ragcli.language.latex_words import (
    OPTION,
    UNSEEN,
    InlineText,
    coloured_code,
    group_at,
    skipped,
)

_LEVELS = {
    "part": 1,
    "chapter": 2,
    "section": 3,
    "subsection": 4,
    "subsubsection": 5,
    "paragraph": 6,
    "subparagraph": 7,
    "frametitle": 7,
}
_TOKEN = re.compile(
    r"\\(?P<name>[A-Za-z@]+)\*?[ \t]*"
    r"|(?P<escape>\\(?:[^A-Za-z@\s]|\s))"
    r"|(?P<comment>%[^\n]*(?:\n(?![ \t]*\n)[ \t]*)?)"
    r"|(?P<blank>\n[ \t]*\n\s*)|(?P<display>\$\$)"
)
_ENVIRONMENT = re.compile(r"\{(?P<name>[A-Za-z@]{1,60}\*?)\}")
_VERBATIM = frozenset({"verbatim", "Verbatim", "BVerbatim", "LVerbatim", "lstlisting",
                       "minted", "alltt", "filecontents", "comment"})  # fmt: skip
_COLOURED = frozenset({"Highlighting"})
"""Code whose words stand in commands that colour them."""

_VERBATIM_DEFINED = re.compile(
    r"\\DefineVerbatimEnvironment\{(?P<name>[A-Za-z]{1,60})\}\{\w{1,60}\}"
    r"(?P<options>\{[^\n]{0,200})?"
)
_OVERLAY = re.compile(r"<[^<>\n]{1,20}>")
"""On which steps of a slide something is shown."""

_BLOCKS = frozenset({"block", "alertblock", "exampleblock"})
_FORMULAS = frozenset({"equation", "align", "gather", "multline", "eqnarray", "math",
                       "displaymath", "flalign", "alignat", "tikzpicture", "pgfpicture",
                       "picture"})  # fmt: skip
_TABLES = frozenset({"tabular", "tabularx", "tabulary", "longtable", "tabu", "longtabu",
                     "supertabular", "xltabular", "tblr"})  # fmt: skip
_WIDTH_FIRST = frozenset({"tabularx", "tabulary", "xltabular", "tabular*"})
_LISTS = frozenset({"itemize", "enumerate", "description", "compactitem", "inparaenum",
                    "compactenum", "tasks", "thebibliography"})  # fmt: skip
_ENVIRONMENT_ARGUMENTS = {
    "minipage": 1, "multicols": 1, "wrapfigure": 2, "adjustbox": 1, "adjustwidth": 2,
    "thebibliography": 1, "list": 2, "subfigure": 1, "wraptable": 2, "frame": 0,
}  # fmt: skip
"""How many groups behind the beginning of an environment nobody sees."""

_TABLE_PART = re.compile(
    r"(?P<end>\\\\\*?(?:[ \t]*\[[^\]\n]{0,40}\])?|\\tabularnewline\b|\\cr\b"
    r"|\\end(?:first|last)?(?P<part>head|foot)\b"
    r"|\\(?P<rule>hline|midrule|toprule|bottomrule|cmidrule|cline|specialrule"
    r"|addlinespace|hhline|arrayrulecolor|rowcolor)\b"
    r"(?:[ \t]*(?:\([a-z]{0,4}\)|\[[^\]\n]{0,40}\]|\{[^{}\n]{0,80}\}))*)"
    r"|\\.|(?P<brace>[{}])|(?P<cell>&)|%[^\n]*",
    re.DOTALL,
)
_CAPTION = re.compile(r"\\caption\*?")
_LONGEST_FLOAT = 20_000
"""Characters of a table or figure in which its caption is looked for."""

_MOST_NAMED = 2
"""Rows above a rule that may name the columns."""

_MERGED = re.compile(
    r"\s*\\multi(?P<way>column|row)(?:\[[^\]]*\])?\s*\{(?P<count>-?\d{1,3})\}"
    r"(?:\[[^\]]*\])?\s*(?:\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}|\*)\s*(?:\[[^\]]*\])?"
)
_DEFINED = re.compile(
    r"\s*(?:\{\s*\\(?P<braced>[A-Za-z@]+)\s*\}|\\(?P<bare>[A-Za-z@]+))(?P<more>\s*\[)?"
)
_LONGEST_WORD = 200
"""Characters that a command of the file's own may stand for."""

_LONGEST_VALUE = 600


def latex(content: Content) -> Document:
    """Reads a document or a part of one; a file of nothing but definitions is code."""
    document = _LatexReader(content.text).read()
    return document if document.sections else code(content)


class _LatexReader:
    """One walk over a file, from one command that makes a block to the next."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._builder = DocumentBuilder()
        self._inline = InlineText()
        self._newlines = [match.start() for match in re.finditer("\n", text)]
        self._pieces: list[tuple[str, bool]] = []
        """The paragraph so far, and whether each piece of it is verbatim."""
        self._span = (0, 0)
        """Where the paragraph begins and ends."""
        self._is_item = False
        self._term = ""
        """What an item of a list of descriptions is about."""
        self._floats: list[tuple[str, int]] = []
        """What is open that floats on its page, and where each began."""
        self._caption = ""
        self._closings: dict[str, int] = {}
        self._verbatim, self._coloured = set(_VERBATIM), set(_COLOURED)
        for match in _VERBATIM_DEFINED.finditer(text):
            is_coloured = "commandchars" in (match["options"] or "")
            (self._coloured if is_coloured else self._verbatim).add(match["name"])
        self._notes: list[str] = []
        self._noted = 0

    def read(self) -> Document:
        """Returns the document."""
        text = self._text
        body = text.find("\\begin{document}")
        if body >= 0:
            self._walk(0, body, is_preamble=True)
        end = text.find("\\end{document}", max(body, 0))
        self._walk(max(body, 0), end if end >= 0 else len(text))
        return self._builder.document()

    def _walk(self, at: int, stop: int, *, is_preamble: bool = False) -> None:
        while match := _TOKEN.search(self._text, at, stop):
            if not is_preamble:
                self._say(at, match.start())
            at = self._token(match, stop, is_preamble=is_preamble)
        if not is_preamble:
            self._say(at, stop)
            self._end_paragraph()

    def _token(self, match: re.Match[str], stop: int, *, is_preamble: bool) -> int:
        """Takes what is more than words, and returns where to go on."""
        name, end = match["name"], match.end()
        if name in {"title", "subtitle", "author", "date", "institute"}:
            return self._entitle(name, end)
        if name in {"newcommand", "renewcommand", "providecommand", "def"}:
            return self._define(end)
        if is_preamble or match["comment"]:
            return end
        if match["blank"] or name == "par":
            self._end_paragraph()
        elif match["display"] or match["escape"] == "\\[":
            return self._formula(end, "\\]" if match["escape"] else "$$", stop)
        elif match["escape"]:
            self._say(match.start(), end)
        else:
            return self._command(name, match.start(), end, stop)
        return end

    def _command(self, name: str, start: int, at: int, stop: int) -> int:
        """Takes a command of the body."""
        environment = _ENVIRONMENT.match(self._text, at)
        if name == "begin" and environment:
            at = self._begin(environment["name"], environment.end(), stop)
        elif name == "end" and environment:
            self._leave(environment["name"], start)
            at = environment.end()
        elif name in _LEVELS:
            at = self._heading(name, at)
        elif name in {"item", "bibitem"}:
            at = self._item(name, at)
        elif name in {"verb", "lstinline", "mintinline"}:
            at = self._verb(at)
        elif name in {"footnote", "footnotetext"}:
            overlay = _OVERLAY.match(self._text, at)
            words, at = self._argument(overlay.end() if overlay else at)
            self._notes += [words] if words else []
        elif name == "caption" and self._floats:
            _, at = self._argument(at)
        elif name in UNSEEN:
            if name.endswith("ref") or "cite" in name:
                self._say(start, at)
            else:
                at = skipped(self._text, at, UNSEEN[name])
        else:
            self._say(start, at)
        return at

    def _say(self, start: int, stop: int, *, is_verbatim: bool = False) -> None:
        """Adds a stretch of the text to the paragraph."""
        piece = self._text[start:stop]
        if not self._pieces:
            if not piece.strip():
                return
            self._span = (start + len(piece) - len(piece.lstrip()), stop)
        self._pieces.append((piece, is_verbatim))
        if piece.strip():
            self._span = (self._span[0], start + len(piece.rstrip()))

    def _end_paragraph(self) -> None:
        """Adds the paragraph, and the notes that it has."""
        text = self._paragraph_text()
        builder = self._builder
        builder.lines = self._lines(*self._span)
        is_term = any(map(str.isalnum, self._term))
        if is_term and len(text) <= _LONGEST_VALUE:
            if text:
                builder.field(self._term, text)
        elif self._is_item or self._term:
            builder.item(f"{self._term} {text}".strip())
        else:
            builder.paragraph(text)
        if text:
            self._is_item, self._term = False, ""
        for note in self._notes:
            self._noted += 1
            builder.note(note, f"footnote {self._noted}")
        self._notes = []

    def _paragraph_text(self) -> str:
        words: list[str] = []
        held: list[str] = []
        for piece, is_verbatim in self._pieces:
            if is_verbatim:
                words += [self._inline.plain("".join(held)), piece]
                held = []
            else:
                held.append(piece)
        words.append(self._inline.plain("".join(held)))
        self._pieces = []
        lines = "".join(words).split("\f")
        return "\n".join(filter(None, map(flat, lines)))

    def _lines(self, start: int, stop: int) -> tuple[int, int]:
        first = bisect_right(self._newlines, max(start - 1, 0)) + 1
        if start == 0 and self._text.startswith("\n"):
            first = 1
        return first, max(first, bisect_right(self._newlines, max(stop - 1, 0)) + 1)

    def _argument(self, at: int) -> tuple[str, int]:
        """Returns what the group behind a command says, and where it ends."""
        while option := OPTION.match(self._text, at):
            at = option.end()
        group = group_at(self._text, at)
        if not group:
            return "", at
        words = self._inline.plain(self._text[slice(*group)])
        return flat(words.replace("\f", " ")), group[1] + 1

    def _heading(self, name: str, at: int) -> int:
        self._end_paragraph()
        words, at = self._argument(at)
        if words:
            self._builder.heading(_LEVELS[name], words)
        return at

    def _entitle(self, name: str, at: int) -> int:
        """Takes what a title page shows."""
        begin = at
        words, at = self._argument(at)
        words = words.replace(" ,", ",").strip(", ")
        if not words:
            return at
        self._end_paragraph()
        self._builder.lines = self._lines(begin, at)
        if name == "title":
            self._builder.heading(0, words)
            self._builder.title = words
        else:
            self._builder.field(name.capitalize(), words)
        return at

    def _define(self, at: int) -> int:
        """Keeps a word that the file defines, and passes any other command over."""
        match = _DEFINED.match(self._text, at)
        if not match:
            return at
        name = match["braced"] or match["bare"]
        at = match.end("bare" if match["bare"] else 0)
        at = match.start("more") if match["more"] else match.end()
        end = skipped(self._text, at, 1)
        group = group_at(self._text, at)
        if group and not match["more"]:
            words = self._inline.plain(self._text[slice(*group)])
            if "#" not in words:
                self._inline.words[name] = words[:_LONGEST_WORD]
        return end

    def _item(self, name: str, at: int) -> int:
        self._end_paragraph()
        option = OPTION.match(self._text, at)
        self._is_item = True
        if name == "bibitem":
            return skipped(self._text, at, 1)
        if option:
            self._term = flat(self._inline.plain(option["option"])).rstrip(":")
            return option.end()
        return at

    def _verb(self, at: int) -> int:
        """Takes words between two signs, or in a group, as they stand."""
        while option := OPTION.match(self._text, at):
            at = option.end()
        sign = self._text[at : at + 1]
        end = self._text.find("}" if sign == "{" else sign, at + 1, at + 400)
        if not sign or end < 0:
            return at
        self._say(at + 1, end, is_verbatim=True)
        return end + 1

    def _formula(self, at: int, closing: str, stop: int) -> int:
        """Adds a formula of its own as it stands."""
        end = self._next(closing, at, stop)
        if end < 0:
            return at
        self._end_paragraph()
        self._code(at, end)
        return end + len(closing)

    def _code(self, start: int, stop: int, *, is_coloured: bool = False) -> None:
        piece = self._text[start:stop]
        begin = start + len(piece) - len(piece.lstrip())
        self._builder.lines = self._lines(begin, start + len(piece.rstrip()))
        shown = coloured_code(piece) if is_coloured else piece
        self._builder.code(shown.strip("\n"))

    def _begin(self, name: str, at: int, stop: int) -> int:
        """Begins an environment, or reads one whole whose text is no text."""
        base = name.rstrip("*")
        closing = f"\\end{{{name}}}"
        end = self._next(closing, at, stop)
        is_code = base in self._verbatim or base in self._coloured
        is_whole = is_code or base in _FORMULAS or base in _TABLES
        self._end_paragraph()
        if is_whole and end >= 0:
            self._whole(name, at, end)
            return end + len(closing)
        if base in {"table", "figure", "longtable", "sidewaystable", "wrapfigure"}:
            self._floats.append((base, at))
            self._caption = self._caption_in(at, end if end >= 0 else at)
        elif base == "abstract":
            self._builder.heading(3, "Abstract")
        if option := OPTION.match(self._text, at):
            at = option.end()
        if base == "frame":
            title, at = self._argument(at)
            if title:
                self._builder.heading(7, title)
            return at
        if base in _BLOCKS:
            title, at = self._argument(at)
            self._builder.lines = self._lines(at, at)
            self._builder.paragraph(title)
            return at
        return skipped(self._text, at, _ENVIRONMENT_ARGUMENTS.get(base, 0))

    def _whole(self, name: str, at: int, end: int) -> None:
        """Reads an environment whose text is no text."""
        base = name.rstrip("*")
        if base in _TABLES:
            self._table(name, at, end)
        elif base in _FORMULAS:
            self._code(at, end)
        elif base != "comment":
            self._listing(at, end, is_coloured=base in self._coloured)

    def _leave(self, name: str, stop: int) -> None:
        """Ends an environment."""
        self._end_paragraph()
        base = name.rstrip("*")
        if base in _LISTS:
            self._is_item, self._term = False, ""
        if self._floats and self._floats[-1][0] == base:
            _, start = self._floats.pop()
            self._builder.lines = self._lines(start, stop)
            self._builder.figure(self._caption)
            self._caption = ""

    def _next(self, closing: str, at: int, stop: int) -> int:
        """Returns where words stand next that end something; -1 where they do not.

        Each is looked for once, however many things begin above it.
        """
        position = self._closings.get(closing, 0)
        if position < at:
            position = self._text.find(closing, at)
            position = len(self._text) + 1 if position < 0 else position
            self._closings[closing] = position
        return position if position < stop else -1

    def _caption_in(self, at: int, end: int) -> str:
        """Returns the caption of what floats."""
        end = min(end, at + _LONGEST_FLOAT)
        match = _CAPTION.search(self._text, at, end)
        return self._argument(match.end())[0] if match else ""

    def _listing(self, at: int, end: int, *, is_coloured: bool = False) -> None:
        """Adds a listing under its caption, without its options."""
        if option := OPTION.match(self._text, at, end):
            caption = re.search(
                r"(?:caption|title)=(?:\{([^{}]*)\}|([^,\]]*))", option["option"]
            )
            if caption:
                self._builder.lines = self._lines(at, option.end())
                self._builder.paragraph(
                    self._inline.plain(caption[1] or caption[2] or "")
                )
            at = option.end()
        if self._text.startswith("{", at) and (group := group_at(self._text, at)):
            at = group[1] + 1
        self._code(at, end, is_coloured=is_coloured)

    def _table(self, name: str, at: int, end: int) -> None:
        """Adds a table; a rule below its first rows makes them names of columns."""
        caption = self._caption or self._caption_in(at, end)
        self._caption = ""
        whole = self._lines(at, end)
        at = skipped(self._text, at, 2 if name in _WIDTH_FIRST else 1)
        reader = _TableRows(self._without_captions(at, end))
        head, rows = reader.read(), reader.rows
        shown: list[list[str]] = []
        spans: list[Span] = []
        for number, row in enumerate(rows):
            cells: list[str] = []
            for cell in row:
                merged = _MERGED.match(cell)
                count = abs(int(merged["count"])) if merged else 1
                column = len(cells)
                words = self._inline.plain(cell[merged.end() :] if merged else cell)
                cells.append(flat(words.replace("\f", " ")))
                if merged and merged["way"] == "column":
                    cells += [""] * (min(count, 60) - 1)
                    spans.append(Span(number, column, number, len(cells) - 1))
                elif count > 1:
                    bottom = min(number + count, len(rows)) - 1
                    spans.append(Span(number, column, bottom, column))
            shown.append(cells)
        places = [self._lines(at + first, at + last) for first, last in reader.places]
        self._builder.lines = whole
        add_table(self._builder, shown, spans, head, caption, places)

    def _without_captions(self, at: int, end: int) -> str:
        """Returns part of the text with blanks for what is no row of a table."""
        body = self._text[at:end]
        for match in _CAPTION.finditer(self._text, at, end):
            stop = min(skipped(self._text, match.end(), 1), end)
            blank = re.sub(r"[^\n]", " ", self._text[match.start() : stop])
            body = body[: match.start() - at] + blank + body[stop - at :]
        return body


class _TableRows:
    """The rows between the beginning of a table and its end.

    Args:
        body: What stands there.
    """

    def __init__(self, body: str) -> None:
        self._body = body
        self._start = 0
        self._cells: list[str] = []
        self.rows: list[list[str]] = []
        self.places: list[tuple[int, int]] = []
        """Where each row begins and ends in the body."""
        self._begin = 0
        self._rules: list[tuple[str, int]] = []
        """What rules there are, and how many rows stand above each."""
        self._head = 0
        self._since = 0

    def read(self) -> int:
        """Reads the rows, and returns how many of the first name the columns.

        Where every row has a rule below it, none of them tells.
        """
        depth = 0
        for match in _TABLE_PART.finditer(self._body):
            brace = match["brace"]
            if brace:
                depth = max(0, depth + (1 if brace == "{" else -1))
            elif not depth and match["cell"]:
                self._cells.append(self._body[self._start : match.start()])
                self._start = match.end()
            elif not depth and match["end"]:
                self._end_row(match)
        self._add_row(len(self._body))
        inner = [item for item in self._rules if 0 < item[1] < len(self.rows)]
        named = next((at for name, at in inner if name == "midrule"), 0)
        if not named and len({at for _, at in inner}) < len(self.rows) - 1:
            named = inner[0][1] if inner else 0
        head = self._head or (named if named <= _MOST_NAMED else 0)
        return head if head < len(self.rows) else 0

    def _end_row(self, match: re.Match[str]) -> None:
        self._add_row(match.start())
        self._start = self._begin = match.end()
        if match["rule"]:
            self._rules.append((match["rule"], len(self.rows)))
        elif match["part"] == "head":
            self._drop(self._head or len(self.rows))
            self._head = self._since = len(self.rows)
        elif match["part"]:
            self._drop(self._since)

    def _drop(self, first: int) -> None:
        """Forgets the rows from one on, which every page repeats."""
        del self.rows[first:], self.places[first:]

    def _add_row(self, stop: int) -> None:
        self._cells.append(self._body[self._start : stop])
        if any(cell.strip() for cell in self._cells):
            self.rows.append(self._cells)
            said = self._body[self._begin : stop]
            blank = len(said) - len(said.lstrip())
            self.places.append((self._begin + blank, self._begin + len(said.rstrip())))
        self._cells, self._begin = [], stop
