"""Sources of manual pages: the macros of `man` and `mdoc`, as `man` would show them.

Headings, paragraphs, options with what they do, listings and tables; fonts and what
else is for a printer alone are left out. Nothing is executed but the definitions of
words and the parts for terminals: what a page defines as macros is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import Document, DocumentBuilder, flat
from ragcli.index.documents.loaders.layout.grids import add_table

_SIGNS = {
    "aq": "'", "dq": '"', "lq": "\u201c", "rq": "\u201d", "oq": "\u2018",
    "cq": "\u2019", "em": "\u2014", "en": "\u2013", "hy": "-", "mi": "-",
    "bu": "\u2022", "co": "\xa9", "rg": "\xae", "tm": "\u2122", "ti": "~", "ha": "^",
    "rs": "\\", "bs": "\\", "ul": "_", "ga": "`", "aa": "\xb4", "de": "\xb0",
    "+-": "\xb1", "mu": "\xd7", "di": "\xf7", "<=": "\u2264", ">=": "\u2265",
    "!=": "\u2260", "->": "\u2192", "<-": "\u2190", "ua": "\u2191", "da": "\u2193",
    "sc": "\xa7", "at": "@", "sh": "#", "Do": "$", "ba": "|", "br": "|", "sl": "/",
    "lB": "[", "rB": "]", "lC": "{", "rC": "}", "la": "<", "ra": ">", "fo": "\u2039",
    "fc": "\u203a", "Fo": "\xab", "Fc": "\xbb", "Eu": "\u20ac", "Po": "\xa3",
    "ct": "\xa2", "**": "*", "pl": "+", "eq": "=", "ss": "\xdf", "12": "\xbd",
    "14": "\xbc", "34": "\xbe", "mc": "\xb5", "if": "\u221e", "~=": "\u2245",
    "ho": "\u02db", "ad": "\xa8", "ac": "\xb8", "o/": "\xf8", "O/": "\xd8",
    "oa": "\xe5", "oA": "\xc5", "ae": "\xe6", "AE": "\xc6", ",c": "\xe7",
    ",C": "\xc7", "Tm": "\u2122", "R": "\xae", 'L"': "\u201c", 'R"': "\u201d",
    "C+": "C++", "--": "\u2014", "PI": "pi",
}  # fmt: skip
_ACCENTS = {"'": "\u0301", "`": "\u0300", ":": "\u0308", "^": "\u0302", "~": "\u0303"}
_ESCAPE = re.compile(
    r"\\(?:[\"#].*|f(?:\(..|\[[^\]]{0,80}\]|.)|s(?:[-+]?\(\d\d|[-+]?\[[^\]]{0,80}\]|[-+]?\d{1,2})"
    r"|\*(?:\((?P<pair>..)|\[(?P<long>[^\]]{0,80})\]|(?P<one>.))"
    r"|n(?:[-+]?\(..|[-+]?\[[^\]]{0,80}\]|[-+]?.)|[hvwxDXZbABNolLRSHCM]'(?P<inner>[^'\n]*)'"
    r"|[mFkMgOVY](?:\(..|\[[^\]]{0,80}\]|.)|\((?P<sign>..)|\[(?P<name>[^\]]{0,80})\]|(?P<other>.?))"
)
_PLAIN = {"-": "-", "e": "\\", "\\": "\\", "~": " ", " ": " ", "0": " ", "'": "'",
          "`": "`", "_": "_", ".": ".", "t": "\t"}  # fmt: skip
_ARGUMENT = re.compile(r"\"((?:[^\"]|\"\")*)\"?|((?:\\[^\n]|[^\s\\])+|\\$)")
_REQUEST = re.compile(r"[.'][ \t]*(?P<name>\\[{}]|[^\s\\\"{}]+)?[ \t]*(?P<rest>.*)$")
_CONDITION = re.compile(r"(?P<not>!?)(?P<kind>[nt]\b|[nt](?=[ \t.\\])|\S+)[ \t]*")
_NUMBERED = re.compile(r"[(\[]?(?:\d{1,3}|[a-zA-Z])[.)\]]*")
_BULLETS = frozenset("\u2022-*o+\u00b7\u2014")
_FONTS = frozenset({"B", "I", "SM", "SB", "R", "CW", "UL", "CB", "CI"})
_ALTERNATING = frozenset({"BR", "BI", "IB", "IR", "RB", "RI"})
_PARAGRAPHS = frozenset({"PP", "P", "LP", "sp", "Sp", "Pp", "Lp", "bp", "HP", "PD"})
_OPENS = frozenset({"nf", "EX", "Vb", "SY"})
_CLOSES = frozenset({"fi", "EE", "Ve", "YS"})
_INDENTED = re.compile(r"-(?:literal|unfilled)")
_PARAMETER = re.compile(r"\\\$([1-9*@])")
_LONGEST_VALUE = 600
_DEEPEST = 20
"""Conditions and requests of a page's own that may stand one inside another."""

