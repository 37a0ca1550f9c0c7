"""Profiles: documents, history and settings kept apart."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Annotated, Any

import typer

from ragcli.cli import live_names
from ragcli.cli.commands import bundles, passphrases, upkeep
from ragcli.cli.figures import count, moment
from ragcli.cli.options import Invocation, YesOption, examples
from ragcli.errors import UsageError

Name = Annotated[
    str, typer.Argument(metavar="NAME", autocompletion=live_names.profiles)
]
OptionalName = Annotated[
    str,
    typer.Argument(
        metavar="[NAME]",
        help="By default the profile in use.",
        autocompletion=live_names.profiles,
        show_default=False,
    ),
]
Span = Annotated[
    str | None,
    typer.Option(
        "--ttl", metavar="SPAN", help="Expire when unused so long: 30d, 12h, never."
    ),
]
AbsoluteSpan = Annotated[
    str | None,
    typer.Option(
        "--ttl-absolute", metavar="SPAN", help="Expire turns of this age, used or not."
    ),
]


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
    wanted = _ttls(ttl, ttl_absolute) | dict(map(_assignment, settings or []))
    secret = passphrases.new(call, name) if encrypt else None
    call.runtime.store.create(name, wanted, passphrase=secret).close()
    if use:
        call.runtime.choose(name)
    _done(call, {"profile": name, "encrypted": encrypt}, f"profile {name} made")


@examples("ragcli profile list", "ragcli profile list --json")
def list_(call: Invocation) -> None:
    """List your profiles; * marks the one in use."""
    names = live_names.profile_names(call.runtime)
    current = call.runtime.profile_name()
    if call.as_json:
        told = [{"name": name, "current": name == current} for name in names]
        call.output.document({"profiles": told})
        return
    rows = [(name, "*" if name == current else "") for name in names]
    call.output.table(("profile", "in use"), rows)
    if not names:
        call.output.note("no profiles yet; `default` is made when it is first needed")


@examples("ragcli profile show", "ragcli profile show work --json")
def show(call: Invocation, name: OptionalName = "") -> None:
    """Show what a profile holds."""
    with call.open(name or None) as workspace:
        settings = dict(workspace.session.settings())
        told: dict[str, Any] = {
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
        call.output.document(told)
        return
    told["created"] = moment(told["created"])
    told["encrypted"] = "yes" if told["encrypted"] else "no"
    told["mounts"] = ", ".join(told["mounts"])
    told["settings"] = ", ".join(f"{key}={value}" for key, value in settings.items())
    call.output.table(("what", "value"), [row for row in told.items() if row[1] != ""])


@examples("ragcli profile use work")
def use_(call: Invocation, name: Name) -> None:
    """Use a profile from now on."""
    call.runtime.choose(name)
    _done(call, {"profile": name}, f"profile {name} is in use")


@examples("ragcli profile rename work office")
def rename(
    call: Invocation,
    old: Annotated[
        str, typer.Argument(metavar="OLD", autocompletion=live_names.profiles)
    ],
    new: Annotated[str, typer.Argument(metavar="NEW")],
) -> None:
    """Give a profile another name."""
    from ragcli.paths import checked_profile_name

    checked_profile_name(new)
    call.runtime.store.rename(old, new)
    if call.runtime.chosen() == old:
        call.runtime.choose(new)
    _done(call, {"profile": new}, f"profile {old} is now {new}")


@examples(
    "ragcli profile clone work experiment", "ragcli profile clone a b --no-history"
)
def clone(
    call: Invocation,
    old: Annotated[
        str, typer.Argument(metavar="OLD", autocompletion=live_names.profiles)
    ],
    new: Annotated[str, typer.Argument(metavar="NEW")],
    no_history: Annotated[
        bool, typer.Option("--no-history", help="Only documents and settings.")
    ] = False,
) -> None:
    """Copy a profile under a new name."""
    from ragcli.paths import checked_profile_name

    checked_profile_name(new)
    call.runtime.store.clone(old, new, history=not no_history).close()
    _done(call, {"profile": new}, f"profile {old} copied to {new}")


@examples("ragcli profile delete old --yes")
def delete(call: Invocation, name: Name, yes: YesOption = False) -> None:
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
    _done(call, {"deleted": name}, f"profile {name} deleted")


@examples(
    "ragcli profile set model ollama:llama3.2",
    "ragcli profile set work retrieval.k 8",
    "ragcli profile set --ttl 30d -p work",
)
def set_(
    call: Invocation,
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME] [KEY VALUE]")
    ] = None,
    ttl: Span = None,
    ttl_absolute: AbsoluteSpan = None,
) -> None:
    """Set something for one profile."""
    name, assignments = _words(words or [])
    changes = _ttls(ttl, ttl_absolute) | assignments
    if not changes:
        raise UsageError("nothing to set", "write: ragcli profile set KEY VALUE")
    with call.open(name) as workspace:
        workspace.session.change_settings(changes)
        name = workspace.name
    told = ", ".join(f"{key} = {value}" for key, value in changes.items())
    _done(call, {"profile": name, "settings": changes}, f"profile {name}: {told}")


@examples("ragcli profile unset model", "ragcli profile unset ttl -p work")
def unset(
    call: Invocation,
    key: Annotated[
        str, typer.Argument(metavar="KEY", autocompletion=live_names.settings)
    ],
) -> None:
    """Remove a setting of the profile."""
    from ragcli.errors import NotFound

    with call.open(create=False) as workspace:
        if key not in workspace.session.settings():
            raise NotFound(
                f"profile {workspace.name} does not set {key}",
                "ragcli profile show lists what it sets",
            )
        workspace.session.change_settings({key: None})
    _done(call, {"unset": key}, f"{key} removed")


@examples("ragcli profile path", 'du -sh "$(ragcli profile path work)"')
def path(call: Invocation, name: OptionalName = "") -> None:
    """Print where a profile is on disk."""
    wanted = name or call.runtime.profile_name()
    with passphrases.profile_directory(call, wanted) as directory:
        place = os.fspath(directory.path)
    if call.as_json:
        call.output.document({"path": place})
    else:
        call.output.line(place)


def _ttls(ttl: str | None, ttl_absolute: str | None) -> dict[str, Any]:
    from ragcli.config import checked

    typed = {"ttl": ttl, "ttl_absolute": ttl_absolute}
    return {
        key: checked(key, value, f"--{key.replace('_', '-')}")
        for key, value in typed.items()
        if value is not None
    }


def _assignment(text: str) -> tuple[str, Any]:
    """Returns key and value of `KEY=VALUE`, checked."""
    from ragcli.config import checked

    key, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"{text!r} is not KEY=VALUE")
    return key, checked(key, value, "command line")


def _words(words: list[str]) -> tuple[str | None, dict[str, Any]]:
    """Returns the profile and the setting of `[NAME] [KEY VALUE]`."""
    match words:
        case []:
            return None, {}
        case [name] if "=" not in name:
            return name, {}
        case [assignment]:
            return None, dict([_assignment(assignment)])
        case [key, value]:
            return None, dict([_assignment(f"{key}={value}")])
        case [name, key, value]:
            return name, dict([_assignment(f"{key}={value}")])
    raise UsageError(
        f"{count(len(words), 'word')} where [NAME] KEY VALUE is expected",
        "quote a value with spaces",
    )


def _done(call: Invocation, told: dict[str, Any], line: str) -> None:
    if call.as_json:
        call.output.document(told)
    else:
        call.output.note(line)


COMMANDS = {
    "create": create,
    "list": list_,
    "show": show,
    "use": use_,
    "rename": rename,
    "clone": clone,
    "delete": delete,
    "set": set_,
    "unset": unset,
    "path": path,
    "export": bundles.export,
    "import": bundles.import_,
    "copy": bundles.copy,
    "verify": upkeep.verify,
    "prune": upkeep.prune,
    "encrypt": passphrases.encrypt,
    "decrypt": passphrases.decrypt,
    "passphrase": passphrases.passphrase,
}
