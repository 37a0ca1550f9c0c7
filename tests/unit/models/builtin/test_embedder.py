"""The built-in embedder gives the tokenizer's tokens and the vectors of its words."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from ragcli.errors import ProviderMissing
from ragcli.models.builtin import merges, tokens, wheel
from ragcli.models.builtin.embedder import BuiltinEmbedder
from ragcli.models.builtin.merges import MergeTable

AWKWARD = [
    "",
    " ",
    "\n",
    "  two  spaces\n\n x\n",
    "a\tb\r\nc",
    "中文字符 🎉🎉 ok",
    "<s> hi </s>",
    "▁▁foo▁bar",
    "x" * 500,
    "naïve café Ünïcödé",
    "def f(x):\n    return x\n\n\n",
]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    found = Tokenizer.from_file(str(wheel.tokenizer_file()))
    found.no_truncation()
    found.no_padding()
    found.encode_special_tokens = True
    return found


@pytest.fixture(scope="module")
def table() -> MergeTable:
    return merges.MergeTable(memoryview(merges.prepare(wheel.tokenizer_file())))


def encoded(tokenizer: Tokenizer, text: str) -> list[int]:
    return list(tokenizer.encode(text, add_special_tokens=False).ids)


@pytest.mark.parametrize("text", AWKWARD)
def test_tokens_are_the_tokenizers(
    text: str, embedder: BuiltinEmbedder, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    expected = encoded(tokenizer, text)

    assert embedder.tokenize([text])[0].tolist() == expected
    prepared = BuiltinEmbedder(tmp_path / "cache")
    assert prepared.tokenize([text])[0].tolist() == expected


@given(text=st.text(max_size=60))
def test_the_prepared_table_encodes_as_the_tokenizer(
    text: str, tokenizer: Tokenizer, table: MergeTable
) -> None:
    text = text.replace(" ", "▁")
    expected = encoded(tokenizer, f"a{text}")

    assert table.encode(f"▁a{text}") == expected


def test_vectors_are_normalised_means_of_token_vectors(
    embedder: BuiltinEmbedder,
) -> None:
    text = "The mean of the token vectors, normalised."
    mean = embedder.token_vectors()[embedder.tokenize([text])[0]].astype("f8").mean(0)

    (vector,) = embedder.embed([text])

    assert vector.dtype == np.float32
    assert np.allclose(vector, mean / np.linalg.norm(mean), atol=1e-6)


def test_a_text_has_the_same_vector_in_any_batch(embedder: BuiltinEmbedder) -> None:
    texts = [f"sentence number {n} about locks" for n in range(300)]

    together = embedder.embed(texts)

    assert np.allclose(together[299], embedder.embed(texts[299:])[0], atol=1e-6)


def test_vectors_do_not_depend_on_what_was_embedded_before() -> None:
    used = BuiltinEmbedder()
    used.embed([f"number {n} of {n * n} words about locks" for n in range(128)])

    for texts in (["a lock"], ["", "two keys"], ["a door, a lock and three keys"] * 9):
        assert (used.embed(texts) == BuiltinEmbedder().embed(texts)).all()


def test_no_tokens_give_a_zero_row(embedder: BuiltinEmbedder) -> None:
    assert not embedder.embed([""]).any()
    assert embedder.embed([]).shape == (0, 256)
    assert embedder.tokenize([]) == []


def test_half_a_surrogate_pair_is_no_reason_to_fail(embedder: BuiltinEmbedder) -> None:
    assert embedder.embed(["broken \ud800 text"]).any()


def test_one_question_is_embedded_without_the_tokenizer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    BuiltinEmbedder(cache).embed(["prepare"])

    def opened() -> None:
        raise AssertionError("the tokenizer is opened")

    monkeypatch.setattr(tokens, "open_tokenizer", opened)
    assert BuiltinEmbedder(cache, write=False).embed(["What is a lock?"]).any()
    assert [path.stat().st_mode & 0o777 for path in cache.iterdir()] == [0o600]


def test_a_damaged_table_is_made_again(tmp_path: Path, tokenizer: Tokenizer) -> None:
    cache = tmp_path / "cache"
    BuiltinEmbedder(cache).embed(["prepare"])
    (file,) = cache.iterdir()
    file.write_bytes(file.read_bytes()[:-8] + bytes(8))

    ids = BuiltinEmbedder(cache).tokenize(["What is a lock?"])[0]

    assert ids.tolist() == encoded(tokenizer, "What is a lock?")
    assert merges.open_table(file) is not None


def test_nothing_is_written_where_nothing_may_be(tmp_path: Path) -> None:
    BuiltinEmbedder(tmp_path / "cache", write=False).embed(["a question"])

    assert list(tmp_path.iterdir()) == []


def test_a_missing_wheel_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    with pytest.raises(ProviderMissing, match="word vectors are missing"):
        wheel.tokenizer_file()
