"""Who did something is whom the text names with it, not whom else it names."""

from __future__ import annotations

from pathlib import Path

import pytest

from ragcli.chat.citing.citations import as_markdown
from ragcli.index.documents.loaders.dispatch.load import load
from ragcli.index.documents.splitter import split
from ragcli.models.base import Prompt, Source
from ragcli.models.builtin.embedder import BuiltinEmbedder
from ragcli.models.builtin.extractive import ExtractiveModel
from ragcli.models.builtin.parsed_question import KINDS, ParsedQuestion

GAME = (
    "# tarok\n\nThe game tarok plays a round of tarok for Otto or another player of "
    "tarok.\n\n## History\n\nAda Lind wrote the rules. Per Holt added the score.\n"
)
HOUSE = {
    "Who built the boat house?": (
        "The roof of the boat house is red, and Eva Ahlers likes the boat house best.\n"
        "Jan Petersen built it in 1911.\n"
    ),
    "Wer hat das Bootshaus gebaut?": (
        "Das Dach des Bootshauses ist rot, und Eva Ahlers mag das Bootshaus. "
        "Jan Petersen baute es 1911.\n"
    ),
    "Qui a construit le hangar ?": (
        "Le toit du hangar est rouge, et Eva Ahlers aime le hangar. "
        "Jan Petersen a construit cela en 1911.\n"
    ),
    "\u00bfQui\u00e9n construy\u00f3 el cobertizo?": (
        "El techo del cobertizo es rojo, y a Eva Ahlers le gusta el cobertizo. "
        "Jan Petersen construy\u00f3 todo en 1911.\n"
    ),
}
RULES = "# {}\n\n{}\n\n## {}\n\nWiebke Saathoff\n"
READ_ALOUD = {
    "en": ("The rules", "Otto Brand reads the rules aloud each spring."),
    "de": ("Die Satzung", "Otto Brand liest die Satzung jedes Fr\u00fchjahr vor."),
    "fr": ("Les statuts", "Otto Brand lit les statuts chaque printemps."),
    "es": ("Los estatutos", "Otto Brand lee los estatutos cada primavera."),
}


@pytest.fixture(scope="module")
def model(embedder: BuiltinEmbedder) -> ExtractiveModel:
    return ExtractiveModel(embedder)


def answer(model: ExtractiveModel, question: str, text: str) -> str:
    """Returns the answer from one Markdown file, "" when there is none."""
    sources = tuple(
        Source(
            number, chunk.text, "a.md", "prose", 0.9, units=chunk.units,
            tables=chunk.tables, above=chunk.heading,
        )
        for number, chunk in enumerate(
            split(load(Path("a.md"), text.encode()), size=2000, overlap=0), 1
        )
    )  # fmt: skip
    prompt = Prompt(question, question, sources, threshold=0.5)
    return "".join(as_markdown(piece, marked=False) for piece in model.stream(prompt))


@pytest.mark.parametrize("question", HOUSE)
def test_who_did_it_is_named_with_the_deed(
    model: ExtractiveModel, question: str
) -> None:
    assert answer(model, question, HOUSE[question]).startswith("Jan Petersen")


@pytest.mark.parametrize(
    "question",
    ["Who wrote the game tarok?", "Who is the author of tarok?", "Who wrote tarok?"],
)
def test_words_of_the_subject_alone_tell_of_no_deed(
    model: ExtractiveModel, question: str
) -> None:
    assert answer(model, question, GAME) == "Ada Lind wrote the rules."


@pytest.mark.parametrize(
    ("language", "heading", "question"),
    [
        ("en", "AUTHORS", "Who wrote the rules?"),
        ("en", "Author", "Who has written the rules?"),
        ("en", "Written by", "Who is the author of the rules?"),
        ("de", "Verfasser", "Wer hat die Satzung geschrieben?"),
        ("de", "Autorin", "Wer schrieb die Satzung?"),
        ("fr", "Auteurs", "Qui a \u00e9crit les statuts ?"),
        ("es", "Autora", "\u00bfQui\u00e9n escribi\u00f3 los estatutos?"),
    ],
)
def test_a_name_alone_below_a_heading_that_tells_the_deed_is_the_answer(
    model: ExtractiveModel, language: str, heading: str, question: str
) -> None:
    text = RULES.format(*READ_ALOUD[language], heading)

    assert answer(model, question, text) == "Wiebke Saathoff"


def test_where_nobody_is_named_with_the_deed_the_others_stand_as_before(
    model: ExtractiveModel,
) -> None:
    said = answer(
        model, "Who reads the rules?", RULES.format(*READ_ALOUD["en"], "Seal")
    )

    assert said.startswith("Otto Brand")


@pytest.mark.parametrize(
    ("question", "deed"),
    [
        ("Who first wrote it?", "wrote"),
        ("Who is the author of it?", "author"),
        ("Wer hat es geschrieben?", "geschrieben"),
        ("Qui a \u00e9crit cela ?", "\u00e9crit"),
        ("Qui est l'auteur du livre ?", "auteur"),
        ("Who is Ada?", "is"),
        ("When was it written?", ""),
    ],
)
def test_the_deed_is_told_from_the_words_around_it(question: str, deed: str) -> None:
    assert ParsedQuestion(question).deed == deed


def test_signs_between_words_are_nobody_and_nowhere() -> None:
    kinds = [kind for kind in KINDS if kind.name in {"person", "place"}]

    for text, holds in (
        ("3 \u2192 4 \u2014 5", False),
        ("\u0430\u043d\u043d\u0430", True),
    ):
        assert [kind.is_in(text, is_structured=False) for kind in kinds] == [holds] * 2
