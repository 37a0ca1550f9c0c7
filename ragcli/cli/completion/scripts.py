"""The lines that a shell loads so that it asks ragcli when Tab is pressed.

Each asks with the variable `_RAGCLI_COMPLETE` and gives no word to `eval`: bash puts
quoted lines into an array, zsh and fish quote plain names themselves.
"""

from __future__ import annotations

import os
from pathlib import Path

from ragcli.cli.completion import PROGRAM, VARIABLE
from ragcli.errors import StorageFailed, UsageError

BASH = """\
_ragcli_completion() {
    local reply
    COMPREPLY=()
    while IFS= read -r reply; do
        COMPREPLY+=("$reply")
    done < <(_RAGCLI_COMPLETE=bash "$1" "${COMP_LINE:0:COMP_POINT}" "$2" 2>/dev/null)
}

complete -o default -F _ragcli_completion ragcli
"""

ZSH = """\
#compdef ragcli

_ragcli_completion() {
    local -a fields values shown
    local typed= name about
    [[ $PREFIX == -* ]] && typed=$PREFIX
    [[ $PREFIX == --*=* ]] && compset -P '*='
    fields=("${(@0)$(_RAGCLI_COMPLETE=zsh ragcli \\
        "${(@Q)words[2,CURRENT-1]}" "$typed" 2>/dev/null)}")
    for name about in "${(@)fields[1,-2]}"; do
        values+=("$name")
        shown+=("$about")
    done
    if (( $#values )); then
        compadd -l -d shown -a values
    else
        _files
    fi
}

if [[ $funcstack[1] == _ragcli ]]; then
    _ragcli_completion "$@"
else
    compdef _ragcli_completion ragcli
fi
"""

FISH = """\
function __ragcli_complete
    set -l word (commandline -ct)
    set -l typed ''
    string match -q -- '-*' "$word"; and set typed $word
    set -l found (_RAGCLI_COMPLETE=fish ragcli (commandline -opc)[2..-1] "$typed" \\
        2>/dev/null | string split0)
    if set -q found[1]
        string join0 -- $found
    else
        __fish_complete_path "$word" | string join0
    end
end

complete --command ragcli --no-files --arguments '(__ragcli_complete | string split0)'
"""

SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}


def script(shell: str) -> str:
    """Returns what `shell` is to load.

    Raises:
        UsageError: There is none for this shell.
    """
    try:
        return SCRIPTS[shell]
    except KeyError:
        raise UsageError(
            f"there is no completion for the shell {shell or 'that runs this'!r}",
            "there is for bash, zsh and fish; set SHELL to one of them",
        ) from None


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
