"""The one random key that everything in an encrypted profile is sealed under."""

from __future__ import annotations

import os

from ragcli.sessions.encryption import kdf
from ragcli.sessions.encryption.slots import Slot


class DataKey:
    """The random key of one encrypted profile; everything in it is sealed under it.

    Made with the profile, and shared with no other but its own clones and exports,
    so a line or file of one profile never opens in another.

    Args:
        secret: 32 random bytes.
    """

    __slots__ = ("_secret", "id")

    def __init__(self, secret: bytes) -> None:
        if len(secret) != kdf.KEY_BYTES:
            raise ValueError(f"a data key has {kdf.KEY_BYTES} bytes")
        self._secret = secret
        self.id = kdf.hkdf(secret, "key id")[:8].hex()
        """Names the key without telling it: 16 hexadecimal digits."""

    @classmethod
    def generate(cls) -> DataKey:
        """Returns a new random key."""
        return cls(os.urandom(kdf.KEY_BYTES))

    def subkey(self, label: str) -> bytes:
        """Returns the 32-byte key for one use, named by `label` (HKDF-SHA256)."""
        return kdf.hkdf(self._secret, label)

    def wrap(self, slot: Slot, wrapping_key: bytes) -> Slot:
        """Returns `slot` holding this key under `wrapping_key`."""
        return slot.wrapped_with(wrapping_key, self._secret)

    def __repr__(self) -> str:
        return f"DataKey({self.id})"

    def __reduce__(self) -> str:
        raise TypeError("a data key is never written anywhere in the clear")


def forbid_core_dumps() -> None:
    """Keeps a crash of this process, or of its children, from writing keys to disk."""
    import resource  # not on every platform, and only encrypted profiles need it

    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