_MOST_EXPANDED = 500_000
"""Characters that requests of a page's own may stand for, all together."""

_LONGEST_STRING = 200
"""Characters of a string that a page defines: others may be made of it."""

_QUOTES = {
    "Dq": ("\u201c", "\u201d"), "Sq": ("\u2018", "\u2019"), "Ql": ("\u2018", "\u2019"),
    "Pq": ("(", ")"), "Bq": ("[", "]"), "Brq": ("{", "}"), "Aq": ("<", ">"),
    "Op": ("[", "]"), "Qq": ('"', '"'), "In": ("<", ">"),
}  # fmt: skip
_OPENING = {"Do": "\u201c", "So": "\u2018", "Po": "(", "Bo": "[", "Bro": "{", "Ao": "<",
            "Oo": "[", "Qo": '"'}  # fmt: skip
_CLOSING = {"Dc": "\u201d", "Sc": "\u2019", "Pc": ")", "Bc": "]", "Brc": "}", "Ac": ">",
            "Oc": "]", "Qc": '"'}  # fmt: skip
_SYSTEMS = {"Fx": "FreeBSD", "Nx": "NetBSD", "Ox": "OpenBSD", "Bx": "BSD", "Ux": "UNIX",
            "At": "AT&T UNIX", "Dx": "DragonFly", "Bsx": "BSD/OS"}  # fmt: skip
_WORDS = frozenset(
    {
        "Ar",
        "Cm",
        "Ic",
        "Li",
        "Em",
        "Sy",
        "No",
        "Pa",
        "Ev",
        "Va",
        "Vt",
        "Fa",
        "Ft",
        "Tn",
        "An",
        "Er",
        "Dv",
        "Ad",
        "Ms",
        "Cd",
        "Sx",
        "Xc",
        "Mt",
        "Lk",
        "Lb",
        "Fl",
        "Xr",
        "Fn",
        "Ns",
        "Ap",
        "Nm",
        "Nd",
        "St",
        "Ta",
        "Bf",
        "Ef",
        "%A",
        "%T",
        "%J",
        "%D",
        "%N",
        "%V",
        "%P",
        "%O",
        "%I",
        "%R",
        "%U",
        "%B",
        "%Q",
        "%C",
    }
)
_MDOC = frozenset({*_QUOTES, *_OPENING, *_CLOSING, *_SYSTEMS, *_WORDS})


def manual_page(content: Content) -> Document:
    """Reads a page; its title is its name with the section: `ls(1)`."""
    return _PageReader().read(content.text)


