"""Draws an answer from whole documents: by what the question asks for.

A summary, else what is computed over the rows of a table, else a list. Each of them
reads documents only when the question's own words ask for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ragcli.models.base import Drawn, WholeDocument
from ragcli.models.builtin.computing import lists, summaries, tables, wording
from ragcli.models.builtin.computing.tables import Similarity, Table
from ragcli.models.builtin.computing.values import folded
from ragcli.models.builtin.question import Asked

MOST_TABLES = 6
"""Tables that are tried, those of the best passages first."""
_OVER = {
    "count": "count", "sum": "add up", "mean": "average", "most": "compare",
    "least": "compare",
}  # fmt: skip


def wants_whole(question: str) -> bool:
    """Tells whether a question asks for more than one unit of a passage."""
    return bool(
        Asked(question).wants_summary
        or wording.wanted(question)
        or wording.LISTS.search(folded(question))
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
    if Asked(question).wants_summary:
        return summaries.summary(question, documents)
    asked = wording.wanted(question)
    reason = ""
    if asked:
        found = _computed(asked, documents, similarity)
        if found.statements:
            return found
        reason = found.reason
    found = lists.whole_list(question, documents)
    return found if found.statements else Drawn(reason=reason)


def _computed(
    asked: wording.Wanted, documents: Sequence[WholeDocument], similarity: Similarity
) -> Drawn:
    """Returns what can be computed over the first table that the question fits."""
    reason = ""
    tried = 0
    for number, table in _tables(documents, similarity):
        if tried == MOST_TABLES:
            break
        tried += 1
        found = tables.computed(asked, table, number)
        if found.statements:
            return found
        reason = reason or found.reason
    if not tried and asked.operation in _OVER:
        reason = f"cannot {_OVER[asked.operation]} over prose"
    return Drawn(reason=reason if asked.operation in _OVER else "")


def _tables(
    documents: Sequence[WholeDocument], similarity: Similarity
) -> Iterator[tuple[int, Table]]:
    """Yields the tables of the retrieved pieces, each once."""
    for number, document in enumerate(documents):
        seen: set[int] = set()
        for piece in map(document.piece, document.retrieved):
            for place, facts in enumerate(piece.tables):
                if facts.number not in seen and facts.rows:
                    seen.add(facts.number)
                    yield number, Table(document, piece, place, similarity)
