"""The manual page, made from the help of every command: `ragcli --man`."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from typing import Any

from ragcli import __version__
from ragcli.cli.completion import PROGRAM

_ENVIRONMENT = (
    ("RAGCLI_HOME", "Keeps settings, profiles and documents in one directory."),
    ("RAGCLI_PROFILE", "The profile to use where none is named."),
    ("RAGCLI_...", "Any setting: RAGCLI_RETRIEVAL_K is retrieval.k."),
    ("OLLAMA_HOST", "Where Ollama listens."),
    ("VISUAL, EDITOR", "The editor that opens documents and writes questions."),
    ("NO_COLOR", "Leaves colours out."),
)


_FILES = (
    ("~/.config/ragcli/config.toml", "Your settings: ragcli config path."),
    ("~/.local/share/ragcli/profiles/NAME", "A profile: ragcli profile path."),
    ("~/.cache/ragcli", "What can be made again; it may be removed."),
    (".ragcli.toml", "A project's settings, looked for from here upward."),
    (".gitignore, .ragignore", "What docs add leaves out of a directory."),
)
"""As on Linux without RAGCLI_HOME; a Mac has ~/Library/Application Support."""


def page(root: Any, exit_codes: str) -> str:
    """Returns the page in the language of roff: `ragcli --man | man -l -`.

    Args:
        root: The command `ragcli`, as `command_tree.root` makes it.
        exit_codes: What the help says of them.
    """
    return "\n".join(_lines(root, exit_codes)) + "\n"


def _lines(root: Any, exit_codes: str) -> Iterator[str]:
    yield f'.TH {PROGRAM.upper()} 1 "" "{PROGRAM} {__version__}" "User commands"'
    yield from (".SH NAME", rf"{PROGRAM} \- talk to your own documents")
    yield from (".SH SYNOPSIS", f".B {PROGRAM}", r".I COMMAND \fR[\fIOPTIONS\fR]")
    yield from (".SH DESCRIPTION", *_paragraphs(root.help or ""))
    context = root.make_context(PROGRAM, [], resilient_parsing=True)
    of_all = root.get_params(context)
    yield from (".SH OPTIONS", *_options(of_all, context))
    shared = {parameter.name for parameter in of_all}
    yield ".SH COMMANDS"
    for words, command, inner in _commands(root, context, ()):
        yield rf".SS {_safe(' '.join(words))}"
        yield from _command(command, inner, shared)
    yield ".SH ENVIRONMENT"
    for name, meaning in _ENVIRONMENT:
        yield from (".TP", rf".B {_safe(name)}", _safe(meaning))
    yield ".SH FILES"
    for name, meaning in _FILES:
        yield from (".TP", rf".I {_safe(name)}", _safe(meaning))
    yield from (".SH EXIT STATUS", *_verbatim(exit_codes.splitlines()[2:]))


def _commands(
    group: Any, context: Any, above: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """Yields each command that can be run: its words, itself, its context."""
    for name, stand_in in group.commands.items():
        command, words = stand_in.build(), (*above, name)
        inner = command.make_context(name, [], parent=context, resilient_parsing=True)
        if hasattr(command, "commands"):
            yield from _commands(command, inner, words)
        else:
            yield words, command, inner


def _command(command: Any, context: Any, shared: Container[str]) -> Iterator[str]:
    """Yields the lines about one command.

    Args:
        command: As Typer built it.
        context: What it is run in.
        shared: Names of the options that every command has; they are told once.
    """
    arguments = " ".join(command.collect_usage_pieces(context))
    yield rf".B {_safe(context.command_path)}"
    yield _safe(arguments)
    yield ".PP"
    yield from _paragraphs(command.help or "")
    own = [param for param in command.get_params(context) if param.name not in shared]
    yield from _options(own, context)
    examples = (command.epilog or "").splitlines()[2:]
    if examples:
        yield from (".PP", "Examples:", *_verbatim(examples))


def _options(parameters: Sequence[Any], context: Any) -> Iterator[str]:
    for parameter in parameters:
        if record := parameter.get_help_record(context):
            names, meaning = record
            yield from (".TP", rf".B {_safe(names)}", _safe(meaning))


def _paragraphs(text: str) -> Iterator[str]:
    for part in re.split(r"\n\s*\n", text.strip()):
        if part.startswith("\b"):
            yield from _verbatim(part.splitlines()[1:])
        else:
            yield from (".PP", _safe(" ".join(part.split())))


def _verbatim(lines: Sequence[str]) -> Iterator[str]:
    yield from (".PP", ".nf", *map(_safe, lines), ".fi")


def _safe(text: str) -> str:
    """Returns a text in which roff sees nothing to do."""
    shown = (
        text.replace("…", "...")
        .replace("\\", r"\e")
        .replace("-", r"\-")
        .replace("'", r"\(aq")
    )
    shown = "".join(c if c.isascii() else f"\\[u{ord(c):04X}]" for c in shown)
    return rf"\&{shown}" if shown.startswith((".", "'")) else shown
