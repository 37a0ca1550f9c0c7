"""Key slots of an encrypted profile in Redis: wrapped keys, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ragcli.sessions.data_key import DataKey, forbid_core_dumps
from ragcli.sessions.kdf import Cost
from ragcli.sessions.keys import KeyRing
from ragcli.sessions.redis.profile_keys import ProfileKeys
from ragcli.sessions.redis.scripts import SLOT
from ragcli.storage.files import Directory


class SlotDirectory(Directory):
    """The fields of a hash, used as the files of the directory `keys/`.

    Args:
        keys: The profile's.
        files: What the hash held when the profile was opened.
    """

    def __init__(self, keys: ProfileKeys, files: dict[str, bytes]) -> None:
        super().__init__(Path(keys.name), -1)
        self._keys = keys
        self._files = files

    def child(self, name: str, *, create: bool = False) -> SlotDirectory:  # noqa: ARG002 - as a directory
        """Returns the same: there are no directories inside."""
        return SlotDirectory(self._keys, self._files)

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
        self._keys.call(SLOT, name, data)
        self._files[name] = data

    def remove(self, name: str) -> None:
        """Removes a slot; none is fine."""
        self._keys.call(SLOT, name, "")
        self._files.pop(name, None)

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

    @classmethod
    def made(cls, keys: ProfileKeys, passphrase: str, cost: Cost) -> None:
        """Makes a new profile encrypted: a random key, wrapped by its passphrase."""
        forbid_core_dumps()
        ring = cls(SlotDirectory(keys, {}), cost)
        ring.add_passphrase(DataKey.generate(), passphrase)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Changes to one slot are one command; there is nothing to lock."""
        yield
