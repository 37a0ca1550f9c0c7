"""Who can reach what ragcli keeps: checked as sshd does, and mended on request.

Every directory is 0700 and every file 0600, all of them the caller's own; no
links, no special files, and a second name only for the immutable files that
generations of an index share. `doctor` asks `check`, `doctor --fix` asks `fix`.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ragcli.errors import ExitCode, NotPermitted
from ragcli.frozen import frozen
from ragcli.paths import Home
from ragcli.sessions.findings import DAMAGE, REPAIRED, Finding
from ragcli.storage.descriptor_paths import is_anchor, shown
from ragcli.storage.files import DIRECTORY_MODE, FILE_MODE, Directory
from ragcli.storage.trust import check_parents, check_shared

_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_OPEN_ANCHOR = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
"""For the path of an open directory, which is a link of the system's own."""

_FIX = "run `ragcli doctor --fix`"
_SHARED_FILES = ("gen-", "tmp-")
"""How the directories begin in which files may have several names."""


def check(home: Home) -> list[Finding]:
    """Returns everything in a home that others could reach, one finding each."""
    return list(_PermissionWalk(mend=False).home(home))


def fix(home: Home) -> list[Finding]:
    """Sets the modes right; returns what was mended and what could not be.

    Links, special files and what belongs to others are only named: taking them
    away, or over, is for the user to decide.
    """
    return list(_PermissionWalk(mend=True).home(home))


def check_profile(directory: Directory) -> list[Finding]:
    """Returns what others could reach in a profile that is open."""
    return list(_PermissionWalk(mend=False).inside(directory.reach))


def fix_profile(directory: Directory) -> list[Finding]:
    """As `fix`, for a profile that is open."""
    return list(_PermissionWalk(mend=True).inside(directory.reach))


def fix_closed_profile(path: Path) -> list[Finding]:
    """As `fix`, for a profile whose modes may keep it from being opened."""
    return list(_PermissionWalk(mend=True).tree(path))


@frozen
class _PermissionWalk:
    """One pass, from the top down: a directory is private before we look inside."""

    mend: bool
    """Whether modes are set, or only named."""

    def home(self, home: Home) -> Iterator[Finding]:
        """Yields the findings of a whole home."""
        with _findings_instead(home.data) as trusted:
            check_parents(home.data)
        yield from trusted
        if not trusted:
            yield from self._holder(home.data, skip={home.profiles.name})
            yield from self._holder(home.profiles, skip=set())
        if not home.cache.is_relative_to(home.data):
            yield from self.tree(home.cache)
        yield from self._config(home.config_file)

    def tree(self, path: Path) -> Iterator[Finding]:
        """Yields the findings of a directory and all below it; none is fine."""
        try:
            status = os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return
        blocked = [*self._entry(path, status, path, None)]
        yield from blocked
        if stat.S_ISDIR(status.st_mode) and not any(map(_is_damage, blocked)):
            yield from self.inside(path)

    def _holder(self, path: Path, skip: set[str]) -> Iterator[Finding]:
        """Yields the findings of a directory that several users may share.

        What others keep in it is theirs: not a finding, and not to be looked at.
        """
        try:
            status = os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return
        if not _is_shared(status):
            blocked = [*self._entry(path, status, path, None)]
            yield from blocked
            if not stat.S_ISDIR(status.st_mode) or any(map(_is_damage, blocked)):
                return
        shared = _is_shared(status)
        for name, entry, parent in self._entries(path):
            if name not in skip and not (shared and entry.st_uid != os.geteuid()):
                yield from self._below(path / name, entry, parent)

    def _below(
        self, path: Path, status: os.stat_result, parent: int
    ) -> Iterator[Finding]:
        """Yields the findings of one entry of an open directory."""
        blocked = [*self._entry(path, status, Path(path.name), parent)]
        yield from blocked
        if stat.S_ISDIR(status.st_mode) and not any(map(_is_damage, blocked)):
            yield from self.inside(path)

    def inside(self, path: Path) -> Iterator[Finding]:
        """Yields the findings of all below a directory that is private itself."""
        for name, status, parent in self._entries(path):
            yield from self._below(path / name, status, parent)

    def _entries(self, path: Path) -> Iterator[tuple[str, os.stat_result, int]]:
        """Yields name, status and open directory of all in it, but what vanishes."""
        try:
            descriptor = os.open(path, _OPEN_ANCHOR if is_anchor(path) else _OPEN)
        except OSError:  # named already: its own mode keeps us out, or it is gone
            return
        try:
            for name in sorted(os.listdir(descriptor)):
                with suppress(FileNotFoundError):
                    yield name, os.lstat(name, dir_fd=descriptor), descriptor
        finally:
            os.close(descriptor)

    def _entry(
        self, path: Path, status: os.stat_result, name: Path, parent: int | None
    ) -> Iterator[Finding]:
        """Yields what is wrong with one file or directory itself."""
        problem = _unfixable(status, path)
        if problem is not None:
            yield problem
            return
        wanted = DIRECTORY_MODE if stat.S_ISDIR(status.st_mode) else FILE_MODE
        mode = stat.S_IMODE(status.st_mode)
        if not mode & 0o077 and mode & wanted == wanted:
            return
        what = f"mode {mode:04o}, not {wanted:04o}"
        if not self.mend:
            yield _finding(what, path, _FIX)
            return
        # Not a race: the name was looked at just now, and in a directory that is
        # private nobody else can put another file under it.
        with _findings_instead(path) as failures:
            try:
                os.chmod(name, wanted, dir_fd=parent)
            except OSError as error:
                raise NotPermitted(f"{what}: {error.strerror}", "") from error
        yield from failures or [_finding(what, path, "", REPAIRED)]

    def _config(self, path: Path) -> Iterator[Finding]:
        """Yields the finding of a configuration file that others can write."""
        try:
            status = os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return
        if stat.S_ISLNK(status.st_mode):
            return  # dotfiles are often links; where it leads is the user's choice
        loose = stat.S_IMODE(status.st_mode) & 0o022
        if status.st_uid not in {0, os.geteuid()}:
            yield _finding(f"belongs to uid {status.st_uid}", path, "")
        elif loose and self.mend and status.st_uid == os.geteuid():
            os.chmod(path, stat.S_IMODE(status.st_mode) & ~0o022)
            yield _finding("others could write to it", path, "", REPAIRED)
        elif loose:
            yield _finding("others can write to it", path, _FIX)


