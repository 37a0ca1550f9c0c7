"""Whose a file is, and who could swap it: checked as sshd does for its keys.

Whoever may write to a directory may rename what is in it, and put something else
in its place. So every directory above ours, and every link on the way, must
belong to us or to root, and be writable by no one else (openssh, misc.c:
safe_path_fd). Two exceptions that harm nobody: a sticky directory such as /tmp,
where others cannot rename what is ours, and the group that holds only ourselves
(Debian and Ubuntu make one for each user, and a umask of 002 with it).
"""

from __future__ import annotations

import grp
import os
import pwd
import stat
from contextlib import suppress
from pathlib import Path

from ragcli.errors import NotPermitted


def check_parents(path: Path) -> None:
    """Refuses `path` if others could swap a directory above it.

    Raises:
        NotPermitted: Names the directory, and the command that mends it.
        FileNotFoundError: A directory on the way is not there.
    """
    absolute = Path(os.path.abspath(path))  # lexical: links are looked at below
    for parent in absolute.parents:
        status = os.lstat(parent)
        if stat.S_ISLNK(status.st_mode):
            _check_owner(status, parent)
    for parent in Path(os.path.realpath(absolute.parent), "x").parents:
        check_shared(os.lstat(parent), str(parent))


def check_shared(status: os.stat_result, name: str) -> None:
    """Refuses a directory in which others could rename what is the caller's.

    Raises:
        NotPermitted: Owned by another user, writable by others and not sticky, or no
            directory.
    """
    _check_owner(status, name)
    if not stat.S_ISDIR(status.st_mode):
        raise NotPermitted(f"{name}: not a directory", "use another RAGCLI_HOME")
    if not others_write(status, name) or status.st_mode & stat.S_ISVTX:
        return
    raise NotPermitted(
        f"{name}: mode {stat.S_IMODE(status.st_mode):04o} lets others replace "
        "what is in it",
        f"run `chmod go-w {name}`, or use another RAGCLI_HOME",
    )


def others_write(status: os.stat_result, target: int | str) -> bool:
    """Tells whether its mode lets anybody else write to a file or directory.

    Args:
        status: What is known of it.
        target: Its descriptor or path.
    """
    loose = stat.S_IMODE(status.st_mode) & 0o022
    if loose == 0o020 and own_group(status.st_gid):
        return _has_list(target)
    return bool(loose)


def _has_list(target: int | str) -> bool:
    """Tells whether Linux has an access control list for a file (acl(5)).

    Then the mode has for the group what anybody on the list may do at most.
    """
    if hasattr(os, "listxattr"):
        with suppress(OSError):
            return "system.posix_acl_access" in os.listxattr(target)
    return False


def _check_owner(status: os.stat_result, name: str | os.PathLike[str]) -> None:
    if status.st_uid not in {0, os.geteuid()}:
        raise NotPermitted(
            f"{os.fspath(name)}: belongs to uid {status.st_uid}, "
            "who could replace what is in it",
            "use a RAGCLI_HOME below directories of your own; in one of several users "
            "root owns it and its profiles/, both with mode 1777",
        )


def own_group(gid: int) -> bool:
    """Tells whether the group holds nobody but the caller."""
    try:
        user = pwd.getpwuid(os.geteuid())
        group = grp.getgrgid(gid)
    except KeyError:
        return False
    alone = set(group.gr_mem) <= {user.pw_name}
    return alone and gid == user.pw_gid and group.gr_name == user.pw_name


def check_private(status: os.stat_result, name: str) -> None:
    """Refuses what another user could read, write or have planted.

    Raises:
        NotPermitted: Another owner, or a mode with any group or other bit.
    """
    if status.st_uid != os.geteuid():
        raise NotPermitted(
            f"{name}: belongs to uid {status.st_uid}, not to you",
            "use a RAGCLI_HOME of your own",
        )
    if stat.S_IMODE(status.st_mode) & 0o077:
        kind = "700" if stat.S_ISDIR(status.st_mode) else "600"
        raise NotPermitted(
            f"{name}: mode {stat.S_IMODE(status.st_mode):04o} lets others in",
            f"run `ragcli doctor --fix`, or `chmod {kind} {name}`",
        )


def check_regular(status: os.stat_result, name: str, *, linked: bool = False) -> None:
    """Refuses what is not a regular private file; raises as `check_private`.

    A second name could have been given to it while its directory stood open, or
    it could be somebody's other file; `linked` allows that where we link ourselves.
    """
    if not stat.S_ISREG(status.st_mode):
        raise NotPermitted(f"{name}: not a regular file", "move it away")
    check_private(status, name)
    if status.st_nlink > 1 and not linked:
        raise NotPermitted(
            f"{name}: has {status.st_nlink} names (hard links)",
            "find the other one with `find / -samefile`, then replace this by a copy",
        )
