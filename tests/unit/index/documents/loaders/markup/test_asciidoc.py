"""AsciiDoc as a page shows it: headings, tables, definitions, listings, admonitions."""

from __future__ import annotations

import pytest

from tests.unit.index.documents.conftest import Load
from tests.unit.index.documents.views import contents, rows, spoken

HANDBOOK = """\
// Nobody reads this.
= The Pump Handbook
Ada Lund <ada@example.org>
v2.1, 2024-03-01
:toc: left
:model: PX-300

Words above.

[[limits]]
== Limits of the {model} ==

----
== no heading
----

==== Deep
Below it.

Underlined
----------
The end.
"""


def test_headings_lead_to_what_stands_below_them(loaded: Load) -> None:
    document = loaded("a.adoc", HANDBOOK)
    assert (document.title, document.format) == ("The Pump Handbook", "asciidoc")
    title = "The Pump Handbook"
    assert [(part.heading, part.first_line) for part in document.sections][1:] == [
        ((title,), 3),
        ((title, "Limits of the PX-300"), 12),
        ((title, "Limits of the PX-300", "Deep"), 18),
        ((title, "Underlined"), 22),
    ]
    assert spoken(document) == [
        ("field", "Author | Ada Lund <ada@example.org>"),
        ("field", "Revision | v2.1, 2024-03-01"),
        ("field", "model | PX-300"),
        ("prose", "Words above."),
        ("code", "== no heading"),
        ("prose", "Below it."),
        ("prose", "The end."),
    ]


@pytest.mark.parametrize(
    ("table", "columns", "cells"),
    [
        ("|===\n|A |B\n\n|1\n|2\n|3 |4\n|===", ("A", "B"), [("1", "2"), ("3", "4")]),
        (
            "[cols='1,2*a',opts=header]\n|===\n|A|B|C\n|1\na|2\n\nmore\n|*3*\n|===",
            ("A", "B", "C"),
            [("1", "2 more", "3")],
        ),
        ("[%header]\n|===\n|A |B\n2+|x\n|===", ("A", "B"), [("x", "")]),
        (
            "|===\n.2+|a |1\n|2\n2*|b\n|===",
            (),
            [("a", "1"), ("a", "2"), ("b", "b")],
        ),
        ("|===\n|x \\| y |2\n|===", (), [("x | y", "2")]),
        (',===\nA,B\n\n"1, 2",3\n,===', ("A", "B"), [("1, 2", "3")]),
        ("[format=csv]\n|===\nA,B\n1,2\n|===", (), [("A", "B"), ("1", "2")]),
    ],
)  # fmt: skip
def test_a_table_has_its_columns_rows_and_caption(
    loaded: Load, table: str, columns: tuple[str, ...], cells: list[tuple[str, ...]]
) -> None:
    document = loaded("a.adoc", f".The *limits*\n{table}\n\nAfter it.\n")
    [facts] = document.tables
    assert (facts.columns, facts.caption) == (columns, "The limits")
    assert rows(document) == cells
    assert spoken(document)[-1] == ("prose", "After it.")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Rotor:: The _wheel_.", [("field", "Rotor | The wheel.")]),
        ("a::\nb::\n\nBoth\nof them.", [("field", "a, b | Both of them.")]),
        ("a:: see link:x[the page]\nb;; c", [
            ("field", "a | see the page"), ("field", "b | c")]),
        ("* one\n  two\n** three\n. four", [
            ("item", "one\n  two"), ("item", "three"), ("item", "four")]),
        ("* one\n+\n----\nls\n----\n* two", [
            ("item", "one"), ("code", "ls"), ("item", "two")]),
        ("NOTE: Mind the\ngap.", [("prose", "NOTE: Mind the\ngap.")]),
        ("[WARNING]\n====\nHot.\n\n* on\n====", [
            ("heading", "WARNING"), ("prose", "Hot."), ("item", "on")]),
        ("[source,sh]\nls -l\n\nSo.", [("code", "ls -l"), ("prose", "So.")]),
        ("[source,sh]\n--\nls\n--", [("code", "ls")]),
        ("[quote, Ada]\n____\nWords.\n____", [("prose", "Ada"), ("prose", "Words.")]),
        ("Street 5 +\nGraz", [("line", "Street 5"), ("line", "Graz")]),
        ("////\nhidden\n////\n'''\nSeen.", [("prose", "Seen.")]),
        ("image::a.png[A pump]", [("figure", "A pump")]),
        ('[cols="1h,3"]\n|===\n|Owner |Ada\n|Town\n|Graz\n|===', [
            ("field", "Owner | Ada"), ("field", "Town | Graz")]),
        ("ifdef::a[]\nShown.\nendif::[]", [("prose", "Shown.")]),
        ("====\nnever closed", [("prose", "====\nnever closed")]),
    ],
)  # fmt: skip
def test_what_is_marked_is_what_it_says(
    loaded: Load, text: str, wanted: list[tuple[str, str]]
) -> None:
    assert spoken(loaded("a.adoc", f"{text}\n")) == wanted


def test_what_goes_on_with_an_item_ends_at_the_next(loaded: Load) -> None:
    document = loaded(
        "a.adoc",
        """\
. Empty the tray.
+
It stands under the leg.
. Close the valve.

Ramp::
  How fast it rises.
  +
  Not above 220.
""",
    )
    assert contents(document) == [
        ("item", "Empty the tray."),
        ("prose", "It stands under the leg."),
        ("item", "Close the valve."),
        ("field", ("Ramp", "How fast it rises.")),
        ("prose", "Not above 220."),
    ]
