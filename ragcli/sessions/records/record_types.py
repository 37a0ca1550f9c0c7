"""What a history holds: records, and the turns and conversations they stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ragcli.frozen import frozen
from ragcli.storage.format_versions import RECORD

FORMAT = RECORD.version
"""Version `v` of a record."""

ONE_SHOT = "ask"
"""Origin of a conversation that one question of the shell began."""

KINDS = ("turn", "conversation", "summary", "redaction")
STATUSES = ("answered", "truncated", "nothing_found", "interrupted", "failed")


@frozen
class Draft:
    """A record that the log has not numbered yet."""

    kind: str
    """One of `KINDS`."""

    body: Mapping[str, Any]
    """The fields of its kind: JSON values only."""

    id: str
    """UUIDv7; appending the same id again changes nothing and returns its record."""


@dataclass(frozen=True, slots=True)
class Record:
    """One line of the log."""

    seq: int
    """Its number, from 1; the only gaps are those that a `redaction` names."""

    id: str
    """UUIDv7 (RFC 9562)."""

    parent: int
    """The head that its writer had seen; 0 for none."""

    ts: str
    """When it was appended: UTC, RFC 3339, milliseconds, `Z`."""

    kind: str
    """One of `KINDS`."""

    body: Mapping[str, Any]
    """The fields of its kind."""

    v: int = FORMAT
    """Format version."""


@frozen
class CitedQuote:
    """A stretch of a document that a marker stands for."""

    text: str
    """Verbatim."""
    lines: tuple[int, int] | None = None
    """First and last line in the file, where it has lines."""
    page: int | None = None
    """Page, slide or sheet, counted from 1."""
    attached: bool = False
    """Whether it was found for a sentence that named no source."""


@frozen
class Citation:
    """A marker of an answer, and the places it stands for."""

    marker: int
    path: str
    page: int | None
    lines: tuple[int, int] | None
    """First and last line of `quote`."""
    heading: str
    score: float
    quote: str
    """The text that supports the claim best."""
    verified: bool
    """Whether every claim with this marker was found to be said. False where one of
    them could not be compared: its passage is only located."""
    digest: str = ""
    source: str = ""
    quotes: tuple[CitedQuote, ...] = ()
    """All stretches in reading order where there are several; () for `quote` alone."""
    attached: bool = False
    """Whether the model wrote none of its markers: they were attached to sentences that
    the passage says. Such a citation is never verified."""
    copies: int = 0
    """How many other documents have the very same passage."""
    read: str = ""
    """When a page on the web was read, ISO 8601, UTC; "" for a file."""
    part: str = ""
    """The document inside the file that it is of, such as an attachment, or ""; pages
    and lines are those of that one."""

    @property
    def places(self) -> tuple[CitedQuote, ...]:
        """All stretches that it stands for, in reading order."""
        if self.quotes or not self.quote:
            return self.quotes
        only = CitedQuote(self.quote, self.lines, self.page, attached=self.attached)
        return (only,)

    @property
    def ranges(self) -> tuple[tuple[int, int], ...]:
        """The lines of all stretches, those side by side together."""
        from ragcli.sessions.records import ranges  # only what is shown needs it

        together = ranges.merged(quote.lines for quote in self.places if quote.lines)
        if not together:
            return (self.lines,) if self.lines else ()
        return tuple((first, last) for first, last in together)


@frozen
class Turn:
    """One question and what came of it."""

    id: str
    conversation: str
    question: str
    query: str = ""
    answer: str = ""
    status: str = "answered"
    """One of `STATUSES`."""
    model: str = ""
    citations: tuple[Citation, ...] = ()
    retrieved: tuple[Mapping[str, Any], ...] = ()
    """Chunk ids and scores, best first: `{"id", "path", "lines", "page", "score"}`,
    with the passage's text so that the sources can be shown again later."""
    snapshot: str = ""
    timings: Mapping[str, float] = field(default_factory=dict)
    """Milliseconds: `retrieve_ms`, `first_token_ms`, `thinking_ms`, `total_ms`."""
    replaces: str = ""
    """The turn that this one takes the place of (regenerated, edited), or ""."""
    continues: str = ""
    """The interrupted turn that this one goes on with, or ""."""
    seq: int = 0
    """Its number in the log; 0 before it is stored."""
    ts: str = ""
    """When it was stored; "" before."""
    remote: str = ""
    """Address of the other machine that the prompt was sent to; "" for none."""
    prompt: Mapping[str, Any] = field(default_factory=dict)
    """How its prompt began and where it goes on: `chat.prompting.prompt_prefix`."""
    usage: Mapping[str, int] = field(default_factory=dict)
    """Tokens as the server counted them: `prompt`, `completion`, `cached`."""
    reasoning: str = ""
    """What the model said to itself before it answered, or ""."""
    unsupported: tuple[str, ...] = ()
    """Sentences of the answer that name no source, and that no passage says."""
    where: Mapping[str, Any] = field(default_factory=dict)
    """Which documents were searched: `index.document_filter`; {} for all."""
    pasted: tuple[str, ...] = ()
    """Marks of long texts that came with the question: `[pasted 40 lines]`. The texts
    are not stored."""
    versions: tuple[str, ...] = field(default=(), compare=False)
    """The ids of all its versions, oldest first, its own among them, as far as it was
    asked several times; () for a turn of which there is one. It is no part of what is
    stored: it tells where a turn stands, not what it is."""

    @property
    def asked(self) -> str:
        """The question as it was written, with the marks of what was pasted."""
        return " ".join((self.question, *self.pasted))

    @property
    def version(self) -> int:
        """Which of its versions it is, counted from 1."""
        return self.versions.index(self.id) + 1 if self.id in self.versions else 1


@frozen
class Conversation:
    """A thread of turns."""

    id: str
    title: str
    created: str
    updated: str
    turns: int
    forked_from: str = ""
    """The conversation it branched off, or ""."""

    pinned: bool = False
    """Whether the user keeps it at the top of lists."""

    origin: str = ""
    """`ask` when one question of the shell began it, else ""."""

    @property
    def is_one_shot(self) -> bool:
        """Whether it is a question of the shell that nobody went on with."""
        return self.origin == ONE_SHOT and self.turns < 2


@frozen
class ConversationContext:
    """The part of a conversation that a model may read."""

    summary: str
    """What the model once wrote about its older turns, or ""."""

    covers: int
    """Seq of the last turn that the summary speaks of; 0 without one."""

    turns: tuple[Turn, ...]
    """The last turns, oldest first; failed ones left out, of each the version
    that is shown.

    They may be covered by the summary as well."""
