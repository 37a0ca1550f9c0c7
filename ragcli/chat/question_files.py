"""Reads a file of questions with what is right for each: JSON Lines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ragcli.errors import UsageError
from ragcli.frozen import frozen
from ragcli.index.passages import EarlierTurn

_FORM = 'each line is {"id": …, "question": …, "relevant": {"PATH": grade} or ["PATH"]}'


@frozen
class Question:
    """One line of the file."""

    id: str
    """Its name in reports; the line's number when it has none."""

    question: str
    """The last user turn."""

    relevant: Mapping[str, float]
    """Path, or the end of a path → grade; only grades above 0."""

    history: tuple[EarlierTurn, ...] = ()
    """Earlier turns, oldest first."""

    answers: tuple[str, ...] = ()
    """Texts that are each a right answer."""

    is_judged: bool = False
    """Whether right answers are told; none of them: nothing answers the question."""


def read_questions(path: Path) -> list[Question]:
    """Returns the questions of a JSON Lines file; blank lines are skipped.

    Raises:
        UsageError: Not readable, or a line that is not a question (named).
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise UsageError(f"{path}: {reason}", _FORM) from None
    questions = [
        _question(line, number, path)
        for number, line in enumerate(text.split("\n"), 1)
        if line.strip()
    ]
    if not questions:
        raise UsageError(f"{path}: no questions", _FORM)
    return questions


def _question(line: str, number: int, path: Path) -> Question:
    try:
        fields = json.loads(line)
        return Question(
            id=str(fields.get("id", number)),
            question=_text(fields["question"]),
            relevant=_grades(fields.get("relevant", {})),
            history=tuple(
                EarlierTurn(_text(turn["question"]), _text(turn.get("answer", "")))
                for turn in fields.get("history", ())
            ),
            answers=tuple(map(_text, fields.get("answers", ()))),
            is_judged="answers" in fields,
        )
    except KeyError as error:
        raise UsageError(f"{path}:{number}: no {error}", _FORM) from None
    except (ValueError, TypeError, AttributeError) as error:
        raise UsageError(f"{path}:{number}: {error}", _FORM) from None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected a text, not {json.dumps(value)[:60]}")
    return value


def _grades(relevant: Any) -> dict[str, float]:
    """Returns the grades above 0 of `{"PATH": grade}` or `["PATH"]`."""
    if isinstance(relevant, Mapping):
        grades = {str(path): float(grade) for path, grade in relevant.items()}
    elif isinstance(relevant, list):
        grades = {_text(path): 1.0 for path in relevant}
    else:
        raise TypeError("relevant is neither an object nor a list")
    return {
        path.removeprefix("./"): grade for path, grade in grades.items() if grade > 0
    }
