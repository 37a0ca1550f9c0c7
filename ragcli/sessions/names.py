"""The error for a profile that does not exist, with the nearest name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from ragcli.errors import ProfileNotFound


def missing(name: str, known: Iterable[str]) -> ProfileNotFound:
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
