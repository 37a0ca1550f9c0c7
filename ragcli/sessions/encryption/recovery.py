"""Recovery codes: a random key that people can write down and type again.

136 random bits and a 24-bit checksum in Crockford's base 32, in eight groups of
four: `7K2M-…`. Case does not matter, O reads as 0, and I and L read as 1
(https://www.crockford.com/base32.html).
"""

from __future__ import annotations

import hashlib
import os

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
_MISREAD = str.maketrans("OIL", "011")
_RANDOM_BYTES = 17
_CHECK_BYTES = 3
_LETTERS = (_RANDOM_BYTES + _CHECK_BYTES) * 8 // 5
_GROUP = 4


def generate() -> str:
    """Returns a new recovery code."""
    return _grouped(os.urandom(_RANDOM_BYTES))


def looks_like(text: str) -> bool:
    """Tells whether `text` has the shape of a recovery code, typos included."""
    letters = _letters(text)
    return len(letters) == _LETTERS and all(letter in _VALUES for letter in letters)


def normalized(text: str) -> str | None:
    """Returns the code as `generate` wrote it; None when its checksum fails."""
    if not looks_like(text):
        return None
    number = 0
    for letter in _letters(text):
        number = number << 5 | _VALUES[letter]
    data = number.to_bytes(_RANDOM_BYTES + _CHECK_BYTES, "big")
    secret, check = data[:_RANDOM_BYTES], data[_RANDOM_BYTES:]
    return _grouped(secret) if check == _checksum(secret) else None


def _letters(text: str) -> str:
    """Returns the letters of a typed code, misread ones mended, separators out."""
    return "".join(text.split()).replace("-", "").upper().translate(_MISREAD)


def _checksum(secret: bytes) -> bytes:
    return hashlib.sha256(b"ragcli recovery code" + secret).digest()[:_CHECK_BYTES]


def _grouped(secret: bytes) -> str:
    number = int.from_bytes(secret + _checksum(secret), "big")
    letters = [
        _ALPHABET[number >> shift & 31] for shift in range(5 * _LETTERS - 5, -1, -5)
    ]
    groups = [letters[at : at + _GROUP] for at in range(0, _LETTERS, _GROUP)]
    return "-".join("".join(group) for group in groups)
