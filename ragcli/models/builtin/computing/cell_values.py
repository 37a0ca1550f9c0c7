# ruff: noqa: E501 - patterns and messages read better whole
"""What a cell says: a number, in either decimal convention, or a date.

One cell alone is often ambiguous: `1.234` is a thousand in one table and a bit more
than one in another, `01/02/2024` January or February. All cells of a column, and for
the decimal sign those of the table, decide; what stays ambiguous is no date.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from ragcli.language.patterns import deferred

if TYPE_CHECKING:
    from decimal import Decimal

_NUMBER = deferred(
    r"(?P<before>[^\d\s+-]{0,4}\s?)(?P<number>[+-]?\d[\d.,'\u2019\u00a0\u202f ]*|[+-]?[.,]\d+)"
    r"(?P<after>\s?[^\d]{0,12})"
)
_GROUPS = deferred(r"[\u00a0\u202f '\u2019](?=\d{3}(?:\D|$))")
_MONTHS = (
    ("jan", "janvier", "january", "januar", "enero", "ene"),
    ("feb", "fevrier", "fevr", "february", "februar", "febrero"),
    ("mar", "mars", "march", "marz", "marzo", "mrz"),
    ("apr", "avril", "avr", "april", "abril", "abr"),
    ("may", "mai", "mayo"),
    ("jun", "juin", "june", "juni", "junio"),
    ("jul", "juillet", "juil", "july", "juli", "julio"),
    ("aug", "aout", "august", "agosto", "ago"),
    ("sep", "sept", "septembre", "september", "septiembre"),
    ("oct", "okt", "octobre", "october", "oktober", "octubre"),
    ("nov", "novembre", "november", "noviembre"),
    ("dec", "dez", "decembre", "december", "dezember", "diciembre", "dic"),
)
MONTHS = {name: number for number, names in enumerate(_MONTHS, 1) for name in names}
"""Names of months in English, German, French and Spanish, folded, with their number."""

_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
DATE_PATTERN = (
    rf"(?:\d{{4}}-\d{{1,2}}(?:-\d{{1,2}})?|\d{{1,2}}[./-]\d{{1,2}}[./-](?:\d{{4}}|\d{{2}})"
    rf"|\d{{1,2}}(?:st|nd|rd|th|er|\.)?\s+(?:of\s+|de\s+)?(?:{_MONTH})\.?,?\s+(?:de\s+|del\s+)?\d{{4}}"
    rf"|(?:{_MONTH})\.?\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}}"
    rf"|(?:{_MONTH})\.?,?\s+(?:de\s+|del\s+|of\s+)?\d{{4}}|[12]\d{{3}})"
)
"""A date in folded text, as exact as it is told: a year, a month or a day."""

_ISO = deferred(r"(\d{4})-(\d{1,2})(?:-(\d{1,2}))?(?:[t ]\d.*)?")
_SHORT = deferred(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})(?:,? \d.*)?")
_DAY_MONTH = deferred(
    rf"(?:(\d{{1,2}})(?:st|nd|rd|th|er|\.)?\s+(?:of\s+|de\s+)?)?({_MONTH})\.?,?\s+(?:de\s+|del\s+|of\s+)?(\d{{4}})"
)
_MONTH_DAY = deferred(rf"({_MONTH})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+(\d{{4}})")
_YEAR = deferred(r"[12]\d{3}")

_NOTHING = frozenset(
    [
        "",
        "-",
        "--",
        "\u2013",
        "\u2014",
        "n/a",
        "na",
        "n.a.",
        "none",
        "null",
        "nan",
        "?",
        "tbd",
        "k.a.",
        "unknown",
    ]
)
_YES = frozenset(
    ["yes", "true", "y", "x", "ja", "oui", "si", "\u2713", "\u2714", "wahr", "vrai"]
)
_NO = frozenset(
    ["no", "false", "n", "nein", "non", "\u2717", "\u2718", "falsch", "faux"]
)

Date = tuple[int, ...]
"""Year, month and day, as far as they are told."""


def folded(text: str) -> str:
    """Returns a text in lower case without accents: what is compared."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in plain if not unicodedata.combining(sign))


@dataclass(slots=True, repr=False, eq=False)
class Signs:
    """What the cells of a column, or of a table, say about how they are written."""

    comma: int = 0
    """Cells in which a comma can only be a decimal sign."""

    point: int = 0
    """Cells in which a point can only be a decimal sign."""

    day_first: int = 0
    """Dates whose first number can only be a day."""

    month_first: int = 0
    """Dates whose second number can only be a day."""

    def see(self, cell: str) -> None:
        """Takes one cell into account."""
        if "/" in cell or "-" in cell:
            date = _SHORT.fullmatch(cell)
            if date:
                self.day_first += int(date[1]) > 12 >= int(date[3])
                self.month_first += int(date[3]) > 12 >= int(date[1])
                return
        if "," not in cell and "." not in cell:
            return
        match = _NUMBER.fullmatch(cell)
        if match:
            sign = decimal_sign(match["number"].strip())
            self.comma += sign == ","
            self.point += sign == "."

    @property
    def decimal_comma(self) -> bool:
        """Whether decimals stand after a comma."""
        return self.comma > self.point


