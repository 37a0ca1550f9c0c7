"""The values that retrieval hands to everybody else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from ragcli.frozen import frozen
from ragcli.language.units import Table, Unit

if TYPE_CHECKING:
    from ragcli.index.document_filter import DocumentFilter


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a document that is indexed, retrieved and cited as one."""

    text: str
    """The piece, verbatim."""

    heading: tuple[str, ...] = ()
    """Headings above it, outermost first; for code the enclosing definitions."""

    page: int | None = None
    """Page, slide or sheet, counted from 1, where the format has them."""

    lines: tuple[int, int] | None = None
    """First and last line in the file, counted from 1, where it has lines.

    For text formats `text` stands at exactly these lines.
    """

    kind: str = "prose"
    """`prose`, `code` or `table`."""

    language: str = "en"
    """ISO 639-1 code of the language, `""` when it cannot be told."""

    units: tuple[Unit, ...] = ()
    """What of it can be quoted, in order; () when nobody told."""

    tables: tuple[Table, ...] = ()
    """The tables that it has rows of; units name them by their place here."""

    part: str = ""
    """Which document inside the file it is of, "" for the file's own text; see
    `ragcli.index.documents.elements.Section`."""


@frozen
class Passage:
    """A retrieved chunk, with where it stands and how well it fits."""

    id: str
    """Stable for the same text at the same place of the same document."""

    path: str
    """Absolute path of the document; `stdin` for a piped one."""

    text: str
    """The chunk, verbatim."""

    score: float
    """Relevance in [0, 1], calibrated; falls with rank."""

    title: str = ""
    """The document's title, or ""."""

    heading: tuple[str, ...] = ()
    """Headings above it, outermost first."""

    page: int | None = None
    """Page, slide or sheet, counted from 1."""

    lines: tuple[int, int] | None = None
    """First and last line in the file, counted from 1."""

    kind: str = "prose"
    """`prose`, `code` or `table`."""

    language: str = "en"
    """ISO 639-1 code, `""` when unknown."""

    digest: str = ""
    """SHA-256 (hex) of the whole file when it was indexed; "" for stdin."""

    source: str = ""
    """"" for the profile's own documents, else the mount that it comes from."""

    attached: bool = False
    """Whether its document came with the question."""

    part: str = ""
    """Which document inside the file it is of, such as an attachment; pages and lines
    are those of that one. "" for the file's own text."""

    read: str = ""
    """When a page on the web was read, ISO 8601, UTC; "" for a file."""

    units: tuple[Unit, ...] = ()
    """What of it can be quoted, in order."""

    tables: tuple[Table, ...] = ()
    """The tables that it has rows of; units name them by their place here."""

    copies: tuple[str, ...] = ()
    """Paths of other documents that have the very same passage."""

    details: dict[str, float] = field(default_factory=dict)
    """Raw scores by side: `bm25`, `bigram`, `cosine`, `window`, `maxsim`, `fused`."""


@frozen
class EarlierTurn:
    """An earlier turn, as the follow-up query sees it."""

    question: str
    answer: str


@frozen
class SearchRequest:
    """One retrieval."""

    question: str
    """The last user turn."""

    history: tuple[EarlierTurn, ...] = ()
    """Earlier turns of the conversation, oldest first."""

    rewrite: str = ""
    """The question as a chat model rewrote it; searched as well when given."""

    limit: int = 6
    """How many passages to return at most."""

    exclude: frozenset[str] = frozenset()
    """Absolute paths of documents to leave out."""

    where: DocumentFilter | None = None
    """Which documents to search; None for all."""

    mode: str = "hybrid"
    """`hybrid`, `bm25` or `vectors`."""


@frozen
class SearchResult:
    """What a retrieval found."""

    passages: tuple[Passage, ...]
    """Best first, at most `limit`."""

    query: str
    """What was searched, for people: the question and the words history added."""

    relevant: bool
    """Whether the best passage clears the calibrated threshold."""

    generation: str
    """The snapshot that was read, `gen-00000007`; "" when there is none."""

    unmatched: str = ""
    """That the filter means no document; "" where it means some, or there is none."""


class Heading(NamedTuple):
    """What stands above a chunk."""

    title: str
    """Its document's."""
    above: tuple[str, ...]
    """The headings, outermost first."""
    language: str
    """ISO 639-1; "" when unknown."""
    name: str = ""
    """What the file's name says, in words."""


def indexed_text(
    title: str, heading: tuple[str, ...], text: str, tables: Sequence[Table] = ()
) -> str:
    """Returns what is embedded and indexed for a chunk: its title and headings first.

    A chunk that does not repeat what it is about is found by what stands above it,
    and rows of a table by its caption and columns.
    """
    above = [title, *(item for item in heading if item != title)]
    above += columns_above(tables)
    return "\n".join([*filter(None, above), text])


def above_of(part: str, heading: Sequence[str]) -> tuple[str, ...]:
    """Returns what stands above a chunk: the name of its part, and its headings."""
    return (part, *heading) if part else tuple(heading)


def columns_above(tables: Sequence[Table]) -> list[str]:
    """Returns caption and columns of tables that began in an earlier chunk."""
    lines = []
    for table in tables:
        if table.first:
            lines += [table.caption, " | ".join(table.columns)]
    return lines
