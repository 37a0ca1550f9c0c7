"""What a question asks for is found under the name that a text gives it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ragcli.chat.citing.citations import as_markdown
from ragcli.index.documents.loaders.dispatch.load import load
from ragcli.index.documents.splitter import split
from ragcli.language.vocabulary import relations
from ragcli.models.base import Prompt, Source
from ragcli.models.builtin.embedder import BuiltinEmbedder
from ragcli.models.builtin.extractive import ExtractiveModel

MILL = (
    "The mill of Oberau was founded in 1411. Its wheel has a breadth of two metres.\n"
    "A sack of flour is sold at 14 euros. The barn burnt down in 1950.\n"
)
SAFETY = "line,seats,fatalities\nAlbatros,400,12\nPelikan Air,120,283\nStorch,90,0\n"
CODES = (
    "The field SYS says on which system the archive was made. The values are:\n\n"
    "    0 - Beos\n    5 - Atari\n    6 - Multics, a system of 5 parts\n"
)
FLAGS = (
    "The field LVL tells how much work was done.\n\n"
    "LVL = 2 - all work was done\nLVL = 4 - little work was done\n"
)
PARTS = "part,number,square\nnut,2,4\nbolt,4,16\nnail,5,25\n"
OFFER = (
    "The town looks for a harbour master with a boat licence.\n\n"
    "The harbour master leads the harbour and its four pilots.\n\n"
    "Pay scale: 41000 to 52000 euros\n"
)
CONTENTS = (
    "1. Scope of the pump ...................... 3\n"
    "2. Maintenance of the pump ................ 11\n"
)


PARAMETERS = (
    "name,in,description\nbudget,query,highest price of a match in local currency\n"
    "q,query,between 2 and 90 characters\nsize,query,number of matches\n"
)
MAIL = (
    "From: Hanna Vogt <hanna@example.org>\nTo: Crew <crew@example.org>\n"
    "Date: Mon, 4 Mar 2024 09:30:00 +0000\nSubject: Mail about the anchor\n\n"
    "The anchor is in the shed. Somebody sent us a new rope.\n"
)
CAPITALS = (
    "code,name,capital\n024,Angola,Luanda\n068,Bolivia,La Paz\n204,Benin,Cotonou\n"
)
CUPS = (
    "Regattas in 2023\n\n| boat | points |\n|---|---|\n| Alma | 31 |\n| Brise | 9 |\n\n"
    "Regattas in 2022\n\n| boat | points |\n|---|---|\n| Alma | 47 |\n| Brise | 8 |\n"
)
TOWER = "The tower was finished in 1874. It is 41 metres high. Its lamp burns oil.\n"
OPTIONS = (
    "Options\n\n  --raw / -r:\n\n    Prints strings without quotes, as they are.\n\n"
    "  --sort / -s:\n\n    Puts the keys of objects in order.\n"
)
ALIVE = (
    "LampTries  Sets how often the lamp is lit again when the wind blew it out and "
    "nobody was there. This is different from a new wick. The default is 3.\n\n"
    "WickTries  Sets how often the wick is cut. The default is 8.\n"
)
STEPS = "".join(
    f"* Oil the {part} with care. {'This takes a while and needs a calm hand. ' * 9}\n"
    for part in ("hinge", "pulley")
)


@pytest.fixture(scope="module")
def model(embedder: BuiltinEmbedder) -> ExtractiveModel:
    return ExtractiveModel(embedder)


def answer(model: ExtractiveModel, question: str, text: str, name: str) -> str:
    """Returns the answer from one small file, "" when there is none."""
    chunks = split(load(Path(name), text.encode()), size=2000, overlap=0)
    sources = tuple(
        Source(
            number, chunk.text, name, "prose", 0.9, units=chunk.units,
            tables=chunk.tables,
        )
        for number, chunk in enumerate(chunks, 1)
    )  # fmt: skip
    prompt = Prompt(question, question, sources, threshold=0.5)
    return "".join(as_markdown(piece, marked=False) for piece in model.stream(prompt))


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("When did the mill of Oberau begin?", "1411"),
        ("How wide is the wheel of the mill?", "two metres"),
        ("What is the price of a sack of flour?", "14 euros"),
    ],
)
def test_a_word_asks_for_what_the_text_calls_otherwise(
    model: ExtractiveModel, question: str, wanted: str
) -> None:
    said = answer(model, question, MILL, "mill.txt")

    assert wanted in said
    assert "barn" not in said


def test_two_words_that_ask_for_the_same_are_told_from_others() -> None:
    assert relations.ask_alike("died", "fatalities")
    assert relations.ask_alike("tall", "height")
    assert not relations.ask_alike("old", "weight")


def test_a_column_answers_that_has_another_name(model: ExtractiveModel) -> None:
    question = "How many people died with Pelikan Air?"

    assert "fatalities: 283" in answer(model, question, SAFETY, "safety.csv")


@pytest.mark.parametrize(
    ("question", "text", "wanted", "other"),
    [
        ("Which system has the number 5?", CODES, "5 - Atari", "Multics"),
        ("What does LVL = 4 say?", FLAGS, "little work", "LVL tells"),
    ],
)
def test_a_code_leads_to_what_it_stands_for(
    model: ExtractiveModel, question: str, text: str, wanted: str, other: str
) -> None:
    said = answer(model, question, text, "codes.txt")

    assert wanted in said
    assert other not in said


def test_a_number_behind_the_name_of_a_column_counts_in_that_column(
    model: ExtractiveModel,
) -> None:
    said = answer(model, "Which part has number 4?", PARTS, "parts.csv")

    assert "bolt" in said
    assert "nut" not in said


def test_what_cannot_be_the_answer_does_not_stand_before_what_can(
    model: ExtractiveModel,
) -> None:
    question = "What salary is offered for the harbour master?"

    assert answer(model, question, OFFER, "offer.txt").startswith("Pay scale")


def test_the_page_in_a_table_of_contents_is_no_number_of_anything(
    model: ExtractiveModel,
) -> None:
    question = "How many litres per minute does the pump move?"

    assert answer(model, question, CONTENTS, "contents.txt") == ""


def test_a_line_of_tildes_in_a_plain_text_begins_no_code() -> None:
    text = f"{'~' * 60}\nLesson 2\n\nPress d to delete a word. Press u to undo it.\n"

    document = load(Path("tutor.txt"), text.encode())

    kinds = {e.kind for part in document.sections for e in part.elements}
    assert "code" not in kinds


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("Who sent the mail about the anchor?", "From: Hanna Vogt"),
        ("When was the mail sent?", "4 Mar 2024"),
        ("Who received the message about the anchor?", "Crew"),
    ],
)
def test_the_headers_of_a_message_say_who_sent_it_to_whom_and_when(
    model: ExtractiveModel, question: str, wanted: str
) -> None:
    assert wanted in answer(model, question, MAIL, "anchor.eml").split("\n")[0]


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("What does the parameter budget mean?", "highest price"),
        ("How long must q be?", "90 characters"),
    ],
)
def test_a_record_with_a_name_and_a_description_says_what_it_is(
    model: ExtractiveModel, question: str, wanted: str
) -> None:
    assert wanted in answer(model, question, PARAMETERS, "api.csv")


def test_digits_that_are_a_date_or_a_version_are_no_telephone_number(
    model: ExtractiveModel,
) -> None:
    text = "The office of Oberau keeps versions such as 19990513 and 1.10.2024.\n"
    told = text + "Telephone of the office of Oberau: 0471 / 55 20 18\n"
    question = "What is the telephone number of the office of Oberau?"

    assert answer(model, question, text, "office.txt") == ""
    assert "55 20 18" in answer(model, question, told, "office.txt")


def test_of_a_long_item_only_the_sentence_that_answers_is_quoted(
    model: ExtractiveModel,
) -> None:
    said = answer(model, "What do I oil with care besides the hinge?", STEPS, "do.md")

    assert "calm hand" not in said


def test_a_number_of_the_question_that_stands_nowhere_near_speaks_against_it(
    model: ExtractiveModel,
) -> None:
    text = (
        "Release 1.2 of the lathe brought a new name and a new motor for the lathe.\n\n"
        "The others are known too: Alder was the name of 1.1 and Birch that of 1.3.\n"
    )

    said = answer(model, "What was the name of release 1.1?", text, "lathe.txt")

    assert said.startswith("The others are known too: Alder")


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("What is the population of Angola?", ""),
        ("What did Bolivia earn?", ""),
        ("What is the capital of Angola?", "capital: Luanda"),
    ],
)
def test_a_row_is_no_answer_where_no_column_has_what_is_asked(
    model: ExtractiveModel, question: str, wanted: str
) -> None:
    said = answer(model, question, CAPITALS, "capitals.csv")

    assert wanted in said
    assert bool(said) == bool(wanted)


@pytest.mark.parametrize(
    "question",
    [
        "What is the population of Norway?",
        "population of Norway",
        "How big is the population of Norway?",
    ],
)
@pytest.mark.parametrize("line", ["{} {}", "{}  {}", "{}: {}", "| {} | {} |"])
def test_a_number_beside_a_name_is_not_whatever_is_asked_of_it(
    model: ExtractiveModel, question: str, line: str
) -> None:
    codes = {"Denmark": 45, "Norway": 47, "Kenya": 254, "Peru": 51, "Latvia": 371}
    head = "| Country | Code |\n|---|---|\n" if line.startswith("|") else "Codes\n\n"
    text = head + "".join(f"{line.format(*item)}\n" for item in codes.items())
    name = "codes.md" if line.startswith("|") else "codes.txt"

    assert answer(model, question, text, name) == ""
    assert "47" in answer(model, "What is the code of Norway?", text, name)


def test_of_two_tables_the_caption_picks_the_row(model: ExtractiveModel) -> None:
    said = answer(model, "What were the points of Alma in 2023?", CUPS, "cups.md")

    assert "31" in said
    assert "47" not in said


def test_a_year_is_no_height(model: ExtractiveModel) -> None:
    said = answer(model, "How high is the tower?", TOWER, "tower.txt")

    assert said.startswith("It is 41 metres high.")


def test_names_are_found_without_their_accents(model: ExtractiveModel) -> None:
    text = "The papers of Zo\u00eb are in folder 9. The others are lost.\n"

    assert "folder 9" in answer(model, "Where are the papers of Zoe?", text, "a.txt")


def test_which_option_is_answered_with_the_option(model: ExtractiveModel) -> None:
    question = "Which option prints strings without quotes?"

    said = answer(model, question, OPTIONS, "options.txt")

    assert "--raw / -r" in said
    assert "without quotes" in said
    assert "--sort" not in said


def test_a_paragraph_is_throughout_about_the_setting_that_it_begins_with(
    model: ExtractiveModel,
) -> None:
    said = answer(model, "What is the default of LampTries?", ALIVE, "lamp.txt")

    assert "The default is 3." in said
    assert "8" not in said


def test_a_term_that_is_explained_in_passing_is_defined(
    model: ExtractiveModel,
) -> None:
    text = (
        "Tide tables are kept with the kedge in the shed. Every boat has a kedge.\n\n"
        "For the night we dropped the kedge, a light anchor, off the pier.\n"
    )

    assert answer(model, "What is a kedge?", text, "boat.txt").startswith(
        "For the nigh"
    )
