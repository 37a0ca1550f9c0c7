"""The settings of one profile: `profile set` and `unset`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ragcli.cli.input import live_names
from ragcli.cli.input.options import Invocation, examples
from ragcli.errors import NotFound, UsageError
from ragcli.text import counted

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
    "ragcli profile set model ollama:llama3.2",
    "ragcli profile set work retrieval.k 8",
    "ragcli profile set --ttl 30d -p work",
)
def set_(
    call: Invocation,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME] [KEY VALUE]",
            autocompletion=live_names.profiles_and_assignments,
        ),
    ] = None,
    ttl: Span = None,
    ttl_absolute: AbsoluteSpan = None,
) -> None:
    """Set something for one profile."""
    name, typed = _words(words or [])
    changes = time_spans(ttl, ttl_absolute) | typed
    if not changes:
        raise UsageError("nothing to set", "write: ragcli profile set KEY VALUE")
    with call.open(name) as workspace:
        workspace.session.change_settings(changes)
        name = workspace.name
    assignments = ", ".join(f"{key} = {value}" for key, value in changes.items())
    call.tell(
        {"profile": name, "settings": changes}, note=f"profile {name}: {assignments}"
    )


@examples("ragcli profile unset model", "ragcli profile unset ttl -p work")
def unset(
    call: Invocation,
    key: Annotated[
        str, typer.Argument(metavar="KEY", autocompletion=live_names.settings)
    ],
) -> None:
    """Remove a setting of the profile."""
    # What it has may be what keeps it from being used, so nothing of it is used.
    runtime = call.runtime
    session = runtime.store.open(runtime.profile_name(), expires=False)
    try:
        if key not in session.written():
            raise NotFound(
                f"profile {session.name} does not set {key}",
                "ragcli profile show lists what it sets",
            )
        session.change_settings({key: None})
    finally:
        session.close()
    call.tell({"unset": key}, note=f"{key} removed")


def time_spans(ttl: str | None, ttl_absolute: str | None) -> dict[str, Any]:
    """Returns the settings of `--ttl` and `--ttl-absolute`, those that were typed."""
    from ragcli.config import checked

    typed = {"ttl": ttl, "ttl_absolute": ttl_absolute}
    return {
        key: checked(key, value, f"--{key.replace('_', '-')}")
        for key, value in typed.items()
        if value is not None
    }


def assignment(text: str) -> tuple[str, Any]:
    """Returns key and value of `KEY=VALUE`, checked."""
    from ragcli.config import for_profile

    key, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"{text!r} is not KEY=VALUE")
    return key, for_profile(key, value)


def _words(words: list[str]) -> tuple[str | None, dict[str, Any]]:
    """Returns the profile and the setting of `[NAME] [KEY VALUE]`."""
    match words:
        case []:
            return None, {}
        case [name] if "=" not in name:
            return name, {}
        case [_, *_] if all("=" in word for word in words):
            return None, dict(map(assignment, words))
        case [name, *pairs] if len(pairs) > 1 and all("=" in pair for pair in pairs):
            return name, dict(map(assignment, pairs))
        case [key, value]:
            return None, dict([assignment(f"{key}={value}")])
        case [name, key, value]:
            return name, dict([assignment(f"{key}={value}")])
    raise UsageError(
        f"{counted(len(words), 'word')} where [NAME] KEY VALUE is expected",
        "quote a value with spaces",
    )
