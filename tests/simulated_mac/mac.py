"""Turns this process into one on a Mac, for the code of ragcli."""

from __future__ import annotations

import builtins
import errno
import fcntl
import io
import os
import resource
import select
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

AT_START = Path(__file__).parent / "at_start"
"""What `PYTHONPATH` begins with in processes that are to be on a Mac as well."""

F_GETPATH, F_FULLFSYNC = 50, 51
_sync, _readlink = os.fsync, os.readlink
SOFT_LIMIT = 256
"""Descriptors that a process has unless it asks for more."""

_HIDDEN = ("/proc", "/dev/shm", "/sys")
_LACKING = {
    os: (
        *("fdatasync", "sched_getaffinity", "sched_setaffinity", "process_cpu_count"),
        *("posix_fadvise", "posix_fallocate", "memfd_create", "copy_file_range"),
        *("getrandom", "O_TMPFILE", "pipe2", "eventfd", "splice"),
    ),
    fcntl: ("F_SETPIPE_SZ", "F_GETPIPE_SZ"),
    time: ("CLOCK_BOOTTIME",),
}
_LOOKING = {
    os: ("open", "stat", "lstat", "readlink", "listdir", "scandir", "access"),
    builtins: ("open",),
    io: ("open",),
}
_ABLE: tuple[set[Any], ...] = (
    *(os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks),
    os.supports_effective_ids,
)
"""What the standard library asks before it relies on a function (`shutil.rmtree`)."""


def become() -> None:
    """Makes the change; it cannot be taken back, and is made once."""
    if hasattr(fcntl, "F_FULLFSYNC"):
        return
    for module, names in _LACKING.items():
        for name in names:
            if hasattr(module, name):
                delattr(module, name)
    for module, names in _LOOKING.items():
        for name in names:
            real = getattr(module, name)
            setattr(module, name, _blind(real))
            for able in _ABLE:
                if real in able:
                    able.add(getattr(module, name))
    vars(fcntl).update(F_GETPATH=F_GETPATH, F_FULLFSYNC=F_FULLFSYNC)
    fcntl.fcntl = _commanded(fcntl.fcntl)
    vars(select).update(poll=_deaf(select.poll))
    resource.setrlimit = _lenient(resource.setrlimit)
    resource.getrusage = _in_bytes(resource.getrusage)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft > SOFT_LIMIT:
        resource.setrlimit(resource.RLIMIT_NOFILE, (SOFT_LIMIT, hard))
    builtins.__import__ = _renaming(builtins.__import__)


def environment() -> dict[str, str]:
    """Returns what the processes that are started need in their environment."""
    rest = os.environ.get("PYTHONPATH")
    return {"PYTHONPATH": os.pathsep.join(filter(None, (str(AT_START), rest)))}


class _Darwin:
    """The module `sys` as ragcli sees it: all is real but the platform's name."""

    def __init__(self) -> None:
        vars(self)["platform"] = "darwin"

    def __getattr__(self, name: str) -> Any:
        return getattr(sys, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "platform":
            vars(self)[name] = value
        else:
            setattr(sys, name, value)

    def __delattr__(self, name: str) -> None:
        delattr(sys, name)


def _renaming(real: Callable[..., Any]) -> Callable[..., Any]:
    darwin = _Darwin()

    def load(name: str, scope: Any = None, *rest: Any, **options: Any) -> Any:
        if name == "sys" and scope and _is_ours(scope.get("__name__", "")):
            return darwin
        return real(name, scope, *rest, **options)

    return load


def _is_ours(module: str) -> bool:
    return module == "ragcli" or module.startswith("ragcli.")


def _blind(real: Callable[..., Any]) -> Callable[..., Any]:
    """Returns `real`, for ragcli without what only Linux has below the root."""

    def look(path: Any = ".", *rest: Any, **options: Any) -> Any:
        if isinstance(path, (str, bytes, os.PathLike)):
            name = os.fsdecode(path)
            if name.startswith(_HIDDEN) and _asked_by_ours(sys._getframe(1)):
                if real.__name__ == "access":
                    return False
                raise FileNotFoundError(errno.ENOENT, "No such file", name)
        return real(path, *rest, **options)

    look.__name__ = real.__name__
    return look


_PASSING_ON = (
    *("pathlib", "os", "posixpath", "genericpath", "shutil", "simulated_mac"),
    "tests",  # what stands in for one of these
)


def _asked_by_ours(frame: FrameType | None) -> bool:
    """Tells whether ragcli asks, itself or through the standard library."""
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module.split(".", 1)[0] not in _PASSING_ON:
            return _is_ours(module)
        frame = frame.f_back
    return False


def _commanded(real: Callable[..., Any]) -> Callable[..., Any]:
    """Returns `fcntl.fcntl` with two commands of macOS."""

    def command(descriptor: Any, number: int, *rest: Any) -> Any:
        if number not in {F_GETPATH, F_FULLFSYNC}:
            return real(descriptor, number, *rest)
        file = descriptor if isinstance(descriptor, int) else descriptor.fileno()
        if number == F_FULLFSYNC:
            _sync(file)
            return 0
        return os.fsencode(_readlink(f"/proc/self/fd/{file}")).ljust(1024, b"\0")

    return command


def _deaf(real: Callable[[], Any]) -> Callable[[], Any]:
    """Returns a `poll` that reports no end to who asks for no event."""

    class Poll:
        def __init__(self) -> None:
            self._real = real()

        def register(self, file: Any, events: int = 0x7) -> None:
            if events:
                self._real.register(file, events)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._real, name)

    return Poll


def _lenient(real: Callable[..., Any]) -> Callable[..., Any]:
    """Returns a `setrlimit` whose bounds of memory bind nobody."""

    def limit(which: int, bounds: tuple[int, int]) -> None:
        if which not in {resource.RLIMIT_AS, resource.RLIMIT_DATA}:
            real(which, bounds)

    return limit


def _in_bytes(real: Callable[[int], Any]) -> Callable[[int], Any]:
    """Returns a `getrusage` that tells resident memory in bytes, as macOS does."""

    def used(who: int) -> Any:
        usage = list(real(who))
        usage[2] *= 1024
        return resource.struct_rusage(usage)

    return used
