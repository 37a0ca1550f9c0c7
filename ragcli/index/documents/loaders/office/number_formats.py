"""Numbers as a spreadsheet shows them: percent, currencies, digits, in XLSX files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from math import isfinite
from typing import NamedTuple

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
_PLACE = re.compile(rb"\sr\s*=\s*[\"']([A-Z]{1,3})(\d{1,7})[\"']")
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


def cell_formats(package: Package) -> dict[str, dict[tuple[int, int], str]]:
    """Returns, by the sheet's name, the formats of cells that have one.

    Rows and columns are counted from 0.
    """
    book = package.main()
    relations = package.related(book)
    styles = next((r.target for r in relations.values() if r.kind == "styles"), "")
    codes = _codes(package, styles) if styles in package else {}
    if not codes:
        return {}
    found = {}
    for sheet in package.xml(book).iter("s:sheet"):
        relation = relations.get(sheet.get("r:id", ""))
        if relation and relation.kind == "worksheet" and relation.target in package:
            cells = dict(_cells(package.read(relation.target), codes))
            found[sheet.get("name", "")] = cells
    return found


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


def _cells(
    sheet: bytes, codes: dict[int, str]
) -> Iterator[tuple[tuple[int, int], str]]:
    for match in _CELL.finditer(sheet):
        style = _STYLE.search(match[1])
        code = codes.get(int(style[1]), "") if style else ""
        place = _PLACE.search(match[1]) if code else None
        if place:
            column = 0
            for letter in place[1]:
                column = column * 26 + letter - 64
            yield (int(place[2]) - 1, column - 1), code


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
    return f"{sign}{chosen.before}{digits}{chosen.after}".strip()


def plain(value: float) -> str:
    """Returns a number without a format: no needless digits, no exponent."""
    if not isfinite(value):
        return str(value)
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    told = f"{value:.11g}"
    return told if "e" not in told else _without_exponent(told)


def _without_exponent(told: str) -> str:
    size = Decimal(told)
    return format(size, "f") if 1e-10 < abs(size) < 1e15 else told


@lru_cache(maxsize=1024)
def _sections(code: str) -> tuple[_FormatSection, ...]:
    """Returns the sections of a format, () for one of dates, text or conditions."""
    if code.casefold() == "general" or re.search(r"\[[<>=]", code):
        return ()
    found = [match for match in _SECTION.findall(code + ";") if match]
    sections = [_section(text) for text in found[:3]]
    usable = [section for section in sections if section]
    return tuple(usable) if len(usable) == len(sections) else ()


def _section(text: str) -> _FormatSection | None:
    parts = {"before": "", "after": ""}
    digits, percent, place = "", 0, "before"
    for token in _TOKEN.finditer(text):
        if token["digits"]:
            digits, place = digits + token["digits"], "after"
            continue
        told = next(filter(None, (token["quoted"], token["escaped"])), "")
        told = told or token["symbol"] or token["other"] or ""
        if token["other"]:
            if _OTHER_KIND.match(told):
                return None
            percent += told == "%"
        parts[place] += told
    return _FormatSection(parts["before"], digits, parts["after"], percent)


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
    told, _, rest = format(rounded, "f").partition(".")
    wanted = min(whole.count("0"), _MOST_DIGITS)
    told = told.lstrip("0").zfill(wanted) if wanted else told.lstrip("0")
    if "," in whole:
        told = _grouped(told)
    kept = len(fraction) - len(fraction.rstrip("#?,"))
    while kept and rest.endswith("0"):
        rest, kept = rest[:-1], kept - 1
    return f"{told}.{rest}" if rest else told or "0"


def _grouped(digits: str) -> str:
    first = len(digits) % 3
    groups = [digits[:first]] if first else []
    groups += [digits[at : at + 3] for at in range(first, len(digits), 3)]
    return ",".join(groups)
