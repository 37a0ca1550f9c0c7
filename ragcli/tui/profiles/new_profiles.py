"""`/profile new NAME`: what it asks for, and how the profile is made."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ragcli.errors import UsageError
from ragcli.paths import checked_profile_name
from ragcli.text import safe_name
from ragcli.tui.ports import RuntimePort

_WORD = "new"
_ENCRYPT = "--encrypt"


@dataclass(frozen=True, slots=True)
class WantedProfile:
    """A profile that is to be made."""

    name: str
    """"" while nobody has named it."""
    encrypt: bool = False


def new_profile(argument: str, names: Collection[str]) -> WantedProfile | None:
    """Returns the profile that `new NAME [--encrypt]` asks for, None for no new one.

    Args:
        argument: What follows `/profile`.
        names: The profiles there are: one may be called `new`.

    Raises:
        UsageError: It cannot be a name, or there is something else.
    """
    first, *words = argument.split() or [""]
    if first != _WORD or (not words and _WORD in names):
        return None
    rest = [word for word in words if word != _ENCRYPT]
    if len(rest) > 1 or (rest and rest[0].startswith("-")):
        raise UsageError(
            f"/profile new takes a name and {_ENCRYPT}, not {safe_name(rest[-1])}",
            f"write /profile new NAME, or /profile new NAME {_ENCRYPT}",
        )
    name = checked_profile_name(rest[0]) if rest else ""
    return WantedProfile(name, encrypt=_ENCRYPT in words)


def make(profiles: RuntimePort, wanted: WantedProfile, passphrase: str | None) -> str:
    """Makes a profile, ready to be opened; returns its name. May block.

    Raises:
        UsageError: It is there already, or cannot have this name.
        StorageFailed: It cannot be stored.
    """
    name = checked_profile_name(wanted.name)
    profiles.store.create(name, {}, passphrase=passphrase).close()
    if passphrase:
        profiles.unlock(name, passphrase)
    return name
