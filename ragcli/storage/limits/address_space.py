"""Room for the native libraries, asked for before they are loaded.

A library in C or Rust that is refused memory (`ulimit -v`) ends the process somewhere,
with a signal and no word. So what they need is compared with what is allowed while it
can still be told.
"""

from __future__ import annotations

import os
import sys

from ragcli.errors import StorageFailed

_LIBRARIES = {
    "tokenizers": 32 << 20,
    "tantivy": 80 << 20,
    "numpy": 112 << 20,
    "faiss": 448 << 20,
}
"""Bytes of address space that each takes to be loaded and to work, about.

Those that compute have a BLAS each, with buffers of 128 MiB.
"""

_A_THREAD = 8 << 20
"""Bytes for the stack of a thread; some start one for each processor."""

_ARENA_MAX = -8
"""mallopt(3)'s M_ARENA_MAX."""


class _Gate:
    """Stands before these libraries in the list of finders; finds nothing."""

    def find_spec(self, name: str, *_: object) -> None:
        """Raises `StorageFailed` if `name` is a native library that does not fit.

        Who needs one needs all of them before long.
        """
        if name in _LIBRARIES:
            loaded = {module.partition(".")[0] for module in list(sys.modules)}
            to_load = _LIBRARIES.keys() - loaded
            need = sum(_LIBRARIES[library] for library in to_load)
            require(need + _A_THREAD * (os.cpu_count() or 1))


def guard() -> None:
    """Where address space is limited, loads no native library that does not fit.

    Threads share one heap then: a heap of its own reserves 128 MiB for each of them.
    """
    if not allowed() or any(isinstance(item, _Gate) for item in sys.meta_path):
        return
    import ctypes
    from contextlib import suppress

    with suppress(AttributeError, OSError):  # glibc's alone
        ctypes.CDLL(None).mallopt(_ARENA_MAX, 1)
    sys.meta_path.insert(0, _Gate())


def require(needed: int) -> None:
    """Checks that this process may take `needed` more bytes of address space.

    Raises:
        StorageFailed: It may not.
    """
    most = allowed()
    if most and most - used() < needed:
        raise StorageFailed(
            f"not enough memory: {most >> 20} MB of address space are allowed, and "
            f"{(used() + needed) >> 20} MB are needed",
            "allow more (`ulimit -v`); what was stored before is whole",
        )


def allowed() -> int:
    """Returns the bytes of address space that this process may take, 0 for any."""
    import resource

    most = resource.getrlimit(resource.RLIMIT_AS)[0]
    return 0 if most == resource.RLIM_INFINITY else most


def used() -> int:
    """Returns the bytes of address space of this process; 0 where nothing tells."""
    try:
        with open("/proc/self/statm", "rb") as file:
            pages = int(file.read().split()[0])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
