# ruff: noqa: RUF001, E501 - the letters of other scripts are tested, and are wide

"""What a search finds, in which order, and what it calls relevant."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import numpy as np
import pytest
from numpy import ndarray

from ragcli.config import Settings
from ragcli.index.fulltext.analysis import Term
from ragcli.index.passages import EarlierTurn, SearchRequest
from ragcli.index.search import fusion
from ragcli.index.search.index_reader import IndexReader
from ragcli.index.search.relevance import TOKENS, Features, falling, relevance
from ragcli.index.search.retriever import Retriever
from ragcli.models.builtin.embedder import BuiltinEmbedder
from tests.unit.index.search.conftest import names

SEA = {
    "reef.md": "# Coral reefs\n\nThe Great Barrier Reef lies off Queensland in "
    "Australia. Clownfish live among its anemones.",
    "whales.md": "# Whales\n\nBlue whales are the largest animals that ever lived. "
    "They feed on krill and can reach thirty metres.",
    "tides.md": "# Tides\n\nTides are caused by the gravity of the Moon and the Sun. "
    "The highest ones are called spring tides.",
}
LAND = {
    "alps.md": "# The Alps\n\nMont Blanc is the highest mountain of the Alps. It was "
    "first climbed in 1786 by Jacques Balmat and Michel Paccard.",
    "deserts.md": "# Deserts\n\nThe Sahara is the largest hot desert. Camels store fat "
    "in their humps.",
}
MANY_TONGUES = {
    "de.md": "# Schlösser\n\nDie Häuser der Altstadt wurden im Jahre 1648 nach dem Krieg "
    "wieder aufgebaut. Der Rat der Stadt hatte das Geld dafür bewilligt.",
    "fr.md": "# Les chevaux\n\nLes chevaux de Camargue vivent dans les marais du delta "
    "du Rhône. Ils sont gris et de petite taille, et leur origine est très ancienne.",
    "es.md": "# Las ciudades\n\nLas ciudades más antiguas de la península fueron "
    "fundadas por los fenicios. Cádiz es la más conocida de todas ellas.",
    "ru.md": "# Кошки\n\nДомашние кошки спят до шестнадцати часов в сутки. Они охотятся "
    "на мышей в сумерках и на рассвете, когда их глаза видят лучше всего.",
    "zh.md": "# 北京\n\n北京是中华人民共和国的首都，位于华北平原的北部。故宫是明清两代的皇家宫殿。",
}


@pytest.fixture(scope="module")
def sea(search_in: Callable[..., Retriever]) -> Retriever:
    return search_in(SEA)


@pytest.mark.parametrize("mode", ["hybrid", "bm25", "vectors"])
def test_the_right_passage_comes_first(sea: Retriever, mode: str) -> None:
    found = sea.search(SearchRequest("What do blue whales feed on?", mode=mode))

    assert names(found.passages)[0] == "whales.md"
    assert found.generation == "gen-00000001"


def test_scores_are_shares_that_fall_with_rank(sea: Retriever) -> None:
    scores = [
        p.score for p in sea.search(SearchRequest("highest spring tides")).passages
    ]

    assert all(0 <= score <= 1 for score in scores)
    assert all(first >= second for first, second in pairwise(scores))


def test_what_is_there_is_relevant_and_what_is_not_is_not(sea: Retriever) -> None:
    assert sea.search(SearchRequest("What causes the tides?")).relevant
    assert not sea.search(SearchRequest("How do I file a tax return?")).relevant


def test_the_threshold_is_a_setting(
    index: Callable[[Mapping[str, str]], IndexReader], embedder: BuiltinEmbedder
) -> None:
    strict = Retriever([index(SEA)], embedder, Settings(retrieval_threshold=1.0))

    assert not strict.search(SearchRequest("What causes the tides?")).relevant


def test_a_follow_up_is_understood(sea: Retriever) -> None:
    history = (
        EarlierTurn("Where do clownfish live?", "Among anemones of coral reefs."),
    )

    alone = sea.search(SearchRequest("Off which state is it?"))
    asked = sea.search(SearchRequest("Off which state is it?", history))

    assert names(asked.passages)[0] == "reef.md"
    assert asked.passages[0].score > alone.passages[0].score
    assert "clownfish" in asked.query


def test_a_rewritten_question_is_searched_as_well(sea: Retriever) -> None:
    request = SearchRequest("And what about them?", rewrite="What do blue whales eat?")

    found = sea.search(request)

    assert names(found.passages)[0] == "whales.md"
    assert found.query == "And what about them? / What do blue whales eat?"


def test_excluded_documents_stay_out(sea: Retriever) -> None:
    request = SearchRequest("What do blue whales feed on?")
    whales = sea.search(request).passages[0].path

    found = sea.search(
        SearchRequest("What do blue whales feed on?", exclude=frozenset({whales}))
    )

    assert "whales.md" not in names(found.passages)


def test_no_more_than_the_limit(sea: Retriever) -> None:
    assert len(sea.search(SearchRequest("highest tides", limit=2)).passages) == 2


def test_several_indexes_rank_as_one(search_in: Callable[..., Retriever]) -> None:
    both = search_in(SEA, LAND)

    assert (
        names(both.search(SearchRequest("highest mountain")).passages)[0] == "alps.md"
    )
    tides = both.search(SearchRequest("What causes the tides?")).passages
    assert names(tides)[0] == "tides.md"
    assert len({p.path for p in tides}) == len(tides)


def test_several_indexes_score_as_if_they_were_one(
    search_in: Callable[..., Retriever],
) -> None:
    question = SearchRequest("Which animals store fat in their humps?", limit=3)
    apart = search_in(SEA, LAND).search(question).passages
    together = search_in(SEA | LAND).search(question).passages

    assert names(apart)[0] == names(together)[0] == "deserts.md"
    assert apart[0].score == pytest.approx(together[0].score, abs=0.1)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Wann wurde das Haus in der Altstadt aufgebaut?", "de.md"),
        ("Où vit le cheval de Camargue ?", "fr.md"),
        ("¿Qué ciudad antigua fundaron los fenicios?", "es.md"),
        ("Сколько часов спит домашняя кошка?", "ru.md"),
        ("中国的首都在哪里？", "zh.md"),
    ],
)
def test_other_languages_are_found_by_their_own_endings(
    search_in: Callable[..., Retriever], question: str, expected: str
) -> None:
    for mode in ("hybrid", "bm25"):
        found = search_in(MANY_TONGUES).search(SearchRequest(question, mode=mode))
        assert names(found.passages)[0] == expected


@pytest.mark.parametrize("question", ["", "?!", "\n", "🎉", "\ud800"])
def test_a_question_of_nothing_finds_nothing_or_little(
    sea: Retriever, question: str
) -> None:
    assert not sea.search(SearchRequest(question)).relevant


def test_nothing_indexed_is_nothing_found(embedder: BuiltinEmbedder) -> None:
    found = Retriever([], embedder, Settings()).search(SearchRequest("anything"))

    assert (found.passages, found.relevant, found.generation) == ((), False, "")


class Remote:
    """An embedder without token vectors, as a model server's is."""

    id = "builtin:wordllama-256"
    dimension = 256

    def __init__(self, inner: BuiltinEmbedder) -> None:
        self._inner = inner

    def embed(self, texts: Sequence[str]) -> ndarray:
        return self._inner.embed(texts)


