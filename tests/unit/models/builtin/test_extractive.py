# ruff: noqa: RUF001, E501 - the letters of other scripts are tested, and are wide

"""The built-in answer quotes whole sentences of its sources, the best ones first."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from ragcli.chat.citing.citations import as_markdown
from ragcli.index.documents.loaders.dispatch.load import load
from ragcli.index.documents.splitter import split
from ragcli.models.base import Prompt, Source
from ragcli.models.builtin.embedder import BuiltinEmbedder
from ragcli.models.builtin.extractive import ExtractiveModel

ALPS = (
    "# The Alps\n\nMont Blanc is the highest mountain of the Alps. It was first climbed "
    "in 1786 by Jacques Balmat and Michel Paccard. The weather changes fast. Guides "
    "know the way to the summit of Mont Blanc"
)
LOCKS = '''def read(path):
    """Reads it."""
    return path.read_text()

def commit_lock(directory, wait):
    """Holds the lock of a directory."""
    with acquired(directory, wait):
        yield
'''


@pytest.fixture(scope="module")
def model(embedder: BuiltinEmbedder) -> ExtractiveModel:
    return ExtractiveModel(embedder)


def source(
    number: int,
    text: str,
    kind: str = "prose",
    label: str = "docs/file.md:1-9",
    name: str = "a.md",
) -> Source:
    """Returns a text as a model sees it once it is indexed."""
    [chunk] = split(load(Path(name), text.encode()), size=2000, overlap=0)
    score = 0.9 - number / 10
    return Source(
        number, chunk.text, label, kind, score, units=chunk.units, tables=chunk.tables
    )


def asked(
    model: ExtractiveModel,
    question: str,
    *texts: str,
    kind: str = "prose",
    label: str = "docs/file.md:1-9",
) -> str:
    name = "a.py" if kind == "code" else "a.txt" if kind == "text" else "a.md"
    sources = tuple(
        source(number, text, kind, label, name) for number, text in enumerate(texts, 1)
    )
    return said(model, Prompt(question, question, sources))


def said(model: ExtractiveModel, prompt: Prompt) -> str:
    return "".join(as_markdown(piece, marked=True) for piece in model.stream(prompt))


def test_the_best_sentence_leads_with_its_marker(model: ExtractiveModel) -> None:
    answer = asked(
        model, "When was Mont Blanc first climbed?", "Cats sleep a lot.", ALPS
    )

    assert answer.startswith(
        "It was first climbed in 1786 by Jacques Balmat and Michel Paccard. [2]"
    )


def test_every_quotation_is_a_whole_sentence_of_its_source(
    model: ExtractiveModel,
) -> None:
    answer = asked(model, "What about the summit of Mont Blanc in the Alps?", ALPS)

    quotations = re.split(r" \[1\]\s*", answer)[:-1]
    assert 1 <= len(quotations) <= 3
    for quotation in quotations:
        assert quotation in " ".join(ALPS.split())
        assert quotation.endswith(".")
    assert "The Alps It" not in answer
    assert "Guides" not in answer


def test_headings_are_never_answers(model: ExtractiveModel) -> None:
    assert asked(model, "What are the Alps?", "# The Alps\n\n## Mountains\n") == ""


def test_a_note_without_a_sentence_is_quoted_line_by_line(
    model: ExtractiveModel,
) -> None:
    notes = "Wifi password: hunter2\nGate code: 4711\nLandlord: Ada, 030 123456\n"

    answer = asked(model, "What is the gate code?", notes, ALPS)

    assert answer.startswith("Gate code: 4711 [1]")


def test_keys_and_values_between_sentences_are_quoted(model: ExtractiveModel) -> None:
    minutes = "We met on Monday. Ada was late.\n\nRoom: 4\nNext date: 3 March\n"

    answer = asked(model, "What is the next date?", minutes)

    assert answer.startswith("Next date: 3 March [1]")


def test_the_output_of_a_command_is_quoted_line_by_line(model: ExtractiveModel) -> None:
    lines = "b1b2 Hold less memory while indexing\nc3c4 Say who holds a lock\n"

    assert asked(model, "Who holds a lock?", lines).startswith("c3c4 Say who holds")


def test_a_listing_is_quoted_by_its_lines_whatever_stands_in_them(
    model: ExtractiveModel,
) -> None:
    listing = "\n".join(
        [
            "root         1  0.0 ? Ss /sbin/init",
            "ada        734  1.2 ? Sl python3 -m server",
        ]
        + [f"ada        {number}  0.0 ? S bash" for number in range(800, 820)]
    )

    answer = asked(model, "Which process is the python3 server?", listing)

    assert answer.startswith("ada 734 1.2 ? Sl python3 -m server [1]")


def test_what_is_too_long_for_a_sentence_is_quoted_by_its_lines(
    model: ExtractiveModel,
) -> None:
    settings = "\n".join(f'setting_{n} = "value {n}"' for n in range(60)) + "\nEnd."

    answer = asked(model, "What is setting_42?", settings)

    assert answer.startswith('setting_42 = "value 42" [1]')


def test_the_middle_of_a_sentence_is_no_list_of_lines(model: ExtractiveModel) -> None:
    middle = (
        "and so the lock is held\nby the kernel until the process\nthat has it ends"
    )

    assert asked(model, "Who holds the lock?", middle) == ""


def test_what_came_with_the_question_is_preferred(model: ExtractiveModel) -> None:
    own = source(1, "The job waits for ten seconds.", label="docs/a.md:1")
    came = replace(source(1, "The job waited for a minute."), marker=2, attached=True)
    question = "How long did the job wait?"

    answer = said(model, Prompt(question, question, (own, came)))

    assert answer.startswith("The job waited for a minute. [2]")


def test_code_questions_are_answered_with_whole_code(model: ExtractiveModel) -> None:
    answer = asked(model, "How is commit_lock defined?", LOCKS, kind="code")

    assert (
        answer == "```\n" + LOCKS[LOCKS.index("def commit") :].rstrip() + "\n```\n[1]"
    )


def test_fenced_code_beside_prose_is_found(model: ExtractiveModel) -> None:
    text = (
        "Locks are simple.\n\n```python\nwith commit_lock(place):\n    write()\n```\n"
    )

    answer = asked(model, "Show example code with commit_lock", text)

    assert answer == "```\nwith commit_lock(place):\n    write()\n```\n[1]"


def test_prose_questions_are_answered_with_prose(model: ExtractiveModel) -> None:
    text = "A lock keeps others out.\n\n```python\nlock(others, out)\n```\n"

    assert (
        asked(model, "What keeps others out?", text) == "A lock keeps others out. [1]"
    )


@pytest.mark.parametrize(
    ("table", "name"),
    [
        ("| Service | Port |\n|---|---|\n| ssh | 22 |\n| http | 80 |", "a.md"),
        ("Service,Port\nssh,22\nhttp,80", "a.csv"),
    ],
)
def test_rows_are_answered_by_column(
    model: ExtractiveModel, table: str, name: str
) -> None:
    question = "Which port has ssh?"
    sources = (source(1, table, "table", name=name),)

    answer = said(model, Prompt(question, question, sources))

    assert answer.startswith("Service: ssh; Port: 22 [1]")


def test_list_items_stand_on_lines_of_their_own(model: ExtractiveModel) -> None:
    text = "- clownfish live in anemones\n- wrasses clean other fish\n"

    assert asked(model, "Which fish clean other fish and live in anemones?", text) in {
        "wrasses clean other fish [1]\nclownfish live in anemones [1]",
        "clownfish live in anemones [1]\nwrasses clean other fish [1]",
    }


def test_overlapping_passages_are_quoted_once(model: ExtractiveModel) -> None:
    answer = asked(model, "When was Mont Blanc first climbed?", ALPS, ALPS)

    assert answer.count("1786") == 1


@pytest.mark.parametrize(
    ("question", "text", "start"),
    [
        ("Wann wurde die Stadt gegründet?",
         "Die Stadt liegt am Fluss. Sie wurde im Jahre 1648 gegründet.",
         "Sie wurde im Jahre 1648 gegründet. [1]"),
        ("北京是哪里的首都？", "上海是一座城市。北京是中国的首都。", "北京是中国的首都。 [1]"),
        ("Сколько спит кошка?", "Собаки лают. Кошка спит шестнадцать часов.",
         "Кошка спит шестнадцать часов. [1]"),
    ],
)  # fmt: skip
def test_other_languages_are_quoted_too(
    model: ExtractiveModel, question: str, text: str, start: str
) -> None:
    assert asked(model, question, text).startswith(start)


def test_it_never_writes_anything_itself(model: ExtractiveModel) -> None:
    assert model.complete("Rewrite the question", "And then?") == ""
    assert asked(model, "anything") == ""
    assert (model.spec, model.generates, model.window()) == (
        "builtin:extractive", False, 0,
    )  # fmt: skip
    assert model.count_tokens("four char tokens") > 0


OFFICES = (
    "# Offices\n\nThe office in Düsseldorf opens at 8:30. The office in İstanbul opens at "
    "9:00. The café in the lobby closes at 17:15.\n\n- `-n COUNT`: prints only the first "
    "COUNT lines\n- `-q`: says nothing\n- `--dry-run`: changes nothing\n"
)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("When does the office in Duesseldorf open?", "8:30"),
        ("When does the office in Dusseldorf open?", "8:30"),
        ("When does the office in ISTANBUL open?", "9:00"),
        ("When does the CAFE close?", "17:15"),
        ("What does -n do?", "first COUNT lines"),
        ("What does the option -q do?", "says nothing"),
        ("What does --dry-run do?", "changes nothing"),
    ],
)
def test_names_are_known_without_accents_and_options_by_their_letter(
    model: ExtractiveModel, question: str, answer: str
) -> None:
    assert answer in asked(model, question, OFFICES)
