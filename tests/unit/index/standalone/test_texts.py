"""Texts by name: all that is told of some of them is of one generation."""

from __future__ import annotations

from ragcli.config import Settings
from ragcli.index.generations.snapshots import LocalSnapshots
from ragcli.index.standalone.texts import Text, TextIndex
from ragcli.storage.files import Directory
from tests.unit.index.doubles import SlowReader, WordEmbedder


def test_texts_are_read_while_others_replace_them(
    profile: Directory, embedder: WordEmbedder
) -> None:
    rival = TextIndex(LocalSnapshots(profile, None, grace=0.0), embedder, Settings())
    rival.put([Text("a", "old words"), Text("b", "other words")])

    def replace() -> None:
        rival.put([Text("a", "new words"), Text("b", "others")])

    index = TextIndex(SlowReader(profile, replace), embedder, Settings())
    assert [text.name for text in index.get(["a", "b"])] == ["a", "b"]
    again = index.get(["b", "none", "a"])
    assert [text.content for text in again] == ["others", "new words"]

    index = TextIndex(SlowReader(profile, replace), embedder, Settings())
    near = index.nearest(embedder.embed(["words"])[0], 2)
    assert {text.name for text, _ in near} == {"a", "b"}
    index.drop(["a", "none"])
    assert [text.name for text in index.get(["a", "b"])] == ["b"]
