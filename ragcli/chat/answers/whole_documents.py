"""Answers from whole documents: rows, lists and summaries that retrieval cannot give.

A question for a count, a sum or everything of a kind cannot be answered from the few
passages that were retrieved. A model that `DrawsFromWhole` reads their documents, piece
by piece; what it states is put together here as passages of its own, so that its
markers are checked and cited like all others, each stretch with its own lines.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from ragcli.chat.citing.quotes import quote_of
from ragcli.chat.prompting.prompts import label, source
from ragcli.frozen import frozen
from ragcli.index.passages import Passage, SearchRequest, SearchResult
from ragcli.language.units import Unit
from ragcli.models.base import (
    ChatModel,
    DrawsFromWhole,
    Quotation,
    Source,
    Stretch,
    WholeDocument,
)

_LONGEST = 2000
"""Characters of a long stretch that are quoted: its beginning and its last line."""


class PassageFinder(Protocol):
    """What finds passages; `index.search.retriever` has the real one."""

    def search(self, request: SearchRequest) -> SearchResult:
        """Returns the passages that fit a request best."""

    @property
    def document_count(self) -> int:
        """How many documents are searched."""

    def document(self, passage: Passage) -> Sequence[Passage]:
        """Returns all passages of a passage's document, each read when asked for."""


@frozen
class FromWhole:
    """What was drawn from whole documents, ready to be said and cited."""

    passages: tuple[Passage, ...] = ()
    """The stretches that it comes from, a passage for each page of each document; the
    first is the answer's `[1]`."""

    pieces: tuple[Quotation, ...] = ()
    """The answer; a piece without text is a further marker of the one before."""

    reason: str = ""
    """Why nothing could be drawn, with the nearest passage; "" when nothing was asked
    for."""

    is_unknown: bool = False
    """Whether that is a word that a table does not know."""


@frozen
class _Opened:
    """A document with its passages."""

    passages: Sequence[Passage]
    told: WholeDocument

    def stretch(self, span: Stretch) -> tuple[str, tuple[int, int] | None]:
        """Returns the text of a stretch and its lines."""
        first = self.passages[span.first - 1]
        if span.first == span.last:
            quote = quote_of(first, span.start, span.end)
            return _shortened(quote.text), quote.lines
        last = self.passages[span.last - 1]
        begin = quote_of(first, span.start, len(first.text))
        end = quote_of(last, 0, span.end)
        lines = (begin.lines[0], end.lines[1]) if begin.lines and end.lines else None
        gap = "\n" if span.last == span.first + 1 else "\n\u2026\n"
        return _shortened(f"{begin.text}{gap}{end.text}"), lines


def _shortened(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    begin = text[:_LONGEST].rpartition("\n")[0] or text[:_LONGEST]
    return f"{begin}\n\u2026\n{text.rpartition(chr(10))[2][:_LONGEST]}"


def draw(
    model: ChatModel,
    question: str,
    retriever: PassageFinder,
    retrieved: Sequence[Passage],
) -> FromWhole:
    """Returns what a model draws from the documents of what was retrieved.

    Nothing is read for other questions, nor for a model that cannot.
    """
    if (
        not retrieved
        or not isinstance(model, DrawsFromWhole)
        or not model.wants_whole(question)
    ):
        return FromWhole()
    opened = _opened(retriever, retrieved)
    drawn = model.draw(question, [item.told for item in opened])
    if not drawn.statements:
        nearest = f"; the nearest passage is {label(retrieved[0])}"
        reason = f"{drawn.reason}{nearest}" if drawn.reason else ""
        return FromWhole(reason=reason, is_unknown=drawn.is_unknown)
    gathered = _Gathered(opened)
    stretches = {item for computed in drawn.statements for item in computed.stretches}
    for stretch in sorted(
        stretches, key=lambda item: (item.document, item.first, item.start)
    ):
        gathered.take(stretch)
    passages = gathered.passages(retrieved[0].score)
    pieces: list[Quotation] = []
    for statement in drawn.statements:
        if statement.computed:
            pieces += _computed(statement.text, passages)
        else:
            marker, span = gathered.place(statement.stretches[0])
            pieces.append(Quotation(statement.text, marker, "line", span))
    return FromWhole(passages, tuple(pieces))


def _computed(text: str, passages: Sequence[Passage]) -> list[Quotation]:
    """Returns a result with the markers of all that it is computed from."""
    return [
        Quotation("" if at else text, at + 1, "computed", (0, len(passage.text)))
        for at, passage in enumerate(passages)
    ]


def _opened(retriever: PassageFinder, retrieved: Sequence[Passage]) -> list[_Opened]:
    """Returns the documents of the retrieved passages, what was attached first."""
    passages_of: dict[tuple[str, str], list[Passage]] = {}
    for passage in sorted(retrieved, key=lambda item: not item.attached):
        passages_of.setdefault((passage.path, passage.source), []).append(passage)
    only = retriever.document_count == 1
    opened = []
    for group in passages_of.values():
        whole = retriever.document(group[0])
        if whole:
            opened.append(_Opened(whole, _told(whole, group, only=only)))
    return opened


def _told(
    whole: Sequence[Passage], group: Sequence[Passage], *, only: bool
) -> WholeDocument:
    first = group[0]

    def piece(number: int) -> Source:
        return source(number, whole[number - 1])

    retrieved = tuple(whole.index(passage) + 1 for passage in group)
    name = os.path.basename(first.path)
    chosen = only or first.attached
    return WholeDocument(name, first.title, len(whole), piece, retrieved, chosen)


@dataclass(slots=True, repr=False, eq=False)
class _CitedPage:
    """What is cited of one page of one document."""

    passage: Passage
    """The first piece that something of it stands in."""
    texts: list[str] = field(default_factory=list)
    units: list[Unit] = field(default_factory=list)
    length: int = 0


class _Gathered:
    """The stretches of an answer, page by page."""

    def __init__(self, opened: Sequence[_Opened]) -> None:
        self._opened = opened
        self._pages: dict[tuple[int, str, int | None], _CitedPage] = {}
        self._places: dict[Stretch, tuple[_CitedPage, tuple[int, int]]] = {}

    def take(self, stretch: Stretch) -> None:
        """Adds a stretch, unless it is there."""
        if stretch in self._places:
            return
        document = self._opened[stretch.document]
        passage = document.passages[stretch.first - 1]
        page = self._pages.setdefault(
            (stretch.document, passage.part, passage.page), _CitedPage(passage)
        )
        text, lines = document.stretch(stretch)
        start = page.length
        span = (start, start + len(text))
        page.texts.append(text)
        page.units.append(Unit("prose", *span, lines=lines))
        page.length += len(text) + 1
        self._places[stretch] = (page, span)

    def place(self, stretch: Stretch) -> tuple[int, tuple[int, int]]:
        """Returns the marker and the span of a stretch that was taken."""
        page, span = self._places[stretch]
        return list(self._pages.values()).index(page) + 1, span

    def passages(self, score: float) -> tuple[Passage, ...]:
        """Returns a passage for each page, with the relevance of what was retrieved."""
        return tuple(_passage(page, score) for page in self._pages.values())


def _passage(page: _CitedPage, score: float) -> Passage:
    lines = [unit.lines for unit in page.units if unit.lines]
    return replace(
        page.passage,
        id=f"{page.passage.id}+",
        text="\n".join(page.texts),
        score=score,
        lines=(min(lines)[0], max(last for _, last in lines)) if lines else None,
        units=tuple(page.units),
        tables=(),
        details={},
    )
