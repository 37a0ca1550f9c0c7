"""Who did what, when: `audit.jsonl`, hash-chained and signed, without contents.

Every entry carries a MAC (HMAC-SHA256) over itself and the MAC before it; the
first one is bound to the profile's id. What that proves, and what not:

- Whoever does not have the key cannot alter, insert, reorder or remove an entry
  in the middle without `verify` naming the first one that no longer fits.
- Removing entries from the end, or putting back an older copy of the whole file,
  shows only against an anchor (`<seq>:<mac>`) that was kept somewhere else.
- In an encrypted profile the key comes from the data key: it takes the passphrase
  to forge an entry. In a profile in the clear it lies in `audit.key` (0600) beside
  the log: proof against other users of the machine and against accidents, not
  against the user, root, or a program that runs as the user.
- It says what ragcli did, not what others did to the files by other means.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from ragcli.errors import StorageFailed
from ragcli.sessions.audit import chain
from ragcli.sessions.audit.chained import KEY_FILE, ChainedAudit
from ragcli.sessions.records.line_file import LineFile
from ragcli.storage.files import Directory, disk_errors, sync_data, write_all
from ragcli.storage.locking.locks import commit_lock

FILE = "audit.jsonl"
LOCK = "audit.lock"
LOCK_WAIT = 10.0
"""Seconds to wait for other writers of the log."""

_KEY_BYTES = 32
_SYNCED_LATER = {"turn", "agent.search", "agent.get", "agent.ask"}
"""Events of which the history itself is the durable witness, and what only reads."""

_BLOCK = 64 << 10
_NAME = re.compile(r"[a-z][a-z0-9_.-]{0,63}")


class FileAudit(ChainedAudit):
    """The `AuditLog` in a profile's directory.

    Args:
        directory: The profile's directory.
        key: `DataKey.subkey("audit")` for an encrypted profile; None for one in
            the clear: then `audit.key` is used, and made with the first entry.
        session_id: The profile's id, which the first entry is bound to.
    """

    def __init__(
        self, directory: Directory, key: bytes | None, session_id: str
    ) -> None:
        super().__init__(key, session_id)
        self._directory = directory

    def record(self, event: str, **facts: str | int) -> None:
        """Appends one event, durably.

        Args:
            event: What was done, such as `turn` or `docs.add`.
            facts: Hashes, counts and names, never contents; texts are cut at 256
                characters.

        Raises:
            AuditDamaged: The last entry cannot be read, so none can follow it.
            Locked: Others held the log for too long.
            StorageFailed: The entry was not stored.
        """
        _check_event(event, facts)
        with commit_lock(self._directory, LOCK, wait=LOCK_WAIT):
            key = self._made_key()
            flags = os.O_RDWR | os.O_APPEND | os.O_CREAT
            descriptor = self._directory.open_file(FILE, flags)
            try:
                with disk_errors(f"{self._directory.path}/{FILE}"):
                    self._append(descriptor, key, event, facts)
            finally:
                os.close(descriptor)

    def anchor(self) -> str:
        """Returns `<seq>:<mac>` of the last entry, to be kept elsewhere.

        An empty log has the anchor `0:` and zeros, which says nothing.

        Raises:
            AuditDamaged: The last entry cannot be read.
        """
        try:
            descriptor = self._directory.open_file(FILE)
        except FileNotFoundError:
            return f"0:{chain.NOTHING}"
        try:
            seq, mac = chain.head(LineFile(descriptor))
        finally:
            os.close(descriptor)
        return f"{seq}:{mac}"

    def resign(self, entries: Iterable[Mapping[str, Any]]) -> None:
        """Writes a new log of verified entries, signed with this key.

        For a profile that gets other keys: anchors of the old log hold no longer.
        """
        lines = (line for _, line in self._signed_anew(self._made_key(), entries))
        self._directory.replace(FILE, b"".join(lines))

    def _append(
        self, descriptor: int, key: bytes, event: str, facts: Mapping[str, str | int]
    ) -> None:
        """Writes the entry after the last whole one, which a crash may have torn."""
        lines = self._move_torn_tail(LineFile(descriptor))
        line = self._line(key, event, facts, chain.head(lines))
        try:
            write_all(descriptor, line)
            if event not in _SYNCED_LATER:
                sync_data(descriptor)
            if not lines.end:
                self._directory.sync()
        except (OSError, StorageFailed):
            with suppress(OSError):
                os.ftruncate(descriptor, lines.end)
            raise

    def _move_torn_tail(self, lines: LineFile) -> LineFile:
        """Moves what a crash left of the last line to quarantine."""
        if lines.end == lines.size:
            return lines
        with self._directory.child("quarantine", create=True) as quarantine:
            fragment = lines.read(lines.end, lines.size)
            quarantine.replace(f"audit-{os.urandom(6).hex()}.torn", fragment)
        os.ftruncate(lines.descriptor, lines.end)
        sync_data(lines.descriptor)
        return LineFile(lines.descriptor)

    def lines(self) -> Iterator[bytes]:
        """Yields the whole lines, without their newlines; takes no lock."""
        try:
            descriptor = self._directory.open_file(FILE)
        except FileNotFoundError:
            return
        with open(descriptor, "rb") as file, disk_errors(self._directory.path / FILE):
            for line in file:
                if line.endswith(b"\n"):
                    yield line[:-1]

    def _known_key(self) -> bytes | None:
        """Returns the signing key; None before the first entry of a plain profile."""
        if self._key is not None:
            return self._key
        with suppress(FileNotFoundError):
            return self._directory.read(KEY_FILE, limit=_BLOCK)
        return None

    def _made_key(self) -> bytes:
        """Returns the signing key, made if there is none.

        A log that outlived its key gets a new one: `verify` then names entry 1.
        """
        key = self._known_key()
        if key is None:
            key = os.urandom(_KEY_BYTES)
            self._directory.replace(KEY_FILE, key)
        return key


def _check_event(event: str, facts: Mapping[str, str | int]) -> None:
    """Refuses what would make an entry unreadable; a bug of the caller."""
    if not _NAME.fullmatch(event):
        raise ValueError(f"{event!r} is not an event's name")
    if any(not isinstance(fact, str | int) for fact in facts.values()):
        raise TypeError("facts are texts and whole numbers")
