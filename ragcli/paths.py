"""Where things live. Nothing is created here, and nothing is read on import."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from ragcli.errors import UsageError
from ragcli.frozen import frozen

PROFILE_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
PART_MARK = "!"
"""Between a document and one inside it: `offer.eml!price.xlsx`."""

_ADDRESS = r"[a-zA-Z][a-zA-Z0-9+.-]*://"


@frozen
class Home:
    """The directories of one installation, for one user."""

    data: Path
    """Profiles and what belongs to them."""

    config_file: Path
    """The user's settings, `config.toml`."""

    cache: Path
    """What can be made again: indexes of `--docs`, blocks of remote snapshots."""

    @property
    def profiles(self) -> Path:
        """The directory that holds one directory a profile."""
        return self.data / "profiles"

    @property
    def chosen_file(self) -> Path:
        """The name that `profile use` chose, one file for each OS user."""
        name = f"chosen.{os.geteuid()}"
        if self.cache.parent.parent == self.data:  # a home of several users
            return self.cache.parent / name
        return self.data / name


def enclosing(part: str) -> Iterator[str]:
    """Yields the names of what a part is inside of, outermost first, and its own."""
    at = part.find(PART_MARK)
    while at >= 0:
        yield part[:at]
        at = part.find(PART_MARK, at + 1)
    if part:
        yield part


def home(environ: Mapping[str, str] | None = None) -> Home:
    """Returns the directories in force.

    `RAGCLI_HOME` holds everything when it is set; otherwise the platform's own
    places do (https://platformdirs.readthedocs.io). In a home of several users each
    has a directory of their own for settings and caches.

    Raises:
        UsageError: There is no home directory, and `RAGCLI_HOME` does not name one.
    """
    environ = os.environ if environ is None else environ
    try:
        return _home(environ)
    except RuntimeError:
        raise UsageError(
            f"the user {os.geteuid()} has no home directory",
            "set RAGCLI_HOME to a directory for profiles and settings, or set HOME",
        ) from None


def _home(environ: Mapping[str, str]) -> Home:
    """Returns the directories in force; raises `RuntimeError` without a home."""
    root = environ.get("RAGCLI_HOME")
    if root:
        base = _expanded_home(root)
        own = base / f"user.{os.geteuid()}" if _is_shared(base) else base
        return Home(base, own / "config.toml", own / "cache")
    import platformdirs  # 8 ms; not needed when RAGCLI_HOME is set

    return Home(
        Path(platformdirs.user_data_dir("ragcli", appauthor=False)),
        Path(platformdirs.user_config_dir("ragcli", appauthor=False)) / "config.toml",
        Path(platformdirs.user_cache_dir("ragcli", appauthor=False)),
    )


def _expanded_home(root: str) -> Path:
    base = expanded(root)
    if base.parts[:1] and base.parts[0].startswith("~"):
        raise UsageError(
            f"RAGCLI_HOME: {base.parts[0]} is no user with a home directory",
            "set it to a full path",
        )
    return base.absolute()


def expanded(typed: str | os.PathLike[str]) -> Path:
    """Returns a path with `~` and `~user` replaced, where there is such a user.

    As shells do, and other than `Path.expanduser`, it leaves the rest as it is.
    """
    return Path(os.path.expanduser(typed))


def _is_shared(base: Path) -> bool:
    """Tells whether somebody else gave this home to all users, as `/tmp` is given."""
    try:
        status = os.stat(base)
    except OSError:
        return False
    return bool(status.st_mode & stat.S_ISVTX) and status.st_uid != os.geteuid()


def checked_profile_name(name: str) -> str:
    """Returns `name` if a profile may be called so.

    Raises:
        UsageError: The name could mean something to a file system or a shell.
    """
    if not PROFILE_NAME.fullmatch(name):
        raise UsageError(
            f"{name[:80]!r} cannot be a profile's name",
            "use 1 to 64 of a-z 0-9 . _ - and begin with a letter or digit",
        )
    return name


def is_address(path: str | os.PathLike[str]) -> bool:
    """Tells whether what stands for a document is the address of a page."""
    return os.fspath(path).startswith(("https://", "http://"))


def checked_path(typed: str) -> Path:
    """Returns what a user typed as a path, as it was typed.

    Raises:
        UsageError: It is an address, of a page on the web say, and no path that is
            there; or it can name nothing.
    """
    if not typed:  # as of a variable of a script that is not set
        raise UsageError("a path is empty", "the working directory is called .")
    if "\0" in typed:
        raise UsageError("a path holds a NUL", "names that end in NUL are read with -0")
    address = re.match(_ADDRESS, typed)
    if address and not os.path.lexists(typed):
        # What comes after the scheme may hold a password.
        raise UsageError(
            f"{address[0]}… is an address: only `docs add` reads pages on the web",
            "add the page, or save it to a file",
        )
    return Path(typed)


def shown(path: str | os.PathLike[str], part: str = "") -> str:
    """Returns `path` as people see it: relative below the working directory.

    Args:
        path: Of a document.
        part: The document inside it that is meant, if any: `offer.eml!price.xlsx`.
    """
    if part:
        return f"{shown(path)}{PART_MARK}{part}"
    text = os.fspath(path)
    if not text.startswith("/"):
        return text
    try:
        here = os.getcwd().rstrip("/")
    except OSError:
        return text
    normal = os.path.normpath(text)
    if normal.startswith(f"{here}/"):
        return normal[len(here) + 1 :] or "."
    return "." if normal == here else text
