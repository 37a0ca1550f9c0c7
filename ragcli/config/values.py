"""Values of settings: time spans, sizes, and what text or TOML means."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

_DURATION = re.compile(r"([0-9]{1,12})\s*([smhdw]?)")
_LONGEST = 36_500 * 86_400
"""Seconds of a time span: a hundred years. Clocks know no times far beyond."""
_LARGEST = (1 << 53) - 1
"""The largest whole number that every reader of JSON knows exactly."""
_SHOWN = 60
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "": 1}
_SIZE = r"([0-9]{1,12})\s*([kmg]?)i?b?"
_BYTES = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def seconds(text: str) -> int:
    """Returns the seconds of `90`, `45s`, `30m`, `12h`, `30d`, `2w`; `never` is 0."""
    if text in {"", "never", "off"}:
        return 0
    match = _DURATION.fullmatch(text.strip())
    if not match:
        shown = _short(text)
        raise ValueError(f"{shown} is not a time span; write 30d, 12h, 45m or never")
    span = int(match[1]) * _SECONDS[match[2]]
    if span > _LONGEST:
        raise ValueError(f"{text!r} is more than a hundred years; write never")
    return span


def at_least_one(count: int) -> None:
    """Refuses a number of things of which there is to be one.

    Raises:
        ValueError: It is 0 or less.
    """
    if count < 1:
        raise ValueError(f"{count} is less than 1")


def size(text: str) -> int:
    """Returns the bytes of `100MB`, `4k`, `1GiB` (powers of two)."""
    match = re.fullmatch(_SIZE, text.strip(), re.IGNORECASE)
    if not match:
        raise ValueError(f"{_short(text)} is not a size; write 100MB or 1GB")
    return int(match[1]) * _BYTES[match[2].lower()]


def flatten(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yields dotted keys and values of nested TOML tables."""
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from flatten(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def value_text(value: Any) -> str:
    """Returns a value as one types it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return os.pathsep.join(value)
    return str(value)


def convert(value: Any, kind: type) -> Any:
    """Converts text (from an environment or a command line) or a TOML value."""
    if kind is bool:
        return _as_bool(value)
    if kind is tuple:
        return _as_list(value)
    if isinstance(value, bool):
        raise TypeError(f"expected {_NAMES[kind]}, not {str(value).lower()}")
    if kind is str:
        if not isinstance(value, str | int | float):
            raise ValueError("expected text")
        return str(value)
    try:
        number = kind(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"expected {_NAMES[kind]}, not {_short(value)}") from None
    is_cut = isinstance(value, float) and number != value  # also for what is no number
    if is_cut or (kind is float and math.isnan(number)):
        raise ValueError(f"expected {_NAMES[kind]}, not {_short(value)}")
    if number < 0:
        raise ValueError("must not be negative")
    if number > _LARGEST:
        raise ValueError(f"must not be larger than {_LARGEST}")
    return number


def _short(value: Any) -> str:
    """Returns a value as a message shows it."""
    shown = repr(value)
    return f"{shown[:_SHOWN]}…" if len(shown) > _SHOWN else shown


_NAMES = {int: "a whole number", float: "a number", str: "text"}
_BOOLEANS = {"true": True, "1": True, "yes": True, "on": True}
_BOOLEANS |= {"false": False, "0": False, "no": False, "off": False}


def _as_bool(value: Any) -> bool:
    boolean = _BOOLEANS.get(str(value).lower())
    if boolean is None:
        raise ValueError(f"expected true or false, not {value!r}")
    return boolean


def _as_list(value: Any) -> tuple[str, ...]:
    """Converts a TOML array, or text with the separator of `PATH`."""
    items = value.split(os.pathsep) if isinstance(value, str) else value
    if not isinstance(items, list | tuple) or not all(
        isinstance(item, str) for item in items
    ):
        raise ValueError("expected a list of texts")
    return tuple(item for item in items if item)
