"""What the engine tells a front end while a question is answered."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from ragcli.frozen import frozen
from ragcli.index.passages import Passage
from ragcli.models.base import Prompt
from ragcli.sessions.records.record_types import Turn

if TYPE_CHECKING:
    from ragcli.index.document_filter import DocumentFilter


@frozen
class AskRequest:
    """One question, and how it is to be answered."""

    question: str
    """What the user asked."""

    conversation: str = ""
    """Go on with this one; "" for the latest."""

    new: bool = False
    """Start a conversation."""

    origin: str = ""
    """What starts it; see `Conversation.origin`."""

    limit: int = 0
    """How many passages; 0 for the setting."""

    use_documents: bool = True
    """False for `--no-docs`: the model answers from what it knows."""

    attachment: str = ""
    """Text of an ephemeral document (piped stdin), searched and cited, never stored."""

    pasted: tuple[str, ...] = ()
    """Marks that stood in the question for the attachment; they are stored with it."""

    attach_paths: tuple[str, ...] = ()
    """Documents for this one question (`@path`), not part of the profile."""

    exclude: frozenset[str] = frozenset()
    """Absolute paths of documents to leave out."""

    where: DocumentFilter | None = None
    """Which documents to search; None for all. What came with it is searched anyway."""

    record: bool = True
    """False for `--stateless`: nothing is written."""

    replaces: str = ""
    """A turn that this one takes the place of (regenerate, edit)."""

    continues: str = ""
    """An interrupted turn to go on with."""

    strict: bool = False
    """Fail when a citation cannot be verified."""

    expect_seq: int | None = None
    """Refuse to record unless the log's head is exactly this."""

    cancel: threading.Event | None = None
    """Set from another thread to stop an answer, also while the model is silent."""


@frozen
class Retrieved:
    """Passages were found; generation begins."""

    query: str
    passages: tuple[Passage, ...]
    """All that were retrieved, best first."""
    used: int
    """How many fit the prompt: the first so many."""
    model: str
    """Which model answers."""
    prompt: Prompt
    """All that the model is given."""
    milliseconds: float
    remote: str = ""
    """Address of the other machine that reads the prompt; "" for none."""


@frozen
class Stage:
    """What a question waits for."""

    name: str
    """`choosing`, `syncing` (documents that changed are read), `rewriting`,
    `searching`, `reading`, `thinking` or `writing`."""
    seconds: float
    """Since the question came."""
    done: int = 0
    """Tokens of the prompt that the server has read."""
    total: int = 0
    """Tokens of the prompt; 0 where the server does not say."""


@frozen
class Thinking:
    """The next piece of what the model says to itself; no part of the answer."""

    text: str


@frozen
class Token:
    """The next piece of the answer, sanitized."""

    text: str


@frozen
class Notice:
    """Something to say beside the answer: a fallback, dropped passages, a repair."""

    message: str
    kind: str = "info"
    """`info`, `warning`, `unmatched`: the filter left nothing to search, or `outdated`:
    documents changed since they were indexed."""
    model: str = ""
    """The model that answers from here on in place of one that failed; "" for none."""


@frozen
class Finished:
    """The turn as it was recorded (or would have been)."""

    turn: Turn
    retrieved: int
    used: int
    removed: int
    """Markers that were removed because no passage bears them out."""
    stale: frozenset[int] = frozenset()
    """Markers whose file changed or vanished since it was indexed."""


@frozen
class Failed:
    """The turn as far as it came; the error that ended it is raised next."""

    turn: Turn
    """Not stored where its `seq` is 0: whoever stores it later keeps its id."""
    title: str | None
    """The title of the conversation that the turn opens; None where it opens none."""


Event = Retrieved | Stage | Thinking | Token | Notice | Finished | Failed
