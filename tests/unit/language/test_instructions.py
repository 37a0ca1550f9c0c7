"""A sentence that tells its reader what to do is told from one that speaks of it."""

from __future__ import annotations

import pytest

from ragcli.language.instructions import instructs


@pytest.mark.parametrize(
    "text",
    [
        "Use `--quiet` to silence it.",
        "Fill the tank with water.",
        "First, grease your chain.",
        "To silence it, a line is added to the file.",
        "You can silence it with a line.",
        "If it is too loud, set `volume` to 1.",
        "It can be silenced by turning the key.",
        "Klicken Sie auf Speichern.",
        "Vous pouvez changer la valeur.",
    ],
)
def test_what_tells_to_do_something_instructs(text: str) -> None:
    assert instructs(text)


@pytest.mark.parametrize(
    "text",
    [
        "The tank holds two litres.",
        "Fills the tank.",
        "Filling the tank takes long.",
        "During the night it is silent.",
        "Use of force is forbidden.",
        "You must never call it in a program.",
        "Sie kostet drei Euro.",
        "",
    ],
)
def test_what_only_speaks_of_it_does_not(text: str) -> None:
    assert not instructs(text)
