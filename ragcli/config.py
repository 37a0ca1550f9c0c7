"""Settings, and where each value comes from.

flag > environment > project file > profile > user file > default. Every setting
has one dotted key (`retrieval.k`), one environment variable (`RAGCLI_RETRIEVAL_K`)
and one sentence that says what it does.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any

from ragcli.errors import ConfigError

PROJECT_FILE = ".ragcli.toml"
KEYS_TABLE = "keys."
"""Key bindings of the chat: `keys.<binding id> = "ctrl+k"`; ids are checked there."""

PERSONAL = frozenset(
    {
        "store",
        "user",
        "durability",
        "ollama_host",
        "tracing",
        "redact",
        "audit",
        "allow_network_fs",
        "ttl",
        "ttl_absolute",
    }
)
"""Settings that a project file may not touch."""

_DURATION = re.compile(r"(\d+)\s*([smhdw]?)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "": 1}
_SIZE = re.compile(r"(\d+)\s*([kmg]?)i?b?", re.IGNORECASE)
_BYTES = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def seconds(text: str) -> int:
    """Returns the seconds of `90`, `45s`, `30m`, `12h`, `30d`, `2w`; `never` is 0."""
    if text in {"", "never", "off"}:
        return 0
    match = _DURATION.fullmatch(text.strip())
    if not match:
        raise ValueError(f"{text!r} is not a time span; write 30d, 12h, 45m or never")
    return int(match[1]) * _SECONDS[match[2]]


def size(text: str) -> int:
    """Returns the bytes of `100MB`, `4k`, `1GiB` (powers of two)."""
    match = _SIZE.fullmatch(text.strip())
    if not match:
        raise ValueError(f"{text!r} is not a size; write 100MB or 1GB")
    return int(match[1]) * _BYTES[match[2].lower()]


def _setting(
    key: str, default: Any, help_: str, *choices: str, check: Any = None
) -> Any:
    """Declares one setting of `Settings`."""
    metadata = {"key": key, "help": help_, "choices": choices, "check": check}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting, resolved. Field metadata carries key, sentence and choices."""

    model: str = _setting(
        "model", "auto", "Chat model: auto, builtin, ollama:NAME or provider:NAME."
    )
    embedder: str = _setting(
        "embedder", "builtin", "Embedder: builtin, ollama:NAME or provider:NAME."
    )
    instructions: str = _setting(
        "instructions",
        "",
        "Your own instructions, added to the prompt of generated answers.",
    )
    temperature: float = _setting(
        "temperature", 0.1, "Sampling temperature of generated answers."
    )
    context_window: int = _setting(
        "context_window", 0, "Tokens the model may read; 0 asks the model."
    )
    require_model: bool = _setting(
        "require_model", False, "Fail instead of falling back to built-in answers."
    )
    timeout: str = _setting(
        "timeout", "120s", "Longest silence of a model server.", check=seconds
    )
    ollama_host: str = _setting(
        "ollama_host",
        "",
        "Address of Ollama; default OLLAMA_HOST, else 127.0.0.1:11434.",
    )
    tracing: bool = _setting(
        "tracing", False, "Let LangSmith tracing variables take effect."
    )
    retrieval_k: int = _setting("retrieval.k", 6, "Passages retrieved for a question.")
    retrieval_mode: str = _setting(
        "retrieval.mode",
        "hybrid",
        "How passages are found.",
        "hybrid",
        "bm25",
        "vectors",
    )
    retrieval_threshold: float = _setting(
        "retrieval.threshold",
        0.5,
        "Relevance in [0, 1] below which nothing is answered by the built-in model.",
    )
    mounts: tuple[str, ...] = _setting(
        "documents.mounts", (), "Bundles and profiles whose documents are searched too."
    )
    chunk_size: int = _setting("chunking.size", 1200, "Longest chunk in characters.")
    chunk_overlap: int = _setting(
        "chunking.overlap", 120, "Characters that neighbouring prose chunks share."
    )
    max_file_size: str = _setting(
        "documents.max_file_size", "100MB", "Larger files are skipped.", check=size
    )
    memory: str = _setting(
        "memory",
        "recency",
        "What a model sees of a long conversation: recent turns, or a summary as well.",
        "recency",
        "summary",
    )
    memory_turns: int = _setting(
        "memory_turns", 12, "Most recent turns that are considered for the context."
    )
    ttl: str = _setting(
        "ttl",
        "never",
        "Idle time after which a profile and its turns expire.",
        check=seconds,
    )
    ttl_absolute: str = _setting(
        "ttl_absolute",
        "never",
        "Age at which a turn expires, used or not.",
        check=seconds,
    )
    store: str = _setting(
        "store", "", "Where sessions live: empty for this disk, or a redis:// address."
    )
    durability: str = _setting(
        "durability",
        "local",
        "When a turn in Redis counts as stored.",
        "local",
        "replicated",
    )
    user: str = _setting(
        "user", "", "Name of your sessions in Redis; default the login name."
    )
    redact: str = _setting(
        "redact", "", "Regular expression; matches are masked before a turn is stored."
    )
    audit: bool = _setting("audit", True, "Keep an audit log.")
    allow_network_fs: bool = _setting(
        "allow_network_fs", False, "Use profiles on a network file system all the same."
    )
    lock_wait: str = _setting(
        "lock_wait", "10s", "How long a commit waits for the lock.", check=seconds
    )
    theme: str = _setting("tui.theme", "textual-dark", "Theme of the chat.")
    sources_pane: bool = _setting("tui.sources", True, "Show the sources in the chat.")
    sidebar: bool = _setting("tui.sidebar", True, "Show conversations in the chat.")


