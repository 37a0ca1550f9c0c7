"""Finds the documents below some paths, and says why it leaves out the rest."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from ragcli.errors import DocumentNotFound, NotPermitted
from ragcli.frozen import frozen
from ragcli.index.documents import formats
from ragcli.index.documents.ignore import (
    Globs,
    Ignores,
    ignored_by,
    rules_above,
    rules_in,
)

SKIPPED_DIRECTORIES = {
    **dict.fromkeys((".git", ".hg", ".svn", ".bzr", ".jj", "CVS"), "version control"),
    **dict.fromkeys(
        (
            "__pycache__",
            ".cache",
            ".mypy_cache",
            ".pytest_cache",
            ".ruff_cache",
            ".hypothesis",
            ".tox",
            ".nox",
            ".ipynb_checkpoints",
        ),
        "cache",
    ),
    **dict.fromkeys(
        ("node_modules", ".venv", "venv", ".eggs", "site-packages"),
        "installed packages",
    ),
    **dict.fromkeys((".obsidian", ".trash"), "a notes program's own"),
    **dict.fromkeys((".ssh", ".gnupg", ".aws", ".kube", ".password-store"), "secrets"),
}
_SECRET_SUFFIXES = frozenset(
    (
        ".pem",
        ".key",
        ".p12",
        ".pfx",
        ".jks",
        ".keystore",
        ".kdbx",
        ".kdb",
        ".ppk",
        ".ovpn",
    )
)
_SECRET_NAMES = re.compile(
    r"\.env(\..+)?|.+\.env|\.envrc|id_(rsa|dsa|ecdsa|ed25519)(_sk)?(\.\w+)?|identity"
    r"|\.?credentials(\.(json|ya?ml|toml|ini|cfg|txt|csv|xml))?|\.netrc|_netrc|\.pgpass"
    r"|\.?htpasswd|\.git-credentials|\.npmrc|\.pypirc|\.dockercfg|\.my\.cnf|shadow"
    r"|(client_)?secrets?\.(json|ya?ml|toml|ini|env|txt|properties)"
    r"|service[-_]account.*\.json|kubeconfig|\.?vault[-_]pass(word)?(\.txt)?"
    r"|.*_history|terraform\.tfstate.*",
    re.IGNORECASE,
)
_NOT_SECRET = re.compile(r".*\.(example|sample|template|dist|pub)", re.IGNORECASE)
_PRIVATE_KEY = re.compile(
    rb"\s*(-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"
    rb"|PuTTY-User-Key-File-\d|AGE-SECRET-KEY-1)"
)
_KINDS = (
    (stat.S_ISFIFO, "FIFO"),
    (stat.S_ISSOCK, "socket"),
    (stat.S_ISBLK, "device"),
    (stat.S_ISCHR, "device"),
)


class Found(NamedTuple):
    """A file to index; a tuple, because ten thousand are made in a few milliseconds."""

    location: str
    """Absolute path, as the system spells it (undecodable bytes as surrogates)."""

    size: int
    """Bytes."""

    mtime_ns: int
    """When its content last changed, in nanoseconds since 1970."""

    below: str = ""
    """The directory that it was found below: no symbolic link under that may lead to
    it. "" for a file that was named."""

    @property
    def path(self) -> Path:
        """The location as a path."""
        return Path(self.location)


@frozen
class Skipped:
    """Something that is left out."""

    path: Path
    """A file, or a directory with all that is below it."""

    reason: str
    """A few words, for people: `ignored by docs/.gitignore`."""


@frozen
class Wanted:
    """Which files are wanted beyond what is told of all alike."""

    globs: Mapping[str, Globs] = field(default_factory=dict)
    """Named directory → what of it is wanted."""

    secrets: frozenset[str] = frozenset()
    """Absolute paths of files that are wanted although they look like secrets."""


@dataclass(slots=True)
class _DirectoryWalk:
    """What stays the same during one walk."""

    max_size: int
    known: Mapping[str, tuple[int, int]]
    below: str = ""
    wanted: Wanted = field(default_factory=Wanted)
    seen: set[str] = field(default_factory=set)


def find(
    paths: Sequence[Path],
    *,
    max_size: int,
    known: Mapping[str, tuple[int, int]] | None = None,
    below: str = "",
    wanted: Wanted | None = None,
) -> Iterator[Found | Skipped]:
    """Yields every document at or below `paths`, and everything that is left out.

    Directories are walked in the order of their names. Ignore rules and the
    directories of tools apply to what is found, not to what is named; secrets,
    binaries and special files are left out either way. Symbolic links are
    followed only when named: a tree cannot lead the walk out of itself.

    Args:
        paths: Files and directories, relative ones to the working directory.
        max_size: Larger files are skipped, in bytes.
        known: Location → (size, mtime_ns) of files that were looked at before;
            they are not opened again to tell what they hold.
        below: A directory that no symbolic link leads out of, also of what is named.
        wanted: Globs of directories, and secrets that are wanted; None for none.

    Raises:
        DocumentNotFound: A named path is not there; raised before anything is found.
        NotPermitted: A named directory cannot be read.
    """
    roots = [_checked_root(path) for path in paths]
    return _find(
        roots, _DirectoryWalk(max_size, known or {}, below, wanted or Wanted())
    )


def _checked_root(path: Path) -> str:
    location = os.path.abspath(path)
    try:
        status = os.stat(location)
        if stat.S_ISDIR(status.st_mode):
            os.scandir(location).close()
    except (FileNotFoundError, NotADirectoryError):
        hint = "nothing matches that" if set("*?[").intersection(str(path)) else ""
        raise DocumentNotFound(f"{path}: no such file or directory", hint) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise NotPermitted(f"{path}: {reason}", "check its mode and owner") from None
    return location


def _find(roots: list[str], walk: _DirectoryWalk) -> Iterator[Found | Skipped]:
    """Chains the walks; what lies below two roots is yielded once."""
    once = len(roots) > 1
    for root in roots:
        for item in _below(root, walk):
            if once and isinstance(item, Found):
                if item.location in walk.seen:
                    continue
                walk.seen.add(item.location)
            yield item


def _below(root: str, walk: _DirectoryWalk) -> Iterator[Found | Skipped]:
    try:
        status = os.stat(root)
    except OSError as error:
        yield Skipped(Path(root), error.strerror or "cannot be read")
        return
    if stat.S_ISDIR(status.st_mode):
        yield from _walk(root, walk)
    else:
        yield _judge(root, os.path.basename(root), status, walk, walk.below)


def _walk(root: str, walk: _DirectoryWalk) -> Iterator[Found | Skipped]:
    """Yields the files below a directory, depth first, without recursion."""
    pending: list[tuple[str, Ignores]] = [(root, rules_above(root))]
    globs = walk.wanted.globs.get(root)
    while pending:
        directory, inherited = pending.pop()
        try:
            with os.scandir(directory) as listing:
                entries = sorted(listing, key=_name)
        except OSError as error:
            yield Skipped(Path(directory), error.strerror or "cannot be read")
            continue
        names = {entry.name for entry in entries}
        if "pyvenv.cfg" in names and directory != root:
            yield Skipped(Path(directory), "virtual environment")
            continue
        ignores = inherited + rules_in(directory, names)
        below = []
        for entry in entries:
            unwanted = _unwanted(entry, globs) if globs else None
            item = unwanted or _entry(entry, ignores, walk, walk.below or root)
            if item is None:
                below.append((entry.path, ignores))
            else:
                yield item
        pending.extend(reversed(below))


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _unwanted(entry: os.DirEntry[str], globs: Globs) -> Skipped | None:
    """Says why an entry is not wanted; None is wanted."""
    try:
        is_directory = entry.is_dir(follow_symlinks=False)
    except OSError:
        return None
    reason = globs.reason(entry.path, directory=is_directory)
    return Skipped(Path(entry.path), reason) if reason else None


def _entry(
    entry: os.DirEntry[str], ignores: Ignores, walk: _DirectoryWalk, below: str
) -> Found | Skipped | None:
    """Judges one entry; None is a directory to descend into."""
    try:
        is_directory = entry.is_dir(follow_symlinks=False)
        if is_directory and entry.name in SKIPPED_DIRECTORIES:
            return Skipped(Path(entry.path), SKIPPED_DIRECTORIES[entry.name])
        file = ignored_by(ignores, entry.path, directory=is_directory)
        if file:
            return Skipped(Path(entry.path), f"ignored by {file}")
        if is_directory:
            return None
        if entry.is_symlink():
            return Skipped(Path(entry.path), "symbolic link, followed only when named")
        status = entry.stat(follow_symlinks=False)
    except OSError as error:
        return Skipped(Path(entry.path), error.strerror or "cannot be read")
    return _judge(entry.path, entry.name, status, walk, below)


def _judge(
    location: str,
    name: str,
    status: os.stat_result,
    walk: _DirectoryWalk,
    below: str,
) -> Found | Skipped:
    """Tells a document from what must not be opened, indexed or shown."""
    size, changed = status.st_size, status.st_mtime_ns
    if walk.known.get(location) == (size, changed):
        return Found(location, size, changed, below)
    secret = location in walk.wanted.secrets
    reason = _reason_by_status(name, status, walk.max_size, secret=secret)
    if not reason:
        reason = _reason_by_content(location, name, secret=secret)
    if reason:
        return Skipped(Path(location), reason)
    return Found(location, size, changed, below)


def _reason_by_status(
    name: str, status: os.stat_result, max_size: int, *, secret: bool
) -> str:
    """Says why a file is left out, as far as name, kind and size tell; "" is kept."""
    if not stat.S_ISREG(status.st_mode):
        return next((kind for test, kind in _KINDS if test(status.st_mode)), "special")
    if is_secret_name(name) and not secret:
        return "likely secret, by its name"
    kind = formats.binary_kind(name)
    if kind:
        return f"binary: {kind}"
    legacy = formats.legacy_kind(name)
    if legacy:
        return legacy
    if status.st_size > max_size:
        actual, limit = _megabytes(status.st_size), _megabytes(max_size)
        return f"{actual} is over the limit of {limit}"
    return ""


def _megabytes(count: int) -> str:
    return f"{count / (1 << 20):.4g} MB"


def is_secret_name(name: str) -> bool:
    """Tells whether files of this name usually hold keys or passwords."""
    if formats.suffix_of(name) in _SECRET_SUFFIXES:
        return True
    return bool(_SECRET_NAMES.fullmatch(name)) and not _NOT_SECRET.fullmatch(name)


def _reason_by_content(location: str, name: str, *, secret: bool) -> str:
    """Says why a file is left out, from its first bytes; "" is kept.

    A file that cannot be read is kept: loading it names the error.
    """
    try:
        descriptor = os.open(location, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        head = os.read(descriptor, formats.HEAD)
    except OSError:
        return ""
    finally:
        os.close(descriptor)
    return reason_by_head(head, name, secret=secret)


def reason_by_head(head: bytes, name: str, *, secret: bool = False) -> str:
    """Says why a file that starts so is left out; "" is kept.

    Args:
        head: Its first bytes.
        name: Its name.
        secret: Whether it is wanted although it is a secret.
    """
    if _PRIVATE_KEY.match(head) and not secret:
        return "likely secret: a private key"
    if not head:
        return "empty"
    if formats.is_isolated(formats.format_of(name)):
        return ""
    return "" if formats.is_document(head) else "binary content"