def _unfixable(status: os.stat_result, path: Path) -> Finding | None:
    """Returns the finding of what no mode mends; None when there is nothing."""
    if stat.S_ISLNK(status.st_mode):
        return _finding("a symbolic link", path, "move it away")
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
        return _finding("not a regular file", path, "move it away")
    if status.st_uid != os.geteuid():
        return _finding(
            f"belongs to uid {status.st_uid}, not to you", path, "move it away"
        )
    if stat.S_ISREG(status.st_mode) and status.st_nlink > 1 and not _may_link(path):
        return _finding(
            f"has {status.st_nlink} names (hard links)", path, "replace it by a copy"
        )
    return None


def _may_link(path: Path) -> bool:
    """Tells whether a file is part of a generation, whose files are shared."""
    return any(
        part.startswith(_SHARED_FILES) and before in {"index", "quarantine"}
        for before, part in zip(path.parts, path.parts[1:], strict=False)
    )


def _is_shared(status: os.stat_result) -> bool:
    """Tells whether a directory may hold the directories of several users."""
    if not stat.S_ISDIR(status.st_mode) or not status.st_mode & 0o077:
        return False
    try:
        check_shared(status, "")
    except NotPermitted:
        return False
    return status.st_uid != os.geteuid() or bool(status.st_mode & stat.S_ISVTX)


def _is_damage(finding: Finding) -> bool:
    """Tells whether a finding keeps us from looking further down.

    A mode that is only named is no reason to stop: its owner is the caller.
    """
    return finding.severity == DAMAGE and finding.hint != _FIX


def _finding(what: str, path: Path, hint: str, severity: str = DAMAGE) -> Finding:
    return Finding(severity, what, shown(path), hint, ExitCode.NOT_PERMITTED)


@contextmanager
def _findings_instead(path: Path) -> Iterator[list[Finding]]:
    """Collects a refusal as a finding."""
    findings: list[Finding] = []
    try:
        yield findings
    except FileNotFoundError:
        return
    except NotPermitted as error:
        findings.append(_finding(error.message, path, error.hint))
