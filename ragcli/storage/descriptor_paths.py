"""A path to a directory that is open, for libraries that take nothing else.

Whoever holds a directory open reaches what is in it through its descriptor
(`dir_fd`): a profile may be renamed while it is in use, and another one may have
its name by then. FAISS and tantivy only take paths. On Linux `/proc/self/fd/N` is
one that follows the descriptor and no name. Where there is no /proc, macOS tells
where an open directory is now (`F_GETPATH`), and elsewhere the path that it was
opened by is all there is: both are names again, so they are compared with the
descriptor when they are given out, and once more when they were used
(`still_leads`). `/dev/fd/N` of macOS leads to files only, not below directories.
"""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from pathlib import Path

_ANCHOR = r"/proc/self/fd/(\d+)(?=/|$)"
_LONGEST = 1024  # MAXPATHLEN of macOS, which F_GETPATH fills


def path_of(descriptor: int, known: Path) -> Path:
    """Returns a path that leads to an open directory, as long as it is open.

    Args:
        descriptor: The directory.
        known: The path that it was opened by.

    Raises:
        FileNotFoundError: It was renamed, and this system cannot say where to.
    """
    for path in (
        Path(f"/proc/self/fd/{descriptor}"),
        _path_on_macos(descriptor),
        known,
    ):
        if path is not None and still_leads(path, descriptor):
            return path
    raise FileNotFoundError(f"{known}: renamed meanwhile")


def still_leads(path: Path, descriptor: int) -> bool:
    """Tells whether a path leads to this open directory."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except OSError:
        return False


def is_anchor(path: str | os.PathLike[str]) -> bool:
    """Tells whether a path is that of an open descriptor itself."""
    text = os.fspath(path)
    anchor = _anchor_of(text)
    return anchor is not None and anchor[0] == text


def is_anchored(path: str | os.PathLike[str]) -> bool:
    """Tells whether a path goes through a descriptor instead of names."""
    return _anchor_of(os.fspath(path)) is not None


def shown(path: str | os.PathLike[str]) -> str:
    """Returns a path as people know it: what is behind a descriptor by its name."""
    text = os.fspath(path)
    anchor = _anchor_of(text)
    if anchor is None:
        return text
    try:
        return os.readlink(anchor[0]) + text[anchor.end() :]
    except OSError:
        return text


def _anchor_of(text: str) -> re.Match[str] | None:
    """Returns the part of a path that names a descriptor, if it begins with one.

    Most paths do not, and are told without a regular expression.
    """
    return re.match(_ANCHOR, text) if text.startswith("/proc/") else None


def _path_on_macos(descriptor: int) -> Path | None:
    """Returns where macOS says that an open directory is; None elsewhere."""
    if sys.platform == "darwin":
        import fcntl

        with suppress(OSError):
            buffer = fcntl.fcntl(descriptor, fcntl.F_GETPATH, bytes(_LONGEST))
            return Path(os.fsdecode(buffer.split(b"\0", 1)[0]))
    return None
