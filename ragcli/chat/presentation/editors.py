"""Opening a document where a citation points."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath

from ragcli.errors import DocumentNotFound, UsageError
from ragcli.paths import is_address
from ragcli.text import safe_name

_GOTO = {"code", "codium", "cursor"}
"""Editors that take `-g file:line`."""

_COLON = {"subl", "zed", "hx", "helix"}
"""Editors that take `file:line`; all others get `+line file`."""

_IN_TERMINAL = frozenset(
    [
        "vi",
        "vim",
        "nvim",
        "view",
        "nano",
        "pico",
        "joe",
        "jed",
        "mcedit",
        "micro",
        "hx",
        "helix",
        "kak",
        "ne",
        "ed",
        "less",
        "more",
    ]
)
"""Editors and pagers that draw on the terminal they are started in."""

_PLACE = re.compile(r"\{path\}|\{line\}")


def command(
    path: str,
    line: int | None,
    environ: Mapping[str, str] | None = None,
    *,
    chosen: str = "",
) -> Sequence[str]:
    """Returns the command that opens `path` at `line` in the user's editor.

    `$VISUAL` and `$EDITOR` come first, then `vi`. A document without lines (a PDF)
    is opened by the desktop, and so is a page on the web.

    Args:
        path: Of the file, or the page's address.
        line: Counted from 1; None in a format without lines.
        environ: The environment; `os.environ` outside tests.
        chosen: The setting `open_command`: a command before all others. `{path}` and
            `{line}` in it stand for these; without them they follow it.

    Raises:
        DocumentNotFound: The file is gone.
        UsageError: There is no editor.
    """
    if is_address(path):
        return _at_desktop(path)
    if not Path(path).exists():
        raise DocumentNotFound(
            f"{safe_name(path)} is no longer there",
            "docs sync brings the documents up to date",
        )
    if chosen:
        return _by_template(chosen, path, line)
    viewer = _desktop()
    if line is None and viewer:
        return [viewer, path]
    words = _editor(os.environ if environ is None else environ)
    return [*words, *_at(PurePath(words[0]).name, path, line)]


def needs_terminal(words: Sequence[str]) -> bool:
    """Tells whether a command is known to draw on the terminal it is started in."""
    return PurePath(words[0]).name in _IN_TERMINAL


def for_writing(path: str, environ: Mapping[str, str] | None = None) -> Sequence[str]:
    """Returns the command that lets the user write a file: `$VISUAL`, `$EDITOR`, `vi`.

    Raises:
        UsageError: There is no editor.
    """
    return [*_editor(os.environ if environ is None else environ), path]


def _at_desktop(address: str) -> Sequence[str]:
    viewer = _desktop()
    if not viewer:
        raise UsageError(
            f"there is no desktop to open {safe_name(address)} with",
            "ragcli get prints the text of a document",
        )
    return [viewer, address]


def _desktop() -> str | None:
    """Returns the command that has the desktop open something."""
    return shutil.which("xdg-open") or shutil.which("open")


def _by_template(chosen: str, path: str, line: int | None) -> Sequence[str]:
    words = _words(chosen)
    if not words:
        raise UsageError(
            f"open_command: {safe_name(chosen)} is not a command",
            'ragcli config set open_command "code -g {path}:{line}"',
        )
    if not any("{path}" in word for word in words):
        return [*words, *_at(PurePath(words[0]).name, path, line)]
    places = {"{path}": path, "{line}": str(line or 1)}
    return [_PLACE.sub(lambda match: places[match[0]], word) for word in words]


def _editor(environ: Mapping[str, str]) -> Sequence[str]:
    chosen = environ.get("VISUAL") or environ.get("EDITOR") or shutil.which("vi") or ""
    words = _words(chosen)
    if not words:
        raise UsageError("there is no editor to open it with", "set $EDITOR")
    return words


def _words(command_line: str) -> Sequence[str]:
    """Returns the words of a command as a shell cuts them; none where it cannot."""
    try:
        return shlex.split(command_line)
    except ValueError:
        return []


def _at(editor: str, path: str, line: int | None) -> Sequence[str]:
    """Returns the arguments that open `path` at `line` in this editor."""
    if line is None:
        return [path]
    if editor in _GOTO:
        return ["-g", f"{path}:{line}"]
    if editor in _COLON:
        return [f"{path}:{line}"]
    return [f"+{line}", path]
