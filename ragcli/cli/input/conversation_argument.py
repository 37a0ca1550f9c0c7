"""The argument that names a conversation."""

from __future__ import annotations

import re
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
        metavar="CONVERSATION",
        help="Its id, the start of it, its title, or last (last-1 is the one before "
        "it); by default the latest.",
        autocompletion=live_names.conversations,
        show_default=False,
    ),
]


_LAST = re.compile(r"last(?:-(\d{1,6}))?")


def _counted_back(history: History, number: int) -> str:
    known = history.conversations()
    if number >= len(known):
        raise ConversationNotFound(
            f"there are only {len(known)} conversations", "ragcli history list"
        )
    return known[number].id


def resolved(history: History, conversation: str) -> str:
    """Returns the id of a conversation; the latest for "" and for `last`.

    Args:
        history: Of the profile.
        conversation: As typed; `last-1` is the one before the latest.

    Raises:
        ConversationNotFound: There is no such conversation, or none at all.
    """
    last = _LAST.fullmatch(conversation)
    if last and int(last[1] or 0):
        wanted = _counted_back(history, int(last[1]))
    elif last or not conversation:
        wanted = history.latest()
    else:
        wanted = history.resolve(conversation)
    if not wanted:
        raise ConversationNotFound(
            "there is no conversation yet", 'start one: ragcli ask "How …?"'
        )
    return wanted
