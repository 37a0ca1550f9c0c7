"""Settings, and where each value comes from.

flag > environment > project file > profile > user file > default. Every setting
has one dotted key (`retrieval.k`), one environment variable (`RAGCLI_RETRIEVAL_K`)
and one sentence that says what it does. Start reading at `settings`; it may import
`paths`, `storage`, `text` and the errors.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ragcli.config.endpoints import (
    ALIASES_TABLE,
    ENDPOINTS_TABLE,
    RUNS,
    EndpointSettings,
    aliases,
    endpoints,
    help_of,
    is_named,
    shown,
)
from ragcli.config.project import Project, is_harmless
from ragcli.config.settings import (
    KEYS_TABLE,
    Settings,
    checked,
    choices_of,
    declared,
    flag,
    is_known,
    known_keys,
    nearest,
    variable,
)
from ragcli.config.values import flatten, seconds, size, value_text
from ragcli.errors import ConfigError, NotPermitted, UsageError
from ragcli.frozen import frozen
from ragcli.storage.trust import others_write

_LONGEST = 1 << 20
"""Bytes of a settings file; a longer one is none."""

__all__ = [
    "ALIASES_TABLE",
    "ENDPOINTS_TABLE",
    "KEYS_TABLE",
    "RUNS",
    "EndpointSettings",
    "Layer",
    "Origin",
    "Project",
    "Resolved",
    "Settings",
    "checked",
    "choices_of",
    "flag",
    "flatten",
    "for_profile",
    "from_environment",
    "is_harmless",
    "is_known",
    "is_named",
    "known_keys",
    "read_file",
    "resolve",
    "seconds",
    "size",
    "value_text",
    "variable",
    "written",
]


@frozen
class Origin:
    """One setting: its value and where that came from."""

    key: str
    value: Any
    source: str
    """`default`, a file's path, `profile NAME`, a variable's name, or a flag's."""
    help: str


@frozen
class Layer:
    """Some settings from one place."""

    source: str
    values: Mapping[str, Any]
    own: bool = False
    """Whether nobody but the user can have written them."""


def read_file(path: Path) -> dict[str, Any]:
    """Returns a settings file's checked values by dotted key; {} if it is not there.

    Raises:
        ConfigError: Not TOML (line named), an unknown key, a bad value.
    """
    values = {}
    for key, value in written(path).items():
        try:
            values[key] = checked(key, value, str(path))
        except ConfigError as error:
            if is_known(key) or is_named(key):
                raise
            import shlex

            removal = f"`ragcli config unset {shlex.quote(key)}` removes it"
            hint = "; ".join(filter(None, (nearest(key), removal)))
            raise ConfigError(error.message, hint) from None
    return values


def written(path: Path) -> dict[str, Any]:
    """Returns a settings file's values by dotted key, whatever they are.

    Raises:
        ConfigError: Not TOML (line named).
    """
    try:
        return dict(flatten(_parsed(path)))
    except FileNotFoundError:
        return {}


def from_environment(environ: Mapping[str, str]) -> Iterator[Layer]:
    """Yields one layer for each setting's variable that is set."""
    for key in known_keys():
        name = variable(key)
        if environ.get(name):
            yield Layer(name, {key: checked(key, environ[name], name)})


def for_profile(key: str, text: str, source: str = "command line") -> Any:
    """Returns what a text means that was typed as a setting of a profile.

    Raises:
        ConfigError: No such key, or a value it cannot take.
        UsageError: A profile may not have it: it runs a program.
    """
    if key.startswith(ENDPOINTS_TABLE) and key.endswith(f".{RUNS}"):
        raise UsageError(
            f"{key}: what runs a program is taken from your own settings alone",
            f"ragcli config set {key} COMMAND",
        )
    return checked(key, text, source)


