"""Limits of time and memory for reading one document, and errors beyond them."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from contextlib import suppress

from ragcli.storage.limits.shortage import shortage

MEMORY_LIMIT = 2 << 30
"""Bytes of address space; of resident memory where the system bounds no other."""

MEMORY_STATUS = 86
"""Exit status of a process that its own watch ends: it took too much memory."""

_LOOK = 0.1
"""Seconds between two looks at the resident memory."""

CPU_LIMIT = 60
"""Seconds of processor time a document."""

PICTURE_LIMIT = 120
"""Seconds of processor time that recognizing the text of one picture may take."""

RECOGNITION_LIMIT = 1800.0
"""Seconds after which no more pictures of a document are recognized."""

RECOGNITION_WAIT = RECOGNITION_LIMIT + 4 * PICTURE_LIMIT
"""Seconds by which a document may take longer when its pictures are recognized."""

_SPELLED = {
    "asciidoc": "AsciiDoc",
    "dart": "Dart",
    "diff": "a patch",
    "html": "HTML",
    "javascript": "JavaScript",
    "jsonl": "JSON Lines",
    "latex": "LaTeX",
    "lisp": "Lisp",
    "mhtml": "MHTML",
    "notebook": "a notebook",
    "org": "Org",
    "perl": "Perl",
    "rst": "reStructuredText",
    "ruby": "Ruby",
    "rust": "Rust",
}
_WORDS = frozenset(["batch", "make", "shell", "template", "text"])
_LONGEST_INITIALS = 4


def limit_memory(beyond: int = 0) -> None:
    """Bounds the memory of this process, and keeps it from dumping core.

    Where the bound of the address space is taken and binds nobody, as on macOS, a
    thread watches the resident memory and ends the process.

    Args:
        beyond: Bytes that it takes up already and that do not count.
    """
    import resource

    most = beyond + MEMORY_LIMIT
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if not _is_bound(most):
        bound = peak() + MEMORY_LIMIT
        threading.Thread(target=_watch, args=(bound,), daemon=True).start()


def _is_bound(most: int) -> bool:
    """Tells whether the system refuses more address space than that."""
    import mmap

    try:
        mmap.mmap(-1, most, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
    except (OSError, ValueError, OverflowError):
        return True
    return False


def _watch(bound: int) -> None:
    """Ends the process once it has had more than `bound` bytes resident."""
    while peak() <= bound:
        time.sleep(_LOOK)
    os._exit(MEMORY_STATUS)


def peak() -> int:
    """Returns the most bytes that this process has had resident."""
    import resource

    unit = 1 if sys.platform == "darwin" else 1024  # getrusage(2)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def allow_processor_time(limit: int) -> None:
    """Gives this process `limit` seconds from now, and then kills it."""
    import resource

    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    with suppress(ValueError, OSError):
        most = processor_time() + limit + 1
        resource.setrlimit(resource.RLIMIT_CPU, (most, hard))


def processor_time() -> int:
    """Returns the whole seconds of processor time that this process has taken."""
    import resource

    usage = resource.getrusage(resource.RUSAGE_SELF)
    return int(usage.ru_utime + usage.ru_stime)


def take_share(count: int, spent: int) -> None:
    """Bounds a fork that reads a part of its parent's document.

    Args:
        count: How many processes read it.
        spent: Seconds of processor time that the parent had taken before.
    """
    import resource

    most = MEMORY_LIMIT // count
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
    if soft != resource.RLIM_INFINITY:
        with suppress(ValueError, OSError):
            limit = max(1, (soft - spent) // count)
            resource.setrlimit(resource.RLIMIT_CPU, (limit, hard))


def too_long(format_name: str, seconds: float) -> str:
    """Returns the error for a document that takes too long."""
    return f"too large to read as {_called(format_name)} in {seconds:g} s"


def too_much(format_name: str) -> str:
    """Returns the error for a document that takes too much memory."""
    most = f"{MEMORY_LIMIT / (1 << 30):.2g} GB of memory"
    return f"too large to read as {_called(format_name)} in {most}"


def cause_of_death(status: int, format_name: str, seconds: float) -> str:
    """Returns what is said of a document over which its process died.

    Args:
        status: The exit status; a signal's number with a minus.
        format_name: The document's format, "" when its name does not tell.
        seconds: Processor time that it was given.
    """
    if status == -signal.SIGXCPU:
        return too_long(format_name, seconds)
    if status == MEMORY_STATUS:
        return too_much(format_name)
    if status == -signal.SIGABRT:
        # Parsers of compiled languages end so when they get no memory, which damaged
        # numbers make them ask for.
        return f"damaged, or {too_much(format_name)}"
    return f"the process that read it died (status {status})"


def loader_failure(error: BaseException) -> str:
    """Returns one line about a document whose loader raised this."""
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if lacking := shortage(error):
        return lacking.message
    what = " ".join(str(error).split())[:200]
    return f"damaged: {type(error).__name__}: {what}".rstrip(": ")


def _called(format_name: str) -> str:
    """Returns a format's name as people write it."""
    name = format_name or "text"
    if name in _SPELLED or name in _WORDS:
        return _SPELLED.get(name, name)
    return name.upper() if len(name) <= _LONGEST_INITIALS else name.title()
