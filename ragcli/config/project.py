"""The project file `.ragcli.toml`: what somebody else may decide here, and what not.

It lies in a directory that anybody may have written: a checkout, an archive, a share.
So it may choose among what is harmless, the list `HARMLESS` and the profile's name.
Whatever sends, reads, runs or loses something is taken from it only when the user
trusts this very file (`trusted`). Nothing in it ends a command: what cannot be used is
left out, and told in one line.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ragcli import paths
from ragcli.config.endpoints import ALIASES_TABLE, ENDPOINTS_TABLE
from ragcli.config.settings import KEYS_TABLE, checked, known_keys
from ragcli.config.values import flatten
from ragcli.errors import ConfigError, NotPermitted
from ragcli.frozen import frozen
from ragcli.storage.trust import check_shared, others_write
from ragcli.text import safe_line

if TYPE_CHECKING:
    from ragcli.config.trusted import Trusted

PROJECT_FILE = ".ragcli.toml"
PROFILE = "profile"
"""The key that names the profile."""

HARMLESS: Mapping[str, tuple[float, float] | None] = {
    "retrieval.k": (1, 50),
    "retrieval.mode": None,
    "retrieval.threshold": (0, 1),
    "chunking.size": (200, 8000),
    "chunking.overlap": (0, 4000),
    "tui.theme": None,
}
"""Settings that any project may choose, and the bounds of numbers: a prompt of a
thousand passages, or a chunk for each letter, costs its reader time and money."""

TRUSTED = "trusted"
UNTRUSTED = "not trusted"
CHANGED = "changed since it was trusted"
IGNORED = "ignored"

_UNLESS = "not taken from it: read it, and if you trust it run `ragcli config trust`"
_SINCE = (
    "not taken from it, which changed since you trusted it: read it, then run "
    "`ragcli config trust` again"
)
_NOT_HERE = "taken from a project: write it into your own settings"
_LONGEST = 64 << 10
"""Bytes of a project file; a longer one is none."""
_TOLD = 4
"""Keys and problems that one line names."""
_WIDTH = 120
"""Characters of each of them."""


@frozen
class Project:
    """A project file, and what of it is in force."""

    path: Path
    """Where it is; links in the directories above it are resolved."""
    trust: str
    """`TRUSTED`, `UNTRUSTED`, `CHANGED` or `IGNORED`."""
    profile: str = ""
    """The profile that it names, or ""."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """Settings that are taken from it, by dotted key."""
    refused: tuple[str, ...] = ()
    """Keys that only a trusted file may set."""
    problems: tuple[str, ...] = ()
    """What cannot be used, and why: one phrase each."""
    sha256: str = ""
    """Of its bytes; "" when it was not read."""

    @property
    def notice(self) -> str:
        """One line on what is not taken from it, "" when all of it is."""
        notices = list(self.problems)
        if self.trust == IGNORED:
            return f"{self.path} is ignored: {_few(notices, '; ')}"
        if self.refused:
            why = _SINCE if self.trust == CHANGED else _UNLESS
            notices.insert(0, f"{_few(self.refused, ', ')} {why}")
        return f"{self.path}: {_few(notices, '; ')}" if notices else ""


def find(start: Path | None = None) -> Path | None:
    """Returns the nearest project file from `start` (working directory) upwards.

    Its path is absolute, and no directory in it is a link.
    """
    try:
        lowest = Path(os.path.realpath(start or os.getcwd()))
    except OSError:  # the working directory was removed, or may not be looked at
        return None
    for directory in (lowest, *lowest.parents):
        candidate = directory / PROJECT_FILE
        try:
            status = os.lstat(candidate)
        except OSError:
            continue
        if not stat.S_ISDIR(status.st_mode):
            return candidate
    return None


def read(path: Path, trusted: Trusted) -> Project:
    """Returns what a project file says and what of it is in force; never fails.

    Args:
        path: As `find` returns it.
        trusted: The files that the user trusts.
    """
    from ragcli.config.trusted import digest  # most commands find no file

    try:
        data = _private_bytes(path)
    except (NotPermitted, OSError) as error:
        return Project(path, IGNORED, problems=(_reason(error),))
    sha256 = digest(data)
    trust = _trust(path, sha256, trusted)
    try:
        settings = _flat(data)
    except (ValueError, RecursionError) as error:
        problem = f"it is not valid TOML: {_toml_reason(error)}"
        return Project(path, IGNORED, problems=(problem,), sha256=sha256)
    return _sorted_out(path, trust, settings, sha256)


def _private_bytes(path: Path) -> bytes:
    """Returns the bytes of a file that nobody else can have written.

    Raises:
        NotPermitted: Another user's, or others could write or replace it, or it is
            not a regular file of a sensible size.
        OSError: It cannot be read.
    """
    _check_directories(path)
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    descriptor = os.open(path, flags)
    with open(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise NotPermitted("it is not a regular file")
        if status.st_uid != os.geteuid():
            raise NotPermitted(f"it belongs to uid {status.st_uid}, not to you")
        if others_write(status, descriptor):
            raise NotPermitted(f"others can write to it ({_mode(status)})")
        data = file.read(_LONGEST + 1)
    if len(data) > _LONGEST:
        raise NotPermitted(f"it is larger than {_LONGEST >> 10} kB")
    return data


def _check_directories(path: Path) -> None:
    """Refuses a file that somebody else could have put where it is.

    A sticky directory keeps others from replacing what is there, not from being the
    first; so that of the file itself must be closed to them.
    """
    own = os.stat(path.parent)
    if others_write(own, str(path.parent)):
        raise NotPermitted(f"others can write to its directory ({_mode(own)})")
    for directory in path.parents:
        check_shared(os.lstat(directory), str(directory))


def _mode(status: os.stat_result) -> str:
    return f"mode {stat.S_IMODE(status.st_mode):04o}"


def _reason(error: NotPermitted | OSError) -> str:
    if isinstance(error, NotPermitted):
        return error.message
    import errno

    return "it is a link" if error.errno == errno.ELOOP else str(error.strerror)


def _trust(path: Path, sha256: str, trusted: Trusted) -> str:
    try:
        recorded = trusted.recorded(path)
    except NotPermitted:  # a record that others could have made is none
        return UNTRUSTED
    if not recorded:
        return UNTRUSTED
    return TRUSTED if recorded == sha256 else CHANGED


def _flat(data: bytes) -> dict[str, Any]:
    """Returns a file's values by dotted key; raises `ValueError`, `RecursionError`."""
    import tomllib  # 4 ms, and most commands find no file

    return dict(flatten(tomllib.loads(data.decode("utf-8"))))


