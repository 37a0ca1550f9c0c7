"""Settings, and where each comes from."""

from __future__ import annotations

import os
import subprocess
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ragcli import config
from ragcli.cli import project_files, settings_file
from ragcli.cli.input import live_names
from ragcli.cli.input.options import Invocation, examples, somebody_is_there
from ragcli.errors import NotFound, ProfileNotFound, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ragcli.config import Resolved

Key = Annotated[str, typer.Argument(metavar="KEY", autocompletion=live_names.settings)]

ProjectFile = Annotated[str | None, typer.Argument(metavar="FILE")]


@examples("ragcli config show", "ragcli config show --json | jq '.settings[].key'")
def show(call: Invocation) -> None:
    """Show every setting in force and its origin."""
    origins = _resolved(call).origins()
    project = call.runtime.project
    if call.as_json:
        settings = [asdict(origin) for origin in origins]
        document = {"settings": settings, "project": project_files.document(project)}
        call.output.document(document)
        return
    rows = [
        (origin.key, config.value_text(origin.value), origin.source)
        for origin in origins
    ]
    call.output.table(("setting", "value", "from"), rows)
    if project:
        call.output.note(f"project file {project_files.line(project)}")


@examples("ragcli config get retrieval.k", "ragcli config get model -p work")
def get(call: Invocation, key: Key) -> None:
    """Print one setting in force."""
    origin = _resolved(call).origin(key)
    if call.as_json:
        call.output.document(asdict(origin))
    else:
        call.output.text(config.value_text(origin.value))
    call.output.detail(f"{origin.help} (from {origin.source})")


@examples("ragcli config set model ollama:llama3.2", "ragcli config set retrieval.k=8")
def set_(
    call: Invocation,
    words: Annotated[
        list[str],
        typer.Argument(metavar="KEY VALUE", autocompletion=live_names.assignments),
    ],
) -> None:
    """Set it for yourself, in the user file; or several, as KEY=VALUE.

    A profile's own setting (ragcli profile set) and a project's are stronger.
    """
    typed = _assignments(words)
    stored = settings_file.put(call.runtime.home.config_file, typed)
    _changed(call, stored)
    resolved = call.runtime.resolved
    for key, value in stored.items():
        origin = resolved.origin(key)
        if origin.value != value:
            value_in_force = config.value_text(origin.value)
            call.output.note(f"{origin.source} is stronger: {key} = {value_in_force}")


def _assignments(words: Sequence[str]) -> dict[str, str]:
    """Returns the texts by key, of `KEY VALUE` or of one or more `KEY=VALUE`."""
    first, *others = words
    quote = "quote a value with spaces"
    if "=" in first:
        for word in others:
            if "=" not in word:
                raise UsageError(f"{word}: KEY=VALUE is expected after {first}", quote)
        return dict(word.split("=", 1) for word in words)
    if not others:
        raise UsageError(f"{first}: which value?", f"ragcli config set {first} VALUE")
    if len(others) > 1:
        raise UsageError(f"{len(words)} words where KEY VALUE is expected", quote)
    return {first: others[0]}


@examples("ragcli config unset retrieval.k")
def unset(call: Invocation, key: Key) -> None:
    """Remove a setting from the user file."""
    settings_file.remove(call.runtime.home.config_file, key)
    _changed(call, {key: None})


@examples("ragcli config path", '"$EDITOR" "$(ragcli config path)"')
def path(call: Invocation) -> None:
    """Print where the user file is, and say which project file counts here."""
    file = os.fspath(call.runtime.home.config_file)
    project = call.runtime.project
    if call.as_json:
        document = {"path": file, "project": project_files.document(project)}
        call.output.document(document)
        return
    call.output.line(file)
    if project:
        call.output.note(f"project file {project_files.line(project)}")


@examples("ragcli config edit", "EDITOR=nano ragcli config edit")
def edit(call: Invocation) -> None:
    """Open the user file in your editor, and check it afterwards."""
    from ragcli.chat.presentation import editors

    if not somebody_is_there():
        raise UsageError(
            "there is no terminal for an editor",
            "ragcli config set KEY VALUE, or edit the file of `ragcli config path`",
        )
    file = call.runtime.home.config_file
    settings_file.make(file)
    command = editors.for_writing(os.fspath(file))
    editor = command[0]
    try:
        ended = subprocess.run(command, check=False)  # noqa: S603 - the user's own
    except OSError as error:
        raise UsageError(f"{editor}: {error}", "set EDITOR to your editor") from None
    if ended.returncode:
        raise UsageError(f"{editor} ended with code {ended.returncode}")
    config.read_file(file)
    call.output.note(f"{file} is in order")


@examples("ragcli config trust", "ragcli config trust ~/src/tool/.ragcli.toml")
def trust(call: Invocation, file: ProjectFile = None) -> None:
    """Trust a project's .ragcli.toml with every setting, as it is now.

    Read it first: it may choose which model is sent your passages, where sessions
    live, and what else is searched. A file that changes loses its trust.
    """
    path = project_files.named(file)
    project = project_files.trust(call.runtime, path)
    if call.as_json:
        document = project_files.document(project) or {}
        call.output.document({**document, "sha256": project.sha256})
        return
    call.output.note(f"trusted while it stays as it is: {project.path}")
    for line in project_files.gained(project):
        call.output.note(line)
    if project.notice:
        call.output.warn(project.notice)


@examples("ragcli config untrust", "ragcli config untrust ~/src/tool/.ragcli.toml")
def untrust(call: Invocation, file: ProjectFile = None) -> None:
    """Take the trust in a project's .ragcli.toml back."""
    path = project_files.named(file)
    if not call.runtime.trusted.remove(path):
        raise NotFound(f"{path} was not trusted", "ragcli config path tells")
    call.tell(
        {"path": os.fspath(path), "trusted": False}, note=f"no longer trusted: {path}"
    )


def _resolved(call: Invocation) -> Resolved:
    """Returns the settings of the profile that is meant, or without any."""
    try:
        with call.open(create=False) as workspace:
            return workspace.resolved
    except ProfileNotFound:
        if call.shared.profile is not None:
            raise
        return call.runtime.resolved


def _changed(call: Invocation, values: Mapping[str, Any]) -> None:
    """Tells what the user file holds; None stands for a setting that was removed."""
    if call.as_json:
        each = [{"key": key, "value": value} for key, value in values.items()]
        call.output.document(each[0] if len(each) == 1 else {"settings": each})
        return
    file = call.runtime.home.config_file
    for key, value in values.items():
        change = "removed" if value is None else f"= {config.value_text(value)}"
        call.output.note(f"{key} {change} in {file}")


COMMANDS = {
    "show": show,
    "get": get,
    "set": set_,
    "unset": unset,
    "path": path,
    "edit": edit,
    "trust": trust,
    "untrust": untrust,
}
