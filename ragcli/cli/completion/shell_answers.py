"""The names that a shell offers, quoted for that shell."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from typing import Any

from ragcli.cli.completion import PROGRAM, VARIABLE, bash, scripts
from ragcli.dependency_patches.typer import answer_own_script, completions
from ragcli.text import safe_line, safe_name, safe_text

Tree = Callable[[], Any]
"""Makes the tree of commands, Typer's own."""

_HARMLESS = re.compile(r"[\w./+,@%-]+", re.ASCII)
_HIDES = re.compile(r"\\u\{(?!d[c-f])")
_WIDTH = 60


def answer(asked: str, arguments: Sequence[str], tree: Tree) -> bytes:
    """Returns what the shell's script reads.

    Args:
        asked: What the script says: its shell, or Typer's older instructions.
        arguments: What else it passes: for bash the line up to the cursor and the
            part that is replaced, else the words, the last one being typed.
        tree: Makes the tree of commands.
    """
    ask = {"bash": _bash, "zsh": _zsh, "fish": _fish}.get(asked)
    if ask is not None:
        return ask(list(arguments), tree)
    instruction, _, shell = asked.partition("_")
    if instruction == "source":
        return scripts.script(shell).encode()
    return _older(shell, tree)


def _bash(arguments: list[str], tree: Tree) -> bytes:
    """Answers with one quoted word a line.

    Bash replaces only what follows the last of its word breaks (`:`, `=`, a quote).
    What stands before it in the word stays, so it is left out of the answer.
    """
    line, replaced = [*arguments, "", ""][:2]
    words, raw = bash.typed_words(line)
    if not raw.endswith(replaced):
        return b""
    typed = bash.read_word(raw).value
    stays = bash.read_word(raw[: len(raw) - len(replaced)])
    kept = _value_part(stays.value) if _has_value(typed) else stays.value
    if stays.quote == "\\":
        return b""
    lines = [
        bash.quoted(name[len(kept) :], stays.quote)
        for name, _ in _names(words[1:], typed, tree)
        if name.startswith(kept)
    ]
    return os.fsencode("".join(f"{line}\n" for line in lines))


def _zsh(arguments: list[str], tree: Tree) -> bytes:
    """Answers with names and how each is listed, every one ended by NUL."""
    fields: list[str] = []
    typed = arguments[-1] if arguments else ""
    for name, about in _names(arguments[:-1], typed, tree):
        shown = safe_name(name)
        fields += [name, f"{shown}  -- {about}" if about else shown]
    return os.fsencode("".join(f"{field}\0" for field in fields))


def _fish(arguments: list[str], tree: Tree) -> bytes:
    """Answers with `name TAB sentence`, each ended by NUL.

    Fish cannot be told a name that holds a tab, and would draw invisible and
    bidirectional characters as they are.
    """
    typed = arguments[-1] if arguments else ""
    lead = typed[: len(typed) - len(_value_part(typed))] if _has_value(typed) else ""
    lines = [
        f"{lead}{name}\t{about}\0"
        for name, about in _names(arguments[:-1], typed, tree)
        if "\t" not in name and not _HIDES.search(safe_text(name))
    ]
    return os.fsencode("".join(lines))


def _names(words: list[str], typed: str, tree: Tree) -> list[tuple[str, str]]:
    """Returns the names that may stand at the end of a command, with a sentence."""
    items = completions(tree(), PROGRAM, words, typed)
    return [
        (name, safe_line(about, _WIDTH))
        for name, about in items
        if name and "\0" not in name
    ]


def _older(shell: str, tree: Tree) -> bytes:
    """Answers the scripts that Typer makes, which evaluate what they are told.

    They are told only names that mean nothing else to any shell, and no sentences.
    """
    answer = answer_own_script(shell, tree(), PROGRAM, VARIABLE, kept=_is_harmless)
    return os.fsencode(answer)


def _is_harmless(name: str) -> bool:
    return _HARMLESS.fullmatch(name) is not None


def _has_value(typed: str) -> bool:
    """Tells whether an option and its value are typed as one word."""
    return typed.startswith("--") and "=" in typed


def _value_part(typed: str) -> str:
    return typed.partition("=")[2]
