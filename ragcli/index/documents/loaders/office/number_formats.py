"""Numbers as a spreadsheet shows them: percent, currencies, digits, in XLSX files.

Errors of formulas as well, which the library that reads values leaves blank.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from math import isfinite
from typing import NamedTuple, TypeAlias

from ragcli.index.documents.loaders.office.packages import Package, number

_BUILT_IN = {
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    5: "$#,##0;-$#,##0",
    6: "$#,##0;-$#,##0",
    7: "$#,##0.00;-$#,##0.00",
    8: "$#,##0.00;-$#,##0.00",
    9: "0%",
    10: "0.00%",
    37: "#,##0;(#,##0)",
    38: "#,##0;(#,##0)",
    39: "#,##0.00;(#,##0.00)",
    40: "#,##0.00;(#,##0.00)",
    41: "#,##0;-#,##0;-",
    42: "$#,##0;-$#,##0;-",
    43: "#,##0.00;-#,##0.00;-",
    44: "$#,##0.00;-$#,##0.00;-",
}
"""Formats that have a number and no text in the file (ECMA-376, 18.8.30)."""

_CELL = re.compile(rb"<(?:\w+:)?c((?:\s[^<>]*)?)>")
_IS_ERROR = re.compile(rb"\st\s*=\s*[\"']e[\"']")
_ERROR = re.compile(
    rb"\s*(?:<(?:\w+:)?f\b[^<>]*(?:/>|>[^<]*</(?:\w+:)?f>)\s*)?"
    rb"<(?:\w+:)?v\b[^<>]*>(#[^<]{1,20})<"
)
"""A formula, and the error that it comes to."""

_REFERENCE = re.compile(rb"\sr\s*=\s*[\"']([A-Z]{1,3})(\d{1,7})[\"']")
_STYLE = re.compile(rb"\ss\s*=\s*[\"'](\d{1,6})[\"']")

_SECTION = re.compile(r'(?:"[^"]*"|\\.|\[[^\]]*\]|[^;"\\\[])*')
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|_.|\*.|\[\$(?P<symbol>[^\]-]*)[^\]]*\]'
    r"|\[[^\]]*\]|(?P<digits>[#0?][#0?.,]*|\.[#0?]+)|(?P<other>.)"
)
_OTHER_KIND = re.compile(r"[ymdhsegbEYMDHSGB/@]")
_MOST_DIGITS = 30


class _FormatSection(NamedTuple):
    """What one section of a format does to a number."""

    before: str
    digits: str
    after: str
    percent: int
    inside: tuple[tuple[int, str], ...] = ()
    """Signs between digits, each after how many digits from the right: `555-1234`."""


Cell: TypeAlias = tuple[int, int]
"""Row and column of a cell, counted from 0."""


@dataclass(slots=True)
class SheetFacts:
    """What the cells of a sheet have beside their values."""

    formats: dict[Cell, str] = field(default_factory=dict)
    errors: dict[Cell, str] = field(default_factory=dict)
    """What a cell shows whose formula comes to nothing: `#DIV/0!`."""


def sheet_facts(package: Package) -> dict[str, SheetFacts]:
    """Returns the formats and errors of cells that have them, by the sheet's name."""
    book = package.main()
    relations = package.related(book)
    styles = next((r.target for r in relations.values() if r.kind == "styles"), "")
    codes = _codes(package, styles) if styles in package else {}
    facts = {}
    for sheet in package.xml(book).iter("s:sheet"):
        relation = relations.get(sheet.get("r:id", ""))
        if relation and relation.kind == "worksheet" and relation.target in package:
            content = package.read(relation.target)
            facts[sheet.get("name", "")] = _facts(content, codes)
    return facts


def _codes(package: Package, styles: str) -> dict[int, str]:
    """Returns the formats of the styles of cells, by the style's number."""
    root = package.xml(styles)
    known = dict(_BUILT_IN)
    for item in root.iter("s:numFmt"):
        known[number(item.get("numFmtId"))] = item.get("formatCode", "")
    styled = next(root.iter("s:cellXfs"), None)
    formats = [] if styled is None else [item.get("numFmtId") for item in styled]
    return {
        style: known[number(name)]
        for style, name in enumerate(formats)
        if number(name) in known and _sections(known[number(name)])
    }


def _facts(sheet: bytes, codes: Mapping[int, str]) -> SheetFacts:
    facts = SheetFacts()
    for match in _CELL.finditer(sheet):
        style = _STYLE.search(match[1])
        code = codes.get(int(style[1]), "") if style else ""
        is_error = _IS_ERROR.search(match[1])
        error = _ERROR.match(sheet, match.end()) if is_error else None
        cell = _cell(match[1]) if code or error else None
        if cell and error:
            facts.errors[cell] = error[1].decode("utf-8", "replace")
        elif cell:
            facts.formats[cell] = code
    return facts


