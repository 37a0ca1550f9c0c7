"""Numbers as a spreadsheet shows them: percent, currencies, digits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from math import isfinite
from typing import NamedTuple

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

_BUILT_IN_MOMENTS = {
    **dict.fromkeys((*range(14, 23), *range(27, 37), 45, 47, *range(50, 59)), "d"),
    46: "[h]",
}
"""Formats of dates and times that have a number and no text in the file."""

_NO_MOMENT = re.compile(
    r'"[^"]*"|\\.|_.|\*.|\[(?!(?:h+|m+|s+)\])[^\]]*\]|General', re.IGNORECASE
)
_MOMENT = re.compile(r"\[[hms]+\]|[ymdhs]", re.IGNORECASE)

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


def codes_of(styles: Iterable[int], own: Mapping[int, str]) -> dict[int, str]:
    """Returns the formats of styles that say how a number is shown, by their place.

    Args:
        styles: The number of each style's format, in the order of the styles.
        own: Formats that are in the file, by their number.
    """
    known = {**_BUILT_IN, **own}
    return {
        style: known[name]
        for style, name in enumerate(styles)
        if name in known and _sections(known[name])
    }


def counts_days(styles: Iterable[int], own: Mapping[int, str]) -> dict[int, bool]:
    """Returns which styles show a number as a date or time, by their place.

    Args:
        styles: As of `codes_of`.
        own: As of `codes_of`.

    Returns:
        Of each such style whether it shows a length of time, `[h]:mm`.
    """
    known = {**_BUILT_IN_MOMENTS, **own}
    kinds = {}
    for style, name in enumerate(styles):
        moment = _MOMENT.search(_NO_MOMENT.sub("", known.get(name, "")))
        if moment:
            kinds[style] = moment[0].startswith("[")
    return kinds


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