@dataclass(frozen=True, slots=True)
class Origin:
    """One setting: its value and where that came from."""

    key: str
    value: Any
    source: str
    """`default`, a file's path, `profile NAME`, a variable's name, or a flag's."""
    help: str


@dataclass(frozen=True, slots=True)
class Layer:
    """Some settings from one place."""

    source: str
    values: Mapping[str, Any]


@cache
def _declared() -> dict[str, Any]:
    """Returns the dataclass field of each dotted key."""
    return {item.metadata["key"]: item for item in fields(Settings)}


def known_keys() -> list[str]:
    """Returns every dotted key, in the order of declaration."""
    return list(_declared())


def variable(key: str) -> str:
    """Returns the environment variable of a key."""
    return "RAGCLI_" + key.replace(".", "_").upper()


def checked(key: str, value: Any, source: str) -> Any:
    """Returns `value` converted to the setting's type.

    Raises:
        ConfigError: No such key (the nearest is named), or a value it cannot take.
    """
    if key.startswith(KEYS_TABLE):
        return _binding(key, value, source)
    declared = _declared().get(key)
    if declared is None:
        near = difflib.get_close_matches(key, known_keys(), 1, 0.5)
        hint = f"did you mean {near[0]}?" if near else "`ragcli config show` lists them"
        raise ConfigError(f"{source}: there is no setting {key!r}", hint)
    try:
        converted = _convert(value, type(declared.default))
        if declared.metadata["check"]:
            declared.metadata["check"](converted)
    except (TypeError, ValueError) as error:
        raise ConfigError(
            f"{source}: {key}: {error}", declared.metadata["help"]
        ) from None
    choices = declared.metadata["choices"]
    if choices and converted not in choices:
        raise ConfigError(
            f"{source}: {key}: {converted!r} is not one of {', '.join(choices)}",
            declared.metadata["help"],
        )
    return converted


def _binding(key: str, value: Any, source: str) -> str:
    if not isinstance(value, str) or not value:
        raise ConfigError(f"{source}: {key}: not a key name", 'write e.g. "ctrl+k"')
    return value


def _convert(value: Any, kind: type) -> Any:
    """Converts text (from an environment or a command line) or a TOML value."""
    if kind is bool:
        return _as_bool(value)
    if kind is tuple:
        return _as_list(value)
    if isinstance(value, bool):
        raise TypeError(f"expected {_NAMES[kind]}, not {str(value).lower()}")
    if kind is str:
        if not isinstance(value, str | int | float):
            raise ValueError("expected text")
        return str(value)
    try:
        number = kind(value)
    except (TypeError, ValueError):
        raise ValueError(f"expected {_NAMES[kind]}, not {value!r}") from None
    if number < 0:
        raise ValueError("must not be negative")
    return number


_NAMES = {int: "a whole number", float: "a number", str: "text"}
_BOOLEANS = {"true": True, "1": True, "yes": True, "on": True}
_BOOLEANS |= {"false": False, "0": False, "no": False, "off": False}


def _as_bool(value: Any) -> bool:
    known = _BOOLEANS.get(str(value).lower())
    if known is None:
        raise ValueError(f"expected true or false, not {value!r}")
    return known


def _as_list(value: Any) -> tuple[str, ...]:
    """Converts a TOML array, or text with the separator of `PATH`."""
    items = value.split(os.pathsep) if isinstance(value, str) else value
    if not isinstance(items, list | tuple) or not all(
        isinstance(item, str) for item in items
    ):
        raise ValueError("expected a list of texts")
    return tuple(item for item in items if item)


