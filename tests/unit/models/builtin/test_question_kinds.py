"""A small document for each kind of question that the built-in answers know."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ragcli.chat.citing.citations import as_markdown
from ragcli.index.documents.loaders.dispatch.load import load
from ragcli.index.documents.splitter import split
from ragcli.models.base import Prompt, Source
from ragcli.models.builtin.embedder import BuiltinEmbedder
from ragcli.models.builtin.extractive import ExtractiveModel
from ragcli.models.builtin.parsed_question import ParsedQuestion
from ragcli.models.builtin.scoring import is_mistyped

MANUAL = """# Kiln

The kiln reads `glaze.conf` first when it starts. It was built by hand when the old
one broke in 1987. Some say the old kiln is loved by all who saw it.

Figure 4-2. Cross section of the damper. The damper closes slowly.
"""
TERMS = """<h1>Display</h1>
<p>The variable KILN_STATUS sets what the display of the kiln shows while it runs.</p>
<dl><dt>%u</dt><dd>The number of shelves that are left.</dd>
<dt>%t</dt><dd>The time that has gone by.</dd></dl>
"""
PRICES = """| Piece | Price | *Other |
|---|---|---|
| Bowl | 12 | 3 |
| Vase | 31 | 4 |

*Refers to lids, handles and feet.
"""
CUES = """1
00:00:01,000 --> 00:00:03,000
In spring you give

2
00:00:03,000 --> 00:00:05,000
each kiln two buckets

3
00:00:05,000 --> 00:00:07,000
of white sand.
"""
BROKEN = "The guild reports that almost 900\n\nkilns have been fired since 2005 here.\n"
SETTINGS = "services:\n  oven:\n    image: oven:2\n    expose:\n      - 8123\n"
MAIL = (
    "From: Enno Vark <enno@example.org>\nTo: Ida Rohn <ida@example.org>\n"
    "Subject: Clay\nDate: Mon, 4 Mar 2024 10:00:00 +0000\n\nThe clay is here.\n"
)
ROOMS = """# Rooms and their seats

| Room | Floor | Seats |
|---|---|---|
| Oak 7 | 2 | 20 |
| Elm 9 | 3 | 34 |
"""
DIARY = """# Diary of the kiln

Version 0.14.2 of the firmware went in. The fire was lit at dawn, and the guild met
at 10:45. Enno kept the key of the shed. Every shelf bears tens of bowls. We want to
paint the door early next week.
"""
FURNACES = """# Furnaces

