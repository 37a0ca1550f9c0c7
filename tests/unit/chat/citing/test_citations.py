"""Citations are checked while the answer streams, and only what holds is shown."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragcli.chat.citing.citations import Checked, MarkerFilter
from ragcli.index.passages import Passage
from ragcli.language.markers import cited, unescaped
from ragcli.models.base import Quotation
from tests.unit.chat.conftest import CODE, FRANCE, LOCKS, indexed

PASSAGES = [LOCKS, FRANCE, CODE]


def checked(
    pieces: str | list[str], passages: list[Passage] = PASSAGES, question: str = ""
) -> tuple[str, Checked]:
    """The whole filtered answer, and what came of its markers."""
    markers = MarkerFilter(passages, question)
    text = "".join(map(markers.feed, pieces))
    found = markers.close()
    return text + found.tail, found


@pytest.mark.parametrize(
    "answer",
    [
        "A lock is a file [1].",
        "A lock is a file. [1]",
        "A lock is a file.[1] Readers take no lock [1].",
        "The lock is released when the process exits [1][1].",
        "Paris is the capital of France [2], and the kernel holds locks [1].",
        "According to [1], a lock is a file held by the kernel.",
        "[1] A lock is a file.",
        "- Readers take no lock [1]\n- Paris has 2100000 inhabitants [2]\n",
        "1. A lock is a file [1].\n2. Paris is a capital [2].\n",
        "Readers, e.g. of the file, take no lock [1].",
        "At most five seconds pass [1].",
        "```python\nwith flock(directory):\n    yield\n```\n[3]",
        "No citation at all.",
        "A [link] and [ ] and [x] and [2024] and [1",
        "",
    ],
)
def test_what_holds_is_left_as_it_was_written(answer: str) -> None:
    text, found = checked(answer)

    assert text == answer
    assert found.removed == 0


@pytest.mark.parametrize(
    ("answer", "shown", "removed"),
    [
        ("Bread is baked in ovens [1].", "Bread is baked in ovens.", 1),
        ("A lock is a file [9].", "A lock is a file.", 1),
        ("A lock is a file [0].", "A lock is a file.", 1),
        ("A lock is a file [1, 2].", "A lock is a file [1].", 1),
        ("A lock is a file [1][2].", "A lock is a file [1].", 1),
        ("A lock is a file [1-3].", "A lock is a file [1].", 2),
        ("A lock is a file. [2] Next.", "A lock is a file. Next.", 1),
        ("[2] A lock is a file.", "A lock is a file.", 1),
        ("At most 7 seconds pass [1].", "At most 7 seconds pass.", 1),
        ("At most seven seconds pass [1].", "At most seven seconds pass.", 1),
        ("London is the capital of France [2].", "London is the capital of France.", 1),
        ("The capital of Spain is Paris [2].", "The capital of Spain is Paris.", 1),
        ("Paris has 2,100,001 inhabitants [2].", "Paris has 2,100,001 inhabitants.", 1),
        ("[2]", "", 1),
        ("A lock is a file [3]and more.", "A lock is a file and more.", 1),
    ],
)
def test_what_does_not_hold_is_removed_and_counted(
    answer: str, shown: str, removed: int
) -> None:
    text, found = checked(answer)

    assert text == shown
    assert found.removed == removed


@pytest.mark.parametrize(
    "answer",
    [
        "Call `items[1]` first.",
        "``a[9]`` is code.",
        "```\nx[1] = y[9]\n```\nDone.",
        "~ text\n```py\nprint(argv[9])\n\nx[8]\n```\n",
        "It is sys.argv[9] here.",
        "```\nnever closed [9]",
    ],
)
def test_brackets_of_code_are_no_markers(answer: str) -> None:
    text, found = checked(answer)

    assert text == answer
    assert found == Checked(found.tail, (), 0)


def test_brackets_that_a_passage_has_are_quoted() -> None:
    passage = replace(
        LOCKS, text="A share is a number in [0, 1], and 7 locks are free."
    )
    answer = "A share is a number in [0, 1], and 7 locks are free. [1]"

    text, found = checked(answer, [passage])

    assert text == answer.replace("[0, 1]", "\\[0, 1\\]")
    assert found.removed == 0
    assert [citation.marker for citation in found.citations] == [1]


def test_an_index_that_no_passage_has_is_text() -> None:
    text, found = checked("The name is argv[0] here.")

    assert (text, found.removed) == ("The name is argv\\[0\\] here.", 0)


MINTED = [
    "A lock is a file [2].",
    "A lock is a file. [2]",
    "A lock is a ` file [2].",
    "``` [2] a lock is a file.",
    "~~~ [2] a lock is a file.",
    "A lock is a file \\[2\\].",
    "A lock is a file \\[2].",
    "A lock is a file &#91;2&#93;.",
    "A lock is a name[2] file.",
    "A lock is a names.of[2] file.",
    "A lock is a 【2】 file [^2].",
    "A lock is a file [0, 2], [2-3].",
    "A lock is a file `[2]`.",
    "A lock is a [2](file) [2]: file.",
    "A lock is a file \\",
]


@pytest.mark.parametrize("text", MINTED)
@pytest.mark.parametrize("kind", ["line", "code"])
def test_a_quotation_cites_its_own_source_and_no_other(text: str, kind: str) -> None:
    passages = [replace(LOCKS, text=f"{text}\n"), FRANCE, CODE]
    filtered = MarkerFilter(passages)

    shown = filtered.feed(Quotation(text, 1, kind))
    shown += filtered.feed("\n") + filtered.feed(Quotation(text, 1, kind))
    found = filtered.close()

    assert cited(shown) == [citation.marker for citation in found.citations] == [1]
    assert found.removed == 0
    assert found.citations[0].quote in text


@pytest.mark.parametrize("text", MINTED)
def test_a_quotation_without_its_marker_cites_nothing(text: str) -> None:
    filtered = MarkerFilter(PASSAGES)

    shown = filtered.feed(Quotation(text.replace("lock", "loaf"), 2))

    assert cited(shown) == []
    assert filtered.close().citations == ()


def test_a_citation_is_the_sentence_that_bears_the_claim() -> None:
    _, found = checked("The kernel holds the lock until the process exits [1].")

    (citation,) = found.citations
    assert citation.quote.startswith("It is held by the kernel and\nreleased when")
    assert citation.lines == (11, 12)
    assert (citation.marker, citation.path) == (1, "/docs/locks.md")
    assert citation.heading == "Storage > Locks"
    assert citation.score == LOCKS.score
    assert citation.digest == "d1"
    assert citation.verified


def test_a_quote_of_code_is_its_line() -> None:
    _, found = checked("The function uses flock on the directory [3].")

    (citation,) = found.citations
    assert citation.quote == "with flock(directory):"
    assert citation.lines == (2, 2)


def test_formats_without_lines_keep_their_page() -> None:
    _, found = checked("The capital of France is Paris [2].")

    (citation,) = found.citations
    assert (citation.lines, citation.page) == (None, 3)
    assert citation.quote == "Paris is the capital of France."


def test_a_passage_is_listed_once_with_its_best_claim() -> None:
    _, found = checked(
        "A lock is something like a file, roughly [1]. A lock is a file [1]. "
        "Paris is the capital of France [2]."
    )

    assert [citation.marker for citation in found.citations] == [1, 2]
    assert found.citations[0].quote == "A lock is a file."


def test_words_of_the_question_need_no_support() -> None:
    answer = (
        "In 24 hours of Berlin, the kernel held locks, and readers take no lock on "
        "the file [1]."
    )

    assert checked(answer)[1].removed == 1
    assert checked(answer, question="In 24 hours, Berlin?")[1].removed == 0


def test_another_languages_claim_is_kept_but_not_verified() -> None:
    answer = "Die Sperre wird von dem Kern gehalten und ist danach wieder frei [1]."

    text, found = checked(answer)

    assert text == answer
    assert [citation.verified for citation in found.citations] == [False]


def test_another_languages_claim_must_still_have_its_numbers() -> None:
    _, found = checked(
        "Es dauert nicht mehr als 7 Sekunden, bis die Sperre frei ist [1]."
    )

    assert found.removed == 1


def test_a_paraphrase_holds_when_the_vectors_say_so() -> None:
    answer = "Readers can proceed without having to acquire anything beforehand [1]."
    near = MarkerFilter(PASSAGES, similarity=lambda *_: 0.9)
    far = MarkerFilter(PASSAGES, similarity=lambda *_: 0.1)

    for markers in (near, far):
        markers.feed(answer)

    assert (near.close().removed, far.close().removed) == (0, 1)


def test_text_without_markers_is_never_held_back() -> None:
    markers = MarkerFilter(PASSAGES)

    shown = [markers.feed(piece) for piece in ["A lock", " is", " a file", "."]]

    assert "".join(shown) == "A lock is a file."
    assert shown[0] == "A lock"


def test_after_a_marker_text_waits_only_for_its_sentence() -> None:
    markers = MarkerFilter(PASSAGES)

    first = markers.feed("A lock is a file [1]. ")
    second = markers.feed("R")

    assert first == "A lock is a file"
    assert second == " [1]. R"


def test_an_interrupted_answer_keeps_what_was_complete() -> None:
    text, found = checked("A lock is a file [1]. Readers take [")

    assert text == "A lock is a file [1]. Readers take ["
    assert len(found.citations) == 1


def test_without_passages_every_marker_goes() -> None:
    text, found = checked("So it is [1], says [2].", [])

    assert text == "So it is, says."
    assert found.removed == 2


@pytest.mark.parametrize(
    ("language", "text", "claim"),
    [
        ("fr", "Les verrous sont tenus par le noyau.", "Le noyau tient les verrous"),
        ("ru", "Блокировка удерживается ядром системы.", "Ядро системы и блокировка"),
        ("zh", "锁由内核管理,先到先得。", "内核管理锁"),
        ("de", "Der Kern hält die Sperre fest.", "Die Sperre hält der Kern"),
    ],
)
def test_other_languages_are_measured_by_their_own_rules(
    language: str, text: str, claim: str
) -> None:
    passage = replace(LOCKS, text=text, language=language, title="", heading=())

    _, found = checked(f"{claim} [1].", [passage])

    assert [citation.verified for citation in found.citations] == [True]


WORDS = ["A lock is a file", "Paris is the capital of France", "Bread is baked", "7"]
MARKS = ["[1]", "[2]", "[9]", " [1]", " [1, 2]", "[1-3]", "[ 1 ; 3 ]", "[1", "[x]"]
SIGNS = ["[", "]", ".", ". ", "! ", "。", '."', "e.g. ", "argv[1]", "- ", "É"]
SPACE = [" ", "  ", "\t", "\n", "\r\n"]
TICKS = ["`", "``", "```", "```py\n", "\n```\n"]
FRAGMENTS = st.sampled_from(WORDS + MARKS + SIGNS + SPACE + TICKS)


@pytest.mark.slow
@given(st.lists(FRAGMENTS, max_size=14).map("".join), st.data())
def test_the_result_is_the_same_for_every_split(
    answer: str, data: st.DataObject
) -> None:
    cuts = data.draw(st.lists(st.integers(0, len(answer)), max_size=8))
    places = sorted({0, len(answer), *cuts})
    pieces = [answer[first:last] for first, last in pairwise(places)]

    split_text, split = checked(pieces)
    whole_text, whole = checked([answer])

    assert split_text == whole_text
    assert (split.citations, split.removed) == (whole.citations, whole.removed)


@given(st.lists(FRAGMENTS, max_size=14).map("".join))
def test_nothing_but_markers_and_blanks_is_ever_lost(answer: str) -> None:
    text, found = checked([answer])

    if found.removed == 0:
        assert unescaped(text) == unescaped(answer)
    assert without_brackets(text) == without_brackets(answer)


@pytest.mark.parametrize(
    "answer", ["[1[1]]", "Whales sing. [1[1]]", "[2, [1]]", "[[9]1[9]]", "[1 [2]]"]
)
def test_a_marker_taken_out_of_brackets_leaves_no_other(answer: str) -> None:
    text, found = checked([answer])

    assert not cited(text)
    assert not found.citations


@given(st.lists(FRAGMENTS, max_size=14).map("".join))
def test_what_an_answer_cites_is_what_its_reader_finds_in_it(answer: str) -> None:
    text, found = checked([answer])

    shown = [n for n in cited(text) if n <= len(PASSAGES)]

    assert sorted(shown) == [citation.marker for citation in found.citations]
    if not found.removed and "\\[" not in text:  # else a claim has lost its neighbours
        assert checked([text])[0] == text


def without_brackets(text: str) -> str:
    bare, before = unescaped(text), ""
    while bare != before:  # what is around a marker may be one without it: `[1[1]]`
        before = bare
        bare = re.sub(r"\[\s*\d{1,3}(?:\s*[,;-]\s*\d{1,3})*\s*\]", "", bare)
    return re.sub(r"\s+", "", bare)


@given(st.lists(FRAGMENTS, max_size=14).map("".join))
def test_quotes_are_found_at_their_lines(answer: str) -> None:
    _, found = checked([answer])

    for citation in found.citations:
        passage = PASSAGES[citation.marker - 1]
        assert citation.quote in passage.text
        if passage.lines and citation.lines:
            first, last = (line - passage.lines[0] for line in citation.lines)
            lines = passage.text.split("\n")[first : last + 1]
            assert citation.quote in "\n".join(lines)


def test_a_marker_has_every_place_that_it_stands_for() -> None:
    _, found = checked("Readers take no lock [1]. A lock is a file [1].")

    (citation,) = found.citations
    assert [place.text for place in citation.places] == [
        "A lock is a file.",
        "Readers take no lock.",
    ]
    assert citation.ranges == ((10, 10), (14, 14))
    assert (citation.quote, citation.verified) == ("Readers take no lock.", True)


def test_a_claim_over_several_sentences_cites_each() -> None:
    _, found = checked(
        "Paris is the capital of France, and it has 2100000 inhabitants [2]."
    )

    (citation,) = found.citations
    assert citation.verified
    assert [place.page for place in citation.places] == [3, 3]


def test_ranges_side_by_side_are_one() -> None:
    _, found = checked(
        "A lock is a file [1]. It is held by the kernel and released when the process "
        "exits [1]."
    )

    assert found.citations[0].ranges == ((10, 12),)


def test_the_worst_claim_of_a_marker_decides() -> None:
    sure, doubtful = (
        "A lock is a file [1].",
        "The lock is held firmly by the kernel [1].",
    )

    for answer in (f"{sure} {doubtful}", f"{doubtful} {sure}"):
        _, found = checked(answer)

        assert [citation.verified for citation in found.citations] == [False]
        assert found.removed == 0
    assert checked(sure)[1].citations[0].verified


def test_what_is_said_otherwise_loses_its_marker() -> None:
    text, found = checked("Readers take a lock [1]. Readers take no lock [1].")

    assert text == "Readers take a lock. Readers take no lock [1]."
    assert found.removed == 1


def test_a_footnote_mark_of_the_page_is_no_marker_of_ours() -> None:
    page = replace(
        FRANCE, text="Paris is the capital of France.[1] It has a tower.", units=()
    )

    text, found = checked("Paris is the capital of France.[1] [2]", [LOCKS, page])

    assert text == "Paris is the capital of France.\\[1\\] [2]"
    assert [citation.marker for citation in found.citations] == [2]
    assert found.removed == 0


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        (
            "Der Antrag muss am 15. M\u00e4rz eingehen.",
            "Der Antrag muss am 15. M\u00e4rz eingehen.",
        ),
        ("Am 3. und 4. Mai ist zu.", "Am 3. und 4. Mai ist zu."),
    ],
)
def test_a_full_stop_behind_an_ordinal_ends_no_sentence(claim: str, said: str) -> None:
    passage = indexed(
        Passage("d", "/d.md", f"{said} Hunde bleiben drau\u00dfen.", 0.9, language="de")
    )

    _, found = checked(f"{claim} [1]", [passage])

    assert [one.verified for one in found.citations] == [True]


def test_a_number_in_another_form_is_not_called_foreign() -> None:
    said = "A toll of 45.50 euros is paid by lorries on the bridge of Rho."
    passage = indexed(Passage("n", "/n.md", said, 0.9))

    text, found = checked("The toll on the bridge comes to 45.5 euros [1].", [passage])

    assert found.removed == 0
    assert "[1]" in text
