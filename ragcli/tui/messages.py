"""Messages to the chat screen, from threads and from its own parts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual.message import Message

from ragcli.errors import Locked, RagcliError
from ragcli.sessions.records.record_types import Conversation, Turn

if TYPE_CHECKING:
    from ragcli.tui.ports import ProfilePort


class StateChanged(Message):
    """Something that the status line shows has changed."""


@dataclass
class DocumentsChanged(Message):
    """Documents were added to a profile, or taken out."""

    profile: ProfilePort
    known: frozenset[str] | None = None
    """The documents before others were added; None if none were."""


class QuestionAsked(Message):
    """A question was sent."""


class ConversationOpened(Message):
    """Another conversation is on the screen."""


@dataclass
class ConversationLoaded(Message):
    """The end of a conversation was read."""

    questions: Sequence[str]
    """What was asked in it, oldest first, as far as it is loaded."""


@dataclass
class TurnWanted(Message):
    """The user wants to see a turn, of any conversation."""

    turn: Turn
    pattern: re.Pattern[str] | None = None
    """What it was found by."""


@dataclass
class HistoryMoved(Message):
    """Records were appended, here or elsewhere."""

    profile: ProfilePort
    turns: Sequence[Turn]
    conversations: Sequence[Conversation]
    others: bool = True
    """Whether there may be records besides the turns: choices of versions, erasures."""


@dataclass
class HistoryFailed(Message):
    """The history could not be read."""

    profile: ProfilePort
    error: RagcliError


@dataclass
class NotRecorded(Message):
    """An answer was given, and somebody else holds the lock."""

    turn: Turn
    error: Locked
    title: str | None
    """The title of the conversation that the turn opens; None where it opens none."""


@dataclass
class IngestStarted(Message):
    """Documents are being read."""

    total: int
    what: str


@dataclass
class IngestStepped(Message):
    """Some of them are done."""

    done: int
    name: str


@dataclass
class IngestNoted(Message):
    """A file was left out, with the reason."""

    message: str


@dataclass
class IngestEnded(Message):
    """Documents were added, or could not be."""

    report: Any
    """An `IngestReport`; None when it failed."""
    error: RagcliError | None
    crash: BaseException | None
    """A bug of ours, to be raised where it is seen."""
    stopped: bool = False
    """Whether the user stopped it; the documents are as they were."""
    known: frozenset[str] = frozenset()
    """The documents before it."""
