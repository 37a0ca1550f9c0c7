"""Errors about the names of profiles, which every store says alike."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from ragcli.errors import ProfileNotFound, UsageError


def no_such_profile(name: str, known: Iterable[str]) -> ProfileNotFound:
    """Returns the error for a profile that does not exist.

    Args:
        name: What was asked for.
        known: The profiles that there are; the nearest one is in the hint.
    """
    near = difflib.get_close_matches(name, known, 1, 0.5)
    return ProfileNotFound(
        f"there is no profile {name!r}",
        f"did you mean {near[0]!r}?"
        if near and near[0] != name
        else f"make it: `ragcli profile create {name}`",
    )


def name_is_taken(name: str) -> UsageError:
    """Returns the error for a new profile whose name another one has."""
    return UsageError(f"there is a profile {name!r} already", "choose another name")
