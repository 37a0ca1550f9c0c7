"""From a passphrase to a key that wraps keys: Argon2id, scrypt where it is missing.

Parameters are stored beside what they protect, so that they can grow with the
years, and are bounded on the way in, so that a planted file cannot exhaust the
machine. Defaults: RFC 9106, section 4, second recommended option.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from ragcli.errors import Damaged, NotPermitted
from ragcli.frozen import frozen

KEY_BYTES = 32
SALT_BYTES = 16
_MOST_MEMORY_KIB = 1 << 20
_MOST_PASSES = 64
_MOST_LANES = 16
_SCRYPT_BLOCK = 8


@frozen
class Cost:
    """What one guess at a passphrase costs."""

    memory_kib: int = 64 * 1024
    """Memory that a derivation fills, in KiB."""

    passes: int = 3
    """Times it goes over that memory."""

    lanes: int = 4
    """Lanes that may run in parallel."""


STANDARD = Cost()


def hkdf(secret: bytes, label: str, salt: bytes | None = None) -> bytes:
    """Returns the 32-byte sub-key of `secret` for `label` (HKDF-SHA256, RFC 5869).

    `secret` must be random; a passphrase goes through `derive`.
    """
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    info = f"ragcli|{label}".encode()
    return HKDF(SHA256(), length=KEY_BYTES, salt=salt, info=info).derive(secret)


def fresh(cost: Cost = STANDARD) -> dict[str, Any]:
    """Returns parameters with a new salt: Argon2id, or scrypt where it cannot run."""
    salt = encoded(os.urandom(SALT_BYTES))
    if argon2_works():
        return {
            "name": "argon2id",
            "memory_kib": cost.memory_kib,
            "passes": cost.passes,
            "lanes": cost.lanes,
            "salt": salt,
        }
    # scrypt makes one pass, hence twice the memory: 2**17 blocks for the standard
    # cost, as the OWASP password storage cheat sheet has it.
    blocks = 1 << (2 * cost.memory_kib - 1).bit_length()
    return {"name": "scrypt", "n": blocks, "r": _SCRYPT_BLOCK, "p": 1, "salt": salt}


def fresh_random() -> dict[str, Any]:
    """Returns parameters for a secret that is random already: HKDF, no stretching."""
    return {"name": "hkdf-sha256", "salt": encoded(os.urandom(SALT_BYTES))}


def derive(secret: str, parameters: Mapping[str, Any]) -> bytes:
    """Returns the 32-byte key of `secret` under stored `parameters`.

    Args:
        secret: Text, taken in Unicode's NFC form so that it does not matter on
            which keyboard it was typed (RFC 8265, section 4.2).
        parameters: As `fresh` made them, read back from disk.

    Raises:
        Damaged: Parameters that are unknown, incomplete or out of bounds.
        NotPermitted: Argon2id is wanted and this OpenSSL does not have it.
    """
    import unicodedata  # a large table that plain profiles need not load

    data = unicodedata.normalize("NFC", secret).encode("utf-8", "surrogatepass")
    derivation = _DERIVATIONS.get(str(parameters.get("name")))
    if derivation is None:
        raise Damaged(
            f"unknown key derivation {str(parameters.get('name'))[:40]!r}",
            "this slot cannot be used; try the recovery code",
        )
    return derivation(data, parameters)


def argon2_works() -> bool:
    """Tells whether this build of OpenSSL has Argon2id (3.2 and later do)."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    try:
        Argon2id(salt=b"\0" * 16, length=32, iterations=1, lanes=1, memory_cost=8)
    except UnsupportedAlgorithm:
        return False
    return True


def encoded(data: bytes) -> str:
    """Returns `data` in base64, for a JSON file."""
    import base64

    return base64.b64encode(data).decode("ascii")


def decoded(text: object, length: int | None = None) -> bytes:
    """Returns the bytes of a base64 text.

    Raises:
        Damaged: Not base64, or not `length` bytes.
    """
    import base64
    import binascii

    try:
        data = base64.b64decode(str(text), validate=True)
    except (binascii.Error, ValueError):
        raise Damaged("a field is not base64", "") from None
    if length is not None and len(data) != length:
        raise Damaged(f"a field has {len(data)} bytes instead of {length}", "")
    return data


def _bounded(parameters: Mapping[str, Any], name: str, low: int, high: int) -> int:
    """Returns an integer parameter; raises `Damaged` outside `low`…`high`."""
    value = parameters.get(name)
    if type(value) is not int or not low <= value <= high:
        raise Damaged(
            f"key derivation parameter {name} is not a number from {low} to {high}",
            "this slot cannot be used; try the recovery code",
        )
    return value


def _argon2id(secret: bytes, parameters: Mapping[str, Any]) -> bytes:
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    lanes = _bounded(parameters, "lanes", 1, _MOST_LANES)
    memory = _bounded(parameters, "memory_kib", 8 * lanes, _MOST_MEMORY_KIB)
    passes = _bounded(parameters, "passes", 1, _MOST_PASSES)
    salt = decoded(parameters.get("salt"), SALT_BYTES)
    if not argon2_works():
        raise NotPermitted(
            "this profile's passphrase needs Argon2id, which this OpenSSL lacks",
            "install cryptography from its wheel: it brings an OpenSSL that has it",
        )
    return Argon2id(
        salt=salt, length=KEY_BYTES, iterations=passes, lanes=lanes, memory_cost=memory
    ).derive(secret)


def _scrypt(secret: bytes, parameters: Mapping[str, Any]) -> bytes:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    blocks = _bounded(parameters, "n", 16, _MOST_MEMORY_KIB)
    if blocks & (blocks - 1):
        raise Damaged("key derivation parameter n is not a power of two", "")
    block = _bounded(parameters, "r", _SCRYPT_BLOCK, _SCRYPT_BLOCK)
    parallel = _bounded(parameters, "p", 1, _MOST_LANES)
    salt = decoded(parameters.get("salt"), SALT_BYTES)
    return Scrypt(salt=salt, length=KEY_BYTES, n=blocks, r=block, p=parallel).derive(
        secret
    )


def _hkdf(secret: bytes, parameters: Mapping[str, Any]) -> bytes:
    salt = decoded(parameters.get("salt"), SALT_BYTES)
    return hkdf(secret, "slot of a random secret", salt)


_DERIVATIONS: dict[str, Callable[[bytes, Mapping[str, Any]], bytes]] = {
    "argon2id": _argon2id,
    "scrypt": _scrypt,
    "hkdf-sha256": _hkdf,
}
