"""Notices that the terminal is gone."""

from __future__ import annotations

import select
import threading
from collections.abc import Callable

_GONE = select.POLLHUP | select.POLLERR


def is_hung_up(terminal: int) -> bool:
    """Tells whether the terminal of this descriptor is gone."""
    return _gone(terminal, 0)


def when_hung_up(terminal: int, call: Callable[[], None]) -> None:
    """Calls `call` in a thread of its own once a terminal is gone.

    SIGHUP does not reach everybody: whoever was started under `nohup` or in another
    session reads an empty input for ever instead.

    Args:
        terminal: Its descriptor.
        call: What to do; called once at most.
    """

    def wait() -> None:
        if _gone(terminal, None):
            call()

    threading.Thread(target=wait, name="hangup", daemon=True).start()


def _gone(terminal: int, wait: int | None) -> bool:
    """Tells whether it is gone, waiting for that as many milliseconds, or for ever."""
    poll = select.poll()
    poll.register(terminal, 0)  # no event but the end, which is always reported
    # A system that cannot poll terminals (POLLNVAL) leaves it to the signal.
    return any(event & _GONE for _, event in poll.poll(wait))
