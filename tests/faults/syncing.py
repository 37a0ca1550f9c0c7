"""The calls by which a system brings a file to its disk.

Linux has fsync and fdatasync; macOS has no fdatasync, and a command of fcntl that goes
through the drive's own cache as well (F_FULLFSYNC). What notes syncs, or makes them
fail, has to see whichever there are.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from typing import Any

Call = Callable[..., Any]


def replace(
    made_of: Callable[[str, Call], Call],
    put: Callable[[object, str, Any], None] = setattr,
) -> None:
    """Puts another call in the place of each.

    Args:
        made_of: Returns it; given the name and the call itself, which takes a
            descriptor.
        put: How it gets its place; a monkeypatch's `setattr` takes it back.
    """
    for name in ("fsync", "fdatasync"):
        if hasattr(os, name):
            put(os, name, made_of(name, getattr(os, name)))
    full = getattr(fcntl, "F_FULLFSYNC", None)
    if full is not None:
        real = fcntl.fcntl
        sync = made_of("F_FULLFSYNC", lambda descriptor: real(descriptor, full))

        def command(descriptor: int, number: int, *rest: Any) -> Any:
            if number == full:
                return sync(descriptor)
            return real(descriptor, number, *rest)

        put(fcntl, "fcntl", command)
