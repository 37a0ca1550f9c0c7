"""The handbook says what the program does, and reads without an extra."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from ragcli.config import settings
from ragcli.errors import ExitCode
from ragcli.index.documents.discover import Found, find
from ragcli.index.documents.loaders.dispatch.load import load
from ragcli.index.documents.splitter import split
from tests.make_samples import samples

SAMPLES = Path(__file__).parents[4] / "sample_docs"


def test_every_sample_is_found_and_read() -> None:
    items = list(find([SAMPLES], max_size=1 << 20))
    assert all(isinstance(item, Found) for item in items)
    loaded = {item.path.name: load(item.path) for item in items}
    assert {document.format for document in loaded.values()} >= {
        "markdown", "rst", "text", "html", "pdf", "epub", "csv", "json", "notebook",
        "python",
    }  # fmt: skip
    for name, document in loaded.items():
        assert document.language == "en", name
        assert split(document, size=1200, overlap=120), name


def test_the_generated_samples_are_up_to_date() -> None:
    for name, data in samples().items():
        assert (SAMPLES / name).read_bytes() == data, "run python -m tests.make_samples"


def test_the_exit_codes_are_the_programs() -> None:
    with open(SAMPLES / "exit-codes.csv", encoding="utf-8", newline="") as file:
        told = {int(row["code"]) for row in csv.DictReader(file)}
    assert told == {int(code) for code in ExitCode}


def test_the_settings_are_the_programs() -> None:
    told = json.loads((SAMPLES / "settings.json").read_text())["settings"]
    declared = settings.declared()
    assert told.keys() == declared.keys()
    for key, entry in told.items():
        default = declared[key].default
        assert entry["default"] == (
            list(default) if isinstance(default, tuple) else default
        ), key
        assert entry["meaning"] == declared[key].metadata["help"], key


@pytest.mark.parametrize(
    ("name", "heading", "words"),
    [
        ("sessions.md", "Locks", "at most ten seconds"),
        ("questions.md", "How do I delete a profile?", "ragcli profile delete NAME"),
        ("models.pdf", "When a model fails", "falls back to the built-in answer"),
        ("retrieval.html", "When nothing is relevant", "exit code 1"),
        ("security.rst", "Encryption", "Argon2id"),
        ("pipelines.ipynb", "Standard input", "never stored"),
        ("beyond-one-machine.epub", "Backups", "profile export"),
        ("ask_many.py", "source_of", "path:line"),
    ],
)
def test_an_answer_stands_under_its_heading(
    name: str, heading: str, words: str
) -> None:
    chunks = split(load(SAMPLES / name), size=1200, overlap=120)
    [chunk] = [chunk for chunk in chunks if words in " ".join(chunk.text.split())][:1]
    assert heading in chunk.heading
