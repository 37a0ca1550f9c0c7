"""A profile from a bundle: all of it verified out of sight, then shown at once.

A bundle comes from somewhere else. Its members have names from a fixed list, its
records and hashes are checked one by one, and only then does the profile appear
under its name, with a new id. Nothing is embedded again, and nothing that a bundle
says can point this machine at another server.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

from ragcli.errors import (
    BundleRefused,
    Damaged,
    NewerFormat,
    NotPermitted,
    PassphraseNeeded,
    UsageError,
    WrongPassphrase,
)
from ragcli.frozen import frozen
from ragcli.sessions.bundles import archive
from ragcli.sessions.bundles.archive import Member
from ragcli.sessions.bundles.bundle_origin import (
    HINT,
    HISTORY,
    INDEX,
    BundleOrigin,
    origin_of,
)
from ragcli.sessions.encryption.key_ring import KeyRing
from ragcli.sessions.local.history import local_log
from ragcli.sessions.profile_file import ProfileFile
from ragcli.sessions.profile_layout import KEYS
from ragcli.sessions.protocols import NewProfile, Session, SessionStore
from ragcli.sessions.records import ranges
from ragcli.sessions.transfer.contents import Contents, received, write
from ragcli.sessions.transfer.generations import new_file, pieces, read_manifest
from ragcli.sessions.transfer.regime import Regime
from ragcli.storage.files import Directory, disk_errors


def import_bundle(
    store: SessionStore,
    file: Path,
    *,
    name: str | None = None,
    documents_only: bool = False,
    trusted: bool = False,
) -> Session:
    """Makes a profile from a bundle and returns it, opened.

    Args:
        store: It is asked for the passphrase of a bundle that is encrypted.
        file: The bundle.
        name: What to call the profile; by default as it was called.
        documents_only: Check history and settings by their hashes, but take over
            neither: what is mounted shares its documents and nothing else.
        trusted: The caller made it: take all its settings over, not only those that
            are harmless whoever chose them.

    Raises:
        BundleRefused: Damaged, too large or hostile; nothing of it was used.
        NewerFormat: Written by a newer ragcli.
        UsageError: The name is taken.
        PassphraseNeeded, WrongPassphrase: It is encrypted.
    """
    with ExitStack() as stack:
        descriptor = _opened(file)
        source = stack.enter_context(open(descriptor, "rb"))
        reader = archive.ArchiveReader(source)
        origin = origin_of(reader, trusted=trusted)
        if documents_only:
            origin = replace(origin, settings={}, left_out=())
        new_name = name or origin.name
        secret = store.passphrase(new_name) if origin.encrypted else None
        importing = _Import(reader, origin, secret, not documents_only)
        profile = ProfileFile.fresh(origin.settings, encrypted=origin.encrypted)
        session = store.build(new_name, profile, importing.fill, lambda _: secret)
    received(session, origin.id, origin.anchor, origin.left_out)
    return session


@frozen
class _Import:
    """One import: fills a new profile, or raises and leaves that to be removed."""

    reader: archive.ArchiveReader
    origin: BundleOrigin
    secret: str | None
    history: bool = True

    def fill(self, new: NewProfile) -> None:
        """Stores the contents; every check comes before that."""
        with new.staging() as staging:
            try:
                with self._contents(staging) as contents:
                    write(contents, new, change="import")
            except (WrongPassphrase, PassphraseNeeded, NewerFormat, BundleRefused):
                raise
            except (Damaged, NotPermitted) as error:
                raise BundleRefused(
                    f"the bundle is damaged: {error.message}", HINT
                ) from error

    @contextmanager
    def _contents(self, staging: Directory) -> Iterator[Contents]:
        """Yields what is in the bundle, unpacked and checked."""
        self.reader.extract(lambda member: self._file(staging, member))
        regime, slots = Regime(None), {}
        if self.origin.encrypted:
            what = f"the bundle of profile {self.origin.name!r}"
            regime = Regime(KeyRing.open(staging, self.secret, what))
            with staging.child(KEYS) as keys:
                slots = {name: keys.read(name) for name in keys.names()}
        log = local_log.LocalLog(staging, regime.codec, wait=0, notice=lambda _: None)
        _check_history(log)
        with ExitStack() as stack:
            generations = []
            if staging.has(INDEX):
                generations.append(stack.enter_context(staging.child(INDEX)))
                _check_index(generations[0], self.reader.members, regime)
            records = log.since()
            yield Contents(slots, regime.codec, regime.sealer, records, generations)

    def _file(
        self, staging: Directory, member: Member
    ) -> AbstractContextManager[Callable[[bytes], None]]:
        """Returns what takes a member in; its bytes are hashed either way."""
        if member.name == HISTORY and not self.history:
            return nullcontext(lambda _: None)
        return new_file(staging, member.name)


def _opened(file: Path) -> int:
    """Opens a bundle; raises `BundleRefused` for what is not a regular file."""
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        with disk_errors(file):
            descriptor = os.open(file, flags)
    except FileNotFoundError:
        raise UsageError(f"there is no file {file}", "") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise BundleRefused(f"{file}: not a regular file", HINT)
    return descriptor


def _check_history(log: local_log.LocalLog) -> None:
    """Reads every record; raises `HistoryDamaged` or `BundleRefused`."""
    runs: ranges.Runs = []
    with log.reading() as file:
        if file is not None and file.end != file.size:
            raise BundleRefused(f"{HISTORY} is cut short", HINT)
    for record in log.since():
        ranges.add(runs, record.seq, record.seq)
        if record.kind == "redaction":
            runs += record.body["dropped"]
    accounted = ranges.merged(runs)
    if len(accounted) > 1 or (accounted and accounted[0][0] != 1):
        raise BundleRefused(f"{HISTORY} lacks records", HINT)


def _check_index(directory: Directory, members: list[Member], regime: Regime) -> None:
    """Checks that an index holds exactly what its manifest lists, and opens it all.

    Raises:
        BundleRefused: It does not.
        SnapshotDamaged: A file does not open with the key of the bundle.
    """
    try:
        listed = {
            str(name): (facts["size"], facts["sha256"])
            for name, facts in read_manifest(directory)["files"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise BundleRefused("the manifest of its index is not readable", HINT) from (
            None
        )
    packed = {
        member.name.removeprefix(f"{INDEX}/"): (member.size, member.sha256)
        for member in members
        if member.name.startswith(f"{INDEX}/")
    }
    del packed[archive.MANIFEST]
    if listed != packed:
        raise BundleRefused("its index is not what its manifest says", HINT)
    if regime.sealer:
        for name in listed:
            regime.sealer.unseal(name, b"".join(pieces(directory, name)))
