"""A follow-up is rewritten only by a model that generates, and only by good output."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from ragcli.chat.prompting import rewrite
from ragcli.models.base import ChatModel, Exchange
from ragcli.sessions.records.record_types import Turn
from tests.unit.chat.models import Scripted

HISTORY = (
    Exchange("How are profiles locked?", "With flock, by the kernel [1]."),
    Exchange("Who holds the lock?", "The process that writes [2]."),
)


def rewritten(model: ChatModel, question: str, history: Sequence[Exchange]) -> str:
    return rewrite.rewritten(model, question, history).text


def test_what_was_of_no_use_or_too_slow_is_not_asked_for_again() -> None:
    def turn(of_use: float, milliseconds: float, model: str = "lm:smol") -> Turn:
        timings = {rewrite.OF_USE: of_use, rewrite.TIMING: milliseconds}
        return Turn("1", "c", "q", model=model, timings=timings)

    first = Turn("0", "c", "q", model="lm:smol")
    assert not rewrite.is_no_use([first, turn(1, 100)], "lm:smol")
    assert rewrite.is_no_use([turn(0, 100), first], "lm:smol")
    assert rewrite.is_no_use([turn(1, 9000)], "lm:smol")
    assert not rewrite.is_no_use([turn(0, 100)], "lm:other")


def test_a_question_that_stands_alone_was_of_use() -> None:
    earlier = (Exchange("How are profiles locked?", "With a lock."),)

    same = rewrite.rewritten(Scripted(output="How long?"), "How long?", earlier)
    junk = rewrite.rewritten(Scripted(output="Bread."), "How long?", earlier)

    assert (same.text, same.of_use) == ("", True)
    assert (junk.text, junk.of_use) == ("", False)


def test_the_model_sees_the_turns_without_their_markers() -> None:
    model = Scripted(output="How long does the writing process hold the lock?")

    found = rewritten(model, "How long?", HISTORY)

    assert found == "How long does the writing process hold the lock?"
    (rules, text), = model.heard  # fmt: skip
    told = re.search(
        r"<<answer (\w{16})>>\nWith flock, by the kernel.\n<<end answer \1>>", text
    )
    assert told
    assert told[1] in rules
    assert text.endswith("Last question: How long?")


def test_only_the_last_turns_are_shown() -> None:
    many = tuple(Exchange(f"q{i}", "a" * 5000) for i in range(20))
    model = Scripted(output="x")

    rewritten(model, "and?", many)

    assert "q16" not in model.heard[0][1]
    assert len(model.heard[0][1]) < 3000


@pytest.mark.parametrize(
    "model",
    [Scripted(output="x", generates=False), Scripted(output="x", fails=True)],
    ids=["only quotes", "fails"],
)
def test_without_a_working_model_nothing_is_rewritten(model: Scripted) -> None:
    assert rewritten(model, "How long?", HISTORY) == ""


def test_a_first_question_asks_no_model() -> None:
    model = Scripted(output="How long is the lock held?")

    assert rewritten(model, "How long?", ()) == ""
    assert not model.heard


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ('"How long is the lock held?"', "How long is the lock held?"),
        ("Question: How long is the lock held?", "How long is the lock held?"),
        ("\n How long is the lock held? \n", "How long is the lock held?"),
        ("", ""),
        ("How long?", ""),
        ("how  long?", ""),
        ("I'm sorry, I cannot rewrite the lock question.", ""),
        ("Here is the question:\nHow long is the lock held?", ""),
        ("The lock is held for five seconds by the kernel. " * 20, ""),
        ("What is the best recipe for sourdough bread?", ""),
        ("?!", ""),
    ],
)
def test_junk_is_refused(output: str, expected: str) -> None:
    assert rewritten(Scripted(output=output), "How long?", HISTORY) == expected
