"""One sentence against another: what is said, what is not, and what is denied."""

from __future__ import annotations

import pytest

from ragcli.language.comparison.compare import (
    REFUTED,
    SUPPORTED,
    UNCERTAIN,
    Comparison,
    UnitContext,
)
from ragcli.language.comparison.statement import Statement


def outcome(claim: str, said: str, language: str = "en", before: str = "") -> str:
    context = UnitContext(
        Statement(said, language), Statement(before, language) if before else None
    )
    return Comparison(Statement(claim, language), context).verdict().outcome


SAME = [
    ("en", "The boat is owned by Mara.", "Mara owns the boat."),
    ("en", "Guests do not pay a fee.", "Guests pay no fee."),
    ("en", "Fees are not paid.", "No fees are paid."),
    ("en", "The kiln begins at 9.", "The kiln starts at nine."),
    ("en", "Every guest pays.", "All guests pay."),
    ("en", "In May Mara paints the boat.", "Mara paints the boat in May."),
    ("en", "It lasts up to 30 days.", "It lasts at most thirty days."),
    ("en", "The disk is unencrypted.", "The disk is unencrypted."),
    ("en", "The meal comes after the prayer.", "The meal comes after the prayer."),
    (
        "en",
        "The smith forges keys and the clerk reads them.",
        "Keys are forged by the smith and read by the clerk.",
    ),
    ("de", "Das Boot wird von Mara geführt.", "Mara führt das Boot."),
    ("fr", "Le bateau est dirigé par Mara.", "Mara dirige le bateau."),
    ("es", "Mara no vende el barco.", "Mara nunca vende el barco."),
]
OTHERWISE = [
    ("en", "Guests pay a fee.", "Guests pay no fee."),
    ("en", "The disk is encrypted.", "The disk is unencrypted."),
    ("en", "Mara does not own the boat.", "Mara owns the boat."),
    ("en", "The boat owns Mara.", "Mara owns the boat."),
    ("en", "Lead is lighter than cork.", "Lead is heavier than cork."),
    ("en", "Cork is heavier than lead.", "Lead is heavier than cork."),
    ("en", "The tram runs from Ost to West.", "The tram runs from West to Ost."),
    ("en", "Rest before the climb.", "Rest after the climb."),
    ("en", "All guests pay.", "Some guests pay."),
    ("en", "It lasts at least 30 days.", "It lasts at most 30 days."),
    ("en", "It lasts 30 hours.", "It lasts 30 days."),
    ("en", "It sank in 1962.", "It sank in 1926."),
    ("en", "It has 24 cabins and 310 seats.", "It has 310 cabins and 24 seats."),
    ("en", "The office opens on Monday.", "The office opens on Tuesday."),
    ("en", "The delay is told in minutes.", "The delay is told in seconds."),
    (
        "en",
        "A page of 200 MB is kept.",
        "A page of 200 kB is kept with a size of 200K.",
    ),
    ("en", "The rules stated above hold.", "The rules stated below hold."),
    ("en", "Mara led it from 1990.", "Mara led it until 1990."),
    ("en", "It sails because it rains.", "It sails unless it rains."),
    (
        "en",
        "Keys are forged by the clerk and read by the clerk.",
        "Keys are forged by the smith and read by the clerk.",
    ),
    ("de", "Gäste zahlen eine Gebühr.", "Gäste zahlen keine Gebühr."),
    ("de", "Mara führt das Boot nicht.", "Mara führt das Boot."),
    ("fr", "Le musée ouvre le lundi.", "Le musée n'ouvre pas le lundi."),
    ("fr", "Avant le repas, il dort.", "Après le repas, il dort."),
    ("es", "Algunos barcos vuelven.", "Ningún barco vuelve."),
    ("es", "El barco vuelve antes de mayo.", "El barco vuelve después de mayo."),
]
UNTOLD = [
    ("en", "Return it within a week.", "Return it within seven days."),
    ("en", "Mara owns the lorry.", "Mara owns the boat."),
    ("en", "Guests pay.", "Most guests pay."),
    ("en", "Guests may swim.", "Guests may swim only with a guard."),
    ("en", "Only guests pay.", "Guests pay."),
    ("en", "Ole Berg has the boat.", "Mara Lind has the boat, and Ole Berg a car."),
]


@pytest.mark.parametrize(("language", "claim", "said"), SAME)
def test_the_same_in_other_words_is_supported(
    language: str, claim: str, said: str
) -> None:
    assert outcome(claim, said, language) == SUPPORTED


@pytest.mark.parametrize(("language", "claim", "said"), OTHERWISE)
def test_what_is_said_otherwise_is_refuted(
    language: str, claim: str, said: str
) -> None:
    assert outcome(claim, said, language) == REFUTED


@pytest.mark.parametrize(("language", "claim", "said"), UNTOLD)
def test_what_cannot_be_told_is_uncertain(language: str, claim: str, said: str) -> None:
    assert outcome(claim, said, language) == UNCERTAIN


def test_a_pronoun_means_who_was_named_before() -> None:
    said, before = "She sold it in 1962.", "Mara Lind had a boat."

    assert outcome("Mara Lind sold it in 1962.", said, before=before) == SUPPORTED
    assert outcome("Mara Lind sold it in 1962.", said) == UNCERTAIN
    assert outcome("Mara Lind sold it in 1926.", said, before=before) == REFUTED


def test_vectors_find_synonyms_but_take_no_opposite_for_one() -> None:
    def near(one: str, other: str) -> float:
        return 0.9

    def verdict(claim: str, said: str) -> str:
        context = UnitContext(Statement(said, "en"))
        return Comparison(Statement(claim, "en"), context, near).verdict().outcome

    assert verdict("Mara purchased the vessel.", "Mara acquired the vessel.") == (
        SUPPORTED
    )
    assert verdict("The gate opens at 8.", "The gate closes at 8.") == REFUTED
    assert verdict("Ole acquired the vessel.", "Mara acquired the vessel.") != REFUTED