class _PageReader:
    """One pass over the lines of a page."""

    def __init__(self) -> None:
        self._builder = DocumentBuilder()
        self._strings: dict[str, str] = {}
        self._text: list[str] = []
        self._lines = (0, 0)
        self._at = 0
        self._tag: list[str] | None = None
        """The words that the text so far explains: an option."""
        self._wants_tag = False
        self._code: list[str] | None = None
        self._skipping = 0
        """Blocks that are for a printer alone, one inside another."""
        self._was_true = True
        self._lists: list[str] = []
        self._name = ""
        self._joins = False
        """Whether the next words follow without a blank."""
        self._table: list[tuple[int, str]] | None = None
        """The lines of a table so far, each with its number."""
        self._macros: dict[str, list[str]] = {}
        """What the page defines: the lines that stand for a request of its own."""
        self._is_open = False
        """Whether an item goes on until its end is told."""
        self._depth = 0
        self._expanded = 0
        self._is_tight = False
        """Whether words follow each other without blanks."""

    def read(self, text: str) -> Document:
        """Returns the document."""
        lines = iter(enumerate(text.split("\n"), 1))
        for number, line in lines:
            self._at = number
            while line.endswith("\\") and not line.endswith("\\\\"):
                following = next(lines, None)
                if following is None:
                    break
                line = line[:-1] + following[1]  # noqa: PLW2901 - one line of the page
            self._take(line, lines)
        self._end_code()
        self._end()
        return self._builder.document()

    def _take(self, line: str, lines: Iterator[tuple[int, str]]) -> None:
        if self._table is not None:
            self._in_table(line)
            return
        request = _REQUEST.match(line)
        if self._skipping:
            self._skipping += line.count("\\{") - line.count("\\}")
        elif request:
            if line[1:].lstrip(" \t").startswith('\\"') or not request["name"]:
                return
            self._request(request["name"], request["rest"], lines)
        elif self._code is not None:
            self._code.append(self._shown(line))
        elif not line.strip():
            self._end()
        else:
            self._say(self._shown(line), starts=line[0] in " \t")
            if self._wants_tag:
                self._take_tag()

    def _request(self, name: str, rest: str, lines: Iterator[tuple[int, str]]) -> None:
        control: dict[str, Callable[[], None]] = {
            "if": lambda: self._condition(rest, lines),
            "ie": lambda: self._condition(rest, lines),
            "el": lambda: self._body(rest, lines, runs=not self._was_true),
            "ds": lambda: self._define(rest),
            "TS": self._begin_table,
            "TH": lambda: self._name_page(*self._arguments(rest)[:2]),
            "Dt": lambda: self._name_page(*self._arguments(rest)[:2]),
        }
        if name in {"de", "de1", "am", "ig"}:
            self._define_macro(name, rest, lines)
        elif name in control:
            control[name]()
        elif name in {"SH", "Sh", "SS", "Ss"}:
            self._heading(name, rest)
        elif name in _OPENS or name == "Bd":
            self._begin_code(name, rest)
        elif name in _CLOSES or name == "Ed":
            self._end_code()
        elif self._code is not None:
            self._code += self._words(name, rest)
        else:
            self._structure(name, rest)

    def _define_macro(
        self, name: str, rest: str, lines: Iterator[tuple[int, str]]
    ) -> None:
        words = rest.split()
        ends = {".."} if name == "ig" or len(words) < 2 else {"..", f".{words[1]}"}
        body = []
        for _, line in lines:
            if line.split(" ")[0].rstrip() in ends:
                break
            body.append(line.replace("\\\\", "\\"))
        if words and name != "ig":
            self._macros[words[0]] = body

    def _structure(self, name: str, rest: str) -> None:  # noqa: C901, PLR0912 - a list of them
        """Takes a request that begins or ends a part of a page, or shows words."""
        arguments = self._arguments(rest)
        if name in _PARAGRAPHS:
            if name != "PD" and not (name == "sp" and self._wants_tag):
                self._end()
        elif name in {"TP", "TQ"}:
            if name == "TP":
                self._end()
            self._wants_tag = True
        elif name in {"IP", "RS", "RE"}:
            self._end()
            self._tag = arguments[:1] if name == "IP" and any(arguments[:1]) else None
        elif name == "br":
            self._text += ["\n"] if self._text else []
        elif name == "Sm":
            self._is_tight = arguments[:1] == ["off"]
            self._joins = False
        elif name == "Xc":
            self._take_tag()
        elif name in {"Bl", "El", "It", "Dl", "D1"}:
            self._listed(name, rest)
        elif name in self._macros:
            self._expand(self._macros[name], arguments)
        else:
            for words in self._words(name, rest):
                self._say(words)
            if self._wants_tag and self._text and not self._is_open:
                self._take_tag()

    def _expand(self, body: Sequence[str], arguments: Sequence[str]) -> None:
        """Takes the lines that stand for a request of the page itself."""
        joined = " ".join(arguments)
        self._expanded += sum(
            len(line) + 1 + line.count("\\$") * len(joined) for line in body
        )
        if self._depth >= _DEEPEST or self._expanded > _MOST_EXPANDED:
            return

        def argument(match: re.Match[str]) -> str:
            if not match[1].isdecimal():
                return joined
            return "".join(arguments[int(match[1]) - 1 : int(match[1])])

        self._depth += 1
        lines = iter([(self._at, _PARAMETER.sub(argument, line)) for line in body])
        for _, line in lines:
            self._take(line, lines)
        self._depth -= 1

    def _listed(self, name: str, rest: str) -> None:
        """Takes a list of mdoc, an item of one, or a line that is set apart."""
        if name == "It":
            self._item(rest)
            return
        self._end()
        if name == "Bl":
            self._lists.append(rest)
        elif name == "El":
            del self._lists[-1:]
        else:
            self._begin_code("nf", "")
            self._code = self._mdoc(self._arguments(rest))
            self._end_code()

    def _words(self, name: str, rest: str) -> list[str]:
        """Returns what a request shows in a line of text."""
        arguments = self._arguments(rest)
        title, section, after = [*arguments, "", "", ""][:3]
        words: list[str] = []
        if name in _FONTS:
            words = [" ".join(arguments)]
        elif name in _ALTERNATING:
            words = ["".join(arguments)]
        elif name in {"UR", "MT", "UE", "ME"}:
            self._joins = name[1] == "E"
            words = [title]
        elif name == "OP":
            words = [f"[{' '.join(arguments)}]"]
        elif name == "MR":
            words = [f"{title}({section}){after}"]
        elif name == "Ex":
            words = [f"{self._name} exits 0 on success, and >0 if an error occurs."]
        elif name in _MDOC:
            words = self._mdoc([name, *arguments])
        return list(filter(None, words))

    def _condition(self, rest: str, lines: Iterator[tuple[int, str]]) -> None:
        match = _CONDITION.match(rest)
        if not match:
            return
        self._was_true = (match["kind"] == "n") != bool(match["not"])
        self._body(rest[match.end() :], lines, runs=self._was_true)

    def _body(self, body: str, lines: Iterator[tuple[int, str]], *, runs: bool) -> None:
        """Takes what stands behind a condition, or passes it over."""
        body = body.lstrip()
        if not runs:
            self._skipping = max(0, body.count("\\{") - body.count("\\}"))
        else:
            body = body.removeprefix("\\{").removesuffix("\\}").strip()
            if body and body != "\\" and self._depth < _DEEPEST:
                self._depth += 1
                self._take(body, lines)
                self._depth -= 1

    def _define(self, rest: str) -> None:
        name, _, value = rest.partition(" ")
        shown = self._shown(value.lstrip().removeprefix('"'))
        self._strings[name] = shown[:_LONGEST_STRING]

    def _name_page(self, title: str = "", section: str = "") -> None:
        if title and not self._builder.title:
            self._name = title.lower() if title.isupper() else title
            name = f"{self._name}({section})" if section else self._name
            self._builder.title = name
            self._builder.heading(1, name)

    def _heading(self, name: str, rest: str) -> None:
        self._end_code()
        self._end()
        self._lists = []
        title = " ".join(self._arguments(rest))
        title = title.capitalize() if title.isupper() else title
        self._builder.heading(2 if name[1] in "Hh" else 3, title)

    def _begin_code(self, name: str, rest: str) -> None:
        if self._tag is None or self._text:
            self._end()
        if name != "Bd" or _INDENTED.search(rest):
            self._code = []
            self._lines = (self._at, self._at)

    def _end_code(self) -> None:
        code, self._code = self._code, None
        while code and not code[0].strip():
            del code[0]
        while code and not code[-1].strip():
            del code[-1]
        if not code:
            return
        if self._tag and not self._text:
            self._text = ["\n".join(code)]
            self._end()
            return
        self._builder.lines = self._lines[0], self._at
        self._builder.code("\n".join(code))

    def _begin_table(self) -> None:
        self._end()
        self._table = []
        self._lines = self._at, self._at

    def _in_table(self, line: str) -> None:
        assert self._table is not None  # noqa: S101 - the caller looks
        if line.rstrip() != ".TE":
            self._table.append((self._at, line))
            return
        rows, places = _table_rows(self._table)
        self._table = None
        shown = [[flat(self._shown(cell)) for cell in row] for row in rows]
        self._builder.lines = self._lines[0], self._at
        add_table(self._builder, shown, places=places)

    def _item(self, rest: str) -> None:
        """Begins an item of a list of mdoc."""
        self._end()
        kind = self._lists[-1] if self._lists else ""
        arguments = self._arguments(rest)
        words = self._mdoc([word for word in arguments if word != "Xo"])
        if "Xo" in arguments:
            self._wants_tag = self._is_open = True
            self._say(" ".join(words))
        elif re.search(r"-(?:bullet|dash|hyphen|item|enum)", kind):
            self._tag = ["\u2022"]
        elif "-column" in kind:
            self._say(" ".join(words).replace(" \t ", " | ").replace("\t", " | "))
        elif self._tag is not None and not self._text:
            self._tag.append(" ".join(words))
        else:
            self._tag = [" ".join(words)]

    def _take_tag(self) -> None:
        self._wants_tag = self._is_open = False
        tag = flat(" ".join(self._text))
        self._text = []
        self._tag = [*(self._tag or ()), tag] if tag else self._tag

    def _say(self, text: str, *, starts: bool = False) -> None:
        if not text.strip():
            return
        if starts and self._text and not self._wants_tag:
            self._text.append("\n")
        if not self._text:
            self._lines = (self._at, self._at)
        if self._joins and self._text:
            self._text[-1] += text
        else:
            self._text.append(text.strip(" ") if not starts else text)
        self._joins = self._is_tight
        self._lines = (self._lines[0], self._at)

    def _end(self) -> None:
        """Ends the text so far: a paragraph, an item, or what an option does."""
        if self._wants_tag and self._text:
            self._take_tag()
        text = "\n".join(
            " ".join(line.split()) for line in " ".join(self._text).split("\n")
        ).strip()
        self._text, self._wants_tag, self._joins = [], False, False
        if not text and self._tag and self._lists:
            return  # items that share what is said below them
        tag, self._tag = ", ".join(filter(None, self._tag or ())), None
        self._builder.lines = self._lines
        if not tag:
            self._builder.paragraph(text)
        elif tag in _BULLETS or _NUMBERED.fullmatch(tag):
            self._builder.item(text, bullet=f"{tag} ")
        elif len(text) <= _LONGEST_VALUE:
            self._builder.field(tag, text)
        else:
            self._builder.item(f"{tag}  {flat(text)}", bullet="")

    def _arguments(self, rest: str) -> list[str]:
        """Returns the arguments of a request, as they are shown."""
        rest = re.sub(r"(?<!\\)\\\".*", "", rest)
        arguments = []
        for match in _ARGUMENT.finditer(rest):
            said = match[2] if match[2] is not None else match[1].replace('""', '"')
            arguments.append(self._shown(said))
        return arguments

    def _shown(self, text: str) -> str:
        """Returns text as a terminal shows it, without fonts."""
        return _ESCAPE.sub(self._escape, text) if "\\" in text else text

    def _escape(self, match: re.Match[str]) -> str:
        string = match["pair"] or match["long"] or match["one"]
        if string is not None:
            return self._strings.get(string, _SIGNS.get(string, ""))
        name = match["sign"] or match["name"]
        if name:
            return _sign(name)
        return _PLAIN.get(match["other"] or "", "")

    def _mdoc(self, arguments: Sequence[str]) -> list[str]:
        """Returns the words that macros of mdoc and their arguments show."""
        line = _MdocLine(self._name)
        line.take(list(arguments))
        if not self._name and line.named:
            self._name = line.named
        return ["".join(line.out).strip(" ")] if line.out else []