def decimal_sign(number: str) -> str:
    """Returns the decimal sign of a number, "" when it has none or could have either."""
    comma, point = number.rfind(","), number.rfind(".")
    if comma >= 0 and point >= 0:
        return "," if comma > point else "."
    at = max(comma, point)
    if at < 0:
        return ""
    sign, count = number[at], number.count(number[at])
    if count > 1:
        return "." if sign == "," else ","
    grouped = len(number) - at - 1 == 3 and 1 <= len(number[:at].strip("+-")) <= 3
    return "" if grouped and not number.strip("+-").startswith("0") else sign


def number(cell: str, *, decimal_comma: bool = False) -> Decimal | None:
    """Returns the number that a cell is, with its unit or currency or without.

    Args:
        cell: What stands in it.
        decimal_comma: Whether its table writes decimals after a comma.
    """
    match = _NUMBER.fullmatch(cell.strip())
    if not match:
        return None
    after = match["after"].strip()
    if after and not (
        after[0].isalpha() or after[0] in "%\u20ac$\u00a3\u00a5\u00b0)\u00b5-*"
    ):
        return None
    if match["before"].strip().isalnum() and len(match["before"].strip()) < 3:
        return None
    text = _GROUPS.sub("", match["number"].strip())
    if " " in text or "\u00a0" in text:
        return None
    sign = decimal_sign(text) or ("," if decimal_comma else ".")
    other = "." if sign == "," else ","
    plain = text.replace(other, "").replace(sign, ".").strip(".")
    if match["before"].strip() == "(" and after == ")":
        plain = f"-{plain}"
    import decimal  # most questions compute nothing

    try:
        return decimal.Decimal(plain)
    except decimal.InvalidOperation:
        return None


def unit_of(cell: str) -> str:
    """Returns the unit or currency that stands beside a cell's number, folded."""
    match = _NUMBER.fullmatch(cell.strip())
    if not match:
        return ""
    return folded(match["after"].strip(" .*") or match["before"].strip(" ("))


def is_empty(cell: str) -> bool:
    """Tells whether a cell says that there is nothing to say: `n/a`, a dash."""
    return folded(cell.strip()) in _NOTHING


def truth(cell: str) -> bool | None:
    """Returns whether a cell says yes or no; None where it says something else."""
    said = folded(cell.strip())
    return said in _YES if said in _YES | _NO else None


def date(cell: str, signs: Signs | None = None) -> Date | None:
    """Returns the date that a cell is, as exact as it is told; None when it is none.

    Args:
        cell: What stands in it.
        signs: What its column says about the order of day and month.
    """
    return _date(folded(cell.strip()), _order(signs))


def _order(signs: Signs | None) -> str:
    if signs is None or bool(signs.day_first) == bool(signs.month_first):
        return ""
    return "day" if signs.day_first else "month"


@lru_cache(maxsize=4096)
def _date(cell: str, order: str) -> Date | None:
    if _YEAR.fullmatch(cell):
        return (int(cell),)
    match = _ISO.fullmatch(cell)
    if match:
        return _valid([int(part) for part in match.groups() if part])
    match = _SHORT.fullmatch(cell)
    if match:
        return _short(match, order)
    match = _MONTH_DAY.fullmatch(cell)
    if match:
        return _valid([int(match[3]), MONTHS[match[1]], int(match[2])])
    match = _DAY_MONTH.fullmatch(cell)
    if match:
        day = [int(match[1])] if match[1] else []
        return _valid([int(match[3]), MONTHS[match[2]], *day])
    return None


def _short(match: re.Match[str], order: str) -> Date | None:
    """Returns a date of numbers; None where day and month could be either."""
    one, two, year = int(match[1]), int(match[3]), int(match[4])
    if len(match[4]) == 2:
        year += 2000 if year < 70 else 1900
    if match[2] == "." or order == "day" or one > 12 or one == two:
        return _valid([year, two, one])
    if order == "month" or two > 12:
        return _valid([year, one, two])
    return None


def _valid(parts: Sequence[int]) -> Date | None:
    within = len(parts) < 2 or 1 <= parts[1] <= 12
    within = within and (len(parts) < 3 or 1 <= parts[2] <= 31)
    return tuple(parts) if within else None


def written(value: Decimal, *, decimal_comma: bool) -> str:
    """Returns a number as its table would write it, without grouping."""
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".") if len(text.split(".")[1]) > 2 else text
    return text.replace(".", ",") if decimal_comma else text
