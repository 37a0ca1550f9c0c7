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
from ragcli.storage.locking import machine

RECORD_SIZE = 512
"""Bytes of a record in its file, padded with spaces."""

_LONGEST = 64
_SUBCOMMAND = r"[a-z]+"


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
    """When it started, as the system counts; "" where that is not told."""
    boot: str
    host: str
    user: str
    command: str
    machine: str = ""
    """What its machine is known by, whatever it is called; "" where nothing tells."""


def describe() -> bytes:
    """Returns this process's record."""
    since = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return json.dumps(this_process(os.getpid()) | {"since": since}).encode()


@cache
def this_process(pid: int) -> dict[str, object]:
    """Returns what a record of a lock says of this process, by its id."""
    return asdict(
        _Process(
            pid=pid,
            started=machine.started(pid),
            boot=machine.boot(),
            host=machine.name(),
            user=_user()[:_LONGEST],
            command=command_name(sys.argv)[:_LONGEST],
            machine=machine.identity(),
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
    if not _is_here(process):
        return None
    if process.boot != machine.boot():
        return False
    try:
        os.kill(process.pid, 0)
    except PermissionError:
        pass  # another user's, but there
    except (OSError, OverflowError, TypeError):
        return False
    return process.started in {"", machine.started(process.pid)}


def _is_here(process: _Process) -> bool:
    """Tells whether a process is, or was, one of this machine."""
    here = machine.identity()
    if process.machine and here and process.machine != here:
        return False
    # Containers of one image have one identity, and a name each; a Mac's name follows
    # its network.
    renamed = sys.platform == "darwin" and bool(process.machine) and bool(here)
    return renamed or process.host == machine.name()


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"uid {os.geteuid()}"


def command_name(arguments: list[str]) -> str:
    """Returns the program and, for ours, its subcommand: never an argument."""
    program = os.path.basename(arguments[0]) if arguments else ""
    if program == "__main__.py":
        program = os.path.basename(os.path.dirname(arguments[0]))
    if program == "ragcli" and len(arguments) > 1:
        subcommand = arguments[1]
        return (
            f"ragcli {subcommand}" if re.fullmatch(_SUBCOMMAND, subcommand) else program
        )
    return program
