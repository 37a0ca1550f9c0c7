"""The name on a lock: which process holds it, whose, where, since when.

Never what was asked: a command line is readable by everybody on the machine, and
a lock file's record is read out in other people's error messages.
"""

from __future__ import annotations

import json
import os
import pwd
import re
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache

from ragcli.frozen import frozen

RECORD_SIZE = 512
"""Bytes of a record in its file, padded with spaces."""

_LONGEST = 64
_SUBCOMMAND = re.compile(r"[a-z]+")


@frozen
class Holder:
    """Who holds a lock."""

    pid: int
    host: str
    user: str
    command: str
    """The program and its subcommand, without any argument."""
    since: str
    """UTC, RFC 3339, seconds."""
    alive: bool | None
    """Whether that very process still runs; None when it is on another host."""


@frozen
class _Process:
    """What tells this process from every other, before and after it."""

    pid: int
    started: str
    """Start time in clock ticks since boot (proc(5)), "" where there is no /proc."""
    boot: str
    host: str
    user: str
    command: str


def describe() -> bytes:
    """Returns this process's record."""
    since = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return json.dumps(_this_process(os.getpid()) | {"since": since}).encode()


@cache
def _this_process(pid: int) -> dict[str, object]:
    return asdict(
        _Process(
            pid=pid,
            started=_started(pid),
            boot=_boot(),
            host=os.uname().nodename[:_LONGEST],
            user=_user()[:_LONGEST],
            command=_command(sys.argv)[:_LONGEST],
        )
    )


def parse(record: bytes) -> Holder | None:
    """Returns the holder that a record names; None for an empty or torn one."""
    try:
        fields = json.loads(record)
        process = _Process(**{k: v for k, v in fields.items() if k != "since"})
        since = str(fields["since"])
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    return Holder(
        int(process.pid),
        str(process.host),
        str(process.user),
        str(process.command),
        since,
        _alive(process),
    )


def shown(holder: Holder) -> str:
    """Returns the holder as an error message names it."""
    state = {True: "running", False: "no longer running", None: "on another host"}
    return (
        f"pid {holder.pid} ({holder.command}) of {holder.user} on {holder.host} "
        f"since {holder.since}, {state[holder.alive]}"
    )


def _alive(process: _Process) -> bool | None:
    if process.host != os.uname().nodename[:_LONGEST]:
        return None
    if process.boot != _boot():
        return False
    try:
        os.kill(process.pid, 0)
    except PermissionError:
        pass  # another user's, but there
    except (OSError, OverflowError, TypeError):
        return False
    return process.started in {"", _started(process.pid)}


def _started(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            # The command stands in parentheses and may hold spaces; start time
            # is the 22nd field, the 20th after it.
            return file.read().rpartition(b")")[2].split()[19].decode()
    except (OSError, IndexError):
        return ""


@cache
def _boot() -> str:
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"uid {os.geteuid()}"


def _command(arguments: list[str]) -> str:
    """Returns the program and, for ours, its subcommand: never an argument."""
    program = os.path.basename(arguments[0]) if arguments else ""
    if program == "__main__.py":
        program = os.path.basename(os.path.dirname(arguments[0]))
    if program == "ragcli" and len(arguments) > 1:
        subcommand = arguments[1]
        return f"ragcli {subcommand}" if _SUBCOMMAND.fullmatch(subcommand) else program
    return program
