"""Textual: keys and bytes of terminals that it does not know or does not survive.

Changes: Its table of escape sequences, its parser of them, and the decoder in front of
that are private. The table learns Alt+Enter; the parser ignores a key or a click whose
numbers mean nothing, and the decoder takes a byte that is no UTF-8 for a character.

Gain: Not time. Alt+Enter makes a new line where the terminal speaks no keyboard
protocol, instead of sending a question that is not finished; and what is typed, pasted
or clicked cannot end the program.

Upstream: Read with Textual 8.2.8, whose input thread decodes strictly and does not
catch what its parser raises. `tests/unit/dependency_patches/test_textual.py` fails when
the private names change, and when Textual survives by itself.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from textual import events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._xterm_parser import XTermParser
from textual.drivers import linux_driver, linux_inline_driver
from textual.keys import Keys

if TYPE_CHECKING:
    from textual.message import Message

NEWLINES = ("\x1b\r", "\x1b\n")
"""Alt+Enter where no keyboard protocol is spoken: Escape, then the line end."""


def teach_newlines() -> None:
    """Has Alt+Enter arrive as Ctrl+J, the newline key that every terminal has.

    Textual drops the Escape and reports plain Enter, which would send a question
    that is not finished.
    """
    table: dict[str, tuple[Keys, ...]] = dict.fromkeys(NEWLINES, (Keys.ControlJ,))
    cast("dict[str, Any]", ANSI_SEQUENCES_KEYS).update(table)


LATIN = "ragcli.latin1"
"""The error handler that takes a byte which is no UTF-8 for a character of its own."""


def _as_latin1(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    # One character a byte: reports of old mice count three of them.
    return error.object[error.start : error.end].decode("latin-1"), error.end


class ForgivingParser(XTermParser):
    """Ignores a key or a click whose numbers mean nothing."""

    def _sequence_to_key_events(
        self,
        sequence: str,
        alt: bool = False,  # noqa: FBT001, FBT002 - as Textual
    ) -> Iterator[events.Key]:
        try:
            yield from super()._sequence_to_key_events(sequence, alt)
        except (ValueError, OverflowError):  # beyond what a character's number can be
            yield events.Key(Keys.Ignore, sequence)

    def parse_mouse_code(self, code: str) -> Message | None:
        """Returns the mouse event that a report means, None for none."""
        try:
            return super().parse_mouse_code(code)
        except (ArithmeticError, ValueError):
            return None


def forgive_input() -> None:
    """Has nothing that is typed or pasted end the program, whatever its bytes are."""
    codecs.register_error(LATIN, _as_latin1)
    for driver in (linux_driver, linux_inline_driver):
        module = cast("Any", driver)
        module.getincrementaldecoder = _lenient_decoder
        module.XTermParser = ForgivingParser


def _lenient_decoder(encoding: str) -> partial[codecs.IncrementalDecoder]:
    return partial(codecs.getincrementaldecoder(encoding), errors=LATIN)