| Furnace | heat_km_per_week | Weight (kg) |
|---|---|---|
| Ostra* | 770 | 91 |
| Belm | 640 | 87 |
"""
BILL = """maker: Karnholz AG
vat: KH 551 209
stamp: none
"""
WORKSHOP = "Die Werkstatt ist von 8 bis 20 Uhr offen. Der Meister heißt Karl Bremer.\n"
CAFE = "Le café de la Gare ouvre à 8h30. La librairie ouvre à 10h00.\n"


@pytest.fixture(scope="module")
def model(embedder: BuiltinEmbedder) -> ExtractiveModel:
    return ExtractiveModel(embedder)


def answered(
    model: ExtractiveModel,
    question: str,
    name: str,
    text: str,
    *,
    rows_answer: bool = True,
) -> str:
    chunks = split(load(Path(name), text.encode()), size=2000, overlap=0)
    sources = tuple(
        Source(
            number,
            chunk.text,
            name,
            "prose",
            0.9,
            units=chunk.units,
            tables=chunk.tables,
            above=("Notes", *chunk.heading),
        )
        for number, chunk in enumerate(chunks, 1)
    )
    prompt = Prompt(question, question, sources, threshold=0.5, rows_answer=rows_answer)
    return "".join(as_markdown(piece, marked=True) for piece in model.stream(prompt))


@pytest.mark.parametrize(
    ("question", "name", "text", "begins"),
    [
        # A conjunction asks for nothing: "when" wants no date here.
        ("Which file does the kiln read when it starts?", "a.md", MANUAL, "The kiln r"),
        # A caption stands with its number.
        ("Which figure shows the damper?", "a.md", MANUAL, "Figure 4-2. Cross section"),
        # What a sign stands for is its entry, not where its name occurs.
        ("What does %u stand for in KILN_STATUS?", "a.html", TERMS, "%u"),
        # A note explains what bears its mark.
        (
            'Which things are counted as "Other"?',
            "a.md",
            PRICES,
            "*Refers to lids",
        ),
        # A sentence that runs on over cues, or over a break of the layout.
        ("How much white sand does each kiln get?", "a.srt", CUES, "In spring you"),
        ("How many kilns have been fired since 2005?", "a.md", BROKEN, "The guild"),
        # An entry of a list of settings stands under its key.
        ("Which port does the oven expose?", "a.yaml", SETTINGS, "8123"),
        # The roles of a message's headers.
        ("Who sent the mail?", "a.eml", MAIL, "From: Enno Vark"),
        # A time of day is no version, and words tell days and numbers as well.
        ("At what time did the guild meet?", "a.md", DIARY, "The fire was lit at"),
        ("When was the fire lit?", "a.md", DIARY, "The fire was lit at dawn"),
        ("When do they want to paint the door?", "a.md", DIARY, "We want to paint"),
        ("How many bowls does a shelf bear?", "a.md", DIARY, "Every shelf bears"),
        ("Which version of the firmware went in?", "a.md", DIARY, "Version 0.14.2"),
        # Irregular forms are the same word.
        ("Who keeps the key of the shed?", "a.md", DIARY, "Enno kept the key"),
        # A number that something bears has digits; its name is none.
        ("Which VAT number does Karnholz have?", "a.yaml", BILL, "vat: KH 551"),
        # Full hours are a time of day.
        ("Wann ist die Werkstatt offen?", "a.md", WORKSHOP, "Die Werkstatt ist"),
        # Accents, and a time of day that is not the shop's.
        ("A quelle heure ouvre le cafe?", "a.txt", CAFE, "Le café de la Gare"),
    ],
)
def test_a_kind_of_question_finds_its_unit(
    model: ExtractiveModel, question: str, name: str, text: str, begins: str
) -> None:
    assert answered(model, question, name, text).startswith(begins)


@pytest.mark.parametrize(
    ("question", "name", "text"),
    [
        # A bare number is not the one that is asked for: no name says so.
        ("How many people lift a Vase?", "a.md", PRICES),
        # No value of the row is a person, a time of day or a frequency.
        ("Who ordered the Vase?", "a.md", PRICES),
        ("At what time does the kiln close?", "a.md", MANUAL),
        # A version is no time of day.
        (
            "At what time did the firmware go in?",
            "a.md",
            DIARY.replace("10:45", "last"),
        ),
        ("How often is the kiln cleaned?", "a.md", MANUAL),
        # An address of e-mail is asked for, whoever is named.
        ("What is the email of Karl Bremer?", "a.md", WORKSHOP),
    ],
)
def test_what_no_unit_says_is_not_answered(
    model: ExtractiveModel, question: str, name: str, text: str
) -> None:
    assert answered(model, question, name, text) == ""


def test_how_something_else_is_done_is_not_told_beside(
    model: ExtractiveModel,
) -> None:
    text = "".join(
        f"# How do I {verb} a {thing}?\n\nTo {verb} a {thing}, run `kiln {verb}`.\n\n"
        for verb, thing in [("drop", "pot"), ("drop", "shelf"), ("rent", "shelf")]
    )

    told = answered(model, "How do I drop a shelf?", "a.md", text)

    assert re.sub(r" \[\d\]", "", told) == "To drop a shelf, run `kiln drop`."


def test_what_a_line_with_a_colon_leads_to_is_given_with_it(
    model: ExtractiveModel,
) -> None:
    text = """# Kiln

Supported glazes:

- Ash
- Tin

To light the kiln, follow these steps:

1. Open the damper.
2. Lay birch bark.
3. Wait for an hour.

The kiln cools for a day.

The guild met on 3 May to talk about:

- shelves
- sand

Cracked tiles are to be reported to:

    tiles@guild.example

To sweep the flue by hand, use:

    $ flue --open
    $ flue --sweep
