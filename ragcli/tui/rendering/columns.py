"""Columns that line up, whatever the width of the characters in them."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size


def cut(text: str, width: int, *, keep_end: bool = False) -> str:
    """Returns a line of at most `width` columns.

    Args:
        text: One line.
        width: Columns there are.
        keep_end: Whether the beginning is what goes: of a path, its name stays.
    """
    if cell_len(text) <= width:
        return text
    if width <= 1:
        return "…"[:width]
    if not keep_end:
        return set_cell_size(text, width - 1).rstrip() + "…"
    end = text
    while cell_len(end) > width - 1:
        end = end[1:]
    return f"…{end}"


def padded(text: str, width: int) -> str:
    """Returns a line with blanks after it up to `width` columns."""
    return text + " " * (width - cell_len(text))


def shared(room: int, wanted: int, beside: int) -> int:
    """Returns how many columns the first of two texts gets when they share a line.

    Args:
        room: Columns there are for both.
        wanted: Columns that the first would like.
        beside: Columns that the second would like.
    """
    if wanted + beside <= room:
        return wanted
    return max(min(wanted, room - beside), min(wanted, room * 3 // 5), 1)
