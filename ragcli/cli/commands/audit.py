"""Who did what to a profile, and proof of it."""

from __future__ import annotations

from typing import Annotated

import typer

from ragcli.cli.input.options import Invocation, examples, number
from ragcli.cli.output.formatting import moment
from ragcli.text import counted


@examples("ragcli audit show", "ragcli audit show --last 20 --json")
def show(
    call: Invocation,
    last: Annotated[
        int | None, typer.Option("--last", metavar="N", help="Only the last N.")
    ] = None,
) -> None:
    """Show the audit log: events, hashes and counts, never contents."""
    number("--last", last)
    with call.open(create=False) as workspace:
        entries = [dict(entry) for entry in workspace.session.audit.entries()]
    entries = entries[-last:] if last else entries
    if call.as_json:
        call.output.document({"entries": entries})
        return
    rows = [
        (
            entry.get("seq", ""),
            moment(str(entry.get("ts", ""))),
            entry.get("uid", ""),
            entry.get("event", ""),
            " ".join(f"{key}={value}" for key, value in entry["facts"].items()),
        )
        for entry in entries
    ]
    call.output.table(("seq", "when", "uid", "event", "facts"), rows)


@examples("ragcli audit verify", "ragcli audit verify --anchor 812:9f31c2ab…")
def verify(
    call: Invocation,
    anchor: Annotated[
        str,
        typer.Option("--anchor", metavar="SEQ:MAC", help="It must still hold this."),
    ] = "",
) -> None:
    """Check the chain; names the first bad entry and exits 4.

    Without an anchor that was kept elsewhere, a log that its owner cut or made
    anew cannot be told from a good one.
    """
    with call.open(create=False) as workspace:
        length = workspace.session.audit.verify(anchor)
    if call.as_json:
        call.output.document({"verified": True, "entries": length})
    else:
        call.output.line(f"{counted(length, 'entry', 'entries')}, unbroken")


@examples("ragcli audit anchor >> /safe/elsewhere/anchors")
def anchor(call: Invocation) -> None:
    """Print the head of the chain, to be kept elsewhere."""
    with call.open(create=False) as workspace:
        head = workspace.session.audit.anchor()
    if call.as_json:
        call.output.document({"anchor": head})
    else:
        call.output.line(head)


COMMANDS = {"show": show, "verify": verify, "anchor": anchor}
