"""What `ragcli eval` asks: the program's own retrieval and answers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ragcli.chat.citing.citations import MarkerFilter
from ragcli.chat.evaluation import CHUNKS, Answer, Answered, Search
from ragcli.chat.prompting import budget
from ragcli.chat.prompting.prompts import new_boundary
from ragcli.index.passages import SearchRequest, SearchResult
from ragcli.models.base import Exchange, Piece, Prompt, Quotation

if TYPE_CHECKING:
    from ragcli.chat.question_files import Question
    from ragcli.index.search.retriever import Retriever
    from ragcli.workspace import Workspace


def searcher(retriever: Retriever, mode: str) -> Search:
    """Returns what retrieves for a question with its history.

    Args:
        retriever: Over the documents that are measured.
        mode: `hybrid`, `bm25` or `vectors`.
    """

    def search(question: Question) -> SearchResult:
        request = SearchRequest(
            question=question.question,
            history=question.history,
            limit=CHUNKS,
            mode=mode,
        )
        return retriever.search(request)

    return search


def answerer(workspace: Workspace) -> Answer:
    """Returns what answers from as many passages as `ask` would use."""
    model = workspace.choose_model().model
    settings = workspace.settings

    def answer(question: Question, result: SearchResult) -> Answered:
        if not result.passages:
            return Answered("")
        passages = result.passages[: settings.retrieval_k]
        prompt = Prompt(
            question=question.question,
            query=result.query,
            sources=(),
            history=tuple(Exchange(t.question, t.answer) for t in question.history),
            instructions=settings.instructions,
            boundary=new_boundary(),
            threshold=0.0,  # what would be quoted, however sure it is
        )
        fitted = budget.fit(model, prompt, passages).prompt
        markers = MarkerFilter(passages[: len(fitted.sources)], question.question)
        pieces = [p for p in model.stream(fitted) if isinstance(p, Piece)]
        text = "".join(map(markers.feed, pieces))
        quoted = [piece for piece in pieces if isinstance(piece, Quotation)]
        sure = quoted[0].confidence if quoted else math.nan
        if not pieces and not model.generates:
            sure = 0.0
        checked = markers.close()
        cited = tuple(citation.path for citation in checked.citations)
        return Answered(text + checked.tail, cited, sure)

    return answer
