"""A slice of SQuAD as a guard: figures may not fall below what was measured.

The slice and its licence are in `squad/`. Full figures: `tests/benchmarks/README.md`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ragcli.chat.citing import citations
from ragcli.chat.evaluation import CHUNKS, Answer, Answered, Evaluation, evaluate
from ragcli.chat.prompting.prompts import source
from ragcli.chat.question_files import Question, read_questions
from ragcli.index.passages import SearchRequest, SearchResult
from ragcli.index.search.retriever import Retriever
from ragcli.language import markers
from ragcli.models.base import Prompt
from ragcli.models.builtin.embedder import BuiltinEmbedder
from ragcli.models.builtin.extractive import ExtractiveModel
from tests.benchmarks.quality.prepare import as_markdown
from tests.unit.index.search.conftest import Quiet

pytestmark = pytest.mark.slow

SLICE = Path(__file__).with_name("squad")


@pytest.fixture(scope="module")
def retriever(search_in: Callable[..., Retriever]) -> Retriever:
    lines = (SLICE / "corpus.jsonl").read_text(encoding="utf-8").splitlines()
    passages = [json.loads(line) for line in lines]
    return search_in({f"{p['id']}.md": as_markdown(p) for p in passages})


@pytest.fixture(scope="module")
def answer(embedder: BuiltinEmbedder) -> Answer:
    model = ExtractiveModel(embedder)

    def answer(question: Question, found: SearchResult) -> Answered:
        sources = tuple(
            source(number, passage)
            for number, passage in enumerate(found.passages[:6], 1)
        )
        prompt = Prompt(question.question, found.query, sources, threshold=0.0)
        text = "".join(
            citations.as_markdown(p, marked=True) for p in model.stream(prompt)
        )
        cited = [sources[n - 1].label for n in markers.cited(text)]
        return Answered(text, tuple(cited))

    return answer


def figures(
    retriever: Retriever, mode: str, answer: Answer | None = None
) -> Evaluation:
    def search(question: Question) -> SearchResult:
        request = SearchRequest(
            question.question, question.history, limit=CHUNKS, mode=mode
        )
        return retriever.search(request)

    questions = read_questions(SLICE / "questions.jsonl")
    return evaluate(questions, search, answer, Quiet())


@pytest.fixture(scope="module")
def hybrid(retriever: Retriever, answer: Answer) -> Evaluation:
    return figures(retriever, "hybrid", answer)


def test_the_hybrid_finds_and_quotes_as_well_as_it_did(hybrid: Evaluation) -> None:
    assert hybrid.recall[1] >= HYBRID_RECALL
    assert hybrid.ndcg[10] >= HYBRID_NDCG
    assert hybrid.answer_in[1] >= FIRST_SENTENCE


def test_the_hybrid_is_not_below_bm25(retriever: Retriever, hybrid: Evaluation) -> None:
    bm25 = figures(retriever, "bm25")

    assert hybrid.ndcg[10] >= bm25.ndcg[10]
    assert hybrid.recall[5] >= bm25.recall[5]


HYBRID_RECALL = 0.85
HYBRID_NDCG = 0.92
FIRST_SENTENCE = 0.78
