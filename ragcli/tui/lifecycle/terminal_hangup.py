"""Notices that the terminal is gone."""

from __future__ import annotations

import fcntl
import select
import sys
import termios
import threading
import time
from collections.abc import Callable

_GONE = select.POLLHUP | select.POLLERR
PERIOD = 1.0
"""Seconds between two looks at a terminal whose end nobody reports."""

_EMPTY_READS = 3
"""Looks in a row that find something to read, and nothing there: an end of file."""


def is_hung_up(terminal: int) -> bool:
    """Tells whether the terminal of this descriptor is gone."""
    return _reports_end(terminal, 0, 0) or _reports_end(terminal, select.POLLIN, 0)


def when_hung_up(terminal: int, call: Callable[[], None]) -> None:
    """Calls `call` in a thread of its own once a terminal is gone.

    SIGHUP does not reach everybody: whoever was started under `nohup` or in another
    session reads an empty input for ever instead.

    Args:
        terminal: Its descriptor.
        call: What to do; called once at most.
    """

    def wait() -> None:
        if _look_now_and_then(terminal) if _is_deaf() else _reports_end(terminal, 0):
            call()

    threading.Thread(target=wait, name="hangup", daemon=True).start()


def _is_deaf() -> bool:
    """Tells whether poll(2) reports no end to who asks for no event: on macOS."""
    return sys.platform == "darwin"


def _reports_end(terminal: int, events: int, wait: int | None = None) -> bool:
    """Tells whether an end is reported within that many milliseconds, or ever.

    With no event asked for, an end is all that wakes. A system that cannot poll
    terminals (POLLNVAL) leaves it to the signal.
    """
    poll = select.poll()
    poll.register(terminal, events)
    return any(event & _GONE for _, event in poll.poll(wait))


def _look_now_and_then(terminal: int) -> bool:
    """Returns once a terminal is gone; False when it cannot be looked at."""
    empty = 0
    while not is_hung_up(terminal):
        try:
            empty = empty + 1 if _is_at_end(terminal) else 0
        except (OSError, termios.error):
            return True  # it is no terminal any more
        except ValueError:
            return False
        if empty == _EMPTY_READS:
            return True
        time.sleep(PERIOD)
    return True


def _is_at_end(terminal: int) -> bool:
    """Tells whether a read would end at once with nothing.

    Not where lines are read: there Ctrl-D is such an end.

    Raises:
        OSError, termios.error: It is no terminal.
        ValueError: Its descriptor is too high to be looked at.
    """
    by_lines = termios.tcgetattr(terminal)[3] & termios.ICANON
    if by_lines or not select.select([terminal], [], [], 0)[0]:
        return False
    return not any(fcntl.ioctl(terminal, termios.FIONREAD, bytes(4)))
