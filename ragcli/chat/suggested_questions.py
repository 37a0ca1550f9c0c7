"""A few questions that documents suggest by their headings, fields and tables.

Each has been tried: it is suggested only where what stands below its heading is what
answers it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice, zip_longest

from ragcli.frozen import frozen
from ragcli.index.documents.formats import BY_NAME
from ragcli.index.passages import Passage
from ragcli.language import heading_questions
from ragcli.language.heading_questions import is_neutral
from ragcli.language.units import columns_of
from ragcli.sessions.records.record_types import Turn

_FEWEST = 3
"""Words below a heading that may answer something."""

_TRIED = 12
"""Questions that are tried at most."""

_OF_ONE = 6
"""Candidates of one document."""


@frozen
class Suggestion:
    """A question that may be suggested."""

    question: str
    path: str
    """The document that is to answer it."""
    heading: str = ""
    """The heading that its answer is to stand below; "" for a value."""
    value: str = ""
    """What is to stand in the answer; "" for a heading."""

    def is_answered_by(self, turn: Turn) -> bool:
        """Tells whether an answer is the one that was meant."""
        if turn.status != "answered" or not turn.citations:
            return False
        first = turn.citations[0]
        if first.path != self.path:
            return False
        if self.value:
            return self.value in turn.answer
        return self.heading in first.heading


def suggested(
    documents: Iterable[Sequence[Passage]],
    answer: Callable[[str], Turn | None],
    limit: int = 3,
) -> list[str]:
    """Returns up to `limit` questions that the documents answer.

    Args:
        documents: The passages of each, in order.
        answer: Answers a question by quotation; None where it cannot be.
        limit: How many.
    """
    listed = list(documents)
    usual = _usual_language(listed)
    each = [islice(candidates(passages, usual), _OF_ONE) for passages in listed]
    in_turn = [one for one in chain.from_iterable(zip_longest(*each)) if one]
    in_turn.sort(key=lambda one: is_neutral(one.question))
    questions: list[str] = []
    for candidate in islice(in_turn, _TRIED):
        if len(questions) == limit:
            break
        if candidate.question in questions:
            continue
        turn = answer(candidate.question)
        if turn is not None and candidate.is_answered_by(turn):
            questions.append(candidate.question)
    return questions


def is_read(format_name: str) -> bool:
    """Tells whether a format is one that people write for people, not for programs."""
    known = BY_NAME.get(format_name)
    return known is None or known.kind not in {"code", "settings"}


def _usual_language(documents: Iterable[Sequence[Passage]]) -> str:
    """Returns the language of most passages; a table alone is often of none."""
    languages = Counter(
        p.language for passages in documents for p in passages if p.language
    )
    return languages.most_common(1)[0][0] if languages else ""


def candidates(passages: Sequence[Passage], usual: str = "") -> Iterator[Suggestion]:
    """Yields what a document's headings suggest, then its fields and a table.

    Args:
        passages: Of the document, in order.
        usual: The language to ask in where a passage's own cannot be told.
    """
    spoken = [passage for passage in passages if passage.kind != "code"]
    headings = islice(_of_headings(spoken), _OF_ONE)
    yield from sorted(headings, key=lambda one: is_neutral(one.question))
    yield from _of_fields(spoken, usual)
    yield from islice(_of_cells(spoken, usual), 1)


def _of_headings(passages: Sequence[Passage]) -> Iterator[Suggestion]:
    below = "\n".join(passage.text for passage in passages)
    seen: set[str] = set()
    for passage in passages:
        heading = passage.heading[-1] if passage.heading else ""
        if not heading or heading in seen or not _says_something(passage):
            continue
        seen.add(heading)
        question = heading_questions.of_heading(heading, passage.language, below)
        if question:
            yield Suggestion(question, passage.path, heading=heading)


def _says_something(passage: Passage) -> bool:
    """Tells whether something stands below a heading that can be quoted."""
    return any(
        len(passage.text[unit.start : unit.end].split()) >= _FEWEST
        for unit in passage.units
        if unit.kind in {"prose", "sentence", "item", "row", "field"}
    )


def _of_fields(passages: Sequence[Passage], usual: str) -> Iterator[Suggestion]:
    for passage in passages:
        for unit in passage.units:
            if unit.kind != "field" or len(unit.cells) != 2 or not unit.cells[1]:
                continue
            key, value = unit.cells
            if question := heading_questions.of_field(key, passage.language or usual):
                yield Suggestion(question, passage.path, value=value)


def _of_cells(passages: Sequence[Passage], usual: str) -> Iterator[Suggestion]:
    for passage in passages:
        for unit in passage.units:
            columns = columns_of(unit, passage.tables)
            if unit.kind != "row" or len(unit.cells) < 2 or not unit.cells[0]:
                continue
            for column, cell in list(zip(columns, unit.cells, strict=False))[1:]:
                question = heading_questions.of_cell(
                    column, unit.cells[0], passage.language or usual
                )
                if question and cell:
                    yield Suggestion(question, passage.path, value=cell)
