"""How profiles come into being and change names: out of sight, then at once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from ragcli.errors import ProfileNotFound, UsageError
from ragcli.sessions import profile_file
from ragcli.sessions.encryption.keys import KeyRing
from ragcli.sessions.profile_file import ProfileFile
from ragcli.sessions.redis.keyspace import FORMAT
from ragcli.sessions.redis.profile_keys import ProfileKeys
from ragcli.sessions.redis.profiles.copying import carry, copy_all
from ragcli.sessions.redis.registry import Meta, Registry
from ragcli.sessions.redis.scripts.profiles import BEGIN, DELETE, RENAME, SHOW
from ragcli.sessions.redis.session import encoded, idle_field
from ragcli.storage.files import Directory


def build(
    keys: ProfileKeys,
    registry: Registry,
    profile: ProfileFile,
    fill: Callable[[ProfileKeys], None],
) -> None:
    """Makes a profile that nobody sees until all of it is there.

    What a process that was killed has left of one expires within the hour.

    Args:
        keys: Where; they get the new id.
        registry: Lists its name.
        profile: Its id and settings.
        fill: Stores all that is in it.

    Raises:
        UsageError: The name is taken.
        StoreUnavailable: Another program's keys are in its place.
    """
    keys.id = profile.id
    status = keys.call(BEGIN)[0]
    if status == "taken":
        raise _taken(keys.name)
    if status == "foreign":
        raise registry.foreign(keys.name)
    registry.add(keys.name)
    try:
        fill(keys)
        _show(keys, profile)
    except BaseException:
        with suppress(ProfileNotFound):
            keys.call(DELETE)
        raise


def rename(
    keys: ProfileKeys, target: ProfileKeys, registry: Registry, meta: Meta
) -> None:
    """Gives a profile another name; its id stays.

    In a cluster the new name may belong to another server, so there it is copied.

    Raises:
        UsageError: The name is taken.
    """
    registry.add(target.name)
    if not keys.server.clustered:
        if keys.call(RENAME, other=target.key("meta"))[0] == "taken":
            raise _taken(target.name)
        return
    profile = ProfileFile(meta.id, meta.created, meta.encrypted, meta.own)
    build(target, registry, profile, lambda made: copy_all(keys, made))
    keys.call(DELETE)


def carried(
    directory: Directory, name: str, secret: str | None
) -> tuple[ProfileFile, Callable[[ProfileKeys], None]]:
    """Returns what the profile in a directory is, and what stores its contents.

    Args:
        directory: A whole profile, as it lies on a disk.
        name: What it is called.
        secret: Opens it, if it is encrypted.

    Raises:
        PassphraseNeeded, WrongPassphrase: It does not.
    """
    profile = profile_file.read(directory, name)
    key = KeyRing.open(directory, secret) if profile.encrypted else None
    return profile, lambda keys: carry(directory, keys, key)


def _show(keys: ProfileKeys, profile: ProfileFile) -> None:
    fields = {
        "v": str(FORMAT),
        "created": profile.created,
        "encrypted": str(int(profile.encrypted)),
        "settings": encoded(profile.settings),
    }
    own = idle_field(profile.settings)
    fields |= {"ttl": own} if own else {}
    keys.call(SHOW, *(part for item in fields.items() for part in item))


def _taken(name: str) -> UsageError:
    return UsageError(f"there is a profile {name!r} already", "choose another name")
