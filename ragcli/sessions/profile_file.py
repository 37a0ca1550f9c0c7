"""`profile.toml`: a profile's id, and the settings that are its own."""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from typing import Any

from ragcli import config
from ragcli.errors import ConfigError, Damaged
from ragcli.frozen import frozen
from ragcli.storage import format_versions
from ragcli.storage.files import Directory

FILE = "profile.toml"
FURTHER = "."
"""How names begin that stand outside `[settings]`: those of a newer version."""
_KNOWN = frozenset({"format", "id", "created", "encrypted", "settings"})
_ID_BYTES = 32
_BARE_KEY = r"[A-Za-z0-9_-]+"


@frozen
class ProfileFile:
    """The contents of `profile.toml`."""

    id: str
    """256 random bits; two profiles of the same name are never taken for one."""
    created: str
    """UTC, RFC 3339."""
    encrypted: bool
    settings: Mapping[str, Any]
    """By dotted key, as written: unchecked, those of newer versions among them."""

    @classmethod
    def fresh(cls, settings: Mapping[str, Any], *, encrypted: bool) -> ProfileFile:
        """Returns the file of a new profile."""
        from datetime import UTC, datetime

        moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return cls(new_id(), moment, encrypted, settings)


def new_id() -> str:
    """Returns an id that nobody can guess."""
    import secrets  # loads OpenSSL: 6 ms that opening a profile need not wait

    return secrets.token_urlsafe(_ID_BYTES)


def read(directory: Directory, name: str) -> ProfileFile:
    """Returns what a profile's file says.

    Raises:
        Damaged: It is missing, or not what ragcli writes.
        NewerFormat: Written by a newer ragcli.
    """
    import tomllib

    hint = f"restore it, or export what is left: `ragcli history export -p {name}`"
    try:
        table = tomllib.loads(directory.read(FILE).decode())
        format_versions.PROFILE.bring_up(table, f"profile {name!r}")
        further = {key: table[key] for key in table if key not in _KNOWN}
        settings = {
            **dict(config.flatten(table.get("settings", {}))),
            **dict(config.flatten(further, FURTHER)),
        }
        return ProfileFile(
            id=str(table["id"]),
            created=str(table["created"]),
            encrypted=bool(table["encrypted"]),
            settings={key: _plain(value) for key, value in settings.items()},
        )
    except FileNotFoundError:
        raise Damaged(f"profile {name!r}: {FILE} is missing", hint) from None
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise Damaged(f"profile {name!r}: {FILE}: {error}", hint) from None


def _plain(value: Any) -> Any:
    """Returns a value as every store can keep it; JSON has no dates."""
    from datetime import date, time

    if isinstance(value, date | time):
        return value.isoformat()
    return [_plain(item) for item in value] if isinstance(value, list) else value


def write(directory: Directory, profile: ProfileFile) -> None:
    """Writes a new profile's file, durably."""
    settings = [
        (key, f"{_key(key.removeprefix(FURTHER))} = {_value(value)}")
        for key, value in sorted(profile.settings.items())
    ]
    lines = [
        f"format = {format_versions.PROFILE.version}",
        f"id = {_value(profile.id)}",
        f"created = {_value(profile.created)}",
        f"encrypted = {_value(profile.encrypted)}",
        *(line for key, line in settings if key.startswith(FURTHER)),
        "",
        "[settings]",
        *(line for key, line in settings if not key.startswith(FURTHER)),
    ]
    directory.replace(FILE, ("\n".join(lines) + "\n").encode())


def copy(source: Directory, target: Directory, *, encrypted: bool) -> None:
    """Copies a profile's file, comments included, with `encrypted` changed."""
    import tomlkit  # 40 ms, and only for changes

    document = tomlkit.parse(source.read(FILE).decode())
    format_versions.PROFILE.bring_up(document, FILE)
    document["encrypted"] = encrypted
    target.replace(FILE, tomlkit.dumps(document).encode())


def change_settings(directory: Directory, changes: Mapping[str, Any]) -> None:
    """Sets and, where the value is None, unsets keys; all else stays, comments too.

    Call it under a lock: it reads the file and writes it again.

    Raises:
        ConfigError: Somebody wrote a value where the table of a key has to stand.
    """
    import tomlkit  # 40 ms, and only for changes

    document = tomlkit.parse(directory.read(FILE).decode())
    format_versions.PROFILE.bring_up(document, FILE)
    settings = document.setdefault("settings", tomlkit.table())
    for key, value in changes.items():
        *tables, last = key.removeprefix(FURTHER).split(".")
        table = document if key.startswith(FURTHER) else settings
        for depth, name in enumerate(tables, 1):
            table = table.setdefault(name, tomlkit.table())
            if not isinstance(table, MutableMapping):
                raise _not_a_table(".".join(tables[:depth]), key)
        if value is None:
            with suppress(KeyError):
                del table[last]
        else:
            table[last] = value
    directory.sweep(FILE)
    directory.replace(FILE, tomlkit.dumps(document).encode())


def _not_a_table(name: str, key: str) -> ConfigError:
    return ConfigError(
        f"{FILE} has a value {name!r}, so it cannot have {key!r}",
        f"`ragcli profile unset {name}` removes it, or correct it in {FILE}",
    )


def _key(dotted: str) -> str:
    parts = dotted.split(".")
    return ".".join(p if re.fullmatch(_BARE_KEY, p) else _value(p) for p in parts)


def _value(value: Any) -> str:
    """Returns a TOML value; JSON's escapes are TOML's, but for DEL (toml.io, v1.0)."""
    if isinstance(value, Mapping):
        members = (f"{_value(str(k))} = {_value(v)}" for k, v in value.items())
        return f"{{{', '.join(members)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, float):
        return repr(value)  # JSON has other names for what is no number
    import json

    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
