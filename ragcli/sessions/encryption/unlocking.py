"""From a profile's directory to its key, and no way around it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ragcli.errors import Damaged
from ragcli.sessions import profile_file
from ragcli.sessions.profile_file import ProfileFile
from ragcli.sessions.profile_layout import KEYS
from ragcli.storage.files import Directory

if TYPE_CHECKING:
    from ragcli.sessions.encryption.data_key import DataKey


def unlocked(
    directory: Directory,
    name: str,
    profile: ProfileFile,
    passphrase: Callable[[str], str | None],
) -> DataKey | None:
    """Returns the key of an encrypted profile.

    Raises:
        Damaged: Keys and profile file disagree: nothing is read as plain then.
        PassphraseNeeded, WrongPassphrase: It stays closed.
    """
    if profile.encrypted != directory.has(KEYS):
        raise Damaged(
            f"profile {name!r}: {profile_file.FILE} and {KEYS}/ do not agree on "
            "whether it is encrypted",
            "restore the one that was changed from a backup or an export",
        )
    if not profile.encrypted:
        return None
    # 6 ms that plain profiles need not wait
    from ragcli.sessions.encryption.key_ring import KeyRing

    return KeyRing.open(directory, passphrase(name))
