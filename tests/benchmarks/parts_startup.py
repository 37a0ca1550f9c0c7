"""What a command costs before it does anything."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from tests.benchmarks.measure import PYTHON, Figure, run
from tests.benchmarks.workshop import Workshop


def startup(workshop: Workshop) -> Iterator[Figure]:
    """Small commands against `import typer`, the library they stand on."""
    workshop.ragcli("profile", "create", "small")
    workshop.ragcli("ask", "-p", "small", "--no-docs", "anything?", codes=(0, 1))
    commands: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
        "--version": (("--version",), {}),
        "profile list": (("profile", "list"), {}),
        "history list": (("history", "list", "-p", "small"), {}),
        "completion": (("ragcli pro", "pro"), {"_RAGCLI_COMPLETE": "bash"}),
    }
    for name, (arguments, environ) in commands.items():
        yield workshop.compared(
            name,
            "import typer",
            partial(run, [PYTHON, "-c", "import typer"]),
            partial(workshop.ragcli, *arguments, environ=environ),
            1.5,
        )
