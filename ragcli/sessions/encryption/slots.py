"""One key slot: the data key, wrapped for one passphrase, keyring or recovery code."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ragcli.errors import Damaged, UsageError
from ragcli.frozen import frozen
from ragcli.sessions.encryption import kdf, recovery
from ragcli.sessions.records.clock import now
from ragcli.storage import format_versions

PASSPHRASE = "passphrase"  # noqa: S105 - a kind of slot, not a secret
KEYRING = "keyring"
RECOVERY = "recovery"
KEYRING_PREFIX = "ragcli-keyring-secret:"
"""How a secret in the keyring begins, so that no passphrase is taken for one."""

KINDS = (PASSPHRASE, KEYRING, RECOVERY)

_NONCE_BYTES = 12
_TAG_BYTES = 16
_SLOT_ID = re.compile(r"[0-9a-f]{16}")


@frozen
class Slot:
    """One file of `keys/`."""

    id: str
    """16 hexadecimal digits; the file is named after it."""

    kind: str
    """One of `KINDS`: what kind of secret opens it."""

    key: str
    """Id of the data key inside."""

    created: str
    """When it was written: UTC, RFC 3339."""

    parameters: Mapping[str, Any]
    """How the wrapping key is derived, as `kdf.fresh` made them."""

    nonce: bytes = b""
    """12 random bytes."""

    wrapped: bytes = b""
    """The data key under AES-256-GCM, with every other field as associated data."""

    @classmethod
    def empty(
        cls, slot_id: str, kind: str, key: str, parameters: Mapping[str, Any]
    ) -> Slot:
        """Returns a slot made now, with nothing in it yet."""
        return cls(slot_id, kind, key, now(), parameters)

    def wrapped_with(self, wrapping_key: bytes, secret: bytes) -> Slot:
        """Returns this slot holding `secret` under `wrapping_key`."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = os.urandom(_NONCE_BYTES)
        sealed = AESGCM(wrapping_key).encrypt(nonce, secret, self._associated_data())
        return replace(self, nonce=nonce, wrapped=sealed)

    def unwrapped(self, secret: str) -> bytes | None:
        """Returns the data key, or None when `secret` does not open this slot.

        A slot whose derivation parameters are out of bounds opens for nobody.
        """
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            wrapping_key = kdf.derive(secret, self.parameters)
            return AESGCM(wrapping_key).decrypt(
                self.nonce, self.wrapped, self._associated_data()
            )
        except (InvalidTag, Damaged):
            return None

    def to_json(self) -> bytes:
        """Returns the slot as the bytes of its file."""
        fields = self._fields() | {
            "nonce": kdf.encoded(self.nonce),
            "wrapped": kdf.encoded(self.wrapped),
        }
        return json.dumps(fields, indent=1).encode() + b"\n"

    @classmethod
    def from_json(cls, name: str, data: bytes) -> Slot:
        """Returns the slot in the file `name`.

        Raises:
            Damaged: Not a slot, or not the one that its name says.
            NewerFormat: Written by a newer ragcli.
        """
        try:
            fields = json.loads(data)
        except (ValueError, RecursionError):
            raise Damaged(f"key slot {name}: not JSON", "") from None
        if not isinstance(fields, dict):
            raise Damaged(f"key slot {name}: not an object", "")
        if isinstance(fields.get("v"), int):
            format_versions.KEY_SLOT.check(fields["v"], f"key slot {name}")
        slot = cls._from_fields(fields)
        if name != f"{slot.id}.json" or not _SLOT_ID.fullmatch(slot.id):
            raise Damaged(f"key slot {name}: says that it is {slot.id[:40]!r}", "")
        return slot

    @classmethod
    def _from_fields(cls, fields: Mapping[str, Any]) -> Slot:
        kind, parameters = fields.get("kind"), fields.get("kdf")
        texts = [fields.get(name) for name in ("id", "key", "created")]
        if kind not in KINDS or not isinstance(parameters, dict):
            raise Damaged("a key slot of an unknown kind", "")
        if not all(isinstance(text, str) for text in texts):
            raise Damaged("a key slot with a field missing", "")
        slot_id, key, created = map(str, texts)
        nonce = kdf.decoded(fields.get("nonce"), _NONCE_BYTES)
        wrapped = kdf.decoded(fields.get("wrapped"), kdf.KEY_BYTES + _TAG_BYTES)
        return cls(slot_id, kind, key, created, parameters, nonce, wrapped)

    def _fields(self) -> dict[str, Any]:
        return {
            "v": format_versions.KEY_SLOT.version,
            "id": self.id,
            "kind": self.kind,
            "key": self.key,
            "created": self.created,
            "kdf": dict(self.parameters),
        }

    def _associated_data(self) -> bytes:
        fields = json.dumps(self._fields(), sort_keys=True, separators=(",", ":"))
        return f"ragcli|key slot|{fields}".encode()


def readings(secret: str) -> Iterator[tuple[str, str]]:
    """Yields what `secret` can be: the kind of slot, and the text that opens it."""
    if secret.startswith(KEYRING_PREFIX):
        yield KEYRING, secret
        return
    code = recovery.normalized(secret)
    if code is not None:
        yield RECOVERY, code
        return
    yield PASSPHRASE, secret


def check_passphrase(passphrase: str) -> None:
    """Refuses what would not be taken for a passphrase later; raises `UsageError`."""
    if not passphrase.strip():
        raise UsageError("a passphrase cannot be empty", "")
    if passphrase.startswith(KEYRING_PREFIX) or recovery.normalized(passphrase):
        raise UsageError(
            "this passphrase has the form of a recovery code or keyring secret",
            "choose your own words",
        )
