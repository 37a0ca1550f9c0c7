"""Documents of others, searched read-only: a profile of one's own, or a bundle.

Only documents are shared. A mount is an index that joins the searches of a profile;
no history, setting or lock of its owner is read, and nothing is written to it.
"""

from __future__ import annotations

import hashlib
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ragcli import paths
from ragcli.config import Settings
from ragcli.errors import (
    DocumentNotFound,
    EmbedderMismatch,
    Locked,
    NotPermitted,
    ProfileNotFound,
    RagcliError,
    SnapshotNotFound,
    UsageError,
)
from ragcli.index.generations.snapshots import LocalSnapshots
from ragcli.paths import Home
from ragcli.storage.files import Directory

if TYPE_CHECKING:
    from ragcli.index.protocols import Embedder, Snapshots
    from ragcli.index.search.index_reader import IndexReader
    from ragcli.sessions.local.store import LocalStore

_CACHE = "mounts"
_KEYS = "keys"
_PROFILE = "profile.toml"


def checked(mount: str, home: Home) -> str:
    """Returns the absolute path of what is to be mounted.

    Args:
        mount: A bundle, a profile's directory, or the name of an own profile.
        home: Where own profiles are.

    Raises:
        DocumentNotFound: There is nothing at `mount`.
        UsageError: It holds no documents.
        NotPermitted: It is encrypted, or another user's directory.
        BundleRefused: The bundle is damaged or hostile.
    """
    path = Path(mount)
    own = home.profiles / mount
    is_name = paths.PROFILE_NAME.fullmatch(mount) and os.path.isdir(own)
    if is_name and not _may_be_mounted(path):
        path = own
    if not os.path.exists(path):
        raise DocumentNotFound(
            f"{mount}: no such bundle or profile",
            "ragcli profile export makes a bundle; ragcli profile list shows profiles",
        )
    if not _may_be_mounted(path):
        raise UsageError(
            f"{mount}: neither a bundle nor a profile's directory",
            f"to index the files in it: ragcli docs add {shlex.quote(mount)}",
        )
    mounted = str(path.absolute())
    with _index(mounted, home) as directory:
        _snapshots_in(directory, mounted)
    return mounted


def _may_be_mounted(path: Path) -> bool:
    """Tells a bundle or a profile from a directory that only has a profile's name."""
    if not os.path.isdir(path):
        return os.path.exists(path)
    closed = not os.access(path, os.X_OK)  # another user's: said when it is opened
    return closed or os.path.lexists(path / _PROFILE)


def readers(settings: Settings, home: Home, embedder: Embedder) -> list[IndexReader]:
    """Returns an index for each mount of a profile.

    Raises:
        DocumentNotFound: A mount is gone.
        EmbedderMismatch: A mount's vectors are of another embedder.
        SnapshotDamaged, BundleRefused, NotPermitted: It cannot be trusted.
    """
    return [_reader(path, home, embedder) for path in settings.mounts]


def _reader(path: str, home: Home, embedder: Embedder) -> IndexReader:
    from ragcli.index.search.opening import open_current

    with _index(path, home) as directory:
        reader = open_current(_snapshots_in(directory, path))
    if reader is None:
        raise SnapshotNotFound(f"{path}: no documents are indexed there", "")
    if reader.embedder_id != embedder.id:
        raise EmbedderMismatch(
            f"{path}: its vectors are of {reader.embedder_id}, not of {embedder.id}",
            f"use the same embedder, or ragcli docs unmount {path}",
        )
    reader.source = path
    return reader


@contextmanager
def _index(path: str, home: Home) -> Iterator[Directory]:
    """Yields the directory that holds a mount's `index/`."""
    if os.path.isdir(path):
        with Directory.open(path) as directory:
            if directory.has(_KEYS):
                raise NotPermitted(
                    f"{path}: an encrypted profile cannot be mounted",
                    "decrypt a clone of it, or mount a bundle of its documents",
                )
            yield directory
    elif os.path.isfile(path):
        with _unpacked(path, home) as directory:
            yield directory
    else:
        raise DocumentNotFound(
            f"{path}: the mounted documents are gone",
            f"bring them back, or ragcli docs unmount {path}",
        )


@contextmanager
def _unpacked(path: str, home: Home) -> Iterator[Directory]:
    """Yields a bundle's profile, imported and verified once for each of its versions.

    Its history and settings stay in the bundle.
    """
    from ragcli.sessions.bundles.bundle_import import import_bundle

    store = _unpacking(home)
    status = os.stat(path)
    stem = _hashed(path)
    name = f"{stem}-{_hashed(status.st_size, status.st_mtime_ns, status.st_ino)}"
    unpacked = store.names()
    if name not in unpacked:
        with suppress(UsageError):  # another process was faster
            imported = import_bundle(store, Path(path), name=name, documents_only=True)
            imported.close()
        for older in unpacked:
            if older.startswith(stem):
                store.delete(older)
    with Directory.open(_private(home).profiles / name) as directory:
        yield directory


def forget(mount: str, home: Home) -> None:
    """Removes what was unpacked of a bundle that an own profile mounts no longer.

    It stays while another of them mounts it. Whoever is reading it just now goes on:
    the files are gone with the last that has them open.
    """
    store = _unpacking(home)
    if _is_mounted(mount, home):
        return
    for name in store.names():
        if name.startswith(f"{_hashed(mount)}-"):
            with suppress(Locked, ProfileNotFound):  # the next unmount finds it
                store.delete(name)


def _is_mounted(path: str, home: Home) -> bool:
    """Tells whether one of the caller's profiles on this disk mounts `path`."""
    from ragcli.sessions import profile_file
    from ragcli.sessions.local.lifecycle.directories import Directories

    directories = Directories(home, Settings())
    for name in directories.names():
        with suppress(RagcliError), directories.open(name) as directory:
            settings = profile_file.read(directory, name).settings
            if path in settings.get("documents.mounts", ()):
                return True
    return False


def _private(home: Home) -> Home:
    """Returns the home of unpacked bundles, where no command looks for profiles."""
    private = home.cache / _CACHE
    return Home(private, private / "config.toml", private / "cache")


def _unpacking(home: Home) -> LocalStore:
    from ragcli.sessions.local.store import LocalStore

    return LocalStore(
        _private(home),
        snapshots=LocalSnapshots,
        passphrase=lambda _: None,
        settings=Settings(),
    )


def _hashed(*facts: object) -> str:
    """Returns 16 hexadecimal digits that stand for `facts`."""
    text = repr(facts).encode("utf-8", "surrogateescape")
    return hashlib.sha256(text).hexdigest()[:16]


def _snapshots_in(directory: Directory, path: str) -> Snapshots:
    """Returns the snapshots of a mount; refuses one without documents."""
    snapshots = LocalSnapshots(directory, None, remember=False)
    if not snapshots.current():
        raise UsageError(
            f"{path}: no documents are indexed there",
            "add some to it first: ragcli docs add -p NAME PATH…",
        )
    return snapshots
