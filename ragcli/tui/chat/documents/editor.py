"""Opening a document where a citation points."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath

from ragcli.errors import DocumentNotFound, UsageError
from ragcli.text import safe_name

_GOTO = {"code", "codium", "cursor"}
"""Editors that take `-g file:line`."""

_COLON = {"subl", "zed", "hx", "helix"}
"""Editors that take `file:line`; all others get `+line file`."""


def command(
    path: str, line: int | None, environ: Mapping[str, str] | None = None
) -> Sequence[str]:
    """Returns the command that opens `path` at `line` in the user's editor.

    `$VISUAL` and `$EDITOR` come first, then `vi`. A document without lines (a PDF)
    is opened by the desktop.

    Raises:
        DocumentNotFound: The file is gone.
        UsageError: There is no editor.
    """
    if not Path(path).exists():
        raise DocumentNotFound(
            f"{safe_name(path)} is no longer there",
            "/sync brings the documents up to date",
        )
    viewer = shutil.which("xdg-open") or shutil.which("open")
    if line is None and viewer:
        return [viewer, path]
    words = _editor(os.environ if environ is None else environ)
    return [*words, *_at(PurePath(words[0]).name, path, line)]


def _editor(environ: Mapping[str, str]) -> Sequence[str]:
    chosen = environ.get("VISUAL") or environ.get("EDITOR") or shutil.which("vi") or ""
    try:
        words = shlex.split(chosen)
    except ValueError:
        words = []
    if not words:
        raise UsageError("there is no editor to open it with", "set $EDITOR")
    return words


def _at(editor: str, path: str, line: int | None) -> Sequence[str]:
    """Returns the arguments that open `path` at `line` in this editor."""
    if line is None:
        return [path]
    if editor in _GOTO:
        return ["-g", f"{path}:{line}"]
    if editor in _COLON:
        return [f"{path}:{line}"]
    return [f"+{line}", path]
