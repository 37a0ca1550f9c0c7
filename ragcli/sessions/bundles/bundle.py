"""A profile in one file: settings, history, index, and the keys of an encrypted one.

A bundle of an encrypted profile stays encrypted: it holds sealed lines and files
and the key slots, so the passphrase opens it elsewhere. Caches, drafts, quarantine,
older generations and the audit log stay behind; the copy begins an audit log of
its own, with the id and the anchor of the profile it came from.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import ragcli
from ragcli.errors import BundleRefused, UsageError
from ragcli.sessions.bundles import archive
from ragcli.sessions.bundles.archive import Member
from ragcli.sessions.bundles.bundle_import import import_bundle
from ragcli.sessions.bundles.bundle_origin import FORMAT, HISTORY, INDEX, KIND
from ragcli.sessions.profile_layout import KEYS
from ragcli.sessions.protocols import Session
from ragcli.sessions.transfer import contents
from ragcli.sessions.transfer.contents import Contents
from ragcli.sessions.transfer.generations import names, pieces
from ragcli.storage.files import Directory, disk_errors
from ragcli.storage.private_files import replacing_file

__all__ = ["export_bundle", "import_bundle"]

_PIECE = 1 << 20
_SPOOL = 64 << 20
_Contents = tuple[Member, Callable[[], Iterator[bytes]]]


def export_bundle(
    session: Session, file: Path, *, history: bool = True, index: bool = True
) -> None:
    """Writes an open profile to `file`, which then holds all of it or is as before.

    Args:
        session: The profile.
        file: Where to; an older bundle there is replaced, nothing else is.
        history: Whether conversations are exported.
        index: Whether documents are exported, so that nothing is embedded again.

    Raises:
        UsageError: `file` is something else than a bundle.
        HistoryDamaged, SnapshotDamaged: Repair the profile first.
        BundleRefused: It is more than a bundle may hold.
        StorageFailed: Nothing was written.
    """
    _check_target(file)
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "kind": KIND,
        "ragcli": ragcli.__version__,
        "created": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "profile": {
            "name": session.name,
            "id": session.id,
            "created": session.created,
            "encrypted": session.encrypted,
            "settings": dict(session.written()),
            "anchor": contents.anchor_of(session),
        },
    }
    with ExitStack() as stack:
        contained = stack.enter_context(
            contents.reading(session, history=history, index=index)
        )
        members = [
            *(_bytes(f"{KEYS}/{name}", data) for name, data in contained.slots.items()),
            *([_history(contained, stack, file.parent)] if history else []),
            *(
                _file(directory, n)
                for directory in contained.generations
                for n in names(directory)
            ),
        ]
        archive.write(stack.enter_context(_replacing(file)), manifest, members)
    session.audit.record("profile.export", history=int(history), index=int(index))


def _history(contained: Contents, stack: ExitStack, near: Path) -> _Contents:
    """Returns the history as it is now, every record checked once more.

    What does not fit into memory lies in a file without a name until it is packed,
    sealed if the profile is.
    """
    spool = stack.enter_context(_spool(near))
    hasher, size = hashlib.sha256(), 0
    for record in contained.records:
        line = contained.codec.encode(record)
        hasher.update(line)
        size += spool.write(line)

    def read() -> Iterator[bytes]:
        spool.seek(0)
        while piece := spool.read(_PIECE):
            yield piece

    return Member(HISTORY, size, hasher.hexdigest()), read


def _spool(near: Path) -> tempfile.SpooledTemporaryFile[bytes]:
    return tempfile.SpooledTemporaryFile(_SPOOL, dir=str(near))


def _file(generation: Directory, name: str) -> _Contents:
    hasher, size = hashlib.sha256(), 0
    for piece in pieces(generation, name):
        hasher.update(piece)
        size += len(piece)
    member = Member(f"{INDEX}/{name}", size, hasher.hexdigest())
    return member, lambda: pieces(generation, name)


def _bytes(name: str, data: bytes) -> _Contents:
    member = Member(name, len(data), hashlib.sha256(data).hexdigest())
    return member, lambda: iter([data])


def _check_target(file: Path) -> None:
    """Refuses to write over what is not a bundle."""
    try:
        with disk_errors(file):
            if not stat.S_ISREG(os.stat(file).st_mode):
                raise UsageError(f"{file} is not a regular file", "name a new one")
            with file.open("rb") as existing:
                archive.ArchiveReader(existing)
    except FileNotFoundError:
        return
    except BundleRefused:
        raise UsageError(
            f"{file} is there already and is not a bundle", "choose another name"
        ) from None


@contextmanager
def _replacing(file: Path) -> Iterator[IO[bytes]]:
    """Yields a new private file, which takes the name of `file` when all is well."""
    try:
        with replacing_file(file) as target:
            yield target
    except FileNotFoundError:
        raise UsageError(f"{file.parent} is not there", "make it first") from None
