"""Profiles: documents, history and settings kept apart."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ragcli.cli.commands.profiles import bundles, passphrases, profile_settings, upkeep
from ragcli.cli.commands.profiles.profile_settings import (
    AbsoluteSpan,
    Span,
    assignment,
    time_spans,
)
from ragcli.cli.input.options import Invocation, YesOption, examples
from ragcli.cli.input.profile_argument import (
    NewProfileName,
    OldProfileName,
    OptionalProfileName,
    ProfileName,
)
from ragcli.cli.output.formatting import moment, size

if TYPE_CHECKING:
    from ragcli.sessions.profile_summary import ProfileSummary


@examples(
    "ragcli profile create work",
    "ragcli profile create diary --encrypt --ttl 90d --use",
    "ragcli profile create team --set model=ollama:llama3.2 --set retrieval.k=8",
)
def create(
    call: Invocation,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    *,
    encrypt: Annotated[
        bool, typer.Option("--encrypt", help="Encrypt everything in it.")
    ] = False,
    ttl: Span = None,
    ttl_absolute: AbsoluteSpan = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A setting of the profile."),
    ] = None,
    use: Annotated[bool, typer.Option("--use", help="Use it from now on.")] = False,
) -> None:
    """Make a profile."""
    from ragcli.paths import checked_profile_name

    checked_profile_name(name)
    wanted = time_spans(ttl, ttl_absolute) | dict(map(assignment, settings or []))
    secret = passphrases.new(call, name) if encrypt else None
    call.runtime.store.create(name, wanted, passphrase=secret).close()
    if use:
        call.runtime.choose(name)
    call.tell({"profile": name, "encrypted": encrypt}, note=f"profile {name} made")


@examples("ragcli profile list", "ragcli profile list --json")
def list_(call: Invocation) -> None:
    """List your profiles; * marks the one in use.

    With the number of their documents, what index and history take on this disk,
    when they were last used, and which are encrypted.
    """
    store = call.runtime.store
    names = store.names()
    for notice in store.notices:
        call.output.warn(notice)
    current = call.runtime.profile_name()
    known = store.summaries(names)
    if call.as_json:
        documents = [
            {"name": name, "current": name == current, **_told(known.get(name))}
            for name in names
        ]
        call.output.document({"profiles": documents})
        return
    columns = ("profile", "in use", "documents", "size", "last used", "encrypted")
    rows = [
        (name, "*" if name == current else "", *_cells(known.get(name)))
        for name in names
    ]
    call.output.table(columns, rows)
    if not names:
        call.output.note("no profiles yet; `default` is made when it is first needed")
    for name in store.set_aside():
        call.output.note(
            f"{name} has expired and is set aside: `ragcli profile restore {name}`"
        )


def _told(known: ProfileSummary | None) -> dict[str, Any]:
    """Returns what JSON says of a profile; null for what is not known."""
    if known is None:
        return dict.fromkeys(("documents", "size", "used", "encrypted"))
    used = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(known.used))
    return {
        "documents": known.documents,
        "size": known.size,
        "used": used,
        "encrypted": known.encrypted,
    }


def _cells(known: ProfileSummary | None) -> tuple[object, ...]:
    if known is None:
        return ("", "", "", "")
    used = time.strftime("%Y-%m-%d %H:%M", time.localtime(known.used))
    documents = "" if known.documents is None else known.documents
    taken = "" if known.size is None else size(known.size)
    return (documents, taken, used, "encrypted" if known.encrypted else "")


@examples("ragcli profile show", "ragcli profile show work --json")
def show(call: Invocation, name: OptionalProfileName = "") -> None:
    """Show what a profile holds."""
    with call.open(name or None) as workspace:
        settings = dict(workspace.session.settings())
        document: dict[str, Any] = {
            "profile": workspace.name,
            "id": workspace.session.id,
            "created": workspace.session.created,
            "encrypted": workspace.session.encrypted,
            "documents": workspace.library.count(),
            "snapshot": workspace.session.snapshots.current(),
            "conversations": len(workspace.history.conversations()),
            "head": workspace.history.head(),
            "mounts": list(workspace.settings.mounts),
            "settings": settings,
        }
    if call.as_json:
        call.output.document(document)
        return
    document["created"] = moment(document["created"])
    document["encrypted"] = "yes" if document["encrypted"] else "no"
    document["mounts"] = ", ".join(document["mounts"])
    document["settings"] = ", ".join(
        f"{key}={value}" for key, value in settings.items()
    )
    call.output.table(
        ("what", "value"), [row for row in document.items() if row[1] != ""]
    )


@examples("ragcli profile use work")
def use_(call: Invocation, name: ProfileName) -> None:
    """Use a profile from now on."""
    call.runtime.choose(name)
    call.tell({"profile": name}, note=f"profile {name} is in use")


@examples("ragcli profile rename work office")
def rename(
    call: Invocation,
    old: OldProfileName,
    new: NewProfileName,
) -> None:
    """Give a profile another name."""
    from ragcli.errors import NotPermitted, ProfileNotFound, StorageFailed
    from ragcli.paths import checked_profile_name
    from ragcli.runtime import DEFAULT_PROFILE

    checked_profile_name(new)
    call.runtime.store.rename(old, new)
    in_use = call.runtime.chosen() or DEFAULT_PROFILE
    if in_use == old:
        try:
            call.runtime.choose(new)
        except ProfileNotFound:
            pass  # somebody has renamed it once more
        except (NotPermitted, StorageFailed) as error:  # renamed it is all the same
            call.output.warn(f"-p {new} from now on: {error.message}")
    call.tell({"profile": new}, note=f"profile {old} is now {new}")
    if old == DEFAULT_PROFILE and call.runtime.chosen() == new:
        call.output.note(
            f"{new} is in use from now on; `ragcli profile use {old}` goes back to a "
            "fresh one"
        )


@examples(
    "ragcli profile clone work experiment", "ragcli profile clone a b --no-history"
)
def clone(
    call: Invocation,
    old: OldProfileName,
    new: NewProfileName,
    no_history: Annotated[
        bool, typer.Option("--no-history", help="Only documents and settings.")
    ] = False,
) -> None:
    """Copy a profile under a new name."""
    from ragcli.paths import checked_profile_name

    checked_profile_name(new)
    call.runtime.store.clone(old, new, history=not no_history).close()
    call.tell({"profile": new}, note=f"profile {old} copied to {new}")


@examples("ragcli profile delete old --yes")
def delete(call: Invocation, name: ProfileName, yes: YesOption = False) -> None:
    """Delete a profile with its history and index."""
    from ragcli.errors import ProfileNotFound

    if name not in call.runtime.store.names():
        call.runtime.open(name, create=False).close()  # says which name is near
        raise ProfileNotFound(f"there is no profile {name!r}")
    call.confirm(f"Delete profile {name!r} with its history and index?", yes=yes)
    call.runtime.store.delete(name)
    if call.runtime.chosen() == name:
        with suppress(FileNotFoundError):
            os.unlink(call.runtime.home.chosen_file)
    call.tell({"deleted": name}, note=f"profile {name} deleted")


@examples("ragcli profile path", 'du -sh "$(ragcli profile path work)"')
def path(call: Invocation, name: OptionalProfileName = "") -> None:
    """Print where a profile is on disk."""
    wanted = name or call.runtime.profile_name()
    directory = os.fspath(call.runtime.store.path(wanted))
    if call.as_json:
        call.output.document({"path": directory})
    else:
        call.output.line(directory)


COMMANDS = {
    "create": create,
    "list": list_,
    "show": show,
    "use": use_,
    "rename": rename,
    "clone": clone,
    "delete": delete,
    "set": profile_settings.set_,
    "unset": profile_settings.unset,
    "path": path,
    "export": bundles.export,
    "import": bundles.import_,
    "copy": bundles.copy,
    "verify": upkeep.verify,
    "prune": upkeep.prune,
    "restore": upkeep.restore,
    "encrypt": passphrases.encrypt,
    "decrypt": passphrases.decrypt,
    "passphrase": passphrases.passphrase,
}
