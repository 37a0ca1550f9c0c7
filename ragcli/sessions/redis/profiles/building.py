"""How profiles come into being and change names: out of sight, then at once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from ragcli.errors import ProfileNotFound, StoreUnavailable
from ragcli.sessions.profile_file import ProfileFile
from ragcli.sessions.profile_names import name_is_taken
from ragcli.sessions.redis.keyspace import FORMAT
from ragcli.sessions.redis.profile_keys import ProfileKeys
from ragcli.sessions.redis.profiles.copying import copy_all
from ragcli.sessions.redis.registry import Meta, Registry
from ragcli.sessions.redis.scripts.profiles import BEGIN, DELETE, RENAME, SHOW
from ragcli.sessions.redis.session import encoded, idle_field


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
        raise name_is_taken(keys.name)
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
        try:
            state = keys.call(RENAME, other=target.key("meta"))[0]
        except StoreUnavailable:
            if not keys.server.clustered:  # it was learnt by this very call
                raise
        else:
            if state == "taken":
                raise name_is_taken(target.name)
            return
    profile = ProfileFile(meta.id, meta.created, meta.encrypted, meta.own)
    build(target, registry, profile, lambda new: copy_all(keys, new))
    keys.call(DELETE)


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
