"""Org as a page shows it: headlines, states, tags, properties, tables, blocks."""

from __future__ import annotations

import pytest

from tests.unit.index.documents.conftest import Load
from tests.unit.index.documents.views import rows, spoken


def test_a_headline_is_its_words_and_its_state_and_tags_are_fields(
    loaded: Load,
) -> None:
    document = loaded(
        "a.org",
        "#+title: Notes\n#+filetags: :harbour:work:\n"
        "* TODO [#A] Call *Ada*   :home:urgent:\nDEADLINE: <2024-03-05 Tue>\n"
        ":PROPERTIES:\n:ID: 12-34\n:Phone: 555\n:END:\nBody.\n"
        "** Later :x:\nmore\n* TODOS are many\nend\n",
    )
    assert (document.title, document.facts) == ("Notes", {"tags": ["harbour", "work"]})
    assert [(part.heading, part.first_line) for part in document.sections] == [
        ((), 1),
        (("Call Ada",), 3),
        (("Call Ada", "Later"), 10),
        (("TODOS are many",), 13),
    ]
    assert spoken(document)[2:] == [
        ("field", "Call Ada | TODO, priority A"),
        ("field", "Tags | home, urgent"),
        ("field", "Deadline | 2024-03-05 Tue"),
        ("field", "Phone | 555"),
        ("prose", "Body."),
        ("field", "Tags | x"),
        ("prose", "more"),
        ("prose", "end"),
    ]


def test_states_are_those_that_the_file_names(loaded: Load) -> None:
    document = loaded("a.org", "#+TODO: BUY(b) | PAID\n* PAID Bread\n* TODO stays\nx\n")
    assert [part.heading for part in document.sections] == [
        (),
        ("Bread",),
        ("TODO stays",),
    ]


def test_a_table_has_its_columns_rows_and_caption(loaded: Load) -> None:
    document = loaded(
        "a.org",
        "#+CAPTION: The /berths/\n| Berth | Price |\n|-------+-------|\n"
        "| <l>   |  <r>  |\n| A1    | =120= |\n|-------+-------|\n"
        "| [[x][B2]] | 95 |\n#+TBLFM: $2=1\n\n| no | names |\n",
    )
    assert [(table.columns, table.caption) for table in document.tables] == [
        (("Berth", "Price"), "The berths"),
        ((), ""),
    ]
    assert rows(document) == [("A1", "120"), ("B2", "95"), ("no", "names")]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("- mast :: The\n  pole\n- [X] done\n  1. in it", [
            ("field", "mast | The pole"), ("item", "[X] done"), ("item", "in it")]),
        ("#+BEGIN_SRC sh\nls\n\n,* no headline\n#+END_SRC", [
            ("code", "ls\n\n,* no headline")]),
        ("#+begin_quote\nWords.\n#+end_quote", [("prose", "Words.")]),
        ("#+begin_comment\nhidden\n#+end_comment\n# hidden\nSeen.", [
            ("prose", "Seen.")]),
        (": a\n: b", [("code", ": a\n: b")]),
        ("[fn:1] A note\ngoes on.", [("note", "A note\ngoes on.")]),
        ("#+STARTUP: overview\n#+AUTHOR: Ada", [("field", "Author | Ada")]),
        (":LOGBOOK:\n- Paid\n:END:", [("item", "Paid")]),
        ("* TODO\nBody.", [("field", "State | TODO"), ("prose", "Body.")]),
        ("#+begin_src\nnever ended", [("prose", "never ended")]),
    ],
)  # fmt: skip
def test_what_is_marked_is_what_it_says(
    loaded: Load, text: str, wanted: list[tuple[str, str]]
) -> None:
    assert spoken(loaded("a.org", f"{text}\n")) == wanted
