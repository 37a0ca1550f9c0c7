"""Draws an answer from whole documents: by what the question asks for.

A summary, else what is computed over the rows of a table, else a list. Each of them
reads documents only when the question's own words ask for it, and is loaded only then:
most questions ask for none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from ragcli.models.base import Drawn, WholeDocument
from ragcli.models.builtin.computing import question_wording
from ragcli.models.builtin.computing.cell_values import folded
from ragcli.models.builtin.parsed_question import ParsedQuestion

if TYPE_CHECKING:
    from ragcli.models.builtin.computing.tables import QueriedTable, Similarity

MOST_TABLES = 6
"""Tables that are tried, those of the best passages first."""
MOST_ROWS = 5000
"""Rows of a table that one is looked up in: all of them are read for it."""
_OVER = {
    "count": "count", "sum": "add up", "mean": "average", "most": "compare",
    "least": "compare",
}  # fmt: skip


def wants_whole(question: str) -> bool:
    """Tells whether a question asks for more than one unit of a passage."""
    return bool(
        ParsedQuestion(question).wants_summary
        or question_wording.wanted(question)
        or _names_a_row(question)
        or question_wording.LISTS.search(folded(question))
    )


def drawn(
    question: str, documents: Sequence[WholeDocument], similarity: Similarity
) -> Drawn:
    """Returns the answer, or why there is none.

    Args:
        question: The question, verbatim.
        documents: Those of the retrieved passages, the likeliest first.
        similarity: Compares words by meaning.
    """
    from ragcli.models.builtin.computing import lists, summaries

    if ParsedQuestion(question).wants_summary:
        return summaries.summary(question, documents)
    asked = question_wording.wanted(question)
    failed = Drawn()
    if asked:
        result = _computed(asked, documents, similarity)
        if result.statements:
            return result
        failed = result
    if _names_a_row(question):
        result = _looked_up(question, documents, similarity)
        if result.statements:
            return result
    result = lists.whole_list(question, documents)
    return result if result.statements else failed


def _names_a_row(question: str) -> bool:
    """Tells whether a question has what may be two cells of one row.

    One is a number, a date or an identifier, the other may be a name.
    """
    parsed = ParsedQuestion(question)
    return parsed.asks_what and bool(parsed.marks) and len(parsed.anchors) > 1


def _looked_up(
    question: str, documents: Sequence[WholeDocument], similarity: Similarity
) -> Drawn:
    """Returns the row that a question names, of the first table that has one such."""
    from ragcli.models.builtin.computing import tables

    asked = question_wording.looked_up(question)
    tables_found = (
        (number, table)
        for number, table in _tables(documents, similarity)
        if table.facts.rows <= MOST_ROWS
    )
    for number, table in islice(tables_found, MOST_TABLES):
        result = tables.computed(asked, table, number)
        if result.statements:
            return result
    return Drawn()


def _computed(
    asked: question_wording.TableQuery,
    documents: Sequence[WholeDocument],
    similarity: Similarity,
) -> Drawn:
    """Returns what can be computed over the first table that the question fits."""
    from ragcli.models.builtin.computing import tables

    failed = Drawn()
    tried = 0
    for number, table in _tables(documents, similarity):
        if tried == MOST_TABLES:
            break
        tried += 1
        result = tables.computed(asked, table, number)
        if result.statements:
            return result
        failed = failed if failed.reason else result
    if asked.operation not in _OVER:
        return Drawn()
    return (
        failed if tried else Drawn(reason=f"cannot {_OVER[asked.operation]} over prose")
    )


def _tables(
    documents: Sequence[WholeDocument], similarity: Similarity
) -> Iterator[tuple[int, QueriedTable]]:
    """Yields the tables of the retrieved pieces, each once."""
    from ragcli.models.builtin.computing.tables import QueriedTable

    for number, document in enumerate(documents):
        seen: set[int] = set()
        for piece in map(document.piece, document.retrieved):
            for index, facts in enumerate(piece.tables):
                if facts.number not in seen and facts.rows:
                    seen.add(facts.number)
                    yield number, QueriedTable(document, piece, index, similarity)
