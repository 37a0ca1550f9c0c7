"""`ragcli doctor`: what works here and what does not, one line each."""

from __future__ import annotations

from typing import Annotated

import typer

from ragcli.cli.health import BAD, GOOD, Check, checks
from ragcli.cli.input.options import Invocation, examples

_MARKS = {GOOD: "ok", BAD: "BAD"}


@examples("ragcli doctor", "ragcli doctor --fix", "ragcli doctor --json")
def doctor(
    call: Invocation,
    fix: Annotated[
        bool, typer.Option("--fix", help="Mend modes that let others in.")
    ] = False,
) -> int:
    """Check what works here and what does not, one line each.

    A missing Ollama is a note: built-in answers need no server. The exit code is
    0 when everything that is needed works, else that of the worst finding.
    """
    findings = list(checks(call.runtime, fix=fix))
    if call.as_json:
        call.output.document({"checks": [check.document() for check in findings]})
    else:
        for check in findings:
            call.output.line(_line(check))
    return max((int(check.code) for check in findings if check.state == BAD), default=0)


def _line(check: Check) -> str:
    hint = f"; {check.hint}" if check.hint and check.state != GOOD else ""
    return (
        f"{_MARKS.get(check.state, check.state):<5} {check.what}: {check.found}{hint}"
    )


COMMANDS = {"doctor": doctor}
