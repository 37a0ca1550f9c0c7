"""What audit logs of all stores do alike: reading the chain, and signing it anew."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ragcli.errors import AuditDamaged
from ragcli.sessions.audit import chain
from ragcli.sessions.records.clock import now

KEY_FILE = "audit.key"
_NAME = "audit.jsonl"
_FORMAT = 1
_UNKNOWN = -1
_LONGEST_FACT = 256


class ChainedAudit:
    """A log of signed lines, wherever they are; see `sessions.protocols.AuditLog`.

    Args:
        key: `DataKey.subkey("audit")` for an encrypted profile; None for one in the
            clear: then a key lies beside the log, made with the first entry.
        identity: The profile's id, which the first entry is bound to.
    """

    def __init__(self, key: bytes | None, identity: str) -> None:
        self._key = key
        self._identity = identity

    def entries(self) -> Iterator[Mapping[str, Any]]:
        """Yields the entries, oldest first, unverified.

        Raises:
            AuditDamaged: A line is not an entry.
        """
        for number, line in enumerate(self.lines(), 1):
            yield chain.parsed(line, number)

    def verify(self, anchor: str = "") -> int:
        """Checks the whole chain and returns its length.

        Args:
            anchor: `<seq>:<mac>` as `anchor` once returned it; the log must still
                hold that very entry.

        Raises:
            AuditDamaged: Names the first entry that does not fit, or says that the
                log ends before the anchor.
            UsageError: Not an anchor.
        """
        wanted_seq, wanted_mac = chain.parsed_anchor(anchor)
        key, number = self._known_key(), 0
        previous = self._genesis(key) if key else ""
        for number, line in enumerate(self.lines(), 1):
            if key is None:
                raise AuditDamaged(f"{KEY_FILE} is gone, entry 1 cannot be checked", "")
            previous = chain.checked(key, line, number, previous)
            if number == wanted_seq and previous != wanted_mac:
                raise AuditDamaged(
                    f"{_NAME}: entry {number} is not the one that was anchored",
                    "the log was replaced by another one",
                )
        if number < max(wanted_seq, self._counted()):
            raise AuditDamaged(
                f"{_NAME}: entry {number + 1} is missing: the log ends at entry "
                f"{number}, but {max(wanted_seq, self._counted())} were there",
                "entries were removed from its end",
            )
        return number

    def sound_lines(self) -> list[bytes] | None:
        """Returns the lines before the first that does not fit; None if all do."""
        key = self._known_key() or b""
        previous, sound = self._genesis(key), list[bytes]()
        for number, line in enumerate(self.lines(), 1):
            try:
                previous = chain.checked(key, line, number, previous)
            except AuditDamaged:
                return sound
            sound.append(line + b"\n")
        return None if self._counted() in {_UNKNOWN, len(sound)} else sound

    def _line(
        self,
        key: bytes,
        event: str,
        facts: Mapping[str, str | int],
        tail: tuple[int, str],
    ) -> bytes:
        """Returns the line of the entry behind a tail: what was done just now."""
        seq, last = tail
        entry = {
            "v": _FORMAT,
            "seq": seq + 1,
            "ts": now(),
            "uid": os.geteuid(),
            "pid": os.getpid(),
            "event": event,
            "facts": {name: _short(fact) for name, fact in facts.items()},
            "prev": last if seq else self._genesis(key),
        }
        return chain.signed(key, entry)

    def _signed_anew(
        self,
        key: bytes,
        entries: Iterable[Mapping[str, Any]],
        tail: tuple[int, str] = (0, ""),
    ) -> Iterator[tuple[int, bytes]]:
        """Yields numbers and lines of verified entries of another log, behind a tail.

        For a profile that gets other keys: anchors of the old log hold no longer.
        """
        seq, previous = tail
        for entry in entries:
            if entry["seq"] > seq:
                fields = {name: entry[name] for name in chain.SIGNED}
                fields["prev"] = previous if seq else self._genesis(key)
                line = chain.signed(key, fields)
                seq, previous = entry["seq"], chain.mac_of(line)
                yield seq, line

    @abstractmethod
    def lines(self) -> Iterator[bytes]:
        """Yields the whole lines, without their newlines; takes no lock."""

    @abstractmethod
    def _known_key(self) -> bytes | None:
        """Returns the signing key; None before the first entry of a plain profile."""

    def _counted(self) -> int:
        """Returns how many entries there must be, where that is known apart."""
        return _UNKNOWN

    def _genesis(self, key: bytes) -> str:
        """Returns what stands before the first entry: the profile itself."""
        return chain.mac(key, "ragcli|audit", self._identity.encode())


def _short(fact: str | int) -> str | int:
    return fact[:_LONGEST_FACT] if isinstance(fact, str) else fact
