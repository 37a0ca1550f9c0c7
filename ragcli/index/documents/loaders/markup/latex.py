r"""LaTeX: sections, lists, tables and listings, as they are printed.

Commands are left out and characters are what they stand for; nothing is executed but
the definitions of words. What a macro package holds is code. A formula of its own and
a drawing are code as well.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right

from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import Document, DocumentBuilder, flat
from ragcli.index.documents.loaders.layout.grids import add_table
from ragcli.index.documents.loaders.layout.header_rows import Span
from ragcli.index.documents.loaders.structured.source_code import code

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
_OPTION = re.compile(r"[ \t]*\n?[ \t]*\[(?P<option>(?:[^\[\]]|\[[^\[\]]*\]){0,2000})\]")
_OPENING = re.compile(r"\s{0,40}\{")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_LONGEST_ARGUMENT = 4000
"""Characters; what is longer without an end is no argument."""

_VERBATIM = frozenset({"verbatim", "Verbatim", "BVerbatim", "LVerbatim", "lstlisting",
                       "minted", "alltt", "filecontents", "comment"})  # fmt: skip
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

_UNSEEN = {
    **dict.fromkeys(
        (
            "label", "ref", "eqref", "pageref", "autoref", "cref", "Cref", "vref",
            "nameref", "cite", "citep", "parencite", "footcite", "autocite", "nocite",
            "supercite", "fullcite", "smartcite", "vspace", "hspace", "includegraphics",
            "input", "include", "bibliography", "bibliographystyle", "addbibresource",
            "usepackage", "documentclass", "RequirePackage", "pagestyle", "lstset",
            "thispagestyle", "hypersetup", "color", "index", "glsadd", "phantom",
            "pagenumbering", "graphicspath", "geometry", "theoremstyle", "thanks",
            "captionsetup", "usetikzlibrary", "usetheme", "usecolortheme", "sisetup",
            "setlist", "hphantom", "vphantom", "cline", "bibitem", "markright",
            "selectlanguage", "fontsize", "linespread", "setstretch", "keywords@",
            "hyphenation", "raisebox", "scalebox", "textcolor", "colorbox", "parbox",
            "foreignlanguage", "makebox@", "tag", "colspan", "usefonttheme", "logo",
            "setbeamertemplate", "setbeamercolor", "ProvidesPackage", "enlargethispage",
            "cmidrule", "addtocounter@", "stepcounter", "setmainfont", "pdfinfo",
            "ForEach", "definecolors", "tikzset", "pgfplotsset", "todo",
        ),
        1,
    ),
    **dict.fromkeys(
        (
            "setlength", "addtolength", "newcommand", "renewcommand", "providecommand",
            "DeclareMathOperator", "setcounter", "addtocounter", "newtheorem", "rule",
            "newlength", "resizebox", "fontspec", "markboth", "titleformat", "newenv",
            "newcolumntype", "setbeamerfont", "AtBeginSection", "crefname",
        ),
        2,
    ),
    **dict.fromkeys(
        ("newenvironment", "renewenvironment", "definecolor", "addcontentsline",
         "titlespacing"),
        3,
    ),
}  # fmt: skip
"""How many groups behind a command nobody sees."""

_SIGNS = {
    "ss": "\xdf", "ae": "\xe6", "AE": "\xc6", "oe": "\u0153", "OE": "\u0152",
    "o": "\xf8", "O": "\xd8", "aa": "\xe5", "AA": "\xc5", "l": "\u0142", "L": "\u0141",
    "i": "i", "j": "j", "ldots": "\u2026", "dots": "\u2026", "cdots": "\u2026",
    "textellipsis": "\u2026", "LaTeX": "LaTeX", "TeX": "TeX", "LaTeXe": "LaTeX2e",
    "quad": " ", "qquad": " ", "textbackslash": "\\", "textasciitilde": "~",
    "and": ", ", "textasciicircum": "^", "textunderscore": "_", "textdegree": "\xb0",
    "S": "\xa7", "degree": "\xb0", "euro": "\u20ac", "EUR": "\u20ac",
    "texteuro": "\u20ac", "pounds": "\xa3", "copyright": "\xa9",
    "texttrademark": "\u2122", "dag": "\u2020", "textregistered": "\xae",
    "checkmark": "\u2713", "textendash": "\u2013", "textemdash": "\u2014",
    "times": "\xd7", "cdot": "\xb7", "pm": "\xb1", "mp": "\u2213", "leq": "\u2264",
    "le": "\u2264", "geq": "\u2265", "ge": "\u2265", "neq": "\u2260", "ne": "\u2260",
    "approx": "\u2248", "sim": "~", "infty": "\u221e", "circ": "\xb0", "to": "\u2192",
    "rightarrow": "\u2192", "leftarrow": "\u2190", "Rightarrow": "\u21d2",
    "in": "\u2208", "sum": "\u2211", "prod": "\u220f", "int": "\u222b",
    "sqrt": "\u221a", "alpha": "\u03b1", "beta": "\u03b2", "gamma": "\u03b3",
    "delta": "\u03b4", "epsilon": "\u03b5", "varepsilon": "\u03b5", "zeta": "\u03b6",
    "eta": "\u03b7", "theta": "\u03b8", "kappa": "\u03ba", "lambda": "\u03bb",
    "mu": "\xb5", "nu": "\u03bd", "xi": "\u03be", "pi": "\u03c0", "rho": "\u03c1",
    "sigma": "\u03c3", "tau": "\u03c4", "phi": "\u03c6", "varphi": "\u03c6",
    "chi": "\u03c7", "psi": "\u03c8", "omega": "\u03c9", "Gamma": "\u0393",
    "Delta": "\u0394", "Theta": "\u0398", "Lambda": "\u039b", "Pi": "\u03a0",
    "Sigma": "\u03a3", "Phi": "\u03a6", "Psi": "\u03a8", "Omega": "\u03a9",
    "textmu": "\xb5", "textquotesingle": "'", "guillemotleft": "\xab",
    "guillemotright": "\xbb", "newline": "\n", "slash": "/", "linebreak": "\n",
    "textbar": "|", "textless": "<", "textgreater": ">",
}  # fmt: skip
_UNITS = {
    "metre": "m", "meter": "m", "second": "s", "gram": "g", "bar": "bar", "litre": "l",
    "liter": "l", "celsius": "\xb0C", "degreeCelsius": "\xb0C", "percent": "%",
    "hour": "h", "minute": "min", "day": "d", "watt": "W", "volt": "V", "ampere": "A",
    "hertz": "Hz", "pascal": "Pa", "newton": "N", "joule": "J", "kelvin": "K",
    "mole": "mol", "ohm": "\u03a9", "byte": "B", "bit": "bit", "tonne": "t", "per": "/",
    "squared": "\xb2", "cubed": "\xb3", "kilo": "k", "milli": "m", "micro": "\xb5",
    "mega": "M", "giga": "G", "tera": "T", "centi": "c", "nano": "n", "deci": "d",
    "kilogram": "kg", "kg": "kg", "km": "km", "mm": "mm", "cm": "cm", "square": "\xb2",
}  # fmt: skip
_ACCENTS = {
    "'": "\u0301", "`": "\u0300", '"': "\u0308", "^": "\u0302", "~": "\u0303",
    "=": "\u0304", ".": "\u0307", "c": "\u0327", "v": "\u030c", "H": "\u030b",
    "u": "\u0306", "k": "\u0328", "r": "\u030a", "d": "\u0323", "b": "\u0331",
}  # fmt: skip
_ACCENTED = re.compile(r"\s*(?:\{\s*\\?([A-Za-z]?)\s*\}|\\?([A-Za-z]))")
_ESCAPES = {"\\": "\n", ",": " ", ";": " ", ":": " ", "!": "", "-": "", "/": "",
            "@": "", "(": "", ")": "", "[": "", "]": "", "|": "\u2016"}  # fmt: skip
_INLINE = re.compile(
    r"\\(?P<name>[A-Za-z@]+)\*?[ \t]*\n?[ \t]*|\\(?P<sign>.)"
    r"|(?P<comment>%[^\n]*\n?[ \t]*)|\^(?:\{(?P<power>-?\d{1,3})\}|(?P<digit>\d))"
    r"|(?P<degree>\^\{?(?=\\circ))"
    r"|(?P<plain>---?|``|''|,,|[{}$~])",
    re.DOTALL,
)
_PLAIN = {"---": "\u2014", "--": "\u2013", "``": "\u201c", "''": "\u201d",
          ",,": "\u201e", "~": " "}  # fmt: skip
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
_RAISED = str.maketrans(
    "0123456789-",
    "\u2070\xb9\xb2\xb3\u2074\u2075\u2076\u2077\u2078\u2079\u207b",
)
_DEEPEST = 12
"""Groups and environments that are read inside each other."""

_LONGEST_WORD = 200
"""Characters that a command of the file's own may stand for."""

