"""Figures of an evaluation are those of trec_eval, and questions are read strictly."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from ragcli.chat.evaluation import Answered, Search, best_threshold, compare, evaluate
from ragcli.chat.question_files import Question, read_questions
from ragcli.errors import UsageError
from ragcli.index.passages import Passage, SearchResult


class Counted:
    """Progress that keeps what it was told."""

    def __init__(self) -> None:
        self.total, self.steps = 0, 0

    def start(self, total: int, what: str) -> None:
        self.total = total

    def step(self, name: str, count: int = 1) -> None:
        self.steps += count

    def note(self, message: str) -> None:
        raise AssertionError(message)


def found(*paths: str) -> Search:
    passages = tuple(Passage(path, path, "text", 0.5) for path in paths)
    return lambda question: SearchResult(passages, question.question, True, "")


def test_figures_are_trec_evals() -> None:
    question = Question("1", "q", {"a.md": 3, "docs/b.md": 1, "c.md": 2})
    search = found("/x/no.md", "/x/a.md", "/x/a.md", "/x/docs/b.md")

    figures = evaluate([question], search, None, Counted())

    assert figures.recall == {
        1: 0.0, 3: pytest.approx(2 / 3), 5: pytest.approx(2 / 3),
        10: pytest.approx(2 / 3),
    }  # fmt: skip
    gain = 3 / math.log2(3) + 1 / math.log2(4)
    ideal = 3 + 2 / math.log2(3) + 1 / math.log2(4)
    assert figures.ndcg[10] == pytest.approx(gain / ideal)
    assert figures.mrr == pytest.approx(1 / 2)


def test_a_path_matches_by_its_end_but_not_by_part_of_a_name() -> None:
    assert evaluate([Question("1", "q", {"a.md": 1})], found("/x/ba.md"), None,
                    Counted()).recall[1] == 0  # fmt: skip
    assert evaluate([Question("1", "q", {"/x/a.md": 1})], found("/x/a.md"), None,
                    Counted()).recall[1] == 1  # fmt: skip


def test_answers_are_looked_for_in_the_first_sentences() -> None:
    question = Question("1", "q", {"a.md": 1}, answers=("The 1786 climb!",))
    text = "It rains a lot here. [1] A 1786 climb is known to all. [2]"

    figures = evaluate(
        [question], found("/a.md"), lambda q, r: Answered(text, ("/a.md", "/b.md")),
        Counted(),
    )  # fmt: skip

    assert figures.answer_in == {1: 0.0, 3: 1.0}
    assert figures.citation_precision == 0.5
    assert figures.answered == 1.0


def test_part_of_a_word_is_no_answer() -> None:
    question = Question("1", "q", {}, answers=("art",))

    figures = evaluate(
        [question], found(), lambda q, r: Answered("Parts are here."), Counted()
    )

    assert figures.answer_in[3] == 0.0


def test_questions_without_relevant_documents_count_in_no_retrieval_figure() -> None:
    figures = evaluate([Question("1", "q", {})], found("/a.md"), None, Counted())

    assert math.isnan(figures.mrr)
    assert figures.as_json()["mrr"] is None
    assert json.loads(json.dumps(figures.as_json()))["questions"] == 1


def test_ways_to_search_are_compared_side_by_side() -> None:
    questions = [Question("1", "q", {"a.md": 1})]
    progress = Counted()

    both = compare(
        questions, {"x": found("/a.md"), "y": found("/b.md")}, None, progress
    )

    assert {name: item.mrr for name, item in both.items()} == {"x": 1.0, "y": 0.0}
    assert progress.steps == 2


def test_both_forms_of_relevant_are_read(tmp_path: Path) -> None:
    file = tmp_path / "questions.jsonl"
    file.write_text(
        '{"question": "q", "relevant": ["./a.md"]}\n\n'
        '{"id": "x", "question": "r", "relevant": {"b.md": 2, "c.md": 0},'
        ' "history": [{"question": "h", "answer": "i"}], "answers": ["j"]}\n'
    )

    first, second = read_questions(file)

    assert (first.id, first.relevant) == ("1", {"a.md": 1.0})
    assert second.relevant == {"b.md": 2.0}
    assert (second.history[0].answer, second.answers) == ("i", ("j",))


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "[]",
        '{"id": "1"}',
        '{"question": 7}',
        '{"question": "q", "relevant": 3}',
        '{"question": "q", "relevant": {"a": "b"}}',
        '{"question": "q", "history": ["x"]}',
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "questions.jsonl"
    file.write_text('{"question": "fine"}\n' + line + "\n")

    with pytest.raises(UsageError, match=r"questions\.jsonl:2: "):
        read_questions(file)


def test_no_file_and_no_questions_are_clear(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        read_questions(tmp_path / "none.jsonl")
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(UsageError, match="no questions"):
        read_questions(tmp_path / "empty.jsonl")


def test_risk_is_told_for_judged_answers_by_their_confidence() -> None:
    questions = [
        Question("1", "q", {}, answers=("tide",), is_judged=True),
        Question("2", "q", {}, answers=("moon",), is_judged=True),
        Question("3", "q", {}, is_judged=True),
        Question("4", "q", {"a.md": 1}),
    ]
    told = {"1": 0.85, "2": 0.55, "3": 0.35, "4": 0.95}

    figures = evaluate(
        questions,
        found("/x/a.md"),
        lambda question, _: Answered("the tide [1]", confidence=told[question.id]),
        Counted(),
    )

    risk = {item.threshold: (item.answered, item.wrong) for item in figures.risk}
    assert risk[0.3] == pytest.approx((1, 2 / 3))
    assert risk[0.5] == pytest.approx((2 / 3, 0.5))
    assert risk[0.8] == pytest.approx((1 / 3, 0))
    assert risk[0.9] == (0.0, 0.0)
    assert figures.best_threshold == pytest.approx(0.7)


def test_no_risk_is_told_where_no_confidence_is() -> None:
    figures = evaluate(
        [Question("1", "q", {}, answers=("tide",), is_judged=True)],
        found("/x/a.md"),
        lambda question, _: Answered("the tide [1]"),
        Counted(),
    )

    assert figures.risk == ()
    assert figures.as_json()["best_threshold"] is None


def test_of_thresholds_that_do_as_well_the_middle_one_is_best() -> None:
    assert best_threshold([(0.4, True), (0.6, True)]) == pytest.approx(0.2)
    assert best_threshold([(0.4, False), (0.6, False)]) == pytest.approx(0.8)
    assert best_threshold([(0.2, False), (0.4, True), (0.6, True)]) == pytest.approx(
        0.3
    )
