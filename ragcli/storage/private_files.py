"""Files that a user names anywhere: written beside their place, then put there.

Whatever goes wrong before that, an older file of the name stays as it was. Unlike in a
`Directory`, the path is the user's own, and links on the way to it are followed.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from ragcli.storage.durable import sync_directory, sync_file
from ragcli.storage.os_errors import disk_errors

_MODE = 0o600
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def replacing_file(path: Path) -> Iterator[IO[bytes]]:
    """Yields a new file for its owner only, which takes the name `path` on leaving.

    Raises:
        FileNotFoundError: The directory is not there.
        StorageFailed, NotPermitted: Nothing was written.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with disk_errors(path):
            with open(os.open(temporary, _FLAGS, _MODE), "wb") as file:
                yield file
                file.flush()
                sync_file(file.fileno())
            os.replace(temporary, path)
            sync_directory(path.parent)
    finally:
        with suppress(OSError):
            temporary.unlink()
