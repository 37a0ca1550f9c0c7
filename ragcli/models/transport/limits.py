"""How long and how large the answer of a server may be.

A server that says a byte now and then is never silent, and one that says the same for
ever never ends. So the time in which something must have come is limited as well, and
the size of what is read in one piece.
"""

from __future__ import annotations

import math
import time

LARGEST_BODY = 128 << 20
"""Bytes of an answer in one piece: vectors of sixteen texts take less than a tenth."""
LONGEST_LINE = 16 << 20
"""Bytes of one line of a stream."""


class AnswerOverdueError(TimeoutError):
    """A server sends something, but nothing of an answer, or never all of it."""


class AnswerTooLargeError(Exception):
    """A server sends more in one piece than any answer has."""


class SilenceClock:
    """Measures how long a server has said nothing of its answer.

    Args:
        longest: Seconds that this may take; 0 for no limit.
    """

    def __init__(self, longest: float) -> None:
        self._longest = longest or math.inf
        self.restart()

    def restart(self) -> None:
        """Something was said."""
        self._since = time.monotonic()

    @property
    def left(self) -> float:
        """Seconds until it is too long; infinite without a limit."""
        return self._since + self._longest - time.monotonic()

    def check(self) -> None:
        """Raises `AnswerOverdueError` where it has been too long."""
        if self.left <= 0:
            raise AnswerOverdueError
