"""When a profile was last used; only asked where it can expire."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from ragcli.sessions import profile_file
from ragcli.sessions.history.lifetime import retention, timekeeping
from ragcli.sessions.local.history import local_log
from ragcli.sessions.profile_layout import USED
from ragcli.sessions.records.clock import sighting, stamp_of
from ragcli.storage.files import Directory, disk_errors

if TYPE_CHECKING:
    from ragcli.sessions.history.lifetime.timekeeping import Ledger

_LEDGER = "clock"
"""The file that remembers what the clocks said; see `timekeeping`."""


def touch(directory: Directory) -> None:
    """Records that the profile is used now."""
    descriptor = directory.open_file(USED, os.O_WRONLY | os.O_CREAT)
    with disk_errors(directory.path / USED):
        try:
            now = time.time_ns()
            os.utime(descriptor, ns=(now, now))
        finally:
            os.close(descriptor)


def last(directory: Directory) -> float:
    """Returns when somebody last opened or changed the profile, in seconds since 1970.

    Times that cannot be right do not count; without any other it is now.
    """
    plausible = [t for t in _times(directory) if retention.plausible(stamp_of(t))]
    return max(plausible, default=time.time())


def unused_since(directory: Directory, moment: str) -> bool:
    """Tells whether nobody opened or changed the profile after `moment`.

    Args:
        directory: The profile.
        moment: As records write time; "" is never.
    """
    return bool(moment) and stamp_of(last(directory)) < moment


def look(directory: Directory, *, write: bool) -> tuple[Ledger, str]:
    """Compares the clock with what is known of time here; see `timekeeping.seen`.

    Args:
        directory: The profile.
        write: Whether what is seen now is kept for the next look.
    """
    remembered = None
    with suppress(FileNotFoundError):
        remembered = timekeeping.decoded(directory.read(_LEDGER))
    newest = max(_times(directory), default=0.0)
    ledger, notice = timekeeping.seen(remembered, sighting(), newest)
    if write:
        directory.replace(_LEDGER, ledger.encoded(), durable=False)
    return ledger, notice


def _times(directory: Directory) -> list[float]:
    """Returns when the files changed that tell of use."""
    times = []
    for name in (USED, local_log.FILE, profile_file.FILE):
        with suppress(FileNotFoundError):
            times.append(os.lstat(name, dir_fd=directory.descriptor).st_mtime)
    return times
