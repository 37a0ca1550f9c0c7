"""The best of a crowd that scores alike is doubted, and what stands out is not."""

from __future__ import annotations

import pytest

from ragcli.models.base import Source
from ragcli.models.builtin.candidates import Candidate
from ragcli.models.builtin.confidence import confidence
from ragcli.models.builtin.parsed_question import ParsedQuestion
from ragcli.models.builtin.scoring import CandidateFeatures, Scored

SOURCE = Source(1, "text", "a.md:1", "prose", 0.9)
EVIDENCE = CandidateFeatures(
    coverage=0.7, maxsim=0.6, source=2.0, lacks_kind=False, anchors=1.0
)


def ranked(*scored: tuple[float, str]) -> list[Scored]:
    return [
        Scored(Candidate(SOURCE, 0, text, "row"), score, EVIDENCE)
        for score, text in scored
    ]


def sure(question: str, *scored: tuple[float, str]) -> bool:
    return confidence(ranked(*scored), ParsedQuestion(question)) >= 0.5


BOATS = [(score, f"Boat {score:.2f} has a deck") for score in (2.9, 2.88, 2.87, 2.86)]


@pytest.mark.parametrize(
    ("question", "best", "is_sure"),
    [
        ("Who mends the keel of the boat?", (2.95, "The boat has a keel"), False),
        ("Who mends the keel of the boat?", (3.5, "Mara mends the keel"), True),
        ("What is the sail area of boat 77?", (2.95, "Boat 77 has 12 m2"), True),
        ("List all the boats with a deck", (2.95, "A boat has a deck"), True),
    ],
)
def test_it_depends_on_the_lead_over_what_is_no_answer_either(
    question: str, best: tuple[float, str], *, is_sure: bool
) -> None:
    assert sure(question, best, *BOATS) is is_sure


def test_a_few_candidates_are_no_crowd() -> None:
    assert sure("Who mends the keel?", (2.95, "Mara mends the keel"), *BOATS[:2])