def _toml_reason(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "not UTF-8"
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return safe_line(str(error), _WIDTH)


def _sorted_out(
    path: Path, trust: str, settings: Mapping[str, Any], sha256: str
) -> Project:
    """Returns the project with what may be taken from it."""
    values: dict[str, Any] = {}
    refused: list[str] = []
    problems: list[str] = []
    profile = ""
    for key, value in settings.items():
        try:
            if key == PROFILE:
                profile = _profile_name(value)
            elif key.startswith(ENDPOINTS_TABLE):
                problems.append(safe_line(f"{key} is never {_NOT_HERE}", _WIDTH))
            elif trust == TRUSTED or key in HARMLESS:
                values[key] = _bounded(key, value, trust)
            elif key in known_keys() or key.startswith((KEYS_TABLE, ALIASES_TABLE)):
                refused.append(safe_line(key, _WIDTH))
            else:
                problems.append(_unknown(key, value))
        except ConfigError as error:
            problems.append(safe_line(error.message.removeprefix(": "), _WIDTH))
    return Project(
        path, trust, profile, values, tuple(refused), tuple(problems), sha256
    )


def _unknown(key: str, value: Any) -> str:
    """Returns that there is no such setting, and which one may be meant."""
    try:
        checked(key, value, "")
    except ConfigError as error:
        message = safe_line(error.message.removeprefix(": "), _WIDTH)
        return f"{message} ({error.hint})"
    return ""


def _profile_name(value: Any) -> str:
    if not isinstance(value, str) or not paths.PROFILE_NAME.fullmatch(value):
        raise ConfigError(f"{str(value)[:80]!r} cannot be a profile's name")
    return value


def _bounded(key: str, value: Any, trust: str) -> Any:
    """Returns a setting's value; raises `ConfigError`."""
    converted = checked(key, value, "")
    bounds = HARMLESS.get(key)
    if trust != TRUSTED and bounds and not is_harmless(key, converted):
        raise ConfigError(
            f"{key}: a project may choose {bounds[0]:g} to {bounds[1]:g}, not {value}"
        )
    return converted


def is_harmless(key: str, value: Any) -> bool:
    """Tells whether anybody may choose this for somebody else.

    Args:
        key: A setting.
        value: Its value, as `checked` returns it.
    """
    if key not in HARMLESS:
        return False
    bounds = HARMLESS[key]
    # A word in a number's place is one that the setting knows.
    return bounds is None or isinstance(value, str) or bounds[0] <= value <= bounds[1]


def _few(items: tuple[str, ...] | list[str], between: str) -> str:
    """Returns the first few items, and how many more there are."""
    more = f"{between}{len(items) - _TOLD} more" if len(items) > _TOLD else ""
    return between.join(items[:_TOLD]) + more
