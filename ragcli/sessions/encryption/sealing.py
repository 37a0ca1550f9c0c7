"""Encryption of what a profile holds: lines of its history, files of its index.

History lines: AES-256-GCM-SIV (RFC 8452), which a repeated nonce does not break,
because several processes append without knowing of each other. The associated
data names the key and the line's place, so a line cannot be moved, swapped or
taken from another profile. Dropping whole lines from the end leaves a shorter but
sound log; the audit log's anchor tells that (see `audit`).

Files: AES-256-GCM under a key of their own, in chunks of 1 MiB, each bound to the
file's name, its place and whether it is the last (the STREAM construction,
Hoang et al. 2015, as age uses it): cutting, reordering, swapping and renaming all
fail. In both, plain text where sealed text belongs is refused.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ragcli.errors import Damaged, HistoryDamaged, SnapshotDamaged
from ragcli.sessions.encryption import kdf
from ragcli.sessions.encryption.data_key import DataKey
from ragcli.sessions.records.record_lines import brought_up, checked, checksummed
from ragcli.sessions.records.record_shapes import REPAIR
from ragcli.sessions.records.record_types import Record

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CHUNK = 1 << 20
"""Plain bytes in one chunk of a sealed file."""

MAGIC = b"ragcli-sealed\x01"
"""First bytes of a sealed file."""

_NONCE_BYTES = 12
_SALT_BYTES = 32
_TAG_BYTES = 16
_KEY_ID_BYTES = 8
_HEADER = len(MAGIC) + _KEY_ID_BYTES + _SALT_BYTES
_FIELDS = {"v": int, "seq": int, "k": str, "n": str, "ct": str}


class SealedLines:
    """The `LineCodec` of an encrypted profile.

    A line is `{"v", "seq", "k": key id, "n": nonce, "ct": …, "crc"}`; everything
    else of a record is inside `ct`.

    Args:
        data_key: The profile's key.
    """

    def __init__(self, data_key: DataKey) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

        self._key_id = data_key.id
        self._cipher = AESGCMSIV(data_key.subkey("history"))

    def encode(self, record: Record) -> bytes:
        """Returns the record as one sealed line, with its newline."""
        inside = {
            "id": record.id,
            "parent": record.parent,
            "ts": record.ts,
            "kind": record.kind,
            "body": dict(record.body),
        }
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._cipher.encrypt(
            nonce, _json(inside), self._associated_data(record.v, record.seq)
        )
        return checksummed(
            {
                "v": record.v,
                "seq": record.seq,
                "k": self._key_id,
                "n": kdf.encoded(nonce),
                "ct": kdf.encoded(sealed),
            }
        )

    def decode(self, line: bytes, *, wrapped: bool = False) -> Record:
        """Returns the record in a line; see `LineCodec`.

        Raises:
            HistoryDamaged: Altered, moved, in the clear, or of another profile.
            NewerFormat: Written by a newer ragcli.
        """
        outside = self._outside(line)
        version, seq = outside["v"], outside["seq"]
        inside = self._inside(outside, self._associated_data(version, seq))
        try:
            record = Record(
                seq=seq,
                id=inside["id"],
                parent=inside["parent"],
                ts=inside["ts"],
                kind=inside["kind"],
                body=inside["body"],
                v=version,
            )
            return brought_up(record, wrapped=wrapped)
        except (KeyError, ValueError, TypeError):
            raise HistoryDamaged(f"record {seq}: a field is missing", "") from None

    def ids(self, lines: bytes) -> tuple[Sequence[str], str]:
        """Returns ids and the first time; both are sealed, so each line is opened."""
        records = list(self._sound(lines))
        return [record.id for record in records], records[0].ts if records else ""

    def _sound(self, lines: bytes) -> Iterator[Record]:
        for line in lines.splitlines(keepends=True):
            with suppress(HistoryDamaged):
                yield self.decode(line)

    def _outside(self, line: bytes) -> dict[str, Any]:
        """Returns the checked fields of the envelope."""
        fields = checked(line)
        if "ct" not in fields:
            raise HistoryDamaged(
                "a line in the clear in an encrypted history",
                f"somebody put it there; {REPAIR}",
            )
        if fields.keys() != _FIELDS.keys() or any(
            type(fields[name]) is not kind for name, kind in _FIELDS.items()
        ):
            raise HistoryDamaged("a line of the history is not a sealed record", REPAIR)
        if fields["k"] != self._key_id:
            raise HistoryDamaged(
                f"record {fields['seq']}: sealed under another profile's key", REPAIR
            )
        return fields

    def _inside(self, outside: dict[str, Any], associated: bytes) -> dict[str, Any]:
        """Returns the decrypted fields."""
        from cryptography.exceptions import InvalidTag

        try:
            nonce = kdf.decoded(outside["n"], _NONCE_BYTES)
            plain = self._cipher.decrypt(nonce, kdf.decoded(outside["ct"]), associated)
        except (InvalidTag, Damaged):
            raise HistoryDamaged(
                f"record {outside['seq']}: altered, moved or from another profile",
                REPAIR,
            ) from None
        return _parsed(plain)

    def _associated_data(self, version: int, seq: int) -> bytes:
        """Returns the associated data of the line at `seq`."""
        return f"ragcli|history|{version}|{self._key_id}|{seq}".encode()


class FileSealer:
    """The `Sealer` of an encrypted profile.

    Args:
        data_key: The profile's key.
    """

    def __init__(self, data_key: DataKey) -> None:
        self._key_id = bytes.fromhex(data_key.id)
        self._key = data_key.subkey("files")

    def seal(self, name: str, data: bytes) -> bytes:
        """Returns `data` encrypted and bound to `name`; takes twice its memory."""
        salt = os.urandom(_SALT_BYTES)
        cipher = self._cipher(salt)
        parts = [MAGIC, self._key_id, salt]
        view = memoryview(data)
        for index, start, last in _chunks(len(data), CHUNK):
            parts.append(
                cipher.encrypt(
                    _nonce(index, last=last),
                    view[start : start + CHUNK],
                    _associated(name),
                )
            )
        return b"".join(parts)

    def unseal(self, name: str, sealed: bytes) -> bytes:
        """Returns the plain bytes.

        Raises:
            SnapshotDamaged: Altered, cut, in the clear, or sealed under another
                name or key.
        """
        from cryptography.exceptions import InvalidTag

        self._check_header(name, sealed)
        cipher = self._cipher(sealed[_HEADER - _SALT_BYTES : _HEADER])
        body = memoryview(sealed)[_HEADER:]
        step = CHUNK + _TAG_BYTES
        parts = []
        try:
            for index, start, last in _chunks(len(body), step):
                parts.append(
                    cipher.decrypt(
                        _nonce(index, last=last),
                        body[start : start + step],
                        _associated(name),
                    )
                )
        except InvalidTag:
            raise SnapshotDamaged(
                f"{name}: altered, cut, or not the file of this name",
                "`ragcli profile verify --repair` goes back to a sound snapshot",
            ) from None
        return b"".join(parts)

    def _check_header(self, name: str, sealed: bytes) -> None:
        if not sealed.startswith(MAGIC):
            raise SnapshotDamaged(
                f"{name}: not sealed, in an encrypted profile",
                "somebody put it there; `ragcli profile verify --repair` moves it away",
            )
        if len(sealed) < _HEADER + _TAG_BYTES:
            raise SnapshotDamaged(f"{name}: cut short", "")
        if sealed[len(MAGIC) : len(MAGIC) + _KEY_ID_BYTES] != self._key_id:
            raise SnapshotDamaged(f"{name}: sealed under another profile's key", "")

    def _cipher(self, salt: bytes) -> AESGCM:
        """Returns the cipher of one file: `salt` gives each a key of its own."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(kdf.hkdf(self._key, "file", salt))


def is_sealed(data: bytes) -> bool:
    """Tells whether a file's bytes are sealed, by whatever key."""
    return data.startswith(MAGIC)


def _chunks(total: int, step: int) -> Iterator[tuple[int, int, bool]]:
    """Yields index, start and whether it is the last, of at least one chunk."""
    count = max(1, -(-total // step))
    for index in range(count):
        yield index, index * step, index == count - 1


def _nonce(index: int, *, last: bool) -> bytes:
    """Returns a chunk's nonce: its place, and whether it is the last."""
    return index.to_bytes(_NONCE_BYTES - 1, "big") + bytes([last])


def _associated(name: str) -> bytes:
    return b"ragcli|file|" + name.encode("utf-8", "surrogateescape")


def _json(value: dict[str, Any]) -> bytes:
    """Returns compact JSON; lone surrogates (file names) stay what they are."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def _parsed(data: bytes) -> dict[str, Any]:
    """Returns what `_json` wrote; only authentic bytes come here."""
    return dict(json.loads(data.decode("utf-8", "surrogatepass")))
