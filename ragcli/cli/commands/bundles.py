"""Profiles on the move: `profile export`, `import` and `copy`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ragcli.cli import live_names
from ragcli.cli.options import Invocation, examples
from ragcli.errors import DocumentNotFound

NoHistory = Annotated[
    bool, typer.Option("--no-history", help="Only documents and settings.")
]
NoIndex = Annotated[bool, typer.Option("--no-index", help="Only history and settings.")]


@examples(
    "ragcli profile export work.ragcli -p work",
    "ragcli profile export team.ragcli --no-history",
)
def export(
    call: Invocation,
    file: Annotated[str, typer.Argument(metavar="FILE")],
    no_history: NoHistory = False,
    no_index: NoIndex = False,
) -> None:
    """Write the profile to one file, a bundle.

    It holds the index, so that nothing is embedded again. The bundle of an
    encrypted profile stays encrypted.
    """
    from ragcli.sessions.bundle import export_bundle

    with call.open(create=False) as workspace:
        export_bundle(
            workspace.session, Path(file), history=not no_history, index=not no_index
        )
        name = workspace.name
    if call.as_json:
        call.output.document({"profile": name, "file": file})
    else:
        call.output.note(f"profile {name} written to {file}")


@examples(
    "ragcli profile import work.ragcli", "ragcli profile import x.ragcli --name y"
)
def import_(
    call: Invocation,
    file: Annotated[str, typer.Argument(metavar="FILE")],
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="Call it so.")
    ] = "",
) -> None:
    """Make a profile from a bundle; a damaged or hostile one is refused whole."""
    from ragcli.sessions.bundle import import_bundle

    if not Path(file).exists():
        raise DocumentNotFound(f"there is no file {file}")
    made = import_bundle(call.runtime.store, Path(file), name=name or None)
    made.close()
    if call.as_json:
        call.output.document({"profile": made.name})
    else:
        call.output.note(f"profile {made.name} made from {file}")


@examples("ragcli profile copy work --to redis://localhost:6379/0")
def copy(
    call: Invocation,
    name: Annotated[
        str, typer.Argument(metavar="NAME", autocompletion=live_names.profiles)
    ],
    to: Annotated[
        str,
        typer.Option("--to", metavar="STORE", help="redis://…, or `local`."),
    ],
    as_name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="Call the copy so.")
    ] = "",
) -> None:
    """Copy a profile to another store, with nothing embedded again."""
    made = call.runtime.copy(name, to, as_name or name)
    if call.as_json:
        call.output.document({"profile": made, "store": to})
    else:
        call.output.note(f"profile {name} copied to {made} in {to}")
