"""Encrypting and decrypting a profile that exists: everything anew, then one swap.

The profile is written a second time beside itself, under the other regime, while
nobody else may change it, and then both directories change places in one system
call. A crash before that leaves the old profile, a crash after it the new one; the
other directory is removed by the next change to any profile. What is kept:
history, live index, audit log, drafts, quarantine. What is not: older generations
of the index, since each would have to be sealed whole.

What was plain before lies on in the free blocks of the disk until they are used
again: no program can promise more on a modern disk. Whoever needs that encrypts
the disk as well.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from ragcli.errors import Conflict, UsageError
from ragcli.frozen import frozen
from ragcli.sessions import profile_file
from ragcli.sessions.audit import file as audit
from ragcli.sessions.audit.file import FileAudit
from ragcli.sessions.encryption.data_key import DataKey
from ragcli.sessions.encryption.sealing import FileSealer, SealedLines, is_sealed
from ragcli.sessions.local import log as local_log
from ragcli.sessions.local.session import BLOBS, LocalSession
from ragcli.sessions.profile_file import ProfileFile
from ragcli.sessions.protocols import SnapshotFactory
from ragcli.sessions.records.lines import LineCodec, PlainLines
from ragcli.storage.files import Directory, disk_errors, write_all
from ragcli.storage.locks import commit_lock

MANIFEST = "manifest.json"
GIVEN_ANEW = {"name", "parent", "created", "files", "seal", "check", "format"}
"""Fields of a generation's manifest that publishing fills in."""

_MANIFEST_BYTES = 64 << 20
_LOCKS = (".lock", ".tmp")


@frozen
class Regime:
    """How the new directory is written: under a key, or in the clear."""

    data_key: DataKey | None
    """None for a profile in the clear."""

    @property
    def codec(self) -> LineCodec:
        """What writes history lines."""
        return SealedLines(self.data_key) if self.data_key else PlainLines()

    @property
    def sealer(self) -> FileSealer | None:
        """What seals files."""
        return FileSealer(self.data_key) if self.data_key else None

    @property
    def audit_key(self) -> bytes | None:
        """What signs the audit log; None for a key file."""
        return self.data_key.subkey("audit") if self.data_key else None


def convert(
    old: LocalSession,
    new: Directory,
    regime: Regime,
    snapshots: SnapshotFactory,
    *,
    wait: float,
    swap: Callable[[], None],
) -> None:
    """Writes `old` anew into `new` and calls `swap` while nobody can change it.

    Args:
        old: The profile as it is, opened.
        new: An empty private directory; it holds its key slots already.
        regime: How the new one is written.
        snapshots: Makes the snapshots of a directory.
        wait: Seconds to wait for each lock.
        swap: Puts the new directory in the place of the old one and removes that.

    Raises:
        HistoryDamaged, SnapshotDamaged, AuditDamaged: The profile must be repaired
            first; nothing changed.
        Locked: Somebody works on it.
        StorageFailed: Nothing changed.
    """
    with ExitStack() as locks:
        for name in ("profile", "staging", "ingest"):
            locks.enter_context(commit_lock(old.directory, name, wait=wait))
        live = old.snapshots.current()
        _copy_index(old, live, new, regime, snapshots)
        locks.enter_context(commit_lock(old.directory, "index", wait=wait))
        if old.snapshots.current() != live:
            raise Conflict("the index changed meanwhile", "run the command again")
        file = locks.enter_context(old.log.writing())
        with new.replacing(local_log.FILE) as target:
            for line in file.forwards(0, file.end):
                old.log.decode(file, line)  # names the line that is damaged
                record = old.log.codec.decode(line.data)
                write_all(target, regime.codec.encode(record))
        locks.enter_context(commit_lock(old.directory, audit.LOCK, wait=wait))
        old.audit.verify()
        FileAudit(new, regime.audit_key, old.id).resign(old.audit.entries())
        for place in (BLOBS, local_log.QUARANTINE):
            _copy_files(old, new, regime, place)
        _copy_profile_file(old.directory, new, encrypted=bool(regime.data_key))
        new.sync()
        swap()


