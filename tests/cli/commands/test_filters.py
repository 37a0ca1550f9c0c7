"""What a question is asked of: a part of the documents."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import QUESTION
from tests.conftest import Ran


@pytest.fixture
def sorted_notes(notes: Path, run_cli: Callable[..., Ran]) -> Path:
    """The notes, one of them in a directory, one with a tag and a date."""
    (notes / "old").mkdir()
    (notes / "old" / "limits.md").write_text(
        "---\ntags: [limits]\ndate: 2019-05-01\n---\n\n"
        "A commit lock waits at most ninety seconds.\n"
    )
    assert run_cli("docs", "add", str(notes)).code == 0
    return notes


@pytest.mark.parametrize(
    ("options", "seconds"),
    [
        (["--in", "old"], "ninety seconds"),
        (["--not-in", "old/*.md"], "ten seconds"),
        (["--tag", "limits"], "ninety seconds"),
        (["--until", "2019"], "ninety seconds"),
        (["--since", "2d", "--type", "md"], "ten seconds"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_only_those_documents_are_asked(
    sorted_notes: Path, run_cli: Callable[..., Ran], options: list[str], seconds: str
) -> None:
    asked = run_cli("ask", *options, "--json", QUESTION).json
    found = run_cli("search", *options, "--json", "commit lock seconds").json["hits"]

    assert seconds in asked["answer"]
    assert found
    assert {"old" in hit["path"] for hit in found} == {seconds == "ninety seconds"}


def test_a_filter_that_means_nothing_is_told_in_one_line(
    sorted_notes: Path, run_cli: Callable[..., Ran]
) -> None:
    for command in ("ask", "search"):
        ran = run_cli(command, "--type", "pdf", QUESTION)

        assert ran.code == 1
        assert ran.out == ""
        assert ran.err.splitlines() == ["ragcli: no document matches --type pdf"]


def test_a_batch_is_filtered_and_the_turn_keeps_its_filter(
    sorted_notes: Path, run_cli: Callable[..., Ran]
) -> None:
    (sorted_notes / "questions.txt").write_text(f"{QUESTION}\n")

    batch = run_cli(
        "ask", "--tag", "limits", "--batch", str(sorted_notes / "questions.txt")
    )

    assert "ninety seconds" in json.loads(batch.out)["answer"]
    exported = run_cli("history", "export", "--json", "--all").json
    assert '"where": {"tags": ["limits"]}' in json.dumps(exported)