class _MdocLine:
    """Puts together one line of macros that call each other."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.named = ""
        self.out: list[str] = []
        self._glued = True

    def take(self, words: Sequence[str]) -> None:
        """Takes macros and words, in order."""
        at, stop = 0, len(words)
        quotes: list[tuple[str, Sequence[str]]] = []
        """What ends each quote that is open, and the words behind it."""
        while at < stop:
            first = words[at]
            at += 1
            if first in _QUOTES:
                left, right = _QUOTES[first]
                end = _before_closing(words, at, stop)
                quotes.append((right, words[end:stop]))
                stop = end
                self._put(left)
                self._glued = True
            elif first in _OPENING:
                self._put(_OPENING[first])
                self._glued = True
            elif first in _CLOSING:
                self._glued = True
                self._put(_CLOSING[first])
            elif first in _WORDS:
                at = self._macro(first, words, at, stop)
            else:
                self._put(_SYSTEMS.get(first, first))
        for right, after in reversed(quotes):
            self._glued = True
            self._put(right)
            self._plain(after)

    def _macro(self, name: str, words: Sequence[str], at: int, stop: int) -> int:
        """Takes a macro with its words, and returns where the next one stands."""
        following = _next_macro(words, at, stop)
        end = _before_closing(words, at, following)
        inner, after = list(words[at:end]), words[end:following]
        if name in {"Ns", "Ap"}:
            self._glued = True
            if name == "Ap":
                self._put("'")
                self._glued = True
        elif name == "Nm":
            if inner and not self._name:
                self.named = inner[0]
            inner = inner or [self._name]
        elif name == "Fl":
            inner = [f"-{flag}" for flag in inner] or ["-"]
        elif name == "Ar":
            inner = inner or ["file ..."]
        elif name in {"Nd", "Ta"}:
            self._put({"Nd": "\u2013", "Ta": "\t"}[name])
        elif name in {"Xr", "Fn"} and inner:
            inner = [f"{inner[0]}({', '.join(inner[1:])})"]
        self._plain([*inner, *after])
        if name == "Fl" and following == at < stop and words[at] == "Fl":
            self._glued = True
        return following

    def _plain(self, words: Sequence[str]) -> None:
        for word in words:
            self._put(word)

    def _put(self, word: str) -> None:
        if not word:
            return
        glue = self._glued or _is_closing(word) or not self.out
        self.out.append(word if glue else f" {word}")
        self._glued = word in {"(", "["}


def _next_macro(words: Sequence[str], at: int, stop: int) -> int:
    while at < stop and words[at] not in _MDOC:
        at += 1
    return at


def _is_closing(word: str) -> bool:
    return len(word) == 1 and word in ".,:;)]?!"


def _before_closing(words: Sequence[str], at: int, stop: int) -> int:
    """Returns where the signs begin behind words that belong to the sentence."""
    while stop > at and _is_closing(words[stop - 1]):
        stop -= 1
    return stop


def _sign(name: str) -> str:
    """Returns the character that a name stands for, "" for one that nobody knows."""
    if name in _SIGNS:
        return _SIGNS[name]
    if match := re.fullmatch(r"u([0-9A-Fa-f]{4,6})", name):
        code = int(match[1], 16)
        return chr(code) if code <= 0x10FFFF else ""
    if len(name) == 2 and name[0] in _ACCENTS and name[1].isalpha():
        return name[1] + _ACCENTS[name[0]]
    return ""


def _table_rows(
    numbered: Sequence[tuple[int, str]],
) -> tuple[list[list[str]], list[tuple[int, int]]]:
    """Returns the rows of a table between `.TS` and `.TE`, and the lines of each."""
    lines = [line for _, line in numbered]
    mark, at = "\t", 0
    if lines and lines[0].rstrip().endswith(";"):
        if match := re.search(r"tab\s*\((.)\)", lines[0]):
            mark = match[1]
        at = 1
    while at < len(lines) and not lines[at].rstrip().endswith("."):
        at += 1
    rows: list[list[str]] = []
    places: list[tuple[int, int]] = []
    block: list[str] | None = None
    for number, line in numbered[at + 1 :]:
        if block is not None:
            places[-1] = places[-1][0], number
            if not line.startswith("T}"):
                block.append(line)
                continue
            rows[-1][-1] = " ".join(_said_in_cell(block))
            cells = line[2:].lstrip(mark).split(mark) if line[2:] else []
            rows[-1] += cells
            block = None
        elif line.startswith(".") or line.strip() in {"_", "=", ""}:
            continue
        else:
            cells = line.split(mark)
            rows.append(cells)
            places.append((number, number))
        if cells and cells[-1].strip() == "T{":
            block = []
    return rows, places


def _said_in_cell(lines: Sequence[str]) -> Iterator[str]:
    """Yields the lines of a cell of several, without requests that show nothing."""
    for line in lines:
        match = _REQUEST.match(line)
        if not match:
            yield line
        elif match["name"] in _FONTS | _ALTERNATING:
            parts = [m[1] or m[2] or "" for m in _ARGUMENT.finditer(match["rest"])]
            yield ("" if match["name"] in _ALTERNATING else " ").join(parts)
