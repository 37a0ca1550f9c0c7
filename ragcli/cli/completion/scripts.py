"""The lines that a shell loads so that it asks ragcli when Tab is pressed.

Each asks with the variable `_RAGCLI_COMPLETE` and gives no word to `eval`: bash puts
quoted lines into an array, zsh and fish quote plain names themselves.
"""

from __future__ import annotations

import os
from pathlib import Path

from ragcli import packages
from ragcli.cli.completion import PROGRAM, VARIABLE
from ragcli.errors import StorageFailed, UsageError

SHELLS = ("bash", "zsh", "fish")
"""Those that there is a file for in `shells`; the wheel ships the same files."""


def script(shell: str) -> str:
    """Returns what `shell` is to load.

    Raises:
        UsageError: There is none for this shell.
        StorageFailed: Its file is missing.
    """
    if shell not in SHELLS:
        raise UsageError(
            f"there is no completion for the shell {shell or 'that runs this'!r}",
            "there is for bash, zsh and fish; set SHELL to one of them",
        )
    file = Path(__file__).with_name("shells") / f"{PROGRAM}.{shell}"
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise StorageFailed(
            f"{file}: {error.strerror}", packages.reinstallation(PROGRAM)
        ) from error


def current_shell() -> str:
    """Returns the name of the shell that runs this process, or ""."""
    import shellingham

    try:
        return str(shellingham.detect_shell()[0])
    except (shellingham.ShellDetectionFailure, OSError):
        return Path(os.environ.get("SHELL", "")).name


def install(shell: str) -> Path:
    """Puts the script where the shell finds it; returns its file.

    Raises:
        UsageError: There is no script for this shell, or no home directory.
        StorageFailed: A file cannot be written.
    """
    from ragcli.dependency_patches.typer import completion_file

    text = script(shell)
    try:
        file = completion_file(shell, PROGRAM, VARIABLE)
        file.write_text(text, encoding="utf-8")
    except RuntimeError:
        raise UsageError("there is no home directory", "set HOME") from None
    except OSError as error:
        raise StorageFailed(
            f"{error.filename}: {error.strerror}",
            "load what --show-completion prints in another way",
        ) from error
    return file
