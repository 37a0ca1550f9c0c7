"""Profiles on the move: `profile export`, `import` and `copy`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ragcli.cli.input import live_names
from ragcli.cli.input.options import Invocation, examples
from ragcli.errors import DocumentNotFound, UsageError

if TYPE_CHECKING:
    from ragcli.sessions.protocols import SessionStore

_BLOCK = 1 << 20

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
    encrypted profile stays encrypted. FILE may be - for stdout.
    """
    from ragcli.sessions.bundles.bundle import export_bundle

    if file == "-":
        _to_stdout(call, history=not no_history, index=not no_index)
        return
    with call.open(create=False) as workspace:
        export_bundle(
            workspace.session, Path(file), history=not no_history, index=not no_index
        )
        name = workspace.name
    call.tell({"profile": name, "file": file}, note=f"profile {name} written to {file}")


def _to_stdout(call: Invocation, *, history: bool, index: bool) -> None:
    """Writes a bundle to stdout, which nobody reads on a terminal.

    Raises:
        UsageError: stdout is a terminal, or is to be a JSON document.
    """
    from ragcli.sessions.bundles.bundle import export_bundle
    from ragcli.storage.files import Directory
    from ragcli.storage.temporary.scratch import scratch

    if call.as_json or call.output.to_terminal:
        raise UsageError("a bundle is no text", "ragcli profile export - > FILE")
    # Not in the system's own: what a kill leaves here is swept by the next command.
    with (
        Directory.open(call.runtime.home.cache, create=True) as cache,
        scratch(cache) as private,
    ):
        whole = private.path / "bundle"
        with call.open(create=False) as workspace:
            export_bundle(workspace.session, whole, history=history, index=index)
        with whole.open("rb") as bundle:
            while block := bundle.read(_BLOCK):
                call.output.verbatim(block)


@examples(
    "ragcli profile import work.ragcli",
    "ragcli profile import x.ragcli --name y",
    "ragcli profile import backup.ragcli --trust-settings",
)
def import_(
    call: Invocation,
    file: Annotated[str, typer.Argument(metavar="FILE")],
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="Call it so.")
    ] = "",
    trust_settings: Annotated[
        bool, typer.Option("--trust-settings", help="Take all settings: it is yours.")
    ] = False,
) -> None:
    """Make a profile from a bundle; a damaged or hostile one is refused whole.

    Settings that send, read or run something (models, addresses, instructions,
    mounts, keys, redact) are left out and named, unless you trust them. Its documents
    keep their paths: docs sync reads what this machine has there.
    """
    from ragcli.sessions.bundles.bundle_import import import_bundle

    if not Path(file).exists():
        raise DocumentNotFound(f"there is no file {file}")
    imported = import_bundle(
        call.runtime.store, Path(file), name=name or None, trusted=trust_settings
    )
    imported.close()
    for notice in imported.notices:
        call.output.warn(notice)
    call.tell(
        {"profile": imported.name}, note=f"profile {imported.name} made from {file}"
    )


@examples("ragcli profile copy work --to redis://localhost:6379/0")
def copy(
    call: Invocation,
    name: Annotated[
        str, typer.Argument(metavar="NAME", autocompletion=live_names.profiles)
    ],
    to: Annotated[
        str,
        typer.Option("--to", metavar="STORE", help="redis://…, unix:///…, or `local`."),
    ],
    as_name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="Call the copy so.")
    ] = "",
) -> None:
    """Copy a profile to another store, with nothing embedded again."""
    from ragcli.sessions.transfer.contents import copy_profile

    target = _store(call, to)
    with call.open(name, create=False) as workspace:
        copied = copy_profile(workspace.session, target, as_name or name)
    copied.close()
    for notice in copied.notices:
        call.output.warn(notice)
    shown = "local" if to == "local" else target.shown
    call.tell(
        {"profile": copied.name, "store": shown},
        note=f"profile {name} copied to {copied.name} in {shown}",
    )


def _store(call: Invocation, address: str) -> SessionStore:
    """Returns the store that is meant by `local` or an address.

    Raises:
        ConfigError: Neither of them.
    """
    from ragcli.sessions.stores import LOCAL

    return call.runtime.store_at(LOCAL if address == "local" else address)
