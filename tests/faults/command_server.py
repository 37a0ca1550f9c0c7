"""Runs many commands as processes of their own, without starting Python for each.

`CommandServer` starts one interpreter that has imported what commands need. For each
command it forks: the child is a process like any other, which can be killed, and no
library has run before it. Used as a program, this is that interpreter.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.conftest import Ran

ROOT = Path(__file__).parents[2]


class CommandServer:
    """The interpreter, seen from the test.

    Args:
        environ: Environment of its commands.
        place: Their working directory.
    """

    def __init__(self, environ: Mapping[str, str], place: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.command_server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=place,
            env={**environ, "PYTHONPATH": str(ROOT)},
        )

    def run(self, *argv: str) -> Ran:
        """Runs one command."""
        return self.together([argv])[0]

    def together(
        self,
        commands: Sequence[Sequence[str]],
        killed: Mapping[int, float] | None = None,
    ) -> list[Ran]:
        """Runs commands at the same time; returns what became of each.

        Args:
            commands: Their arguments.
            killed: Command → seconds after which it is killed, if it still runs.
        """
        request = {
            "commands": [list(command) for command in commands],
            "killed": {str(number): after for number, after in (killed or {}).items()},
        }
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return [Ran(*told) for told in json.loads(self._process.stdout.readline())]

    def close(self) -> None:
        """Ends it."""
        self._process.communicate()


def _serve() -> None:
    """Answers requests until there are no more."""
    _import_all()
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(_answer(**request)), file=answers, flush=True)


def _import_all() -> None:
    import faiss  # noqa: F401
    import numpy as np  # noqa: F401
    import tantivy  # noqa: F401
    import typer  # noqa: F401

    import ragcli.chat.engine
    import ragcli.cli.command_tree
    import ragcli.cli.main
    import ragcli.index.library
    import ragcli.workspace  # noqa: F401
    from ragcli.sessions.local.store import LocalStore
    from tests.stores import CHEAP

    make = LocalStore.__init__

    def cheaply(self: LocalStore, *args: Any, **options: Any) -> None:
        make(self, *args, **{**options, "cost": CHEAP})

    LocalStore.__init__ = cheaply  # type: ignore[method-assign]


def _answer(commands: list[list[str]], killed: dict[str, float]) -> list[list[Any]]:
    with tempfile.TemporaryDirectory() as name:
        outputs = [Path(name, str(number)) for number in range(len(commands))]
        started = time.monotonic()
        children = list(map(_started, commands, outputs))
        for number, after in sorted(killed.items(), key=lambda item: item[1]):
            time.sleep(max(0.0, started + after - time.monotonic()))
            os.kill(children[int(number)], signal.SIGKILL)  # nobody has waited for it
        codes = [os.waitstatus_to_exitcode(os.waitpid(c, 0)[1]) for c in children]
        return [
            [c, _said(o, 1), _said(o, 2)] for c, o in zip(codes, outputs, strict=True)
        ]


def _said(output: Path, stream: int) -> str:
    return output.with_suffix(f".{stream}").read_bytes().decode("utf-8", "replace")


def _started(argv: list[str], output: Path) -> int:
    """Starts a command that writes into files; returns its process."""
    flags = os.O_WRONLY | os.O_CREAT
    streams = [os.open(output.with_suffix(f".{stream}"), flags) for stream in (1, 2)]
    child = os.fork()
    if child:
        for descriptor in streams:
            os.close(descriptor)
        return child
    code = 99
    try:
        from ragcli.cli.main import main

        os.umask(0o077)  # as every process of ragcli begins: a killed one leaves files
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(streams[0], 1)
        os.dup2(streams[1], 2)
        code = main(argv)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


if __name__ == "__main__":
    _serve()
