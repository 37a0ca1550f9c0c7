"""Model servers of the user's own, `[endpoints.NAME]`, and other names for models.

An endpoint is taken whole from the strongest place that says anything of it: a key is
never sent to an address that somebody else wrote beside it. What runs a program counts
only where nobody but the user can have written it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ragcli.config.values import convert
from ragcli.errors import ConfigError
from ragcli.frozen import frozen

ENDPOINTS_TABLE = "endpoints."
"""Model servers: `endpoints.NAME.url = "http://127.0.0.1:8080"`."""
ALIASES_TABLE = "aliases."
"""Short names of models: `aliases.fast = "ollama:llama3.2"`."""

RUNS = "key_command"
"""The field that runs a program: taken from the user's own file alone."""

_HIDDEN = "(hidden)"
APIS = ("openai", "ollama")

_NAME = r"[a-z0-9][a-z0-9_-]{0,31}"
_HEADER = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
_TAKEN = frozenset({"auto", "builtin", "ollama"})
_FIELDS: Mapping[str, tuple[type, str]] = {
    "url": (str, "Address of the server: http://127.0.0.1:8080, with or without /v1."),
    "api": (str, "What it speaks: openai (the default) or ollama."),
    "key_command": (str, "A command that prints the key."),
    "keyring": (str, "Name of the key in the desktop's keyring, service ragcli."),
    "key_env": (str, "The environment variable that holds the key."),
    "window": (int, "Tokens its models may read; 0 asks the server."),
    "max_tokens": (int, "Most tokens of an answer; 0 takes the setting max_tokens."),
}


@frozen
class EndpointSettings:
    """A model server, as the user describes it."""

    name: str
    url: str
    api: str = "openai"
    """One of `APIS`."""
    key_command: str = ""
    keyring: str = ""
    key_env: str = ""
    window: int = 0
    """Tokens; 0 asks the server."""
    max_tokens: int = 0
    """Most tokens of an answer; 0 for the setting."""
    headers: tuple[tuple[str, str], ...] = ()


def is_named(key: str) -> bool:
    """Tells whether a dotted key is an endpoint's or an alias."""
    return key.startswith((ENDPOINTS_TABLE, ALIASES_TABLE))


def is_named_field(key: str) -> bool:
    """Tells whether such a key is an alias, or one that every endpoint has."""
    field = key.removeprefix(ENDPOINTS_TABLE).partition(".")[2]
    is_alias = key.startswith(ALIASES_TABLE)
    return is_alias or field in _FIELDS or field.startswith("headers.")


def checked_named(key: str, value: Any, source: str) -> Any:
    """Returns the value of an endpoint's field or of an alias.

    Raises:
        ConfigError: No such field, no possible name, or a value it cannot take.
    """
    location = f"{source}: {key}" if source else key
    if key.startswith(ALIASES_TABLE):
        _check_name(key.removeprefix(ALIASES_TABLE), location)
        return _text(value, location, "write a model: ollama:llama3.2")
    name, _, field = key.removeprefix(ENDPOINTS_TABLE).partition(".")
    _check_name(name, location)
    if field.startswith("headers."):
        return _header(field.removeprefix("headers."), value, location)
    if field not in _FIELDS:
        raise ConfigError(
            f"{location}: an endpoint has no {field or 'value'!r}",
            f"it has {', '.join(_FIELDS)} and headers",
        )
    kind, help_ = _FIELDS[field]
    try:
        converted = convert(value, kind)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{location}: {error}", help_) from None
    if field == "url":
        _check_url(converted, location)
    if field == "api" and converted not in APIS:
        raise ConfigError(
            f"{location}: {converted!r} is not one of {', '.join(APIS)}", help_
        )
    return converted


def shown(key: str, value: Any) -> Any:
    """Returns a value as it is listed: headers often carry keys."""
    return _HIDDEN if key.startswith(ENDPOINTS_TABLE) and ".headers." in key else value


def help_of(key: str) -> str:
    """Returns one sentence on an endpoint's field or an alias."""
    if key.startswith(ALIASES_TABLE):
        return "Another name for a model."
    field = key.removeprefix(ENDPOINTS_TABLE).partition(".")[2]
    return _FIELDS[field][1] if field in _FIELDS else "A header of every request."


def endpoints(
    layers: Iterable[tuple[Mapping[str, Any], bool]],
) -> tuple[EndpointSettings, ...]:
    """Returns the endpoints that are described, by name.

    Args:
        layers: Strongest first: values by dotted key, and whether only the user can
            have written them.
    """
    described: dict[str, EndpointSettings] = {}
    for values, own in layers:
        for name, fields in _by_name(values).items():
            if name not in described and fields.get("url"):
                kept = {k: v for k, v in fields.items() if own or k != RUNS}
                described[name] = EndpointSettings(name, **kept)
    return tuple(described[name] for name in sorted(described))


def aliases(
    layers: Iterable[tuple[Mapping[str, Any], bool]],
) -> tuple[tuple[str, str], ...]:
    """Returns the model that each alias stands for."""
    models: dict[str, str] = {}
    for values, _ in layers:
        for key, value in values.items():
            if key.startswith(ALIASES_TABLE):
                models.setdefault(key.removeprefix(ALIASES_TABLE), value)
    return tuple(sorted(models.items()))


def _by_name(values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Returns the fields of each endpoint in one place."""
    by_name: dict[str, dict[str, Any]] = {}
    for key, value in values.items():
        if not key.startswith(ENDPOINTS_TABLE):
            continue
        name, _, field = key.removeprefix(ENDPOINTS_TABLE).partition(".")
        fields = by_name.setdefault(name, {})
        if field.startswith("headers."):
            header = (field.removeprefix("headers."), value)
            fields["headers"] = (*fields.get("headers", ()), header)
        else:
            fields[field] = value
    return by_name


def _check_name(name: str, location: str) -> None:
    if not re.fullmatch(_NAME, name):
        raise ConfigError(
            f"{location}: {name[:40]!r} cannot be a name",
            "take up to 32 small letters, digits, - and _",
        )
    if name in _TAKEN:
        raise ConfigError(
            f"{location}: {name!r} means something already", "take another"
        )


def _check_url(url: str, location: str) -> None:
    from urllib.parse import urlsplit  # most commands check no address

    hint = "write http://127.0.0.1:8080 or https://host/path"
    try:
        parts = urlsplit(url)
        sound = parts.scheme in {"http", "https"} and bool(parts.hostname)
        sound = sound and parts.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise ConfigError(f"{location}: {url[:80]!r} is not an address", hint)


def _header(name: str, value: Any, location: str) -> str:
    text = _text(value, location, "write a text of one line")
    if not re.fullmatch(_HEADER, name) or not text.isprintable():
        raise ConfigError(
            f"{location}: it cannot be a header", "write a text of one line"
        )
    return text


def _text(value: Any, location: str, hint: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ConfigError(f"{location}: expected text", hint)
    return value.strip()
