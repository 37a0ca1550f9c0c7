"""Encrypting and decrypting a profile on a server: written anew, then one swap.

The new profile is built under keys of its own with the same hash tag, out of sight.
Then one script puts it in the place of the old one, if nothing has changed meanwhile:
a turn that came in is copied first. A crash before the swap leaves the old profile,
and what was beside it expires within the hour; a crash after it leaves the new one.
What is kept: history, live index, audit log, drafts. What is not: older generations.

The profile gets another incarnation, so that a process which had opened the old one
is refused when it writes, instead of mixing plain lines with sealed ones.

What was plain before stays in the server's append-only file until that is rewritten,
in its backups and in those of its replicas: no client can remove it there.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from ragcli.errors import Conflict, ProfileNotFound
from ragcli.sessions.audit.switch import SilentAudit
from ragcli.sessions.encryption.kdf import Cost
from ragcli.sessions.encryption.sealing import is_sealed
from ragcli.sessions.local import conversion
from ragcli.sessions.local.conversion import (
    GIVEN_ANEW,
    MANIFEST,
    Regime,
    read_file,
    write_file,
)
from ragcli.sessions.profile_file import ProfileFile
from ragcli.sessions.protocols import SharedSnapshotFactory
from ragcli.sessions.records.identifiers import new_id
from ragcli.sessions.redis.audit import RedisAudit
from ragcli.sessions.redis.generation_store import RedisGenerationStore
from ragcli.sessions.redis.key_slots import RedisKeyRing
from ragcli.sessions.redis.leases import alone
from ragcli.sessions.redis.profile_keys import ProfileKeys
from ragcli.sessions.redis.profiles.copying import fill_log
from ragcli.sessions.redis.scripts.profiles import BEGIN, DELETE, SWAP
from ragcli.sessions.redis.scripts.script import BLOB
from ragcli.sessions.redis.session import QUARANTINE, STAMP, RedisSession
from ragcli.storage.files import Directory

_ATTEMPTS = 20
"""Times that others may add to the history while the swap is tried."""


def convert(
    old: RedisSession,
    passphrase: str | None,
    snapshots: SharedSnapshotFactory,
    *,
    cost: Cost,
    wait: float,
) -> None:
    """Puts the profile under a new key, or in the clear.

    Args:
        old: The profile as it is, opened.
        passphrase: Opens it from now on; None puts it in the clear.
        snapshots: Makes the snapshots of a profile.
        cost: What a guess at the passphrase shall cost.
        wait: Seconds to wait for each lock.

    Raises:
        UsageError: It is so already.
        HistoryDamaged, SnapshotDamaged, AuditDamaged: The profile must be repaired
            first; nothing changed.
        Locked: Somebody works on it, or took the lock over; nothing changed.
        Conflict: Others write all the time; nothing changed.
    """
    _expect_other(old, encrypted=passphrase is not None)
    old.deliver()
    beside = old.keys.beside(f"{old.id}/{new_id()}")
    with alone(old.keys, wait=wait):
        old.audit.verify()
        beside.call(BEGIN)
        try:
            key = RedisKeyRing.made(beside, passphrase, cost) if passphrase else None
            new = _Copy(old, beside, Regime(key))
            live = new.copy_index(snapshots)
            new.copy_blobs()
            new.copy_quarantine()
            new.swap(live)
            new.retire()
        except BaseException:
            with suppress(ProfileNotFound):
                beside.call(DELETE)
            raise


def _expect_other(old: RedisSession, *, encrypted: bool) -> None:
    """Refuses to convert a profile to what it is; raises `UsageError`."""
    profile = ProfileFile(old.id, old.created, old.encrypted, {})
    conversion.expect_other(profile, old.name, encrypted=encrypted)


class _Copy:
    """The profile that is written beside the old one.

    Args:
        old: The old one.
        keys: Where.
        regime: How it is written.
    """

    def __init__(self, old: RedisSession, keys: ProfileKeys, regime: Regime) -> None:
        self._old = old
        self._keys = keys
        self._regime = regime
        self._snapshots: Any = None
        self._audit = RedisAudit(keys, regime.audit_key, (0, ""))

    def copy_index(self, snapshots: SharedSnapshotFactory) -> str:
        """Publishes the live generation, sealed or plain; returns its old name."""
        old, sealer = self._old, self._regime.sealer
        live = str(old.snapshots.current())
        if not live:
            return ""
        target = snapshots(RedisGenerationStore(self._keys), self._keys.id, sealer)
        self._snapshots = target
        with (
            Directory.open(old.snapshots.directory(live)) as generation,
            target.workspace("") as workspace,
        ):
            manifest = json.loads(generation.read(MANIFEST))
            for name in manifest["files"]:
                plain = read_file(generation, name, old.sealer)
                write_file(
                    workspace, name, sealer.seal(name, plain) if sealer else plain
                )
            facts = {k: v for k, v in manifest.items() if k not in GIVEN_ANEW}
            target.publish(workspace, "", facts)
        return live

    def copy_blobs(self) -> None:
        """Seals side copies anew; those that nobody can open stay behind."""
        old, sealer = self._old, self._regime.sealer
        key = old.keys.key("blob")
        for field, stored in old.keys.read(lambda r: r.hgetall(key)).items():
            name, stamp = field.decode(), stored[:STAMP]
            plain = old.unsealed(name, stored[STAMP:])
            if plain is not None:
                sealed = sealer.seal(name, plain) if sealer else plain
                self._keys.call(BLOB, name, stamp + sealed)

    def copy_quarantine(self) -> None:
        """Seals what was set aside, or opens it."""
        old, sealer = self._old, self._regime.sealer
        place = old.keys.key(QUARANTINE)
        for name, fields in old.keys.read(lambda r: r.xrange(place)):
            data = fields.get(b"l", b"")
            if old.sealer and is_sealed(data):
                data = old.sealer.unseal(QUARANTINE, data)
            sealed = sealer.seal(QUARANTINE, data) if sealer else data
            parts = ("w", fields.get(b"w", b""), "l", sealed)
            self._keys.write("XADD", self._keys.key(QUARANTINE), name, *parts)

    def retire(self) -> None:
        """Removes what this machine had fetched of the old one."""
        if self._snapshots is not None:
            self._snapshots.retire()

    def swap(self, live: str) -> None:
        """Copies what is left of history and audit log, and takes the old place.

        Raises:
            Conflict: The index or the past changed, or others write all the time.
            Locked: Another process took a lock over.
        """
        old, key = self._old, self._old.keys.key("meta")
        epoch = old.keys.read(lambda r: r.hget(key, "epoch")) or b"0"
        head = 0
        for _ in range(_ATTEMPTS):
            head = self._copy_news(head)
            reply = old.keys.call(
                SWAP,
                old.keys.tokens["ingest"],
                self._keys.id,
                int(self._regime.data_key is not None),
                head,
                self._audit.length,
                epoch,
                live,
                other=self._keys.key("meta"),
            )
            if reply[0] == "ok":
                return
            if reply[0] == "over":
                break
        raise Conflict(
            "the profile is being changed by others; nothing was converted",
            "run the command again",
        )

    def _copy_news(self, head: int) -> int:
        """Copies the records after `head` and what the log tells; returns the last."""
        last = fill_log(self._keys, self._regime.codec, self._old.log.since(head))
        audit = self._old.audit
        kept = audit.kept if isinstance(audit, SilentAudit) else audit
        self._audit.resign(kept.entries())
        return last or head
