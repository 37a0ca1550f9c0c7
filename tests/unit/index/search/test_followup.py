"""A follow-up is searched with what the earlier turns were about."""

from __future__ import annotations

import numpy as np
import pytest

from ragcli.index.passages import EarlierTurn
from ragcli.index.search import followup
from ragcli.index.search.followup import Query, Searched, build
from ragcli.models.builtin.embedder import BuiltinEmbedder

SEARCHED = Searched({"en"}, lambda variants: 1.0 + len(variants[0]))
HISTORY = (
    EarlierTurn("Where is the Great Barrier Reef?", "Off the coast of Queensland."),
    EarlierTurn(
        "Which fish live around the reef?", "Clownfish, wrasses and parrotfish."
    ),
)


def weights(query: Query) -> dict[str, float]:
    return {term.variants[0]: round(term.weight, 4) for term in query.terms}


def test_a_first_question_is_searched_as_it_is(embedder: BuiltinEmbedder) -> None:
    query = build("Which fish bite?", (), SEARCHED, embedder)

    assert weights(query) == {"fish": 1.0, "bite": 1.0}
    assert [term.variants for term in query.phrases] == [("fish", "bite")]
    assert query.shown == "Which fish bite?"
    assert np.allclose(query.vector, embedder.embed(["Which fish bite?"])[0], atol=1e-6)


def test_words_of_earlier_turns_fade_and_never_outweigh_the_last(
    embedder: BuiltinEmbedder,
) -> None:
    query = build("Do they bite?", HISTORY, SEARCHED, embedder)

    found = weights(query)
    assert found["bite"] == 1.0
    assert found["fish"] == pytest.approx(1.5 * 0.3)
    assert found["barrier"] == pytest.approx(1.5 * 0.3 * 0.6)
    assert found["parrotfish"] == pytest.approx(1.5 * 0.2)
    assert "queensland" not in found
    assert "fish" in query.shown


def test_what_is_told_of_a_query_is_little_more_than_the_question(
    embedder: BuiltinEmbedder,
) -> None:
    history = [
        EarlierTurn(" ".join(f"{n}{'fish' * 4000}" for n in range(10)), "word " * 9000),
        EarlierTurn("g" * 16_000, " ".join(f"{'h' * 9000}{n}" for n in range(50))),
    ]

    query = build("Do they bite?", history, SEARCHED, embedder)

    assert len("Do they bite?") < len(query.shown) < len("Do they bite?") + 8 * 42 + 5
    assert query.shown.endswith("…)")


def test_a_question_that_stands_alone_takes_half_as_much(
    embedder: BuiltinEmbedder,
) -> None:
    query = build("Do sharks bite?", HISTORY, SEARCHED, embedder)

    assert weights(query)["fish"] == pytest.approx(0.75 * 0.3)


def test_phrases_come_from_the_last_turn_only(embedder: BuiltinEmbedder) -> None:
    query = build("Do they bite people?", HISTORY, SEARCHED, embedder)

    assert [term.variants for term in query.phrases] == [("bite", "peopl")]


def test_the_vector_leans_towards_the_history(embedder: BuiltinEmbedder) -> None:
    alone = build("Do they bite?", (), SEARCHED, embedder).vector
    led = build("Do they bite?", HISTORY, SEARCHED, embedder).vector
    fish = embedder.embed(["fish of the reef"])[0]

    assert led @ fish > alone @ fish
    assert np.linalg.norm(led) == pytest.approx(1.0, abs=1e-5)


def test_only_recent_turns_are_read(embedder: BuiltinEmbedder) -> None:
    long = (EarlierTurn("Ancient pyramids?", "Yes."),) + HISTORY * followup.TURNS

    assert "pyramid" not in weights(build("Do they bite?", long, SEARCHED, embedder))
