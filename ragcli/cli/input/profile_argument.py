"""The argument that names a profile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from ragcli.cli.input import live_names


def _in_use_or(completed: Callable[[], list[str]]) -> Any:
    """Returns an argument that may be left out, for the profile in use."""
    return typer.Argument(
        metavar="NAME",
        help="By default the profile in use.",
        autocompletion=completed,
        show_default=False,
    )


ProfileName = Annotated[
    str, typer.Argument(metavar="NAME", autocompletion=live_names.profiles)
]
OldProfileName = Annotated[
    str, typer.Argument(metavar="OLD", autocompletion=live_names.profiles)
]
NewProfileName = Annotated[str, typer.Argument(metavar="NEW")]
OptionalProfileName = Annotated[str, _in_use_or(live_names.profiles)]
ExpiredProfileName = Annotated[str, _in_use_or(live_names.expired_profiles)]
