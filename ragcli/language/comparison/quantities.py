"""Numbers, measures, dates and times of a text, as what they amount to.

`48.90` and `48,90`, `1,608.00` and `1608`, `ten` and `10`, `90 seconds` and `1.5
minutes`, `1 April 2024` and `2024-04-01` are equal; `9090,60` is two numbers where the
language writes no decimal comma. A number that can be read in two ways has both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from ragcli.frozen import frozen
from ragcli.language.patterns import deferred
from ragcli.language.vocabulary.stemming import canonical

_HERE = Path(__file__).parent
_DECIMAL_POINT = frozenset({"en", "zh", "ja", "ko", "th", "he", "hi", "ta"})
"""Languages with a decimal point; all others have a comma."""
_SPACED = frozenset({"fr", "ru", "sv", "no", "fi", "hu", "cs", "pl", "uk"})
"""Languages that part thousands by a space, which may be an ordinary one."""

_NUMBERS = {
    spaces: deferred(
        rf"(?<![\w.])(?P<sign>[-\u2212](?=\d))?(?P<number>\d{{1,3}}(?:[{spaces}]\d{{3}})+"
        r"(?![\d])(?:[.,]\d+)?|\d+(?:[.,:]\d+)*)"
    )
    for spaces in ("\u202f\u00a0\u2009'", "\u202f\u00a0\u2009' ")
}
"""What finds numbers, by the spaces that may part thousands."""
_NARROW, _WIDE = _NUMBERS
_SYMBOL_AFTER = deferred(r"[ \u00a0\u202f]?(%|\u20ac|\$|\u00a3|\u00b0[CF]\b)")
_SYMBOL_BEFORE = deferred(r"([\u20ac$\u00a3])[ \u00a0]?$")
_GLUED = deferred(r"[A-Za-z\u00b5]+\b")
_WORD = deferred(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?")
_NEXT_WORD = deferred(r"[ \u00a0\u202f-]+([^\W\d_]+)")
_ISO = deferred(r"\b(\d{4})-(\d{1,2})-(\d{1,2})\b")
_SLASHED = deferred(r"\b(\d{1,2})([./])(\d{1,2})\2(\d{4}|\d{2})\b")
_CLOCK = deferred(r"(\d{1,2}):(\d{2})(?::\d{2})?")
_O_CLOCK = deferred(r"\s*(?:o['\u2019]clock|uhr|heures?\b|horas\b|h\b)", re.IGNORECASE)
_HALF_DAY = deferred(r"\s*([ap])\.?m\b", re.IGNORECASE)
_THOUSANDS = {
    ",": deferred(r"\d{1,3}(,\d{3})+"),
    ".": deferred(r"\d{1,3}(\.\d{3})+"),
}
_PRONOUNS = frozenset({"one", "once"})
"""Words that are more often pronouns than numerals."""
_EACH = frozenset({"a", "an", "per", "each", "every"})
_FULL_WORD = 4
_DECIMALS = 2
"""Digits after a comma that an English text takes for cents."""


@frozen
class Quantity:
    """A number, a date or a time where it stands."""

    start: int
    end: int
    kind: str
    """`number`, `date` or `time`."""

    values: frozenset[tuple[object, ...]]
    """What it may amount to: `(value,)`, `(year, month, day)` (0 for what is not
    told), `(hour, minute)`."""

    dimension: str = ""
    """What is measured, "" when it is a bare number or a count of things."""

    measured: frozenset[float] = frozenset()
    """What it amounts to in the dimension's unit."""

    spelled: bool = False
    """Whether it is written in letters."""

    def equals(self, other: Quantity) -> bool:
        """Tells whether both amount to the same, measures included."""
        if "date" in {self.kind, other.kind}:
            return self._is_same_day(other)
        if "time" in {self.kind, other.kind}:
            return not _hours(self).isdisjoint(_hours(other))
        if self.dimension and other.dimension:
            if self.dimension != other.dimension:
                return False
            return any(
                abs(one - two) <= 1e-9 * max(abs(one), abs(two))
                for one in self.measured
                for two in other.measured
            )
        return not self.values.isdisjoint(other.values)

    def _is_same_day(self, other: Quantity) -> bool:
        """Tells whether two dates agree in what the claimed one tells.

        A bare number can be the year.
        """
        mine, theirs = _days(self), _days(other)
        return any(
            all(one in {0, two} for one, two in zip(left, right, strict=True))
            for left in mine
            for right in theirs
        )


def quantities(text: str, language: str) -> list[Quantity]:
    """Returns the quantities of a text in order.

    Args:
        text: Any text.
        language: ISO 639-1 code of its language.
    """
    language = canonical(language)
    apart: list[Quantity] = []
    taken: list[tuple[int, int]] = []
    for quantity in (
        *_dates(text, language), *_digits(text, language), *_spelled(text, language),
    ):  # fmt: skip
        span = quantity.start, quantity.end
        if all(span[1] <= start or span[0] >= end for start, end in taken):
            apart.append(quantity)
            taken.append(span)
    return sorted(apart, key=lambda quantity: quantity.start)


