"""Time to the chat's first frame, and memory, in a terminal that only listens.

The frame is there when the prompt's hint has been drawn. `conversation` goes on
until the last turn stands on the screen.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from tests.benchmarks.measure import RAGCLI, ROOT, Run, environment, processor_time

HINT = b"sk about your documents"
"""The end of the hint: the cursor stands on its first letter, and blinks."""
_PATIENCE = 60.0
_SETTLING = 3.0
"""Seconds after the first frame until memory is read: everything is loaded."""


def paint(
    *arguments: str,
    environ: Mapping[str, str],
    shows: bytes = HINT,
    settle: bool = False,
) -> Run:
    """Starts `ragcli chat`, waits for a text on its screen, and ends it.

    Args:
        arguments: After `chat`.
        environ: Variables to add.
        shows: What must have been drawn.
        settle: Wait until everything is loaded before memory is read.

    Returns:
        Times until it was drawn; anonymous memory at the end.
    """
    mine, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))
    started = time.perf_counter()
    process = subprocess.Popen(
        [*RAGCLI, "chat", *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment({**environ, "TERM": "xterm-256color"}),
        cwd=ROOT,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        _read_until(mine, shows, started + _PATIENCE)
        wall = time.perf_counter() - started
        spent = processor_time(process.pid)
        if settle:
            _read_until(mine, b"", time.perf_counter() + _SETTLING)
        memory = _anonymous(process.pid)
    finally:
        process.kill()
        process.wait()
        os.close(mine)
    return Run(wall, spent, memory, 0, 0, 0, b"")


def _read_until(terminal: int, wanted: bytes, deadline: float) -> None:
    """Reads until `wanted` has come, or, when it is empty, until the deadline."""
    seen = b""
    while (left := deadline - time.perf_counter()) > 0:
        if not select.select([terminal], [], [], min(left, 0.2))[0]:
            continue
        with suppress(OSError):
            seen = (seen + os.read(terminal, 1 << 16))[-(1 << 18) :]
        if wanted and wanted in seen:
            return
    if wanted:
        raise SystemExit(f"never drawn: {wanted!r}\n{seen[-2000:]!r}")


def _anonymous(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) * 1024
    return 0
