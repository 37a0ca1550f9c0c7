"""Everything the chat can be told to do: one table for slash commands and palette.

Each command is a method `command_<name>` of the chat screen or of one of its parts,
which takes the text after the command's name; keys call the same methods. Those that
need no screen are methods of `plain.line_commands` as well.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from ragcli.errors import ConversationNotFound, UsageError


@dataclass(frozen=True, slots=True)
class ChatCommand:
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
    plain: bool = True
    """Whether the chat without a screen knows it: the others draw, or need keys."""


COMMANDS: tuple[ChatCommand, ...] = (
    ChatCommand("help", "Show keys and commands"),
    ChatCommand("new", "Start a conversation"),
    ChatCommand("conversation", "Switch to a conversation", "[TITLE]", "conversation"),
    ChatCommand(
        "profile", "Switch to a profile, or make one", "[[new] NAME]", "profile"
    ),
    ChatCommand("model", "Switch to a model", "[SPEC]", "model"),
    ChatCommand("add", "Add files or folders to the documents", "PATH", "path", True),
    ChatCommand("remove", "Remove a document", "PATH", "document", True),
    ChatCommand("in", "Search some documents only; alone, all", "[PATH …]", "path"),
    ChatCommand("sync", "Bring the documents up to date"),
    ChatCommand("docs", "List the documents"),
    ChatCommand("settings", "Show or change settings", "[KEY [VALUE]]", "setting"),
    ChatCommand("pull", "Have Ollama download a model", "MODEL", "", True),
    ChatCommand("recall", "Find a question asked before", plain=False),
    ChatCommand("editor", "Write the prompt in your editor", plain=False),
    ChatCommand("find", "Find words in this conversation", "[TEXT]"),
    ChatCommand("search", "Find words in all conversations", "[TEXT]"),
    ChatCommand("sources", "Show or hide the sources", plain=False),
    ChatCommand("sidebar", "Show or hide conversations and profiles", plain=False),
    ChatCommand("regenerate", "Ask the last question again"),
    ChatCommand("version", "Show another version of the answer", "[NUMBER]"),
    ChatCommand("edit", "Change the last question", plain=False),
    ChatCommand("continue", "Go on with an interrupted answer"),
    ChatCommand("copy", "Copy the answer", plain=False),
    ChatCommand(
        "code", "Copy a block of code from the answer", "[NUMBER]", plain=False
    ),
    ChatCommand("fork", "Branch the conversation off after this turn"),
    ChatCommand("rename", "Rename the conversation", "[TITLE]"),
    ChatCommand("pin", "Keep the conversation at the top, or let it go"),
    ChatCommand("delete", "Delete the conversation"),
    ChatCommand("forget", "Delete this turn"),
    ChatCommand("export", "Write Markdown, HTML or JSON", "[FILE]", "path"),
    ChatCommand("readonly", "Stop or resume recording turns"),
    ChatCommand("theme", "Switch the theme", "[NAME]", "theme", plain=False),
    ChatCommand("quit", "Leave the chat"),
)


def usage(command: ChatCommand) -> str:
    """Returns a command as it is typed: `/add PATH`."""
    return f"/{command.name} {command.argument}".rstrip()


def is_command(text: str) -> bool:
    """Tells whether a prompt's text is meant as a command, not as a question."""
    word = text.split(maxsplit=1)[0] if text.strip() else ""
    return word.startswith("/") and "/" not in word[1:] and "\n" not in text


def parse(text: str) -> tuple[ChatCommand, str]:
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


def _named(word: str) -> ChatCommand:
    exact = [command for command in COMMANDS if command.name == word]
    begun = [command for command in COMMANDS if word and command.name.startswith(word)]
    if exact or len(begun) == 1:
        return (exact or begun)[0]
    near = difflib.get_close_matches(word, [c.name for c in COMMANDS], 1, 0.5)
    hint = f"did you mean /{near[0]}?" if near else "/help lists the commands"
    raise UsageError(f"there is no command /{word}", hint)


def matching(word: str) -> Sequence[ChatCommand]:
    """Returns the commands that begin with `word`; the one of this name comes first."""
    begun = [command for command in COMMANDS if command.name.startswith(word)]
    return sorted(begun, key=lambda command: command.name != word)


def begun(conversation: str) -> str:
    """Returns the conversation that a command is about.

    Args:
        conversation: The one that goes on; "" for one that has not begun.

    Raises:
        ConversationNotFound: It has not begun.
    """
    if not conversation:
        raise ConversationNotFound(
            "this conversation has not begun", "ask something first"
        )
    return conversation