def measure(word: str) -> tuple[str, float] | None:
    """Returns the dimension and the size of a word for a measure; None for none."""
    return _measures().get(word.lower())


def are_other_measures(one: str, other: str) -> bool:
    """Tells whether two words, lower case, measure the same thing differently.

    Seconds and minutes, days and months, metres and miles: full words only, for a
    letter may be anything.
    """
    if min(len(one), len(other)) < _FULL_WORD:
        return False
    mine, theirs = _measures().get(one), _measures().get(other)
    if mine is None or theirs is None or mine == theirs:
        return False
    times = {"time", "months"}
    return mine[0] == theirs[0] or {mine[0], theirs[0]} <= times


def _hours(quantity: Quantity) -> set[tuple[object, ...]]:
    if quantity.kind == "time":
        return set(quantity.values)
    return {(value[0], 0.0) for value in quantity.values}


def _days(quantity: Quantity) -> set[tuple[object, ...]]:
    if quantity.kind == "date":
        return set(quantity.values)
    return {(value[0], 0, 0) for value in quantity.values}


def _dates(text: str, language: str) -> Iterator[Quantity]:
    for match in _ISO.finditer(text):
        first, month, last = (float(part) for part in match.groups())
        yield _date(match, {(first, month, last)})
    for match in _SLASHED.finditer(text):
        left, _, right, year = match.groups()
        full = float(year) + (2000 if len(year) == 2 else 0)
        readings = {(full, float(right), float(left))}
        if match[2] == "/":
            readings.add((full, float(left), float(right)))
        yield _date(match, readings)
    for match in _month_dates(language).finditer(text):
        parts = match.groupdict()
        number = _months(language)[(parts["month"] or parts["month2"]).lower()]
        day = float(parts["day"] or parts["day2"] or 0)
        year = float(parts["year"] or parts["year2"] or 0)
        if day or year:
            yield _date(match, {(year, float(number), day)})


def _date(
    match: re.Match[str], values: Iterable[tuple[float, float, float]]
) -> Quantity:
    return Quantity(match.start(), match.end(), "date", frozenset(values))


@cache
def _month_dates(language: str) -> re.Pattern[str]:
    names = "|".join(sorted(_months(language), key=len, reverse=True)) or "(?!)"
    return re.compile(
        rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th|er|\.)?\s+(?:of\s+|de\s+)?(?P<month>{names})\b"
        rf"\.?(?:,?\s+(?:de\s+)?(?P<year>\d{{4}}))?"
        rf"|\b(?P<month2>{names})\b\.?\s+(?:(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?\b(?!:))?"
        rf"(?:,?\s*(?P<year2>\d{{4}})\b)?",
        re.IGNORECASE,
    )


@cache
def _months(language: str) -> dict[str, int]:
    """Returns the number of each month by its name; English where none is listed."""
    numbers: dict[str, int] = {}
    for code, *names in _table("months.txt"):
        if code == language or (code == "en" and not numbers):
            numbers |= {name: number for number, name in enumerate(names, 1)}
    return numbers


def _digits(text: str, language: str) -> Iterator[Quantity]:
    spaces = _WIDE if language in _SPACED else _NARROW
    for match in _NUMBERS[spaces].finditer(text):
        start, end = match.span()
        written = match["number"]
        clock = _CLOCK.fullmatch(written)
        o_clock = _O_CLOCK.match(text, end)
        half = _HALF_DAY.match(text, end)
        if clock and int(clock[1]) < 25:
            hour, minute = float(clock[1]), float(clock[2])
            stop = half.end() if half else end
            yield _time(start, stop, hour, minute, half)
        elif half and written.isdecimal():
            yield _time(start, half.end(), float(written), 0.0, half)
        elif o_clock and written.isdecimal() and int(written) < 25:
            yield _time(start, o_clock.end(), float(written), 0.0, None)
        else:
            sign = -1.0 if match["sign"] else 1.0
            values = {sign * value for value in _readings(written, language)}
            if values:
                yield _measured(text, start, end, values, spelled=False)
            elif ":" not in written:
                version = frozenset({(written,)})
                yield Quantity(start, end, "number", version)


def _time(
    start: int, end: int, hour: float, minute: float, half: re.Match[str] | None
) -> Quantity:
    if half:
        hour = hour % 12 + (12 if half[1].lower() == "p" else 0)
    return Quantity(start, end, "time", frozenset({(hour, minute)}))


