r"""Simple formulas of LaTeX as Unicode: `x^2` reads x².

Only for the eye: what is stored, copied and checked stays as it was written. A formula
that is not understood whole (matrices, unknown commands) is left as it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

DELIMITED = re.compile(
    r"\\\[(?P<display>(?:[^\\]|\\(?!\]))+)\\\]"
    r"|\\\((?P<inline>(?:[^\\]|\\(?!\)))+)\\\)"
    r"|\$\$(?P<dollars>[^$`]+)\$\$(?![\w$])"
    r"|\$(?P<dollar>[^\s$`{](?:[^$`\n]*[^\s$`\\])?)\$(?![\w$])"
)
"""A formula with what models set around it."""

_DEEPEST = 20
"""Groups within groups that are read."""

_NUMBERS = re.compile(r"[\s\d,;\u2013-]*")
_COMMANDS = re.compile(r"\\[A-Za-z]+")
_MATHS = re.compile(r"[\^_=<>+*/|-]|^[A-Za-z]$")
_WORD = re.compile(r"[^\W\d_]{3}")
_TOKEN = re.compile(r"\\([A-Za-z]+|.)|\s+|.", re.DOTALL)

_SYMBOL_TABLE = """
le=≤ leq=≤ ge=≥ geq=≥ ne=≠ neq=≠ ll=≪ gg=≫ approx=≈ sim=∼ simeq=≃ cong=≅ equiv=≡
propto=∝ lt=< gt=> times=× div=÷ pm=± mp=∓ cdot=· ast=∗ star=⋆ circ=∘ bullet=• oplus=⊕
otimes=⊗ odot=⊙ cap=∩ cup=∪ setminus=∖ in=∈ notin=∉ ni=∋ subset=⊂ subseteq=⊆ supset=⊃
supseteq=⊇ emptyset=∅ varnothing=∅ forall=∀ exists=∃ nexists=∄ neg=¬ lnot=¬ land=∧
wedge=∧ lor=∨ vee=∨ therefore=∴ because=∵ to=→ rightarrow=→ leftarrow=← gets=←
leftrightarrow=↔ Rightarrow=⇒ implies=⇒ Leftarrow=⇐ Leftrightarrow=⇔ iff=⇔ mapsto=↦
uparrow=↑ downarrow=↓ longrightarrow=⟶ sum=∑ prod=∏ int=∫ iint=∬ oint=∮ partial=∂
nabla=∇ infty=∞ ldots=… dots=… cdots=⋯ vdots=⋮ prime=′ degree=° angle=∠ perp=⊥
parallel=∥ mid=| vert=| lvert=| rvert=| Vert=‖ lVert=‖ rVert=‖ langle=⟨ rangle=⟩
lfloor=⌊ rfloor=⌋ lceil=⌈ rceil=⌉ lbrace={ rbrace=} hbar=ℏ ell=ℓ Re=ℜ Im=ℑ aleph=ℵ
top=⊤ bot=⊥ vdash=⊢ models=⊨ varepsilon=ε vartheta=ϑ varphi=φ varrho=ϱ varsigma=ς
epsilon=ϵ phi=ϕ
"""
_SYMBOLS = dict(pair.split("=", 1) for pair in _SYMBOL_TABLE.split())

_GREEK = frozenset({
    "alpha", "beta", "gamma", "delta", "zeta", "eta", "theta", "iota", "kappa", "mu",
    "nu", "xi", "omicron", "pi", "rho", "sigma", "tau", "upsilon", "chi", "psi",
    "omega", "lambda", "phi", "epsilon",
})  # fmt: skip
"""Letters that Unicode knows by the same names; the others are symbols above."""

_FUNCTIONS = frozenset({
    "sin", "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos", "arctan", "sinh",
    "cosh", "tanh", "log", "ln", "lg", "exp", "min", "max", "sup", "inf", "lim", "det",
    "dim", "ker", "deg", "gcd", "arg", "Pr", "mod", "bmod",
})  # fmt: skip

_PLAIN = frozenset({
    "text", "mathrm", "mathbf", "mathit", "mathsf", "mathtt", "textbf", "textit",
    "textrm", "operatorname", "mathcal", "boldsymbol", "mbox",
})  # fmt: skip
"""Commands that set what follows in other letters."""

_SIZES = frozenset({
    "left", "right", "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr",
    "middle", "displaystyle", "textstyle", "limits", "nolimits",
})  # fmt: skip
"""Commands that say how large or where something stands, and nothing else."""

_DOUBLE = dict(zip("CHNPQRZ", "ℂℍℕℙℚℝℤ", strict=True))
_ACCENTS = {
    "hat": "\u0302", "bar": "\u0304", "overline": "\u0304", "vec": "\u20d7",
    "tilde": "\u0303", "dot": "\u0307", "ddot": "\u0308",
}  # fmt: skip
_SPACING = {
    "quad": "  ", "qquad": "  ", ",": " ", ";": " ", ":": " ", " ": " ", "!": "",
    "|": "‖",
}  # fmt: skip
_ABOVE = dict(
    zip(
        "0123456789+-=()abcdefghijklmnoprstuvwxyz′*",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ′*",
        strict=True,
    )
) | {"T": "ᵀ", "∗": "*", "∘": "°"}
_BELOW = dict(
    zip(
        "0123456789+-=()aehijklmnoprstuvx",
        "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ",
        strict=True,
    )
)
_SIMPLE = re.compile(r"[\w.′\u0300-\u036f\u20d7⁰-₟]*")


class _NotUnderstoodError(Exception):
    """There is something in the formula that Unicode has no plain letters for."""


def formula_at(text: str, position: int) -> tuple[str, str] | None:
    r"""Returns the formula that begins here, as written and as it is to be read.

    `\[1\]` is none, but a marker's lookalike; nor is what stands between two dollars
    that are prices, variables of a shell, or names in a template.
    """
    match = DELIMITED.match(text, position)
    if match is None:
        return None
    kind, inside = match.lastgroup or "", match[match.lastgroup or 0]
    if kind.startswith("dollar") and not _is_maths(inside.strip()):
        return None
    if _NUMBERS.fullmatch(inside):
        return None
    shown = as_unicode(inside)
    if shown is None:
        return None if kind.startswith("dollar") else (match[0], match[0])
    return match[0], shown


def _is_maths(inside: str) -> bool:
    """Tells whether what stands between two dollars can be nothing but a formula."""
    if _COMMANDS.search(inside):
        return True
    if inside[:1].isdigit() and "^" not in inside:
        return False
    return bool(_MATHS.search(inside)) and not _WORD.search(inside)


@cache
def as_unicode(formula: str) -> str | None:
    """Returns a formula without its delimiters in plain letters.

    Returns:
        One line; None when there is something in it that is not understood.
    """
    tokens = (match[0] for match in _TOKEN.finditer(formula.strip()))
    reader = _FormulaReader(tokens)
    try:
        return " ".join(reader.all("").split())
    except _NotUnderstoodError:
        return None


class _FormulaReader:
    """Reads a formula token by token.

    Args:
        tokens: Commands, single characters, and runs of blanks.
    """

    def __init__(self, tokens: Iterator[str]) -> None:
        self._tokens = list(tokens)
        self._at = 0
        self._depth = 0

    def _next(self) -> str:
        token = self._tokens[self._at] if self._at < len(self._tokens) else ""
        self._at += 1
        return token

    def _peek(self) -> str:
        while self._at < len(self._tokens) and self._tokens[self._at].isspace():
            self._at += 1
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def all(self, end: str) -> str:
        """Returns everything up to the token that ends it."""
        parts: list[str] = []
        while (piece := self._next()) != end:
            parts.append(self._atom(piece))
        return "".join(parts)

    def _atom(self, piece: str) -> str:
        self._depth += 1
        if not piece or piece in "}&#%~$" or self._depth > _DEEPEST:
            raise _NotUnderstoodError
        read = self._read(piece)
        self._depth -= 1
        return read

    def _read(self, piece: str) -> str:
        if piece.isspace():
            return " "
        if piece == "{":
            return self.all("}")
        if piece in "^_":
            return self._script(piece)
        if piece.startswith("\\"):
            return self._command(piece[1:])
        return "′" if piece == "'" else piece

    def _group(self) -> str:
        """Returns what a command is about: a group, or the next token."""
        self._peek()
        return self._atom(self._next())

    def _script(self, kind: str) -> str:
        if self._peek() in {"^", "_"}:
            raise _NotUnderstoodError
        letters = _ABOVE if kind == "^" else _BELOW
        inside = self._group().strip()
        packed = inside.replace(" ", "")
        if packed and all(letter in letters for letter in packed):
            return "".join(letters[letter] for letter in packed)
        return f"{kind}{_enclosed(inside)}"

    def _command(self, name: str) -> str:
        built = self._built_up(name)
        if built is not None:
            return built
        if name in _SIZES:
            if self._peek() == ".":
                self._next()
            return ""
        if name in _PLAIN:
            return self._words()
        if name == "mathbb":
            return "".join(_DOUBLE.get(letter, letter) for letter in self._group())
        return self._named(name)

    def _built_up(self, name: str) -> str | None:
        """Returns a fraction, a root or a letter with an accent; else None."""
        if name in {"frac", "dfrac", "tfrac"}:
            above, below = self._group(), self._group()
            return f"{_enclosed(above)}/{_enclosed(below)}"
        if name == "sqrt":
            return self._root()
        return self._accented(_ACCENTS[name]) if name in _ACCENTS else None

    def _named(self, name: str) -> str:
        if name in _SYMBOLS:
            return _SYMBOLS[name]
        if name.lower() in _GREEK:
            return _greek(name)
        if name in _FUNCTIONS:
            follows = self._tokens[self._at] if self._at < len(self._tokens) else ""
            return f"{name} " if follows.startswith("\\") else name
        if name in _SPACING:
            return _SPACING[name]
        if name and name in "{}%$#&_":
            return name
        raise _NotUnderstoodError

    def _words(self) -> str:
        """Returns a group letter by letter: in words, blanks count."""
        if self._peek() != "{":
            return self._group()
        self._next()
        return self.all("}")

    def _root(self) -> str:
        degree = ""
        if self._peek() == "[":
            self._next()
            degree = self.all("]").strip()
        if any(letter not in _ABOVE for letter in degree):
            raise _NotUnderstoodError
        above = "".join(_ABOVE[letter] for letter in degree)
        return f"{above}√{_enclosed(self._group())}"

    def _accented(self, accent: str) -> str:
        inside = self._group()
        if len(inside) != 1:
            raise _NotUnderstoodError
        return inside + accent


def _enclosed(text: str) -> str:
    """Returns a part of a formula, in brackets where it would run into the rest."""
    text = text.strip()
    return text if _SIMPLE.fullmatch(text) else f"({text})"


def _greek(name: str) -> str:
    size = "CAPITAL" if name[0].isupper() else "SMALL"
    spelt = "LAMDA" if name.lower() == "lambda" else name.upper()
    return unicodedata.lookup(f"GREEK {size} LETTER {spelt}")
