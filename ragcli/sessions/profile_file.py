"""`profile.toml`: a profile's id, and the settings that are its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from ragcli import config
from ragcli.errors import Damaged, NewerFormat
from ragcli.frozen import frozen
from ragcli.storage.files import Directory

FILE = "profile.toml"
FORMAT = 1
_ID_BYTES = 32
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


@frozen
class ProfileFile:
    """The contents of `profile.toml`."""

    id: str
    """256 random bits; two profiles of the same name are never taken for one."""
    created: str
    """UTC, RFC 3339."""
    encrypted: bool
    settings: Mapping[str, Any]
    """By dotted key, as written: unchecked."""

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
        _check_format(int(table["format"]), name)
        return ProfileFile(
            id=str(table["id"]),
            created=str(table["created"]),
            encrypted=bool(table["encrypted"]),
            settings=dict(config.flatten(table.get("settings", {}))),
        )
    except FileNotFoundError:
        raise Damaged(f"profile {name!r}: {FILE} is missing", hint) from None
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise Damaged(f"profile {name!r}: {FILE}: {error}", hint) from None


def _check_format(version: int, name: str) -> None:
    if version > FORMAT:
        raise NewerFormat(
            f"profile {name!r} has format {version}; this ragcli knows up to {FORMAT}",
            "upgrade ragcli to use this profile",
        )


def write(directory: Directory, profile: ProfileFile) -> None:
    """Writes a new profile's file, durably."""
    lines = [
        f"format = {FORMAT}",
        f"id = {_value(profile.id)}",
        f"created = {_value(profile.created)}",
        f"encrypted = {_value(profile.encrypted)}",
        "",
        "[settings]",
        *(f"{_key(k)} = {_value(v)}" for k, v in sorted(profile.settings.items())),
    ]
    directory.replace(FILE, ("\n".join(lines) + "\n").encode())


def copy(source: Directory, target: Directory, *, encrypted: bool) -> None:
    """Copies a profile's file, comments included, with `encrypted` changed."""
    import tomlkit  # 40 ms, and only for changes

    document = tomlkit.parse(source.read(FILE).decode())
    document["encrypted"] = encrypted
    target.replace(FILE, tomlkit.dumps(document).encode())


def change_settings(directory: Directory, changes: Mapping[str, Any]) -> None:
    """Sets and, where the value is None, unsets keys; comments stay.

    Call it under a lock: it reads the file and writes it again.
    """
    import tomlkit  # 40 ms, and only for changes

    document = tomlkit.parse(directory.read(FILE).decode())
    settings = document.setdefault("settings", tomlkit.table())
    for key, value in changes.items():
        *tables, last = key.split(".")
        table = settings
        for name in tables:
            table = table.setdefault(name, tomlkit.table())
        if value is None:
            with suppress(KeyError):
                del table[last]
        else:
            table[last] = value
    directory.sweep(FILE)
    directory.replace(FILE, tomlkit.dumps(document).encode())


def _key(dotted: str) -> str:
    parts = dotted.split(".")
    return ".".join(p if _BARE_KEY.fullmatch(p) else _value(p) for p in parts)


def _value(value: Any) -> str:
    """Returns a TOML value; JSON's escapes are TOML's, but for DEL (toml.io, v1.0)."""
    import json

    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
