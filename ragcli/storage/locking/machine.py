"""Which machine this is, which run of it, and when a process of it started.

Linux tells in /proc and /etc, macOS through sysctl(3). What neither tells is "".
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path

_LONGEST = 64
_KINFO = 648
"""Bytes of macOS' struct kinfo_proc, which begins with the time of the start."""
_PROCESS = (1, 14, 1)
"""CTL_KERN, KERN_PROC, KERN_PROC_PID of macOS."""


@cache
def boot() -> str:
    """Returns the name of this run of the machine."""
    if sys.platform == "darwin":
        return _kernel_text("kern.bootsessionuuid")
    return _line("/proc/sys/kernel/random/boot_id")


@cache
def identity() -> str:
    """Returns what this machine is known by; its host's name may change any time."""
    if sys.platform == "darwin":
        return _host_uuid()
    return _line("/etc/machine-id") or _line("/var/lib/dbus/machine-id")


def started(pid: int) -> str:
    """Returns when a process started: no later one with its number has the same."""
    if sys.platform == "darwin":
        return _started_on_darwin(pid)
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            # The command stands in parentheses and may hold spaces; start time
            # is the 22nd field, the 20th after it.
            return file.read().rpartition(b")")[2].split()[19].decode()
    except (OSError, IndexError):
        return ""


def _line(file: str) -> str:
    with suppress(OSError):
        return (
            Path(file).read_text(encoding="ascii", errors="replace").strip()[:_LONGEST]
        )
    return ""


def _kernel_text(name: str) -> str:
    """Returns a text that the kernel of macOS has under this name."""
    import ctypes

    buffer = ctypes.create_string_buffer(_LONGEST)
    size = ctypes.c_size_t(_LONGEST)
    call = getattr(ctypes.CDLL(None), "sysctlbyname", None)
    if call is None or call(name.encode(), buffer, ctypes.byref(size), None, 0):
        return ""
    return buffer.value.decode("ascii", "replace")


def _host_uuid() -> str:
    """Returns the host's UUID as gethostuuid(2) of macOS tells it."""
    import ctypes

    uuid, wait = (ctypes.c_ubyte * 16)(), (ctypes.c_long * 2)(1, 0)
    call = getattr(ctypes.CDLL(None), "gethostuuid", None)
    if call is None or call(uuid, ctypes.byref(wait)):
        return ""
    return bytes(uuid).hex()


def _started_on_darwin(pid: int) -> str:
    """Returns seconds and microseconds of a process's start on macOS."""
    import ctypes

    if not 0 < pid < 1 << 31:
        return ""
    query = (ctypes.c_int * 4)(*_PROCESS, pid)
    buffer = ctypes.create_string_buffer(_KINFO)
    size = ctypes.c_size_t(_KINFO)
    call = getattr(ctypes.CDLL(None), "sysctl", None)
    if call is None or call(query, 4, buffer, ctypes.byref(size), None, 0):
        return ""
    if size.value < _KINFO:
        return ""  # there is no such process
    seconds = int.from_bytes(buffer.raw[:8], sys.byteorder)
    microseconds = int.from_bytes(buffer.raw[8:12], sys.byteorder)
    return f"{seconds}.{microseconds:06}"


def name() -> str:
    """Returns the host's name, for people."""
    return os.uname().nodename[:_LONGEST]