class Resolved:
    """Settings in force, and the origin of each.

    Args:
        layers: Strongest first.
    """

    def __init__(self, layers: list[Layer]) -> None:
        self.layers = layers
        """The values from each place, the strongest first."""
        values = {
            item.name: self._lookup(key, item.default)[0]
            for key, item in declared().items()
        }
        sources = [(layer.values, layer.own) for layer in layers]
        self.settings = Settings(
            **values, endpoints=endpoints(sources), aliases=aliases(sources)
        )

    def _lookup(self, key: str, default: Any) -> tuple[Any, str]:
        for layer in self.layers:
            if key in layer.values:
                return layer.values[key], layer.source
        return default, "default"

    def origins(self) -> list[Origin]:
        """Returns every setting with its origin, in the order of declaration."""
        origins = [
            Origin(key, *self._lookup(key, item.default), item.metadata["help"])
            for key, item in declared().items()
        ]
        named = {key for layer in self.layers for key in layer.values if is_named(key)}
        for key in sorted(named):
            value, source = self._lookup(key, "")
            origins.append(Origin(key, shown(key, value), source, help_of(key)))
        return origins

    def origin(self, key: str) -> Origin:
        """Returns one setting with its origin.

        Raises:
            ConfigError: There is no such key; the nearest is named.
        """
        for origin in self.origins():
            if origin.key == key:
                return origin
        if key.startswith(KEYS_TABLE):
            value, source = self._lookup(key, "")
            return Origin(key, value, source, "A key binding of the chat.")
        checked(key, "", "command line")  # names the nearest
        return Origin(key, "", "default", help_of(key))  # an endpoint nobody described

    def bindings(self) -> dict[str, str]:
        """Returns the remapped keys of the chat: binding id → key."""
        bindings: dict[str, str] = {}
        for layer in self.layers:
            for key, value in layer.values.items():
                if key.startswith(KEYS_TABLE):
                    bindings.setdefault(key.removeprefix(KEYS_TABLE), value)
        return bindings


def resolve(
    *,
    flags: Mapping[str, Any],
    environ: Mapping[str, str],
    project: Project | None,
    profile: Layer | None,
    user_file: Path,
) -> Resolved:
    """Puts the layers in order and returns what is in force.

    `flags` holds only what was typed; a None value is none.

    Raises:
        ConfigError: As `checked` and `read_file`.
    """
    layers = [
        Layer(flag(key), {key: checked(key, value, flag(key))})
        for key, value in flags.items()
        if value is not None
    ]
    layers += from_environment(environ)
    if project:
        layers.append(Layer(str(project.path), project.values))
    if profile:
        layers.append(profile)
    layers.append(Layer(str(user_file), read_file(user_file), own=True))
    return Resolved(layers)


def _parsed(path: Path) -> dict[str, Any]:
    """Returns the tables of a TOML file.

    Raises:
        FileNotFoundError: It is not there.
        ConfigError: It cannot be read, or is not TOML (line named).
        NotPermitted: Others could have written it.
    """
    try:
        text = _own_bytes(path).decode("utf-8")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FileNotFoundError(path) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8: {error}", "fix or remove it") from None
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}", "check its mode") from None
    import tomllib  # 4 ms, and most commands find no file

    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(
            f"{path}: not valid TOML: {error}", "fix or remove it"
        ) from None


def _own_bytes(path: Path) -> bytes:
    """Returns the bytes of a file that only the user, or root, can have written.

    It may be a link, as dotfiles often are: it is the file itself that counts.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    with open(os.open(path, flags), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise ConfigError(f"{path}: not a regular file", "move it away")
        if status.st_uid not in {0, os.geteuid()}:
            raise NotPermitted(
                f"{path}: belongs to uid {status.st_uid}, who would decide your "
                "settings",
                "replace it by a file of your own",
            )
        if others_write(status, file.fileno()):
            raise NotPermitted(
                f"{path}: mode {stat.S_IMODE(status.st_mode):04o} lets others decide "
                "your settings",
                f"read it, then run `ragcli doctor --fix`, or `chmod go-w {path}`",
            )
        data = file.read(_LONGEST + 1)
    if len(data) > _LONGEST:
        raise ConfigError(f"{path}: larger than {_LONGEST >> 10} kB", "shorten it")
    return data