def flatten(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yields dotted keys and values of nested TOML tables."""
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from flatten(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def read_file(path: Path) -> dict[str, Any]:
    """Returns a settings file's checked values by dotted key; {} if it is not there.

    Raises:
        ConfigError: Not TOML (line named), an unknown key, a bad value.
    """
    try:
        table = _parsed(path)
    except FileNotFoundError:
        return {}
    return {key: checked(key, value, str(path)) for key, value in flatten(table)}


def from_environment(environ: Mapping[str, str]) -> Iterator[Layer]:
    """Yields one layer for each setting's variable that is set."""
    for key in known_keys():
        name = variable(key)
        if environ.get(name):
            yield Layer(name, {key: checked(key, environ[name], name)})


def find_project_file(start: Path | None = None) -> Path | None:
    """Returns the nearest `.ragcli.toml` from `start` (working directory) upwards."""
    try:
        place = Path(start or os.getcwd()).absolute()
    except FileNotFoundError:  # the working directory was removed
        return None
    for directory in (place, *place.parents):
        candidate = directory / PROJECT_FILE
        if candidate.is_file():
            return candidate
    return None


class Resolved:
    """Settings in force, and the origin of each.

    Args:
        layers: Strongest first.
    """

    def __init__(self, layers: list[Layer]) -> None:
        self._layers = layers
        values = {
            item.name: self._lookup(key, item.default)[0]
            for key, item in _declared().items()
        }
        self.settings = Settings(**values)

    def _lookup(self, key: str, default: Any) -> tuple[Any, str]:
        for layer in self._layers:
            if key in layer.values:
                return layer.values[key], layer.source
        return default, "default"

    def origins(self) -> list[Origin]:
        """Returns every setting with its origin, in the order of declaration."""
        return [
            Origin(key, *self._lookup(key, item.default), item.metadata["help"])
            for key, item in _declared().items()
        ]

    def bindings(self) -> dict[str, str]:
        """Returns the remapped keys of the chat: binding id → key."""
        found: dict[str, str] = {}
        for layer in self._layers:
            for key, value in layer.values.items():
                if key.startswith(KEYS_TABLE):
                    found.setdefault(key.removeprefix(KEYS_TABLE), value)
        return found


def resolve(
    *,
    flags: Mapping[str, Any],
    environ: Mapping[str, str],
    project_file: Path | None,
    profile: Layer | None,
    user_file: Path,
    check_flag: Callable[[str], str] = lambda key: f"--{key}",
) -> Resolved:
    """Puts the layers in order and returns what is in force.

    `flags` holds only what was typed; a None value is none.

    Raises:
        ConfigError: As `checked` and `read_file`.
    """
    layers = [
        Layer(check_flag(key), {key: checked(key, value, check_flag(key))})
        for key, value in flags.items()
        if value is not None
    ]
    layers += from_environment(environ)
    if project_file:
        layers.append(Layer(str(project_file), read_project(project_file)))
    if profile:
        layers.append(profile)
    layers.append(Layer(str(user_file), read_file(user_file)))
    return Resolved(layers)


def read_project(path: Path) -> dict[str, Any]:
    """Returns a project file's settings, without its `profile` line.

    Raises:
        ConfigError: Also for a setting that only the user may choose: a checkout
            that somebody else wrote must not send sessions or documents away.
    """
    values = {k: v for k, v in _project(path).items() if k != "profile"}
    for key in values:
        if key in PERSONAL or key.startswith(KEYS_TABLE):
            raise ConfigError(
                f"{path}: {key} cannot be set by a project",
                f"set it for yourself: ragcli config set {key} VALUE",
            )
    return values


def project_profile(path: Path) -> str:
    """Returns the profile that a project file names, or ""."""
    return str(_project(path).get("profile", ""))


def _project(path: Path) -> dict[str, Any]:
    try:
        table = _parsed(path)
    except FileNotFoundError:
        return {}
    return {
        key: value if key == "profile" else checked(key, value, str(path))
        for key, value in flatten(table)
    }


def _parsed(path: Path) -> dict[str, Any]:
    """Returns the tables of a TOML file.

    Raises:
        FileNotFoundError: It is not there.
        ConfigError: It cannot be read, or is not TOML (line named).
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FileNotFoundError(path) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8: {error}", "fix or remove it") from None
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}", "check its mode") from None
    import tomllib  # 4 ms, and most commands find no file

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"{path}: not valid TOML: {error}", "fix or remove it"
        ) from None