"""

    glazes = answered(model, "Which glazes are supported?", "a.md", text)
    steps = answered(model, "How do I light the kiln?", "a.md", text)
    date = answered(model, "When did the guild meet?", "a.md", text)

    assert glazes.split(" [1]")[:-1] == ["Supported glazes:", "\nAsh", "\nTin"]
    assert [line.removesuffix(" [1]") for line in steps.splitlines()] == [
        "To light the kiln, follow these steps:",
        "Open the damper.",
        "Lay birch bark.",
        "Wait for an hour.",
    ]
    # What has the kind of answer that is asked for says enough.
    assert date == "The guild met on 3 May to talk about: [1]"
    for question, said in [
        ("Who hears of cracked tiles?", "tiles@guild.example"),
        ("How do I sweep the flue by hand?", "$ flue --open\n$ flue --sweep"),
    ]:
        told = answered(model, question, "a.txt", text)
        assert re.sub(r" \[1\]", "", told).endswith(said)


@pytest.mark.parametrize(
    ("one", "other", "mistyped"),
    [
        ("kitchen", "kitchn", True),
        ("kitchen", "kitcehn", True),
        ("kitchen", "kitchenn", True),
        ("kitchen", "kittens", False),
        ("kitchen", "kitxxen", False),
        ("cat", "car", False),
    ],
)
def test_one_letter_is_mistyped(one: str, other: str, mistyped: bool) -> None:
    assert is_mistyped(one, other) is mistyped
    assert is_mistyped(other, one) is mistyped


def test_a_word_that_no_source_has_may_be_mistyped(model: ExtractiveModel) -> None:
    text = "# Mill\n\nThe grindstone weighs 900 kilos. The waterwheel has 24 buckets.\n"

    assert "900 kilos" in answered(
        model, "What does the grindstnoe weigh?", "a.md", text
    )


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("When was it built?", "date"),
        ("Since when does it run?", "date"),
        ("Which tool helps when it rains?", ""),
        ("What happens to those who leave?", ""),
        ("What time is supper?", "time"),
        ("Which column tells how much is done?", ""),
        ("How often is it fed?", "frequency"),
        ("Which sizes are there?", "number"),
        ("What is the largest number of shelves?", "number"),
        ("Which customer number does Ida have?", "numbered"),
        ("Since which version are there dampers?", "version"),
        ("Qui a peint la porte ?", "person"),
    ],
)
def test_the_first_word_that_asks_tells_the_kind(question: str, kind: str) -> None:
    assert next((found.name for found in ParsedQuestion(question).kinds), "") == kind


@pytest.mark.parametrize(
    ("question", "begins"),
    [
        # A cell names the row, and another one of it is asked for.
        ("How many seats does Elm 9 offer?", "Room: Elm 9; Floor: 3; Seats: 34"),
        # No row has that name.
        ("How many seats does Ash 4 offer?", ""),
        # The row is there, but nothing of the table tells what is asked for.
        ("How many windows does Elm 9 offer?", ""),
        # Rows are counted by a word that none of them has.
        ("How many seats are broken?", ""),
    ],
)
def test_a_failed_count_is_a_row_that_is_looked_up_or_nothing(
    model: ExtractiveModel, question: str, begins: str
) -> None:
    said = answered(model, question, "a.md", ROOMS, rows_answer=False)

    assert said.startswith(begins) if begins else not said


@pytest.mark.parametrize(
    ("question", "begins"),
    [
        # Units of measurement are no things that are counted.
        ("How many heat kilometres per week does Belm give?", "Furnace: Belm"),
        # A cell may bear the mark of a note.
        ("How many kg does Ostra weigh?", "Furnace: Ostra*"),
        ("How many doors does Belm have?", ""),
    ],
)
def test_a_row_is_looked_up_by_what_its_columns_are_called(
    model: ExtractiveModel, question: str, begins: str
) -> None:
    said = answered(model, question, "a.md", FURNACES, rows_answer=False)

    assert said.startswith(begins) if begins else not said


def test_what_stands_below_its_own_name_is_preferred(model: ExtractiveModel) -> None:
    text = """# Settings

## KILN_HEAT

Default: 900.

How hot it gets.

## KILN_HEAT_LIMIT

Default: 1200 (falls back to KILN_HEAT).

The value of `KILN_HEAT` and the value of `KILN_HEAT_LIMIT` are read at the start.

## Open the damper

Turn the wheel to the left.

To open the damper quickly, pull the chain.

## Fires

An open damper is a risk: the damper must be seen from the door.
"""

    heat = answered(model, "What is the default value of KILN_HEAT?", "a.md", text)
    damper = answered(model, "How do I open the damper?", "a.md", text)

    assert heat.startswith("Default: 900.")
    assert damper.startswith("To open the damper quickly, pull the chain.")


def test_a_list_of_something_else_is_not_given_whole(model: ExtractiveModel) -> None:
    text = """# Options

- `-q`: say nothing
- `-c`: choose one of the supported glaze colours, see the chart
- `-n`: only look
"""

    told = answered(model, "Which glaze colours are supported?", "a.md", text)

    assert "say nothing" not in told
    assert "see the chart" in told
