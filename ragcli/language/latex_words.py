r"""Words of LaTeX as they are printed: what commands in a line stand for.

`\textbf{20}\,\%` reads `20 %`; citations, labels and what is for the page alone are
left out.
"""

from __future__ import annotations

import re
import unicodedata

OPTION = re.compile(r"[ \t]*\n?[ \t]*\[(?P<option>(?:[^\[\]]|\[[^\[\]]*\]){0,2000})\]")
_OPENING = re.compile(r"\s{0,40}\{")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_LONGEST_ARGUMENT = 4000
"""Characters; what is longer without an end is no argument."""

UNSEEN = {
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
            "selectlanguage", "fontsize", "linespread", "setstretch",
            "hyphenation", "raisebox", "scalebox", "textcolor", "colorbox", "parbox",
            "foreignlanguage", "tag", "usefonttheme", "logo",
            "setbeamertemplate", "setbeamercolor", "ProvidesPackage", "enlargethispage",
            "cmidrule", "stepcounter", "setmainfont", "pdfinfo",
            "tikzset", "pgfplotsset", "todo", "hypertarget", "hyperlink",
            "texorpdfstring",
        ),
        1,
    ),
    **dict.fromkeys(
        (
            "setlength", "addtolength", "newcommand", "renewcommand", "providecommand",
            "DeclareMathOperator", "setcounter", "addtocounter", "newtheorem", "rule",
            "newlength", "resizebox", "fontspec", "markboth", "titleformat",
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
    "rightarrow": "\u2192", "leftarrow": "\u2190", "gets": "\u2190",
    "Rightarrow": "\u21d2",
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
    "textbar": "|", "textless": "<", "textgreater": ">", "square": "\u2610",
    "Box": "\u2610", "boxtimes": "\u2612", "CheckedBox": "\u2611",
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
_RAISED = str.maketrans(
    "0123456789-",
    "\u2070\xb9\xb2\xb3\u2074\u2075\u2076\u2077\u2078\u2079\u207b",
)
_DEEPEST = 12
"""Groups and environments that are read inside each other."""

_ENVIRONMENT_ARGUMENTS = {"minipage": 1, "tabular": 1, "array": 1, "tabularx": 2}
"""How many groups behind the beginning of an environment nobody sees."""

_CODE_COMMAND = re.compile(r"\\(?P<name>[A-Za-z]+)(?:\{\})?|\\(?P<sign>.)|[{}]")

_NOTHING = re.compile(r"[ \t]?\([ \t,;]{0,20}\)")
"""Parentheses that held nothing but a citation."""


class InlineText:
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

    def _command(  # noqa: C901, PLR0911 - a list of them
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
        if name in {"textsuperscript", "enquote"} and depth < _DEEPEST:
            return self._marked(name, text, at, depth)
        if name in {"begin", "end", "item"}:
            return _structure(name, text, at)
        if name in {"url", "nolinkurl", "path"} and (group := group_at(text, at)):
            return text[slice(*group)], group[1] + 1
        if name in {"href", "captionof", "hyperref"}:
            return "", skipped(text, at, int(name != "hyperref") or 0)
        if name in UNSEEN or name in {"footnote", "footnotetext", "footnotemark"}:
            end = skipped(text, at, UNSEEN.get(name, 1))
            if not text[end : end + 1].isalnum():
                _trim(shown)
            return "", end
        option = OPTION.match(text, at) if text.startswith("[", at) else None
        return "", option.end() if option else at

    def _marked(self, name: str, text: str, at: int, depth: int) -> tuple[str, int]:
        """Returns what is raised or quoted, as far as characters show it."""
        group = group_at(text, at)
        if not group:
            return "", at
        words = self.plain(text[slice(*group)], depth + 1)
        if name == "enquote":
            words = f"\u201c{words}\u201d"
        elif words.lstrip("-").isdecimal():
            words = words.translate(_RAISED)
        return words, group[1] + 1

    def _number(self, name: str, text: str, at: int, depth: int) -> tuple[str, int]:
        """Returns a number with its unit, or a fraction."""
        parts: list[str] = []
        for _ in range(1 if name in {"si", "unit", "num", "ang"} else 2):
            while option := OPTION.match(text, at):
                at = option.end()
            group = group_at(text, at) if depth < _DEEPEST else None
            if not group:
                break
            inner, at = text[slice(*group)], group[1] + 1
            is_unit = name in {"si", "unit"} or (name in {"SI", "qty"} and parts)
            parts.append(_unit(inner) if is_unit else self.plain(inner, depth + 1))
        joint = "/" if "frac" in name else " "
        return joint.join(filter(None, parts)) + ("\xb0" * (name == "ang")), at


def coloured_code(text: str) -> str:
    r"""Returns code without the commands that colour it.

    `\NormalTok{delay\_minutes}` reads `delay_minutes`.
    """

    def shown(match: re.Match[str]) -> str:
        return match["sign"] or _SIGNS.get(match["name"] or "", "")

    return _CODE_COMMAND.sub(shown, text)


def _structure(name: str, text: str, at: int) -> tuple[str, int]:
    """Returns what parts words that stand in a cell or a note, and where it ends."""
    if name == "item":
        return "\f- ", at
    group = group_at(text, at)
    if not group:
        return "", at
    count = _ENVIRONMENT_ARGUMENTS.get(text[slice(*group)].rstrip("*"), 0)
    end = group[1] + 1
    return "\f", end if name == "end" else skipped(text, end, count)


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


def group_at(text: str, at: int) -> tuple[int, int] | None:
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


def skipped(text: str, at: int, count: int) -> int:
    """Returns where groups and options behind a command end."""
    for _ in range(count):
        while option := OPTION.match(text, at):
            at = option.end()
        group = group_at(text, at)
        if group:
            at = group[1] + 1
        elif match := re.compile(r"[ \t]*\\[A-Za-z@]+").match(text, at):
            at = match.end()
    while option := OPTION.match(text, at):
        at = option.end()
    return at
