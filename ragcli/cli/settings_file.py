"""Changes to a user's settings file: comments survive, and so does a crash."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ragcli import config
from ragcli.errors import NotFound
from ragcli.storage.files import DIRECTORY_MODE, disk_errors
from ragcli.storage.private_files import replacing_file

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

HEADER = "# Settings of ragcli; `ragcli config show` explains each.\n"


def put(path: Path, texts: Mapping[str, str]) -> dict[str, Any]:
    """Sets some keys, all or none, and returns the values as they were understood.

    Args:
        path: The file.
        texts: What was typed, by key.

    Raises:
        ConfigError: No such key, a value it cannot take, or a broken file.
        StorageFailed: Nothing was changed.
    """
    values = {k: config.checked(k, text, "command line") for k, text in texts.items()}

    config.read_file(path)  # refuses a bad file before anything is touched

    def change(document: TOMLDocument) -> None:
        import tomlkit

        for key, value in values.items():
            *tables, name = key.split(".")
            at: MutableMapping[str, Any] = document
            for table in tables:
                inner = at.setdefault(table, tomlkit.table())
                at = cast("MutableMapping[str, Any]", inner)
            at[name] = list(value) if isinstance(value, tuple) else value

    _rewrite(path, change)
    return values


def remove(path: Path, key: str) -> None:
    """Removes `key` from the file, also one that nobody knows, or a bad value.

    Raises:
        ConfigError: No such key there or anywhere, or a broken file.
        NotFound: The file does not set it.
    """
    if key not in config.written(path):
        is_free = key.startswith(config.KEYS_TABLE) or config.is_named(key)
        if not is_free and key not in config.known_keys():
            config.checked(key, "", "command line")  # names the nearest
        raise NotFound(
            f"{path} does not set {key}", "ragcli config show tells who does"
        )

    def change(document: TOMLDocument) -> None:
        *tables, name = key.split(".")
        at: MutableMapping[str, Any] = document
        for table in tables:
            at = cast("MutableMapping[str, Any]", at[table])
        del at[name]

    _rewrite(path, change)


def make(path: Path) -> None:
    """Creates an empty file with a comment, unless there is one."""
    if not path.exists():
        _replace(path, HEADER.encode())


def _rewrite(path: Path, change: Callable[[TOMLDocument], None]) -> None:
    """Applies `change` to the parsed file and puts the result in its place."""
    import tomlkit

    text = path.read_text(encoding="utf-8") if path.exists() else HEADER
    document = tomlkit.parse(text)
    change(document)
    _replace(path, tomlkit.dumps(document).encode())


def _replace(path: Path, data: bytes) -> None:
    """Puts `data` in the file's place; a link keeps pointing where it did."""
    target = Path(os.path.realpath(path))
    with disk_errors(path):
        target.parent.mkdir(DIRECTORY_MODE, parents=True, exist_ok=True)
    with replacing_file(target) as file:
        file.write(data)
