"""Encrypting and decrypting a profile that exists: everything anew, then one swap.

The profile is written a second time beside itself, under the other regime, while
nobody else may change it, and then takes its own place in one step. A crash before
that leaves the old profile, a crash after it the new one. What is kept: history, live
index, audit log, drafts, quarantine. What is not: older generations of the index,
since each would have to be sealed whole.

What was plain before lies on in the free blocks of a disk until they are used again,
and in the append-only file and the backups of a server: no program can promise more.
Whoever needs that encrypts the disk as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ragcli.errors import UsageError
from ragcli.sessions.encryption.kdf import Cost
from ragcli.sessions.protocols import Replacement, Session, SideCopy
from ragcli.sessions.side_copies import opened
from ragcli.sessions.transfer.generations import copy_generation, resealing
from ragcli.sessions.transfer.regime import Regime
from ragcli.storage.files import Directory


def expect_other(name: str, *, encrypted: bool, wanted: bool) -> None:
    """Refuses to encrypt an encrypted profile, or to decrypt a plain one.

    Raises:
        UsageError: It is.
    """
    if encrypted == wanted:
        state = "encrypted already" if encrypted else "not encrypted"
        raise UsageError(f"profile {name!r} is {state}", "")


def convert(old: Session, new: Replacement, passphrase: str | None, cost: Cost) -> None:
    """Writes `old` anew under another key, then replaces it.

    Args:
        old: The profile as it is, opened; nobody else changes it.
        new: The empty one beside it.
        passphrase: Opens it from now on; None puts it in the clear.
        cost: What a guess at the passphrase shall cost.

    Raises:
        HistoryDamaged, SnapshotDamaged, AuditDamaged: The profile must be repaired
            first; nothing changed.
        Locked, Conflict: Somebody works on it; nothing changed.
        StorageFailed: Nothing changed.
    """
    key = new.make_key(passphrase, cost) if passphrase is not None else None
    regime = Regime(key)
    live = old.snapshots.current()
    snapshots = new.snapshots(regime.sealer) if live else None
    if snapshots:
        recode = resealing(old.sealer, regime.sealer)
        with Directory.open(old.snapshots.directory(live)) as directory:
            copy_generation(directory, snapshots, recode=recode)

    copies = _resealed(old, regime)

    def rest(head: int) -> int:
        old.audit.verify()
        for copy in copies:  # all of them the first time, none when it is called again
            new.put_copy(copy)
        last = new.put_records(regime.codec, old.log.since(head))
        new.put_audit(regime.audit_key, old.audit.entries())
        return last or head

    new.swap(live, rest)
    if snapshots:
        snapshots.retire()


def _resealed(old: Session, regime: Regime) -> Iterator[SideCopy]:
    """Yields the side copies under the new regime; those that do not open as they are.

    Whatever a key of ours does not open holds no plain text of ours.
    """
    for copy in old.copies():
        plain = opened(old, copy)
        data = copy.data if plain is None else plain
        if regime.sealer:
            data = regime.sealer.seal(copy.becomes, data)
        yield replace(copy, data=data)
