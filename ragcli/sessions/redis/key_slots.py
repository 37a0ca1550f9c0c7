"""Key slots of an encrypted profile in Redis: wrapped keys, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ragcli.sessions.encryption.data_key import DataKey, forbid_core_dumps
from ragcli.sessions.encryption.kdf import Cost
from ragcli.sessions.encryption.keys import KeyRing
from ragcli.sessions.redis.leases import lease
from ragcli.sessions.redis.profile_keys import ProfileKeys
from ragcli.sessions.redis.scripts.script import SLOT
from ragcli.storage.files import Directory

_WAIT = 10.0
"""Seconds to wait for others who change the key slots."""


class SlotDirectory(Directory):
    """The fields of a hash, used as the files of the directory `keys/`.

    Args:
        keys: The profile's.
        files: What the hash held when the profile was opened.
    """

    def __init__(self, keys: ProfileKeys, files: dict[str, bytes]) -> None:
        super().__init__(Path(keys.name), -1)
        self.keys = keys
        self._files = files

    def child(self, name: str, *, create: bool = False) -> SlotDirectory:  # noqa: ARG002 - as a directory
        """Returns the same: there are no directories inside."""
        return SlotDirectory(self.keys, self._files)

    def has(self, name: str) -> bool:  # noqa: ARG002 - as a directory
        """Tells whether there are slots."""
        return bool(self._files)

    def names(self) -> list[str]:
        """Returns the names of the slots, sorted."""
        return sorted(self._files)

    def read(self, name: str, *, limit: int = 1 << 30) -> bytes:
        """Returns a slot's bytes."""
        return self._files[name][:limit]

    def replace(self, name: str, data: bytes, *, durable: bool = True) -> None:  # noqa: ARG002
        """Stores a slot."""
        self.keys.call(SLOT, name, data)
        self._files[name] = data

    def remove(self, name: str) -> None:
        """Removes a slot; none is fine."""
        self.keys.call(SLOT, name, "")
        self._files.pop(name, None)

    def refresh(self) -> None:
        """Reads again what the server has."""
        key = self.keys.key("keys")
        found = self.keys.read(lambda r: r.hgetall(key))
        self._files.clear()
        self._files.update({name.decode(): data for name, data in found.items()})

    def sync(self) -> None:
        """Does nothing: what the server confirmed is stored."""

    def close(self) -> None:
        """Does nothing: nothing is open."""


class RedisKeyRing(KeyRing):
    """The key slots of a profile in Redis.

    Args:
        directory: The slots.
        cost: What deriving a key from a new passphrase shall cost.
    """

    def __init__(self, directory: SlotDirectory, cost: Cost) -> None:
        super().__init__(directory, cost)
        self._slots = directory

    @classmethod
    def made(cls, keys: ProfileKeys, passphrase: str, cost: Cost) -> DataKey:
        """Makes a new profile encrypted: a random key, wrapped by its passphrase."""
        forbid_core_dumps()
        data_key = DataKey.generate()
        cls(SlotDirectory(keys, {}), cost).add_passphrase(data_key, passphrase)
        return data_key

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Looks again at the slots, and keeps others from changing them meanwhile."""
        with lease(self._slots.keys, "profile", wait=_WAIT):
            self._slots.refresh()
            yield