def _readings(written: str, language: str) -> set[float]:
    """Returns the numbers that digits with separators may stand for."""
    bare = re.sub(f"[{_WIDE}]", "", written)
    if bare.isdecimal():
        return {float(bare)}
    points, commas = bare.count("."), bare.count(",")
    if ":" in bare:
        return set()
    if points and commas:
        last = max(bare.rfind("."), bare.rfind(","))
        whole = re.sub(r"[.,]", "", bare[:last])
        return {float(f"{whole}.{bare[last + 1 :]}")}
    separator = "." if points else ","
    if points + commas == 1:
        return _one_separator(bare, separator, language)
    if _THOUSANDS[separator].fullmatch(bare):
        return {float(bare.replace(separator, ""))}
    return set() if points else {float(part) for part in bare.split(",")}


def _one_separator(bare: str, separator: str, language: str) -> set[float]:
    whole, _, rest = bare.partition(separator)
    decimal = float(f"{whole}.{rest}")
    is_grouped = bool(_THOUSANDS[separator].fullmatch(bare)) and whole != "0"
    has_point = language in _DECIMAL_POINT or not language
    if separator == ".":
        if not has_point and is_grouped:
            return {float(whole + rest)}
        return {decimal}
    if not has_point:
        return {decimal}
    if is_grouped:
        return {float(whole + rest)}
    if len(rest) <= _DECIMALS and len(whole) <= 3:
        return {decimal, float(whole), float(rest)}
    return {float(whole), float(rest)}


def _measured(
    text: str, start: int, end: int, values: set[float], *, spelled: bool
) -> Quantity:
    """Returns a number with the measure that stands beside it."""
    word, stop = "", end
    symbol = _SYMBOL_AFTER.match(text, end)
    before = _SYMBOL_BEFORE.search(text, max(0, start - 3), start)
    glued = _GLUED.match(text, end)
    following = _NEXT_WORD.match(text, end)
    if symbol:
        word, stop = symbol[1], symbol.end()
    elif before:
        word = before[1]
    elif glued:
        word, stop = glued[0], glued.end()
    elif following:
        word, stop = following[1], following.end()
        if word.lower() in {"degrees", "degree", "grad"}:
            further = _NEXT_WORD.match(text, stop)
            word, stop = (further[1], further.end()) if further else (word, stop)
    measure = _measures().get(word.lower())
    if measure is None and not glued:
        stop = end
    dimension, size = measure or ("", 1.0)
    return Quantity(
        start,
        stop if measure else end,
        "number",
        frozenset((value,) for value in values),
        dimension,
        frozenset(value * size for value in values) if measure else frozenset(),
        spelled,
    )


def _spelled(text: str, language: str) -> Iterator[Quantity]:
    """Yields numbers in letters: `twenty-five`, `two hundred`."""
    numerals = _numerals(language)
    numbers: list[tuple[int, int, float]] = []
    for match in _WORD.finditer(text):
        value = numerals.get(match[0].lower())
        if value is None or (
            match[0].lower() in _PRONOUNS and not _counts(text, match)
        ):
            continue
        joined = numbers and text[numbers[-1][1] : match.start()] in {" ", "-", " and "}
        if joined and numbers[-1][2] != value:
            start, _, before = numbers.pop()
            grows = value >= 100 and before < value
            fits = grows or (before % 10 == 0 and 0 < value < 10 and before >= 20)
            if grows:
                numbers.append((start, match.end(), (before or 1) * value))
                continue
            if fits or (before >= 100 and value < 100):
                numbers.append((start, match.end(), before + value))
                continue
            numbers.append((start, _, before))
        numbers.append((*match.span(), value))
    for start, end, value in numbers:
        clock = _O_CLOCK.match(text, end)
        if clock and value < 25:
            yield _time(start, clock.end(), value, 0.0, None)
        else:
            yield _measured(text, start, end, {value}, spelled=True)


def _counts(text: str, match: re.Match[str]) -> bool:
    """Tells whether "one" or "once" is a number here: a measure, "a day" follows."""
    following = _NEXT_WORD.match(text, match.end())
    if following is None:
        return False
    word = following[1].lower()
    return word in _measures() or (match[0].lower() == "once" and word in _EACH)


@cache
def _numerals(language: str) -> dict[str, float]:
    for code, *pairs in _table("numerals.txt"):
        if code == language:
            values = (pair.split("=") for pair in pairs)
            return {word: float(value) for word, value in values}
    return {}


@cache
def _measures() -> dict[str, tuple[str, float]]:
    return {
        word: (dimension, float(size))
        for dimension, size, *names in _table("measures.txt")
        for word in names
    }


@cache
def _table(name: str) -> list[list[str]]:
    lines = (_HERE / name).read_text(encoding="utf-8").splitlines()
    return [line.split() for line in lines if line and not line.startswith("#")]
