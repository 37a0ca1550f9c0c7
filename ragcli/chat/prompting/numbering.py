"""Markers of a prompt and markers of an answer: two ways to count the same passages.

In a conversation's prompt a passage keeps the number that it had when it was first
sent: what a server has read stays as it was. In an answer they count from 1, the best
first.
"""

from __future__ import annotations

from collections.abc import Mapping

from ragcli.language import markers

_UNKNOWN = 999
"""Becomes of a number that stands for nothing, so that it cannot pass for another's:
the largest that a marker may have, which no passage of an answer reaches. A longer one
would be no marker, and nobody would check or remove it."""


class Renumbering:
    """Rewrites the markers of a text that streams.

    Args:
        numbers: What each number becomes; the others come to stand for nothing.
    """

    def __init__(self, numbers: Mapping[int, int]) -> None:
        self._numbers = numbers
        self._scanner = markers.Scanner()

    def feed(self, text: str) -> str:
        """Returns what is clear after `text`."""
        return "".join(map(self._rewritten, self._scanner.feed(text)))

    def close(self) -> str:
        """Returns the rest."""
        return "".join(map(self._rewritten, self._scanner.close()))

    def _rewritten(self, piece: markers.Piece) -> str:
        if piece.kind != "marker":
            return piece.text
        numbers = markers.numbers(piece.text)
        return f"[{', '.join(str(self._named(number)) for number in numbers)}]"

    def _named(self, number: int) -> int:
        return self._numbers.get(number, _UNKNOWN)


def renumbered(text: str, numbers: Mapping[int, int]) -> str:
    """Returns a whole text with its markers rewritten."""
    renumbering = Renumbering(numbers)
    return renumbering.feed(text) + renumbering.close()
