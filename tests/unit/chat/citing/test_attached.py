"""Sentences without a marker get their source, or are called unsupported."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ragcli.chat.citing.citations import Checked, MarkerFilter
from ragcli.index.passages import Passage
from ragcli.language.markers import cited, with_unsupported, without_attached
from tests.unit.chat.conftest import CODE, FRANCE, LOCKS

TOLD = "Readers take no lock."
FALSE = "Readers take a lock."
PASSAGES = [LOCKS, FRANCE, CODE]


def checked(
    *pieces: str, passages: list[Passage] = PASSAGES, cut: bool = False
) -> tuple[str, Checked]:
    markers = MarkerFilter(passages, attaches=True)
    text = "".join(map(markers.feed, pieces))
    found = markers.close(cut=cut)
    return text + found.tail, found


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        (TOLD, f"{TOLD} [~1]"),
        (
            f"{TOLD} The capital of France is Paris.",
            f"{TOLD} [~1] The capital of France is Paris. [~2]",
        ),
        (f"- {TOLD}\n- {TOLD}\n", f"- {TOLD} [~1]\n- {TOLD} [~1]\n"),
        (f"**{TOLD}**\n\nIs it?\n", f"**{TOLD}** [~1]\n\nIs it?\n"),
        (f"According to the documents, readers take no lock.\n{TOLD} [1]",
         f"According to the documents, readers take no lock. [~1]\n{TOLD} [1]"),
        (f"{TOLD}\n[1]\n", f"{TOLD}\n[1]\n"),
        ("Readers take\nno lock.\n", "Readers take\nno lock. [~1]\n"),
        (f"{TOLD} [2]", f"{TOLD} [~1]"),
        (f"{TOLD} [~2]", f"{TOLD} [~1]"),
        ("|Who|What|\n|--|--|\n|Readers|take no lock|\n",
         "|Who|What|\n|--|--|\n|Readers|take no lock [~1] |\n"),
        (f"```\n{TOLD}\n```\n", f"```\n{TOLD}\n```\n"),
        ("Paris has 2,100,000 inhabitants, and readers take no lock.",
         "Paris has 2,100,000 inhabitants, and readers take no lock. [~1, 2]"),
    ],
)  # fmt: skip
def test_what_a_passage_says_gets_its_marker(answer: str, shown: str) -> None:
    text, found = checked(answer)

    assert text == shown
    assert found.unsupported == ()
    assert all(not c.verified for c in found.citations if c.attached)
    assert [c.marker for c in found.citations] == sorted(cited(shown))


@pytest.mark.parametrize(
    "answer",
    [
        "# Locks of readers",
        "**Locks of readers**",
        "Here is what the documents say about penguins.",
        "The documents do not say how many penguins there are.",
        "The passages don't mention any penguins.",
        "Do penguins swim in the kernel?",
        "These are the penguins of the kernel:",
        "Hello! I hope this helps you with penguins.",
        "Yes.",
        "Die Dokumente sagen nichts über Pinguine.",
        "```\npenguins = swim(kernel)\n```",
        "---",
    ],
)
def test_what_claims_nothing_is_left_alone(answer: str) -> None:
    text, found = checked(answer)

    assert (text, found.citations, found.unsupported) == (answer, (), ())


def test_what_no_passage_says_is_listed_and_marked_for_people() -> None:
    answer = f"{FALSE} {TOLD}\n- Penguins swim in\n  cold water.\n"
    text, found = checked(answer)

    assert found.unsupported == (FALSE, "- Penguins swim in cold water.")
    assert with_unsupported(text, found.unsupported) == (
        f"{FALSE} [?] {TOLD} [~1]\n- Penguins swim in\n  cold water. [?]\n"
    )


def test_a_number_that_is_also_written_keeps_what_was_verified() -> None:
    _, found = checked(f"A lock is a file [1]. {TOLD}")

    (citation,) = found.citations
    assert (citation.attached, citation.verified) == (False, True)
    assert [quote.attached for quote in citation.quotes] == [False, True]


def test_half_a_sentence_is_not_judged() -> None:
    text, found = checked(f"{TOLD} Penguins swim in", cut=True)

    assert (text, found.unsupported) == (f"{TOLD} [~1] Penguins swim in", ())


def test_without_what_was_attached_the_answer_is_the_models() -> None:
    answer = f"- {TOLD}\n- A lock is a file [1].\n\n{TOLD}"

    assert without_attached(checked(answer)[0]) == answer


FRAGMENTS = st.sampled_from(
    [TOLD, FALSE, "readers", " ", " ", "\n", "\n\n", "|", "[1]", "[~2]", "- ", "```\n"]
)


@given(st.lists(FRAGMENTS, max_size=10).map("".join))
@settings(deadline=None, max_examples=25)
def test_the_result_is_the_same_however_it_was_cut(answer: str) -> None:
    assert checked(*answer) == checked(answer)
