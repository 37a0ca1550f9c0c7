"""What one has to do is answered by the instruction, with its code and its steps."""

from __future__ import annotations

from pathlib import Path

import pytest

from ragcli.chat.citing.citations import as_markdown
from ragcli.index.documents.loaders.dispatch.load import load
from ragcli.index.documents.splitter import split
from ragcli.models.base import Prompt, Source
from ragcli.models.builtin.embedder import BuiltinEmbedder
from ragcli.models.builtin.extractive import ExtractiveModel
from ragcli.models.builtin.parsed_question import ParsedQuestion

QUEUE = (
    "# Queue\n\n## Parcels\n\nWhen a parcel is cancelled, the parcel is cancelled at "
    "the depot as well. A cancelled parcel is kept for a week.\n\n## Cancelling\n\n"
    "Give the number of the parcel. It has eight digits.\n\n"
    "```\nqueue cancel 41730027\n```\n"
)
BOAT = (
    "# Boat\n\n## Paint\n\nThe paint of the boat wears off where the boat is painted "
    "thinly.\n\n## Paint the boat\n\n{}"
)
STEPS = "1. Sand the hull.\n2. Put on the first coat.\n3. Wait for a day.\n"
COMMANDS = (
    "# Shelf\n\n## write\n\n```\nshelf write [-f] [QUERY]\n```\n\nWrite labels from "
    "the shelf to the books.\n\n## Notes\n\nLabels that were written to books are "
    "written once more when books are moved.\n"
)
CHANGES = (
    "# Changelog\n\n## 2.0\n\n- You can now rotate the log of the lamp by hand.\n",
    "# Lamp\n\n## Logs\n\nTo rotate the log, send the lamp the signal `HUP`.\n",
)


@pytest.fixture(scope="module")
def model(embedder: BuiltinEmbedder) -> ExtractiveModel:
    return ExtractiveModel(embedder)


def answer(model: ExtractiveModel, question: str, *texts: str) -> str:
    """Returns the answer from Markdown files, "" when there is none."""
    chunks = [
        chunk
        for text in texts
        for chunk in split(load(Path("a.md"), text.encode()), size=2000, overlap=0)
    ]
    sources = tuple(
        Source(
            number, chunk.text, "a.md", "prose", 0.9, units=chunk.units,
            tables=chunk.tables, above=chunk.heading,
        )
        for number, chunk in enumerate(chunks, 1)
    )  # fmt: skip
    prompt = Prompt(question, question, sources, threshold=0.5)
    return "".join(as_markdown(piece, marked=False) for piece in model.stream(prompt))


@pytest.mark.parametrize(
    "question",
    [
        "How do I cancel a parcel?",
        "How can I cancel a parcel?",
        "What do I have to do to cancel a parcel?",
    ],
)
def test_the_instruction_answers_with_its_code_and_no_sentence_with_the_words(
    model: ExtractiveModel, question: str
) -> None:
    said = answer(model, question, QUEUE)
    assert said.startswith("Give the number of the parcel.")
    assert "queue cancel 41730027" in said
    assert "depot" not in said


def test_steps_below_the_heading_that_says_it_are_given_whole(
    model: ExtractiveModel,
) -> None:
    said = answer(model, "How do I paint the boat?", BOAT.format(STEPS))
    assert [line for line in said.splitlines() if line] == [
        "Sand the hull.",
        "Put on the first coat.",
        "Wait for a day.",
    ]


def test_an_entry_is_given_with_the_syntax_that_it_begins_with(
    model: ExtractiveModel,
) -> None:
    said = answer(model, "How do I write labels to books?", COMMANDS)
    assert said.index("shelf write [-f]") < said.index("Write labels from the shelf")
    assert "once more" not in said


def test_a_log_of_changes_gives_way_to_the_manual(model: ExtractiveModel) -> None:
    said = answer(model, "How do I rotate the log?", *CHANGES)
    assert said == "To rotate the log, send the lamp the signal `HUP`."


def test_how_something_works_asks_for_no_instruction(model: ExtractiveModel) -> None:
    assert not ParsedQuestion("How does the lamp rotate its log?").asks_to_do
    said = answer(model, "How is a parcel cancelled?", QUEUE)
    assert "queue cancel" not in said


def test_what_nobody_tells_to_do_stays_unanswered(model: ExtractiveModel) -> None:
    assert not answer(model, "How do I sell a guitar?", QUEUE, COMMANDS, *CHANGES)


def test_a_label_between_a_line_and_its_code_is_no_part_of_the_answer(
    model: ExtractiveModel,
) -> None:
    text = (
        "# Kiln\n\nTo ignore a fault, prefix it:\n\nTOML\n\n```\nfault = '-cone'\n```\n"
    )
    said = answer(model, "How do I ignore a fault?", text)
    assert said.startswith("To ignore a fault, prefix it:")
    assert "fault = '-cone'" in said
    assert "TOML" not in said


def test_the_verb_is_what_is_to_be_done_and_no_name_after_it() -> None:
    assert ParsedQuestion("How do I use it from Kiln?").deed_to_do == "use"
    assert not ParsedQuestion("Who uses it?").deed_to_do


def test_a_sentence_that_begins_with_a_command_tells_what_to_do(
    model: ExtractiveModel,
) -> None:
    text = (
        "# Kiln\n\nThe log is rotated where the log of the kiln is rotated by others."
        "\n\n`kiln rotate LOG` moves the log of the kiln.\n"
    )
    said = answer(model, "How do I rotate the log of the kiln?", text)
    assert said.startswith("`kiln rotate LOG` moves")


def test_a_name_that_has_a_word_for_code_asks_for_no_code() -> None:
    assert not ParsedQuestion("How do I start it in Lime Code?").wants_code
    assert ParsedQuestion("Which code starts it?").wants_code