def _cell(attributes: bytes) -> Cell | None:
    """Returns where a cell stands, None where it does not say so."""
    reference = _REFERENCE.search(attributes)
    if not reference:
        return None
    column = 0
    for letter in reference[1]:
        column = column * 26 + letter - 64
    return int(reference[2]) - 1, column - 1


def shown(value: float, code: str = "") -> str:
    """Returns a number as a cell shows it.

    Args:
        value: The number.
        code: Its format, as `#,##0.00 "EUR"`; "" for none.
    """
    sections = _sections(code) if code else ()
    if not sections or not isfinite(value):
        return plain(value)
    chosen, amount = sections[0], Decimal(repr(value))
    sign = "-" if value < 0 else ""
    if value < 0 and len(sections) > 1:
        chosen, sign = sections[1], ""
    elif value == 0 and len(sections) > 2:
        chosen = sections[2]
    digits = _digits(abs(amount) * 100**chosen.percent, chosen.digits)
    if not any(character in "123456789" for character in digits):
        sign = ""
    digits = _with_signs(digits, chosen.inside)
    return f"{sign}{chosen.before}{digits}{chosen.after}".strip()


def _with_signs(digits: str, signs: tuple[tuple[int, str], ...]) -> str:
    """Puts signs between the digits of a whole number, as in a telephone number."""
    whole, point, fraction = digits.partition(".")
    for count, sign in signs:
        at = len(whole) - count
        if at > 0:
            whole = f"{whole[:at]}{sign}{whole[at:]}"
    return f"{whole}{point}{fraction}"


def as_moment(text: str) -> str:
    """Returns a date and time of ISO 8601 as sheets show it here.

    Fractions of a second, midnight and a last minute's zero seconds are left out.
    """
    moment = text.replace("T", " ").partition(".")[0]
    return moment.removesuffix(" 00:00:00").removesuffix(":00")


def plain(value: float) -> str:
    """Returns a number without a format: no needless digits, no exponent."""
    if not isfinite(value):
        return str(value)
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    digits = f"{value:.11g}"
    return digits if "e" not in digits else _without_exponent(digits)


def _without_exponent(digits: str) -> str:
    size = Decimal(digits)
    return format(size, "f") if 1e-10 < abs(size) < 1e15 else digits


@lru_cache(maxsize=1024)
def _sections(code: str) -> tuple[_FormatSection, ...]:
    """Returns the sections of a format, () for one of dates, text or conditions."""
    if code.casefold() == "general" or re.search(r"\[[<>=]", code):
        return ()
    texts = [text for text in _SECTION.findall(code + ";") if text]
    sections = [_section(text) for text in texts[:3]]
    usable = [section for section in sections if section]
    return tuple(usable) if len(usable) == len(sections) else ()


def _section(text: str) -> _FormatSection | None:
    before = after = digits = ""
    percent = 0
    signs: list[tuple[int, str]] = []
    for token in _TOKEN.finditer(text):
        if token["digits"]:
            if after:
                signs.append((_places(digits), after))
            digits, after = digits + token["digits"], ""
            continue
        sign = next(filter(None, (token["quoted"], token["escaped"])), "")
        sign = sign or token["symbol"] or token["other"] or ""
        if token["other"]:
            if _OTHER_KIND.match(sign):
                return None
            percent += sign == "%"
        if digits:
            after += sign
        else:
            before += sign
    whole = _places(digits.partition(".")[0])
    inside = tuple((whole - left, sign) for left, sign in signs if left <= whole)
    after = "".join(sign for left, sign in signs if left > whole) + after
    return _FormatSection(before, digits, after, percent, inside)


def _places(pattern: str) -> int:
    """Returns how many digits a pattern has room for."""
    return sum(pattern.count(sign) for sign in "0#?")


def _digits(amount: Decimal, pattern: str) -> str:
    """Returns a number's digits as `#,##0.0#` wants them."""
    if not pattern:
        return ""
    whole, _, fraction = pattern.rstrip(",").partition(".")
    scaled = len(pattern) - len(pattern.rstrip(",")) + len(whole)
    whole = whole.rstrip(",")
    scaled -= len(whole)
    amount = amount.scaleb(-3 * scaled)
    places = min(sum(fraction.count(sign) for sign in "0#?"), _MOST_DIGITS)
    try:
        rounded = amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    except InvalidOperation:
        return str(amount)
    digits, _, rest = format(rounded, "f").partition(".")
    fewest = min(whole.count("0"), _MOST_DIGITS)
    digits = digits.lstrip("0").zfill(fewest) if fewest else digits.lstrip("0")
    if "," in whole:
        digits = _grouped(digits)
    kept = len(fraction) - len(fraction.rstrip("#?,"))
    while kept and rest.endswith("0"):
        rest, kept = rest[:-1], kept - 1
    return f"{digits}.{rest}" if rest else digits or "0"


def _grouped(digits: str) -> str:
    first = len(digits) % 3
    groups = [digits[:first]] if first else []
    groups += [digits[at : at + 3] for at in range(first, len(digits), 3)]
    return ",".join(groups)