def _copy_index(
    old: LocalSession,
    live: str,
    new: Directory,
    regime: Regime,
    snapshots: SnapshotFactory,
) -> None:
    """Publishes the live generation in the new directory, sealed or plain."""
    if not live:
        return
    place: Path = old.snapshots.directory(live)
    target = snapshots(new, regime.sealer)
    with Directory.open(place) as generation, target.workspace("") as workspace:
        manifest = json.loads(generation.read(MANIFEST, limit=_MANIFEST_BYTES))
        for name in manifest["files"]:
            plain = read_file(generation, name, old.sealer)
            sealed = regime.sealer.seal(name, plain) if regime.sealer else plain
            write_file(workspace, name, sealed)
        facts = {k: v for k, v in manifest.items() if k not in GIVEN_ANEW}
        target.publish(workspace, "", facts)


def read_file(generation: Directory, name: str, sealer: FileSealer | None) -> bytes:
    """Returns a file of a generation by its relative name, unsealed.

    Raises:
        SnapshotDamaged: It does not open.
        NotPermitted: A link or special file.
    """
    *parents, last = name.split("/")
    with ExitStack() as stack:
        directory = generation
        for parent in parents:
            directory = stack.enter_context(directory.child(parent))
        descriptor = directory.open_file(last, linked=True)
        with open(descriptor, "rb") as file, disk_errors(directory.path / last):
            data = file.read()
    return sealer.unseal(name, data) if sealer else data


def write_file(workspace: Path, name: str, data: bytes) -> None:
    """Writes a new file by its relative name; publishing syncs it."""
    *parents, last = name.split("/")
    with ExitStack() as stack:
        directory = stack.enter_context(Directory.open(workspace))
        for parent in parents:
            directory = stack.enter_context(directory.child(parent, create=True))
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        descriptor = directory.open_file(last, flags)
        stack.callback(os.close, descriptor)
        with disk_errors(directory.path / last):
            write_all(descriptor, data)


def _copy_files(old: LocalSession, new: Directory, regime: Regime, place: str) -> None:
    """Copies the private files below `place`, sealed or plain, with their times."""
    if not old.directory.has(place):
        return
    with old.directory.child(place) as source, new.child(place, create=True) as target:
        for name, status, data in _files(source, ""):
            if old.sealer and is_sealed(data):
                data = old.sealer.unseal(name, data)  # noqa: PLW2901 - the same file
            sealed = regime.sealer.seal(name, data) if regime.sealer else data
            target.replace(name, sealed)
            # Expiry asks when it was written.
            times = (status.st_atime_ns, status.st_mtime_ns)
            os.utime(name, ns=times, dir_fd=target.descriptor, follow_symlinks=False)


def _files(
    directory: Directory, prefix: str
) -> Iterator[tuple[str, os.stat_result, bytes]]:
    """Yields every file below, under one flat name; locks and leftovers are not any."""
    for name in directory.names():
        status = os.lstat(name, dir_fd=directory.descriptor)
        if stat.S_ISDIR(status.st_mode):
            with directory.child(name) as inside:
                yield from _files(inside, f"{prefix}{name}-")
        elif not name.endswith(_LOCKS):
            descriptor = directory.open_file(name, linked=True)
            with open(descriptor, "rb") as file:
                yield f"{prefix}{name}", status, file.read()


def _copy_profile_file(old: Directory, new: Directory, *, encrypted: bool) -> None:
    """Copies `profile.toml`, comments and all, with the other regime in it."""
    import tomlkit  # only for changes: 40 ms

    document = tomlkit.parse(old.read(profile_file.FILE).decode())
    document["encrypted"] = encrypted
    new.replace(profile_file.FILE, tomlkit.dumps(document).encode())


def expect_other(profile: ProfileFile, name: str, *, encrypted: bool) -> None:
    """Refuses to convert a profile to what it is already.

    Raises:
        UsageError: It is.
    """
    if profile.encrypted == encrypted:
        state = "encrypted already" if encrypted else "not encrypted"
        raise UsageError(f"profile {name!r} is {state}", "")
