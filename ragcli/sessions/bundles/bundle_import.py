"""A profile from a bundle: all of it verified out of sight, then shown at once.

A bundle comes from somewhere else. Its members have names from a fixed list, its
records and hashes are checked one by one, and only then does the profile appear
under its name, with a new id. Nothing is embedded again, and nothing that a bundle
says can point this machine at another server.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

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
from ragcli.sessions import profile_file
from ragcli.sessions.bundles import archive
from ragcli.sessions.bundles.archive import Member
from ragcli.sessions.bundles.bundle_origin import (
    HINT,
    HISTORY,
    INDEX,
    BundleOrigin,
    origin_of,
)
from ragcli.sessions.encryption.keys import KeyRing
from ragcli.sessions.local import log as local_log
from ragcli.sessions.local.conversion import GIVEN_ANEW, Regime, read_file, write_file
from ragcli.sessions.profile_file import ProfileFile
from ragcli.sessions.protocols import Session, SessionStore
from ragcli.sessions.records import ranges
from ragcli.storage.files import Directory, disk_errors, write_all

_STAGING = "import"
_MANIFEST_BYTES = 64 << 20


def import_bundle(
    store: SessionStore,
    file: Path,
    *,
    name: str | None = None,
    documents_only: bool = False,
) -> Session:
    """Makes a profile from a bundle and returns it, opened.

    Args:
        store: It is asked for the passphrase of a bundle that is encrypted.
        file: The bundle.
        name: What to call the profile; by default as it was called.
        documents_only: Check history and settings by their hashes, but take over
            neither: what is mounted shares its documents and nothing else.

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
        origin = origin_of(reader)
        if documents_only:
            origin = replace(origin, settings={}, left_out=())
        wanted = name or origin.name
        secret = store.passphrase(wanted) if origin.encrypted else None
        importing = _Import(reader, origin, store, secret, not documents_only)
        session = store.create_filled(wanted, importing.fill, lambda _: secret)
    facts = {"origin": origin.id, "anchor": origin.anchor}
    session.audit.record("profile.import", **facts)
    session.notices.extend(
        f"the setting {key} of the bundle was left out" for key in origin.left_out
    )
    return session


@frozen
class _Import:
    """One import: fills an empty directory, or raises and leaves that to be removed."""

    reader: archive.ArchiveReader
    origin: BundleOrigin
    store: SessionStore
    secret: str | None
    history: bool = True

    def fill(self, directory: Directory) -> None:
        """Writes the profile; every check comes before anybody can see it."""
        try:
            self._fill(directory)
        except (WrongPassphrase, PassphraseNeeded, NewerFormat, BundleRefused):
            raise
        except (Damaged, NotPermitted) as error:
            raise BundleRefused(f"the bundle is damaged: {error.message}", HINT) from (
                error
            )

    def _fill(self, directory: Directory) -> None:
        with directory.child(_STAGING, create=True) as staging:
            self.reader.extract(lambda member: self._file(directory, staging, member))
        if not directory.has(HISTORY):
            directory.replace(HISTORY, b"")
        regime = Regime(None)
        if self.origin.encrypted:
            what = f"the bundle of profile {self.origin.name!r}"
            regime = Regime(KeyRing.open(directory, self.secret, what))
        _check_history(directory, regime)
        if any(member.name.startswith(f"{INDEX}/") for member in self.reader.members):
            self._publish_index(directory, regime)
        directory.remove_tree(_STAGING)
        profile = ProfileFile.fresh(
            self.origin.settings, encrypted=self.origin.encrypted
        )
        profile_file.write(directory, profile)

    def _file(
        self, directory: Directory, staging: Directory, member: Member
    ) -> AbstractContextManager[Callable[[bytes], None]]:
        """Returns what takes a member in; its bytes are hashed either way."""
        if member.name == HISTORY and not self.history:
            return nullcontext(lambda _: None)
        return _new_file(directory, staging, member)

    def _publish_index(self, directory: Directory, regime: Regime) -> None:
        """Publishes the staged files as the first generation, and checks that."""
        with directory.child(_STAGING) as staging:
            manifest = _generation(staging, self.reader.members)
            snapshots = self.store.snapshots(directory, regime.sealer)
            with snapshots.workspace("") as workspace:
                for name in manifest["files"]:
                    data = read_file(staging, name, None)
                    if regime.sealer:
                        regime.sealer.unseal(name, data)
                    write_file(workspace, name, data)
                facts = {k: v for k, v in manifest.items() if k not in GIVEN_ANEW}
                snapshots.publish(workspace, "", facts | {"change": "import"})
        snapshots.directory(snapshots.current())


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


@contextmanager
def _new_file(
    directory: Directory, staging: Directory, member: Member
) -> Iterator[Callable[[bytes], None]]:
    """Yields what writes to the new file of a member."""
    with ExitStack() as stack:
        *parents, name = member.name.split("/")
        place = directory
        if parents[:1] == [INDEX]:
            place, parents = staging, parents[1:]
        for parent in parents:
            place = stack.enter_context(place.child(parent, create=True))
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        descriptor = place.open_file(name, flags)
        stack.callback(os.close, descriptor)
        with disk_errors(place.path / name):
            yield lambda data: write_all(descriptor, data)
            os.fsync(descriptor)


def _check_history(directory: Directory, regime: Regime) -> None:
    """Reads every record; raises `HistoryDamaged` or `BundleRefused`."""
    log = local_log.LocalLog(directory, regime.codec, wait=0, notice=lambda _: None)
    seen: set[int] = set()
    with log.reading() as file:
        if file is not None and file.end != file.size:
            raise BundleRefused(f"{HISTORY} is cut short", HINT)
    for record in log.since():
        seen.add(record.seq)
        if record.kind == "redaction":
            seen.update(ranges.unpack(record.body["dropped"]))
    if seen and seen != set(range(1, max(seen) + 1)):
        raise BundleRefused(f"{HISTORY} lacks records", HINT)


def _generation(staging: Directory, members: list[Member]) -> dict[str, Any]:
    """Returns the manifest of the index, which must list exactly what is there.

    Raises:
        BundleRefused: It does not.
    """
    try:
        manifest = json.loads(staging.read(archive.MANIFEST, limit=_MANIFEST_BYTES))
        listed = {
            str(name): (facts["size"], facts["sha256"])
            for name, facts in manifest["files"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise BundleRefused("the manifest of its index is not readable", HINT) from (
            None
        )
    there = {
        member.name.removeprefix(f"{INDEX}/"): (member.size, member.sha256)
        for member in members
        if member.name.startswith(f"{INDEX}/")
    }
    del there[archive.MANIFEST]
    if listed != there:
        raise BundleRefused("its index is not what its manifest says", HINT)
    return dict(manifest)
