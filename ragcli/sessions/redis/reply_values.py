"""What a server holds, as text and numbers: others may have written it.

Whoever reaches the server can put any bytes under our keys. What cannot be one of our
values is damage, told in one line.
"""

from __future__ import annotations

import json
from typing import Any

from ragcli.errors import Damaged

_SHOWN = 40


def text(value: bytes | None, key: str) -> str:
    """Returns what is stored, "" when nothing is.

    Args:
        value: As the server gave it.
        key: Where it is stored, for the message.

    Raises:
        Damaged: It is no text.
    """
    try:
        return (value or b"").decode()
    except UnicodeDecodeError:
        raise _foreign(key, value) from None


def number(value: bytes | str | int | None, key: str) -> int:
    """Returns a whole number, 0 when nothing is stored; see `text`.

    Raises:
        Damaged: It is none.
    """
    try:
        return int(value or 0)
    except ValueError:
        raise _foreign(key, value) from None


def real(value: bytes, key: str) -> float:
    """Returns a number; see `number`."""
    try:
        return float(value)
    except ValueError:
        raise _foreign(key, value) from None


def mapping(value: str, key: str) -> dict[str, Any]:
    """Returns the values of a JSON object; raises `Damaged` when it is none."""
    try:
        return dict(json.loads(value))
    except (ValueError, TypeError, RecursionError):
        raise _foreign(key, value) from None


def _foreign(key: str, value: object) -> Damaged:
    shown = repr(value)
    if len(shown) > _SHOWN:
        shown = f"{shown[:_SHOWN]}…"
    return Damaged(
        f"{key} was written by others: {shown} is no value of ours",
        "restore the profile from an export",
    )
