"""`ragcli eval`: figures of the real program on a file of questions."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import QUESTION
from tests.conftest import Ran


@pytest.fixture
def questions(indexed: Path, tmp_path: Path) -> Path:
    lines = [
        {"id": "a", "question": QUESTION, "relevant": {"locks.md": 1},
         "answers": ["ten seconds"]},
        {"question": "How many generations stay for a rollback?",
         "relevant": ["notes/snapshots.md"],
         "answers": ["five"]},
        {"question": "And for how long?", "relevant": ["locks.md"],
         "history": [{"question": "Does a commit lock wait?", "answer": "Yes."}]},
    ]  # fmt: skip
    path = tmp_path / "questions.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_the_figures_are_the_contract(
    questions: Path, run_process: Callable[..., Ran]
) -> None:
    ran = run_process("eval", str(questions), "--json")

    assert ran.code == 0, ran.err
    told = ran.json
    assert told["schema"] == 1
    assert told["questions"] == 3
    assert set(told["recall"]) == {"1", "3", "5", "10"}
    assert set(told["ndcg"]) == {"5", "10"}
    assert set(told["answer_in"]) == {"1", "3"}
    assert set(told["latency_ms"]) == {"p50", "p95"}
    assert told["recall"]["5"] == 1.0
    assert told["mrr"] == 1.0
    assert told["answer_in"]["3"] == 1.0
    assert told["citation_precision"] == 1.0


def test_it_measures_the_given_paths(
    questions: Path, run_process: Callable[..., Ran]
) -> None:
    ran = run_process("eval", str(questions), "--docs", "notes/locks.md", "--json")

    assert ran.json["recall"]["5"] == pytest.approx(2 / 3, abs=1e-3)


def test_modes_stand_side_by_side(
    questions: Path, run_process: Callable[..., Ran]
) -> None:
    ran = run_process("eval", str(questions), "--compare", "bm25,vectors,hybrid")
    told = run_process("eval", str(questions), "--compare", "bm25,hybrid", "--json")

    assert [len(line.split("\t")) for line in ran.lines] == [4] * len(ran.lines)
    assert list(told.json["compare"]) == ["bm25", "hybrid"]


def test_a_threshold_decides_the_exit_code(
    questions: Path, run_process: Callable[..., Ran]
) -> None:
    assert run_process("eval", str(questions), "--min-recall5", "0.9").code == 0
    failed = run_process(
        "eval", str(questions), "--docs", "notes/locks.md", "--min-recall5", "0.9"
    )
    assert failed.code == 1
    assert "below 0.9" in failed.err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "no questions"),
        ("{}\n", ":1: no 'question'"),
        ("\n{nonsense\n", ":2: "),
        ('{"question": 5}\n', ":1: "),
    ],
)
def test_a_file_that_is_none_is_2(
    content: str, said: str, questions: Path, run_process: Callable[..., Ran]
) -> None:
    questions.write_text(content)
    ran = run_process("eval", str(questions))

    assert ran.code == 2
    assert said in ran.err


def test_no_documents_is_5(questions: Path, run_cli: Callable[..., Ran]) -> None:
    run_cli("profile", "create", "empty")

    assert run_cli("eval", str(questions), "-p", "empty").code == 5


def test_an_unknown_mode_names_the_nearest(
    questions: Path, run_cli: Callable[..., Ran]
) -> None:
    ran = run_cli("eval", str(questions), "--compare", "bm52")

    assert ran.code == 2
    assert "bm25" in ran.err


def test_a_threshold_is_learnt_from_judged_answers(
    questions: Path, indexed: Path, run_process: Callable[..., Ran]
) -> None:
    known = {"question": QUESTION, "answers": ["ten seconds"]}
    foreign = {"question": "Who won the football cup in 1974?", "answers": []}
    lines = [known] * 6 + [foreign] * 6
    questions.write_text("".join(json.dumps(line) + "\n" for line in lines))

    ran = run_process("eval", str(questions), "--learn", "--json")

    assert ran.code == 0, ran.err
    best = ran.json["best_threshold"]
    at = {item["threshold"]: item for item in ran.json["risk"]}
    assert 0 < best < 1
    assert at[0.1]["answered"] >= at[0.9]["answered"]
    assert f"retrieval.threshold = {round(best, 2)}" in ran.err
    shown = run_process("config", "get", "retrieval.threshold")
    assert float(shown.out) == pytest.approx(best, abs=0.01)
    assert run_process("ask", QUESTION).code == 0
    assert run_process("ask", foreign["question"]).code == 1


def test_a_threshold_that_is_auto_follows_each_evaluation(
    questions: Path, indexed: Path, run_cli: Callable[..., Ran]
) -> None:
    known = {"question": QUESTION, "answers": ["ten seconds"]}
    foreign = {"question": "Who won the football cup in 1974?", "answers": []}
    run_cli("config", "set", "retrieval.threshold=auto")
    assert run_cli("ask", QUESTION).code == 0
    run_cli("config", "set", "retrieval.learned_threshold=1")
    assert run_cli("ask", QUESTION).code == 1

    few = run_cli("eval", str(questions))
    questions.write_text("".join(f"{json.dumps(q)}\n" for q in [known, foreign] * 6))
    ran = run_cli("eval", str(questions), "--json")

    assert "learned" not in few.err
    best = round(ran.json["best_threshold"], 2)
    assert f"retrieval.learned_threshold = {best}" in ran.err
    assert run_cli("config", "get", "retrieval.threshold").out.strip() == "auto"
    assert run_cli("ask", QUESTION).code == 0


def test_few_answers_teach_nothing(
    questions: Path, run_process: Callable[..., Ran]
) -> None:
    ran = run_process("eval", str(questions), "--learn")

    assert ran.code == 2
    assert "10 are needed" in ran.err
