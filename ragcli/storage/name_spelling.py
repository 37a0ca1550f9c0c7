"""One file, one name: how the disk spells what somebody typed.

macOS finds a file by any case and normal form of its name, so that `Notes` and `notes`,
or two ways to write `é`, are one directory. Its listing has the one name that it keeps.
"""

from __future__ import annotations

import os
import unicodedata
from contextlib import suppress


def as_on_disk(path: str | os.PathLike[str]) -> str:
    """Returns an absolute path, each name of it as its directory lists it.

    What is not there stays as it was typed; so do all names on a file system that
    tells them apart, which costs a look at one other spelling of each. Links are not
    followed.
    """
    absolute = os.path.abspath(path)
    names = [name for name in absolute.split("/") if name]
    spelled = "/" if absolute.startswith("/") else ""
    for index, name in enumerate(names):
        try:
            status = os.lstat(os.path.join(spelled, name))
        except (OSError, ValueError):
            return os.path.join(spelled, *names[index:])
        spelled = os.path.join(spelled, _listed(spelled, name, status))
    return spelled


def _listed(directory: str, name: str, status: os.stat_result) -> str:
    """Returns the name that a directory lists an entry by which it finds as `name`."""
    if not any(_is_same(directory, other, status) for other in _others(name)):
        return name
    with suppress(OSError):
        listed = os.listdir(directory)
        if name not in listed:
            alike = [
                other for other in listed if folded_name(other) == folded_name(name)
            ]
            same = [other for other in alike if _is_same(directory, other, status)]
            return same[0] if same else name
    return name


def _others(name: str) -> set[str]:
    """Returns other spellings that a file system may take for this name."""
    forms = {unicodedata.normalize(form, name) for form in ("NFC", "NFD")}
    cases = {name.swapcase(), name.upper(), name.lower()}
    return (forms | cases) - {name}


def folded_name(name: str) -> str:
    """Returns a name as names are compared that differ in spelling alone."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


def _is_same(directory: str, name: str, status: os.stat_result) -> bool:
    with suppress(OSError, ValueError):
        return os.path.samestat(os.lstat(os.path.join(directory, name)), status)
    return False
