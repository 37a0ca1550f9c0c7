"""A document goes by the name of its file: to be found, and to be quoted."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ragcli.index.file_names import spoken_name
from ragcli.index.passages import SearchRequest
from ragcli.index.search.retriever import Retriever

FILES = {
    "backup.service": "[Service]\nUser=karla\nExecStart=/bin/tar\n",
    "mirror.service": "[Service]\nUser=ottokar\nExecStart=/bin/cp\n",
    "orchard-minutes.md": "Everybody was there. It was agreed that the gate is green.",
    "harbour-minutes.md": "Everybody was there. It was agreed that the gate is blue.",
    "kiln/README.md": "It is built with two tons of clay.",
    "mill/README.md": "It is built with two tons of oak.",
}


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/a/minutes-2024-03.odt", "minutes 2024 03 odt document"),
        ("/a/backup.service", "backup service"),
        ("/plans/re_order.eml", "re order eml mail email message letter"),
        ("/a/Makefile", "Makefile"),
        ("stdin", "stdin"),
        ("/a/0017.md", ""),
        ("/a/kiln/README.md", "kiln README md"),
        ("/a/kiln-2/copyright", "kiln 2 copyright"),
        ("README", "README"),
    ],
)
def test_a_name_is_said_in_words(path: str, said: str) -> None:
    assert spoken_name(path) == said


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("As which user does the mirror service run?", "mirror.service"),
        ("As which user does the backup service run?", "backup.service"),
        ("Which gate is agreed in the harbour minutes?", "harbour-minutes.md"),
        ("Which gate is agreed in the orchard minutes?", "orchard-minutes.md"),
        ("What is the kiln built with?", "kiln/README.md"),
        ("What is the mill built with?", "mill/README.md"),
    ],
)
def test_a_question_may_name_the_file(
    search_in: Callable[..., Retriever], question: str, name: str
) -> None:
    found = search_in(FILES).search(SearchRequest(question))

    assert found.passages[0].path.endswith(f"/{name}")
