"""What a command costs before it does anything."""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.measure import PYTHON, RAGCLI, Figure, in_turn, run
from tests.benchmarks.workshop import Workshop


def startup(workshop: Workshop) -> Iterator[Figure]:
    """Small commands against `import typer`, the library they stand on."""
    workshop.ragcli("profile", "create", "small")
    workshop.ragcli("ask", "-p", "small", "--no-docs", "anything?", codes=(0, 1))
    completion = {"_RAGCLI_COMPLETE": "complete_bash", "COMP_CWORD": "1"}
    commands = {
        "--version": (("--version",), {}),
        "profile list": (("profile", "list"), {}),
        "history list": (("history", "list", "-p", "small"), {}),
        "completion": ((), {**completion, "COMP_WORDS": "ragcli pro"}),
    }
    for name, (arguments, extra) in commands.items():
        environ = {**workshop.environ, **extra}
        base, ours = in_turn(
            lambda: run([PYTHON, "-c", "import typer"]),
            lambda a=arguments, e=environ: run([*RAGCLI, *a], environ=e),  # type: ignore[misc]
            workshop.runs,
        )
        yield Figure(name, "import typer", base.seconds, ours.seconds, "s", 1.5)
