"""Key slots of an encrypted profile in Redis: wrapped keys, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ragcli.sessions.encryption.data_key import DataKey, forbid_core_dumps
from ragcli.sessions.encryption.kdf import Cost
from ragcli.sessions.encryption.key_ring import KeyRing
from ragcli.sessions.encryption.slot_directory import SlotDirectory
from ragcli.sessions.redis import reply_values
from ragcli.sessions.redis.leases import lease
from ragcli.sessions.redis.profile_keys import ProfileKeys
from ragcli.sessions.redis.scripts.script import SLOT

_WAIT = 10.0
"""Seconds to wait for others who change the key slots."""


class RedisSlots(SlotDirectory):
    """The key slots of a profile in Redis: the fields of a hash.

    Args:
        keys: The profile's.
        files: What the hash held when the profile was opened.
    """

    def __init__(self, keys: ProfileKeys, files: dict[str, bytes]) -> None:
        super().__init__(keys.name, files)
        self.keys = keys

    def replace(self, name: str, data: bytes, *, durable: bool = True) -> None:
        """Stores a slot."""
        self.keys.call(SLOT, name, data)
        super().replace(name, data, durable=durable)

    def remove(self, name: str) -> None:
        """Removes a slot; none is fine."""
        self.keys.call(SLOT, name, "")
        super().remove(name)

    def refresh(self) -> None:
        """Reads again what the server has."""
        key = self.keys.key("keys")
        slots = self.keys.read(lambda r: r.hgetall(key))
        self._files.clear()
        self._files.update(
            {reply_values.text(name, key): data for name, data in slots.items()}
        )


class RedisKeyRing(KeyRing):
    """The key slots of a profile in Redis.

    Args:
        directory: The slots.
        cost: What deriving a key from a new passphrase shall cost.
    """

    def __init__(self, directory: RedisSlots, cost: Cost) -> None:
        super().__init__(directory, cost)
        self._slots = directory

    @classmethod
    def make(cls, keys: ProfileKeys, passphrase: str, cost: Cost) -> DataKey:
        """Makes a new profile encrypted: a random key, wrapped by its passphrase."""
        forbid_core_dumps()
        data_key = DataKey.generate()
        cls(RedisSlots(keys, {}), cost).add_passphrase(data_key, passphrase)
        return data_key

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Looks again at the slots, and keeps others from changing them meanwhile."""
        with lease(self._slots.keys, "profile", wait=_WAIT):
            self._slots.refresh()
            yield
