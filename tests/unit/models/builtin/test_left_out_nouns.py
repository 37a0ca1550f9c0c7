"""A follow-up that asks for `one` is about what the question before asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from ragcli.chat.citing.citations import as_markdown
from ragcli.index.documents.loaders.dispatch.load import load
from ragcli.index.documents.splitter import split
from ragcli.models.base import Exchange, Prompt, Source
from ragcli.models.builtin.embedder import BuiltinEmbedder
from ragcli.models.builtin.extractive import ExtractiveModel

CLUB = (
    "To remove one of the boats of the club with its oars, ask the warden.\n\n"
    "Only the treasurer removes a shelf. It takes her an afternoon.\n"
)


@pytest.mark.parametrize(
    "question", ["How do I remove one?", "and how do I remove one?"]
)
def test_one_is_what_was_asked_about(embedder: BuiltinEmbedder, question: str) -> None:
    [chunk] = split(load(Path("a.txt"), CLUB.encode()), size=2000, overlap=0)
    source = Source(1, chunk.text, "a.txt", "prose", 0.9, units=chunk.units)
    prompt = Prompt(
        question,
        f"{question} (+ shelf, boats, oars, carries)",
        (source,),
        history=(Exchange("What is a shelf?", "A shelf carries boats and oars."),),
    )

    pieces = ExtractiveModel(embedder).stream(prompt)

    said = "".join(as_markdown(piece, marked=False) for piece in pieces)
    assert said.startswith("Only the treasurer removes a shelf.")
