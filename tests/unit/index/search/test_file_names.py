"""A document goes by the name of its file: to be found, and to be quoted."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ragcli.index.file_names import spoken_name
from ragcli.index.passages import SearchRequest
from ragcli.index.search.retriever import Retriever
from tests.unit.index.search.conftest import names

FILES = {
    "backup.service": "[Service]\nUser=karla\nExecStart=/bin/tar\n",
    "mirror.service": "[Service]\nUser=ottokar\nExecStart=/bin/cp\n",
    "orchard-minutes.md": "Everybody was there. It was agreed that the gate is green.",
    "harbour-minutes.md": "Everybody was there. It was agreed that the gate is blue.",
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
    ],
)
def test_a_question_may_name_the_file(
    search_in: Callable[..., Retriever], question: str, name: str
) -> None:
    found = search_in(FILES).search(SearchRequest(question))

    assert names(found.passages)[0] == name
