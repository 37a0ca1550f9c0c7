"""JSON of servers, of which nothing can be taken for granted.

What is missing, has another type or cannot be meant reads as if it were not there: 0,
"", or nothing. So whoever reads an answer says only what is wanted of it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

LONGEST_WINDOW = 100_000_000
"""Tokens above which a window is no window: some servers pass on a tokeniser's 1e30."""


def parsed(raw: bytes | str) -> Any:
    """Returns what a text of JSON says.

    Raises:
        ValueError: It is none, holds a number of thousands of digits, or nests deeper
            than can be read.
    """
    try:
        return json.loads(raw)
    except RecursionError:
        raise ValueError("it nests too deeply") from None


def mapping(value: Any) -> Mapping[str, Any]:
    """Returns an object; an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yields the objects of a list."""
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, Mapping))


def text(value: Any) -> str:
    """Returns a string; "" for anything else."""
    return value if isinstance(value, str) else ""


def valid_unicode(string: str) -> str:
    """Returns a text that can be stored: half a character becomes U+FFFD.

    JSON can name half of a surrogate pair alone, which no encoding has.
    """
    try:
        string.encode()
    except UnicodeEncodeError:
        return string.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return string


def count(value: Any) -> int:
    """Returns a number of things, rounded down; 0 for what counts nothing."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    return int(value) if math.isfinite(value) and value > 0 else 0


def window(value: Any) -> int:
    """Returns a context window in tokens; 0 for none and for what cannot be one."""
    tokens = count(value)
    return tokens if tokens <= LONGEST_WINDOW else 0


def parameter_values(parameters: Any, name: str) -> Iterator[str]:
    """Yields the values that a Modelfile gives a parameter; each stands in a line."""
    for line in text(parameters).splitlines():
        key, _, value = line.partition(" ")
        if key == name and value.strip():
            yield value.strip()


def window_parameter(parameters: Any) -> int:
    """Returns the `num_ctx` of a Modelfile's parameters in tokens; 0 for none."""
    for value in parameter_values(parameters, "num_ctx"):
        if value.isdecimal() and len(value) < len(str(LONGEST_WINDOW)) + 1:
            return window(int(value))
    return 0
