"""Every setting: its key, its default, and one sentence that says what it does."""

from __future__ import annotations

import difflib
from dataclasses import field, fields
from functools import cache
from typing import Any

from ragcli.config.endpoints import (
    EndpointSettings,
    checked_named,
    is_named,
    is_named_field,
)
from ragcli.config.values import at_least_one, convert, seconds, size
from ragcli.errors import ConfigError
from ragcli.frozen import frozen

KEYS_TABLE = "keys."
"""Key bindings of the chat: `keys.<binding id> = "ctrl+k"`; ids are checked there."""


AUTO = "auto"
"""The threshold that `ragcli eval` learns."""


def _setting(
    key: str,
    default: Any,
    help_: str,
    *choices: str,
    check: Any = None,
    word: str = "",
) -> Any:
    """Declares one setting of `Settings`; `word` may stand in place of a number."""
    metadata = {
        "key": key,
        "help": help_,
        "choices": choices,
        "check": check,
        "word": word,
    }
    return field(default=default, metadata=metadata)


@frozen
class Settings:
    """Every setting, resolved. Field metadata carries key, sentence and choices."""

    model: str = _setting(
        "model",
        "auto",
        "Chat model: auto, builtin, ollama:NAME, ENDPOINT:NAME or provider:NAME.",
    )
    embedder: str = _setting(
        "embedder",
        "builtin",
        "Embedder: builtin, ollama:NAME, ENDPOINT:NAME or provider:NAME.",
    )
    instructions: str = _setting(
        "instructions",
        "",
        "Your own instructions, added to the prompt of generated answers.",
    )
    temperature: float = _setting(
        "temperature", 0.1, "Sampling temperature of generated answers."
    )
    max_tokens: int = _setting(
        "max_tokens", 1024, "Most tokens of a generated answer; 0 for no limit."
    )
    seed: int = _setting(
        "seed", 0, "Seed of generated answers, where the server has one; 0 for none."
    )
    top_p: float = _setting(
        "top_p", 0.0, "Nucleus sampling of generated answers; 0 leaves it to the model."
    )
    stop: tuple[str, ...] = _setting(
        "stop", (), "Texts at which a generated answer ends."
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
    retrieval_k: int = _setting(
        "retrieval.k",
        6,
        "Passages retrieved for a question.",
        check=at_least_one,
    )
    retrieval_mode: str = _setting(
        "retrieval.mode",
        "hybrid",
        "How passages are found.",
        "hybrid",
        "bm25",
        "vectors",
    )
    retrieval_threshold: float | str = _setting(
        "retrieval.threshold",
        0.5,
        "Relevance in [0, 1] below which the built-in model does not answer, or auto.",
        word=AUTO,
    )
    learned_threshold: float = _setting(
        "retrieval.learned_threshold",
        0.5,
        "The threshold where it is auto; `ragcli eval` sets it to what does best.",
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
    ocr: bool = _setting(
        "documents.ocr",
        False,
        "Read scanned pages of PDF files by text recognition; it takes its time.",
    )
    refresh: str = _setting(
        "documents.refresh",
        "check",
        "When documents changed: say so, sync before answering, or do not look.",
        "check",
        "auto",
        "off",
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
    open_command: str = _setting(
        "open_command",
        "",
        "What opens a source, such as code -g {path}:{line}; default $EDITOR.",
    )
    store: str = _setting(
        "store",
        "",
        "Where sessions live: empty for this disk, or a redis:// or unix:// address.",
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
    endpoints: tuple[EndpointSettings, ...] = ()
    """Model servers of the user's own, by name."""
    aliases: tuple[tuple[str, str], ...] = ()
    """Other names for models, and what each stands for."""

    @property
    def threshold(self) -> float:
        """The relevance from which the built-in model answers, in [0, 1]."""
        if self.retrieval_threshold == AUTO:
            return self.learned_threshold
        return float(self.retrieval_threshold)

    def meant(self, spec: str) -> str:
        """Returns the model that `spec` stands for: itself, unless it is an alias."""
        return dict(self.aliases).get(spec, spec)

    def endpoint(self, name: str) -> EndpointSettings | None:
        """Returns the endpoint of this name, if there is one."""
        return next(
            (endpoint for endpoint in self.endpoints if endpoint.name == name), None
        )


@cache
def declared() -> dict[str, Any]:
    """Returns the dataclass field of each dotted key."""
    all_fields = fields(Settings)
    return {item.metadata["key"]: item for item in all_fields if item.metadata}


def known_keys() -> list[str]:
    """Returns every dotted key, in the order of declaration."""
    return list(declared())


def variable(key: str) -> str:
    """Returns the environment variable of a key."""
    return "RAGCLI_" + key.replace(".", "_").upper()


def flag(key: str) -> str:
    """Returns the option of the command line that gives a setting."""
    return _FLAGS.get(key) or "--" + key.replace("_", "-")


_FLAGS = {"lock_wait": "--wait", "retrieval.mode": "--mode"}
"""Settings whose option has a name of its own."""


def is_known(key: str) -> bool:
    """Tells whether there is a setting of this key; a newer version may have more."""
    if is_named(key):
        return is_named_field(key)
    return key.startswith(KEYS_TABLE) or key in declared()


def nearest(key: str) -> str:
    """Asks whether the setting that is spelled most like `key` is meant, if one is."""
    near = difflib.get_close_matches(key, known_keys(), 1, 0.5)
    return f"did you mean {near[0]}?" if near else ""


def choices_of(key: str) -> tuple[str, ...]:
    """Returns what a setting may be; () where that cannot be listed."""
    setting = declared().get(key)
    if setting is None:
        return ()
    if isinstance(setting.default, bool):
        return ("true", "false")
    choices: tuple[str, ...] = setting.metadata["choices"]
    return choices


def checked(key: str, value: Any, source: str) -> Any:
    """Returns `value` converted to the setting's type.

    Raises:
        ConfigError: No such key (the nearest is named), or a value it cannot take.
    """
    if key.startswith(KEYS_TABLE):
        return _binding(key, value, source)
    if is_named(key):
        return checked_named(key, value, source)
    setting = declared().get(key)
    if setting is None:
        hint = nearest(key) or "`ragcli config show` lists them"
        raise ConfigError(f"{source}: there is no setting {key!r}", hint)
    location = source if source in {flag(key), variable(key)} else f"{source}: {key}"
    if setting.metadata["word"] and value == setting.metadata["word"]:
        return value
    try:
        converted = convert(value, type(setting.default))
        if setting.metadata["check"]:
            setting.metadata["check"](converted)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{location}: {error}", setting.metadata["help"]) from None
    choices = setting.metadata["choices"]
    if choices and converted not in choices:
        raise ConfigError(
            f"{location}: {converted!r} is not one of {', '.join(choices)}",
            setting.metadata["help"],
        )
    return converted


def _binding(key: str, value: Any, source: str) -> str:
    if not isinstance(value, str) or not value:
        raise ConfigError(f"{source}: {key}: not a key name", 'write e.g. "ctrl+k"')
    return value
