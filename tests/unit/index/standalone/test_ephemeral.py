"""What is piped in or attached is searched for one question and written nowhere."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ragcli.config import Settings
from ragcli.errors import DocumentNotFound, UnreadableDocument
from ragcli.index.fulltext.analysis import Term, stems
from ragcli.index.standalone import ephemeral, index_cache
from ragcli.storage.files import Directory
from tests.unit.index.doubles import Watched, WordEmbedder


def test_piped_text_is_found_and_cited_by_its_lines(embedder: WordEmbedder) -> None:
    text = (
        "First line.\n\n"
        + "Filler words stand here. " * 60
        + "\n\nThe quokka smiles.\n"
    )
    reader = ephemeral.attached(text, [], embedder, Settings(chunk_size=300))
    assert reader.generation == ""
    [(row, _)] = reader.text_search([Term((stems("quokka", "en")[0],))], 5)
    [passage] = reader.passages([row])
    assert passage.path == "stdin"
    assert passage.digest == passage.title == ""
    assert passage.lines
    first, last = passage.lines
    lines = text.splitlines()
    assert "quokka" in "\n".join(lines[first - 1 : last])
    rows, _ = reader.vector_search(embedder.embed([passage.text])[0], 1)
    assert rows.tolist() == [row]
    question = embedder.embed(["Filler words"])[0]
    _, cosines = reader.vector_search(question, 1000)
    moments = reader.cosine_moments(question)
    assert moments == pytest.approx((cosines.mean(), cosines.var()), abs=1e-3)
    assert moments[1] > 0


def test_attached_files_keep_their_paths(
    embedder: WordEmbedder, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(notes)
    reader = ephemeral.attached("", [Path("pears.txt")], embedder, Settings())
    rows, _ = reader.vector_search(embedder.embed(["Pears"])[0], 5)
    assert {p.path for p in reader.passages(rows)} == {str(notes / "pears.txt")}
    with pytest.raises(DocumentNotFound):
        ephemeral.attached("", [notes / "missing.txt"], embedder, Settings())


def test_nothing_is_written(
    embedder: WordEmbedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []
    real = os.open

    def counted(*arguments: Any, **options: Any) -> int:
        opened.append(arguments)
        return real(*arguments, **options)

    monkeypatch.setattr(os, "open", counted)
    reader = ephemeral.attached("Some words.\n", [], embedder, Settings())
    assert reader.chunk_count == 1
    assert [call for call in opened if call[1] & (os.O_WRONLY | os.O_RDWR)] == []


def test_an_empty_pipe_is_an_empty_index(embedder: WordEmbedder) -> None:
    reader = ephemeral.attached("\n", [], embedder, Settings())
    assert reader.chunk_count == 0
    assert reader.text_search([Term(("word",))], 5) == []
    rows, scores = reader.vector_search(embedder.embed(["word"])[0], 5)
    assert (len(rows), len(scores)) == (0, 0)
    assert reader.cosine_moments(embedder.embed(["word"])[0]) == (0.0, 0.0)


@pytest.mark.slow
def test_a_long_piped_text_is_read_elsewhere(embedder: WordEmbedder) -> None:
    text = "Filler words stand here.\n" * 20_000 + "The quokka smiles.\n"
    reader = ephemeral.attached(text, [], embedder, Settings())
    [(row, _)] = reader.text_search([Term((stems("quokka", "en")[0],))], 5)
    [passage] = reader.passages([row])
    assert passage.lines
    assert (passage.path, passage.lines[1]) == ("stdin", 20_001)


def test_an_attached_file_that_breaks_its_loader_is_named(
    embedder: WordEmbedder, tmp_path: Path
) -> None:
    (tmp_path / "a.ipynb").write_text("{")
    (tmp_path / "blank.md").write_text(" \n")
    for name, reason in (("a.ipynb", "not a notebook"), ("blank.md", "empty")):
        with pytest.raises(UnreadableDocument, match=f"{name}: {reason}"):
            ephemeral.attached("", [tmp_path / name], embedder, Settings())


def test_caches_that_another_call_removes_meanwhile_are_no_failure(
    embedder: WordEmbedder,
    notes: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    listed = Directory.names

    def with_one_that_goes(directory: Directory) -> list[str]:
        return [*listed(directory), *["gone"] * (directory.path.name == "docs")]

    monkeypatch.setattr(Directory, "names", with_one_that_goes)
    cache = tmp_path / "cache"
    for _ in range(2):
        reader = index_cache.reader([notes], embedder, Settings(), cache, Watched())
        assert reader
        assert reader.document_count == 3


def test_one_bad_file_does_not_spoil_a_directory_that_is_asked_about(
    embedder: WordEmbedder, tmp_path: Path
) -> None:
    (tmp_path / "a.ipynb").write_text("{")
    (tmp_path / "good.md").write_text("The quokka smiles.\n")
    progress = Watched()
    reader = index_cache.reader([tmp_path], embedder, Settings(), None, progress)
    assert reader
    assert reader.chunk_count == 1
    assert ["not a notebook" in line for line in progress.notes] == [True]
