"""Waiting for a server that says it will answer later."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import closing
from typing import TypeVar

from ragcli.errors import ServerBusy
from ragcli.models.base import Waiting
from ragcli.models.transport.connections import pause

T = TypeVar("T")

WITHOUT_LIMIT = 600.0
"""Seconds that are waited at most where `timeout` sets no limit."""
_DELAYS = (1.0, 2.0, 4.0)
"""Seconds before each new attempt where the server does not say how long."""
_SHORTEST = 0.25
"""Seconds that are waited at least: some servers name a thousandth."""


def patiently(
    ask: Callable[[], Generator[T, None, None]], longest: float
) -> Generator[T | Waiting, None, None]:
    """Yields what `ask` gives; asks again where the server was busy.

    Only what has said nothing yet is asked again.

    Args:
        ask: Sends the request anew with each call.
        longest: Seconds after which it is not asked again, whatever took them; 0 for
            no limit of one's own.

    Raises:
        ServerBusy: It stays busy, or wants more time than there is.
    """
    deadline = time.monotonic() + (longest or WITHOUT_LIMIT)
    attempt = 0
    while True:
        has_said = False
        try:
            with closing(ask()) as pieces:
                for piece in pieces:
                    has_said = True
                    yield piece
        except ServerBusy as error:
            delay = _delay(error, attempt)
            if has_said or not delay or delay > deadline - time.monotonic():
                raise
            yield Waiting(delay, error.message)
            pause(delay)
            attempt += 1
        else:
            return


def _delay(error: ServerBusy, attempt: int) -> float:
    """Returns the seconds to wait; 0 where it is given up.

    A model that loads is asked every second: it will be there.
    """
    if error.after:
        return max(error.after, _SHORTEST)
    if "load" in error.message.lower():
        return 1.0
    return _DELAYS[attempt] if attempt < len(_DELAYS) else 0.0
