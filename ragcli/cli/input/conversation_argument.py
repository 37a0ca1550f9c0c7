"""The argument that names a conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ragcli.cli.input import live_names

if TYPE_CHECKING:
    from ragcli.sessions.history.writer import History

Conversation = Annotated[
    str,
    typer.Argument(
        metavar="CONVERSATION",
        help="Its id, the start of it, its title, or last.",
        autocompletion=live_names.conversations,
    ),
]
OptionalConversation = Annotated[
    str,
    typer.Argument(
        metavar="CONVERSATION",
        help="Its id, the start of it, its title, or last (last-1 is the one before "
        "it); by default the latest.",
        autocompletion=live_names.conversations,
        show_default=False,
    ),
]


def resolved(history: History, conversation: str) -> str:
    """Returns the id of a conversation; the latest for "".

    Args:
        history: Of the profile.
        conversation: As typed.

    Raises:
        ConversationNotFound: There is no such conversation, or none at all.
    """
    return history.resolve(conversation or "last")
