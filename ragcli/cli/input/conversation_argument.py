"""The argument that names a conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ragcli.cli.input import live_names
from ragcli.errors import ConversationNotFound

if TYPE_CHECKING:
    from ragcli.sessions.history.writer import History

Conversation = Annotated[
    str,
    typer.Argument(
        metavar="CONVERSATION",
        help="Its id, the start of it, or its title.",
        autocompletion=live_names.conversations,
    ),
]
OptionalConversation = Annotated[
    str,
    typer.Argument(
        metavar="[CONVERSATION]",
        help="Its id, the start of it, or its title; by default the latest.",
        autocompletion=live_names.conversations,
        show_default=False,
    ),
]


def resolved(history: History, conversation: str) -> str:
    """Returns the id of a conversation; the latest for "".

    Raises:
        ConversationNotFound: There is no such conversation, or none at all.
    """
    wanted = history.resolve(conversation) if conversation else history.latest()
    if not wanted:
        raise ConversationNotFound(
            "there is no conversation yet", 'start one: ragcli ask "How …?"'
        )
    return wanted
