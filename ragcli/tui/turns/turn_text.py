"""A turn as plain text, for a terminal that is not drawn on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from typing import TextIO

from ragcli.chat.answers.state import BROKEN_OFF
from ragcli.chat.presentation.wrapping import WordWrap
from ragcli.sessions.records.record_types import Turn
from ragcli.text import safe_text
from ragcli.tui.turns.source_entries import from_turn

NOTHING = "Nothing in the documents answers this."

_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"


def source_lines(turn: Turn) -> Iterator[str]:
    """Yields one line for each source that an answer cites, by its marker."""
    for source in from_turn(turn):
        if source.cited:
            doubt = f"  ({source.doubt})" if source.doubt else ""
            yield f"{source.shown_marker} {source.full_place}{doubt}"


def leave(turns: Sequence[Turn], stream: TextIO) -> None:
    """Writes turns below what stands on the terminal, each with its sources.

    Args:
        turns: Oldest first.
        stream: The terminal.
    """
    width = shutil.get_terminal_size().columns
    for turn in turns:
        stream.write(f"{_BOLD}> {safe_text(turn.asked)}{_PLAIN}\n\n")
        stream.write(f"{_wrapped(_answer(turn), width)}\n")
        sources = "".join(f"{line}\n" for line in source_lines(turn))
        stream.write(f"\n{sources}\n" if sources else "\n")
    stream.flush()


def _answer(turn: Turn) -> str:
    answer = safe_text(turn.answer)
    if turn.status == "nothing_found" and not answer:
        return NOTHING
    return (
        f"{answer}\n({turn.status})".lstrip() if turn.status in BROKEN_OFF else answer
    )


def _wrapped(text: str, width: int) -> str:
    wrap = WordWrap(width)
    return (wrap.add(text) + wrap.end()).rstrip("\n")