_LONGEST_VALUE = 600
_NOTHING = re.compile(r"[ \t]?\([ \t,;]{0,20}\)")
"""Parentheses that held nothing but a citation."""


def latex(content: Content) -> Document:
    """Reads a document or a part of one; a file of nothing but definitions is code."""
    document = _LatexReader(content.text).read()
    return document if document.sections else code(content)


class _LatexReader:
    """One walk over a file, from one command that makes a block to the next."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._builder = DocumentBuilder()
        self._inline = _InlineText()
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
            words, at = self._argument(at)
            self._notes += [words] if words else []
        elif name == "caption" and self._floats:
            _, at = self._argument(at)
        elif name in _UNSEEN:
            if name.endswith("ref") or "cite" in name:
                self._say(start, at)
            else:
                at = _skipped(self._text, at, _UNSEEN[name])
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
        if self._term and len(text) <= _LONGEST_VALUE:
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
        while option := _OPTION.match(self._text, at):
            at = option.end()
        group = _group(self._text, at)
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
        end = _skipped(self._text, at, 1)
        group = _group(self._text, at)
        if group and not match["more"]:
            words = self._inline.plain(self._text[slice(*group)])
            if "#" not in words:
                self._inline.words[name] = words[:_LONGEST_WORD]
        return end

    def _item(self, name: str, at: int) -> int:
        self._end_paragraph()
        option = _OPTION.match(self._text, at)
        self._is_item = True
        if name == "bibitem":
            return _skipped(self._text, at, 1)
        if option:
            self._term = flat(self._inline.plain(option["option"])).rstrip(":")
            return option.end()
        return at

    def _verb(self, at: int) -> int:
        """Takes words between two signs, or in a group, as they stand."""
        while option := _OPTION.match(self._text, at):
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

    def _code(self, start: int, stop: int) -> None:
        piece = self._text[start:stop]
        begin = start + len(piece) - len(piece.lstrip())
        self._builder.lines = self._lines(begin, start + len(piece.rstrip()))
        self._builder.code(piece.strip("\n"))

    def _begin(self, name: str, at: int, stop: int) -> int:
        """Begins an environment, or reads one whole whose text is no text."""
        base = name.rstrip("*")
        closing = f"\\end{{{name}}}"
        end = self._next(closing, at, stop)
        is_whole = base in _VERBATIM or base in _FORMULAS or base in _TABLES
        self._end_paragraph()
        if is_whole and end >= 0:
            if base in _TABLES:
                self._table(name, at, end)
            elif base in _FORMULAS:
                self._code(at, end)
            elif base != "comment":
                self._listing(at, end)
            return end + len(closing)
        if base in {"table", "figure", "longtable", "sidewaystable", "wrapfigure"}:
            self._floats.append((base, at))
            self._caption = self._caption_in(at, end if end >= 0 else at)
        elif base == "abstract":
            self._builder.heading(3, "Abstract")
        if option := _OPTION.match(self._text, at):
            at = option.end()
        if base == "frame":
            title, at = self._argument(at)
            if title:
                self._builder.heading(7, title)
            return at
        return _skipped(self._text, at, _ENVIRONMENT_ARGUMENTS.get(base, 0))

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

    def _listing(self, at: int, end: int) -> None:
        """Adds a listing under its caption, without its options."""
        if option := _OPTION.match(self._text, at, end):
            caption = re.search(
                r"(?:caption|title)=(?:\{([^{}]*)\}|([^,\]]*))", option["option"]
            )
            if caption:
                self._builder.lines = self._lines(at, option.end())
                self._builder.paragraph(
                    self._inline.plain(caption[1] or caption[2] or "")
                )
            at = option.end()
        if self._text.startswith("{", at) and (group := _group(self._text, at)):
            at = group[1] + 1
        self._code(at, end)

    def _table(self, name: str, at: int, end: int) -> None:
        """Adds a table; a rule below its first rows makes them names of columns."""
        caption = self._caption or self._caption_in(at, end)
        self._caption = ""
        lines = self._lines(at, end)
        at = _skipped(self._text, at, 2 if name in _WIDTH_FIRST else 1)
        body = _CAPTION.sub(r"\\thanks", self._text[at:end])
        reader = _TableRows(body)
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
        self._builder.lines = lines
        add_table(self._builder, shown, spans, head, caption)


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
        self._start = match.end()
        if match["rule"]:
            self._rules.append((match["rule"], len(self.rows)))
        elif match["part"] == "head":
            del self.rows[self._head or len(self.rows) :]
            self._head = self._since = len(self.rows)
        elif match["part"]:
            del self.rows[self._since :]

    def _add_row(self, stop: int) -> None:
        self._cells.append(self._body[self._start : stop])
        if any(cell.strip() for cell in self._cells):
            self.rows.append(self._cells)
        self._cells = []


class _InlineText:
    """Turns words with commands into what is printed."""

    def __init__(self) -> None:
        self.words: dict[str, str] = {}
        """Commands that the file defines as words."""

    def plain(self, text: str, depth: int = 0) -> str:
        r"""Returns words as they are printed, lines that `\\` ends behind `\f`."""
        shown: list[str] = []
        at = 0
        while match := _INLINE.search(text, at):
            shown.append(text[at : match.start()])
            at = match.end()
            if match["name"]:
                words, at = self._command(match["name"], text, at, depth, shown)
            elif match["sign"]:
                words, at = _sign(match["sign"], text, at)
            elif power := match["power"] or match["digit"]:
                words = power.translate(_RAISED)
            else:
                words = _PLAIN.get(match["plain"] or "", "")
            shown.append(words)
        shown.append(text[at:])
        whole = "".join(shown)
        if "(" in whole:
            whole = _NOTHING.sub("", whole)
        return unicodedata.normalize("NFC", whole)

    def _command(  # noqa: PLR0911 - a list of them
        self, name: str, text: str, at: int, depth: int, shown: list[str]
    ) -> tuple[str, int]:
        """Returns what a command prints, and where its arguments end."""
        if name in self.words:
            return self.words[name], _behind_word(text, at)
        if name in _SIGNS:
            sign = _SIGNS[name]
            is_break = sign == "\n"
            return "\f" if is_break else sign, _behind_word(text, at)
        if name in _ACCENTS and (match := _ACCENTED.match(text, at)):
            return (match[1] or match[2] or "") + _ACCENTS[name], match.end()
        if name in {"SI", "qty", "si", "unit", "num", "ang", "frac", "dfrac", "tfrac"}:
            return self._number(name, text, at, depth)
        if name in {"url", "nolinkurl", "path"} and (group := _group(text, at)):
            return text[slice(*group)], group[1] + 1
        if name in {"href", "captionof", "hyperref"}:
            return "", _skipped(text, at, int(name != "hyperref") or 0)
        if name in _UNSEEN or name in {"footnote", "footnotetext", "footnotemark"}:
            end = _skipped(text, at, _UNSEEN.get(name, 1))
            if not text[end : end + 1].isalnum():
                _trim(shown)
            return "", end
        option = _OPTION.match(text, at) if text.startswith("[", at) else None
        return "", option.end() if option else at

    def _number(self, name: str, text: str, at: int, depth: int) -> tuple[str, int]:
        """Returns a number with its unit, or a fraction."""
        parts: list[str] = []
        for _ in range(1 if name in {"si", "unit", "num", "ang"} else 2):
            while option := _OPTION.match(text, at):
                at = option.end()
            group = _group(text, at) if depth < _DEEPEST else None
            if not group:
                break
            inner, at = text[slice(*group)], group[1] + 1
            is_unit = name in {"si", "unit"} or (name in {"SI", "qty"} and parts)
            parts.append(_unit(inner) if is_unit else self.plain(inner, depth + 1))
        joint = "/" if "frac" in name else " "
        return joint.join(filter(None, parts)) + ("\xb0" * (name == "ang")), at


def _sign(sign: str, text: str, at: int) -> tuple[str, int]:
    r"""Returns what `\` with one sign prints, and where it ends."""
    if sign in _ACCENTS and (match := _ACCENTED.match(text, at)):
        return (match[1] or match[2] or "") + _ACCENTS[sign], match.end()
    if sign == "\\":
        option = re.compile(r"\*?(?:[ \t]*\[[^\]\n]{0,40}\])?").match(text, at)
        return "\f", option.end() if option else at
    return " " if sign.isspace() else _ESCAPES.get(sign, sign), at


def _unit(text: str) -> str:
    r"""Returns a unit as it is printed: of `\metre\per\second`, `m/s`."""
    words = re.sub(
        r"\\([A-Za-z]+)\s*", lambda match: _UNITS.get(match[1], match[1]), text
    )
    return words.strip("{} ").replace("~", " ").replace(".", "\xb7")


def _behind_word(text: str, at: int) -> int:
    """Returns where the words go on behind a command, which `{}` may end."""
    return at + 2 if text.startswith("{}", at) else at


def _trim(shown: list[str]) -> None:
    """Takes the blanks off the end of words."""
    while shown and not shown[-1].strip(" \n\t"):
        shown.pop()
    if shown:
        shown[-1] = shown[-1].rstrip(" \n\t")


def _group(text: str, at: int) -> tuple[int, int] | None:
    """Returns where the inside of a group begins and ends; None where none begins."""
    opening = _OPENING.match(text, at)
    if not opening:
        return None
    start = opening.end()
    stop = start + _LONGEST_ARGUMENT
    depth = 0
    if text.find("}", start, stop) < 0:
        return None
    for brace in _BRACE.finditer(text, start - 1, stop):
        depth += (brace[0] == "{") - (brace[0] == "}")
        if not depth:
            return start, brace.start()
    return None


def _skipped(text: str, at: int, count: int) -> int:
    """Returns where groups and options behind a command end."""
    for _ in range(count):
        while option := _OPTION.match(text, at):
            at = option.end()
        group = _group(text, at)
        if group:
            at = group[1] + 1
        elif match := re.compile(r"[ \t]*\\[A-Za-z@]+").match(text, at):
            at = match.end()
    while option := _OPTION.match(text, at):
        at = option.end()
    return at
