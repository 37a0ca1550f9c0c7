"""Everything the chat can be told to do: one table for slash commands and palette.

Each command is a method `command_<name>` of the chat screen, which takes the text
after the command's name. Keys call the same methods.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from ragcli.errors import UsageError


@dataclass(frozen=True, slots=True)
class Command:
    """One thing to do."""

    name: str
    """What is typed after the slash."""
    help: str
    """One sentence without a full stop."""
    argument: str = ""
    """What may follow, as help shows it: `[PATH]`."""
    completes: str = ""
    """What the argument is: `model`, `profile`, `conversation`, `theme`, `path`."""
    required: bool = False
    """Whether it is nothing without its argument."""


COMMANDS: tuple[Command, ...] = (
    Command("help", "Show keys and commands"),
    Command("new", "Start a conversation"),
    Command("conversation", "Switch to a conversation", "[TITLE]", "conversation"),
    Command("profile", "Switch to a profile", "[NAME]", "profile"),
    Command("model", "Switch to a model", "[SPEC]", "model"),
    Command("add", "Add files or folders to the documents", "PATH", "path", True),
    Command("sync", "Bring the documents up to date"),
    Command("docs", "List the documents"),
    Command("find", "Find words in this conversation", "[TEXT]"),
    Command("search", "Find words in all conversations", "[TEXT]"),
    Command("sources", "Show or hide the sources"),
    Command("sidebar", "Show or hide conversations and profiles"),
    Command("regenerate", "Ask the last question again"),
    Command("edit", "Change the last question"),
    Command("continue", "Go on with an interrupted answer"),
    Command("copy", "Copy the answer"),
    Command("code", "Copy a block of code from the answer", "[NUMBER]"),
    Command("fork", "Branch the conversation off after this turn"),
    Command("rename", "Rename the conversation", "[TITLE]"),
    Command("delete", "Delete the conversation"),
    Command("forget", "Delete this turn"),
    Command("export", "Write Markdown, HTML or JSON", "[FILE]", "path"),
    Command("readonly", "Stop or resume recording turns"),
    Command("theme", "Switch the theme", "[NAME]", "theme"),
    Command("quit", "Leave the chat"),
)


def is_command(text: str) -> bool:
    """Tells whether a prompt's text is meant as a command, not as a question."""
    word = text.split(maxsplit=1)[0] if text.strip() else ""
    return word.startswith("/") and "/" not in word[1:] and "\n" not in text


def parse(text: str) -> tuple[Command, str]:
    """Returns the command that `/name argument` means, and its argument.

    A unique beginning of a name is enough.

    Raises:
        UsageError: There is none of this name, or it lacks its argument.
    """
    word, _, argument = text.strip()[1:].partition(" ")
    command = _named(word)
    if command.required and not argument.strip():
        raise UsageError(
            f"/{command.name} needs {command.argument}",
            f"write /{command.name} {command.argument}",
        )
    return command, argument.strip()


def _named(word: str) -> Command:
    exact = [command for command in COMMANDS if command.name == word]
    begun = [command for command in COMMANDS if word and command.name.startswith(word)]
    if exact or len(begun) == 1:
        return (exact or begun)[0]
    near = difflib.get_close_matches(word, [c.name for c in COMMANDS], 1, 0.5)
    hint = f"did you mean /{near[0]}?" if near else "/help lists the commands"
    raise UsageError(f"there is no command /{word}", hint)


def matching(word: str) -> Sequence[Command]:
    """Returns the commands that begin with `word`."""
    return [command for command in COMMANDS if command.name.startswith(word)]
