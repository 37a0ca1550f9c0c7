"""Processes that append turns to a profile in Redis until they are told to stop."""

from __future__ import annotations

import subprocess
import sys
import weakref
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]

_PROGRAM = """
import sys, time
from pathlib import Path
from ragcli.config import Settings
from ragcli.errors import RagcliError
from tests.stores import RedisStores, draft
address, home, user, name, count, durability = sys.argv[1:]
stores = RedisStores(address, Path(home), None, user)
log = stores(Settings(durability=durability, lock_wait="20s")).open("work").log
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(count)):
    started = time.monotonic()
    try:
        seq = log.append([draft(f"{name}-{number}")])[0].seq
    except RagcliError as error:
        print("raised", number, error.message, flush=True)
    else:
        spent = f"{time.monotonic() - started:.3f}"
        print("stored", f"{name}-{number}", seq, spent, flush=True)
"""


@dataclass
class Told:
    """What a writer said."""

    stored: dict[str, int]
    """Question → seq, of what it was told is stored."""
    raised: list[str]
    slowest: float


class Writer:
    """One process."""

    def __init__(
        self,
        address: str,
        home: Path,
        user: str,
        name: str,
        count: int,
        durability: str = "local",
    ) -> None:
        arguments = [address, str(home), user, name, str(count), durability]
        self._early = ""
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        weakref.finalize(self, _end, self._process)  # when its test failed before
        assert self._process.stdout
        assert self._process.stdout.readline() == "ready\n"

    def go(self) -> None:
        assert self._process.stdin
        self._process.stdin.write("go\n")
        self._process.stdin.flush()

    def first(self) -> None:
        """Waits for the first turn that is stored."""
        assert self._process.stdout
        self._early = self._process.stdout.readline()

    def told(self) -> Told:
        """Waits for its end; returns what it said."""
        # Lines that came with the first one wait in this buffer, not in the pipe.
        with self._process as process:
            assert process.stdin
            assert process.stdout
            process.stdin.close()
            out = process.stdout.read()
        lines = (self._early + out).splitlines()
        parts = [line.split() for line in lines]
        stored = [part for part in parts if part[0] == "stored"]
        return Told(
            {part[1]: int(part[2]) for part in stored},
            [line for line in lines if line.startswith("raised")],
            max((float(part[3]) for part in stored), default=0.0),
        )


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    for pipe in (process.stdin, process.stdout):
        if pipe:
            with suppress(BrokenPipeError):
                pipe.close()
    process.wait()