def test_an_embedder_without_tokens_serves_as_well(
    index: Callable[[Mapping[str, str]], IndexReader], embedder: BuiltinEmbedder
) -> None:
    retriever = Retriever([index(SEA)], Remote(embedder), Settings())

    found = retriever.search(SearchRequest("What do blue whales feed on?"))

    assert names(found.passages)[0] == "whales.md"
    assert found.relevant
    assert "maxsim" not in found.passages[0].details


def test_details_name_the_raw_scores(sea: Retriever) -> None:
    details = sea.search(SearchRequest("spring tides")).passages[0].details

    assert set(details) == {"bm25", "cosine", "window", "maxsim", "title", "fused"}


def test_the_text_spread_of_independent_words_is_the_exact_one() -> None:
    terms = [Term(("a",), 2.0), Term(("b",))]
    frequencies: dict[tuple[str, ...], int] = {("a",): 10, ("b",): 40}

    spread = fusion.text_spread(terms, frequencies.__getitem__, 100)

    worth = (2 * fusion.idf(10, 100), fusion.idf(40, 100))
    assert spread.mean == pytest.approx(0.1 * worth[0] + 0.4 * worth[1])
    variance = 0.09 * worth[0] ** 2 + 0.24 * worth[1] ** 2
    assert spread.deviation == pytest.approx(math.sqrt(variance))


def test_equal_scores_stay_equal() -> None:
    final = fusion.reranked(np.zeros(3), np.zeros(3), np.zeros(3))

    assert not final.any()


def test_more_evidence_is_more_relevance() -> None:
    weak = relevance(Features(0.2, 0.4, 1.0, 1.0), TOKENS)
    strong = relevance(Features(0.9, 0.9, 4.0, 8.0), TOKENS)

    assert weak < 0.5 < strong
    assert falling([0.4, 0.6, 0.1]) == [0.4, 0.4, 0.1]


def test_what_copied_files_have_in_common_is_found_once(
    search_in: Callable[..., Retriever],
) -> None:
    copied = {f"copy-{number}.md": SEA["whales.md"] for number in range(7)}
    retriever = search_in({**SEA, **copied})

    found = retriever.search(SearchRequest("What do blue whales feed on?", limit=3))

    texts = [passage.text for passage in found.passages]
    assert len(texts) == len(set(texts)) == 3
    assert len(found.passages[0].copies) == 7
    assert found.passages[0].path not in found.passages[0].copies
    assert not found.passages[1].copies


@pytest.mark.parametrize(
    ("question", "is_relevant"),
    [
        ("What does -n do?", True),
        ("What does -v mean?", True),
        ("What does -z do?", False),
        ("What does -n -z do?", False),
    ],
)
def test_an_option_is_known_by_its_sign(
    search_in: Callable[..., Retriever], question: str, *, is_relevant: bool
) -> None:
    retriever = search_in(
        {
            "frob.md": "# Options\n\n- `-n NUM`: frobs that many bars.\n"
            "- `-v`: says which bars are frobbed.\n",
            "notes.md": "# Notes\n\nBars are frobbed at night, n times of v.\n",
        }
    )
    found = retriever.search(SearchRequest(question))
    assert (found.relevant and found.passages[0].title == "Options") is is_relevant
