"""What Markdown marks besides headings and code: every kind where it may stand."""

from __future__ import annotations

import pytest

from tests.unit.index.documents.conftest import Load
from tests.unit.index.documents.views import contents, spoken


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Lamp\n: gives *light*\n: costs 4", [
            ("field", "Lamp | gives *light*"), ("field", "Lamp | costs 4")]),
        ("Lamp\n\n: gives light", [("prose", "Lamp"), ("field", "Lamp | gives light")]),
        ("A[^1] b.\n\n[^1]: A note\n    goes on.\n[^x]: Other.", [
            ("prose", "A[^1] b."), ("note", "A note\n    goes on."),
            ("note", "Other.")]),
        ('!!! tip "Mind it"\n    Keep off.\n\n    And out.', [
            ("heading", "Mind it"), ("prose", "Keep off."), ("prose", "And out.")]),
        ("> [!NOTE]\n> Keep off.", [("heading", "NOTE"), ("prose", "Keep off.")]),
        (":::tip\nKeep off.\n:::", [("heading", "tip"), ("prose", "Keep off.")]),
        ('[a b]: https://x.org/c "T"', [("field", "a b | https://x.org/c")]),
        ("- one\n\n  two\n\n    three\n\n      code", [
            ("item", "one"), ("prose", "two"), ("prose", "three"),
            ("code", "      code")]),
        ("- Ropes, and\n  chains of it.\n- Nets.\n- Old: at sea, or\n  sunk there.", [
            ("item", "Ropes, and\n  chains of it."), ("item", "Nets."),
            ("item", "Old: at sea, or\n  sunk there.")]),
        ("<details>\n<summary>More</summary>\n\nWords.\n\n</details>", [
            ("prose", "More"), ("prose", "Words.")]),
    ],
)  # fmt: skip
def test_what_is_marked_is_what_it_says(
    loaded: Load, text: str, wanted: list[tuple[str, str]]
) -> None:
    assert spoken(loaded("a.md", f"{text}\n")) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "Town | Depth\n-|-\nOslo | 12\nBergen | 9",
        "Above it:\n| Town | Depth |\n|---|:-:|\n| Oslo | 12 |\n| Bergen | 9 |",
        "> | Town | Depth |\n> |---|---|\n> | Oslo | 12 |\n> | Bergen | 9 |",
        "1. | Town | Depth |\n   |---|---|\n   | Oslo | 12 |\n   | Bergen | 9 |",
        "Town      Depth\n-------  ------\nOslo         12\nBergen        9",
        """+--------+-------+
| Town   | Depth |
+========+=======+
| Oslo   | 12    |
+--------+-------+
| Bergen | 9     |
+--------+-------+""",
        """  ----------------
  Town        Depth
  --------- -------
  Oslo           12

  Bergen          9
  -----------------""",
        """<table><tr><th>Town<th>Depth</tr>

<tr><td>Oslo</td>
<td>12</td></tr>
<tr><td>Bergen<td>9</tr>
</table>""",
    ],
)
def test_a_table_is_one_wherever_it_stands(loaded: Load, text: str) -> None:
    document = loaded("a.md", f"{text}\n")

    [table] = document.tables
    assert (table.columns, table.rows) == (("Town", "Depth"), 2)
    assert [said for kind, said in spoken(document) if kind == "row"] == [
        "Oslo | 12",
        "Bergen | 9",
    ]


def test_code_that_begins_in_a_table_is_told_once(loaded: Load) -> None:
    text = "<table>\n<tr><td>a\n```\nx\n</table>\n```\n\nLast words.\n"
    [section] = loaded("a.md", text).sections
    ends = [0, *(item.end for item in section.elements)]
    starts = [item.start for item in section.elements]
    assert all(end <= start for end, start in zip(ends, starts, strict=False))
    assert section.text[starts[-1] : ends[-1]] == "Last words."


@pytest.mark.parametrize("name", ["a.md", "a.txt"])
def test_a_rule_in_pieces_tells_where_the_cells_of_a_table_begin(
    loaded: Load, name: str
) -> None:
    document = loaded(
        name,
        """Prices:

  ------------------------------
    Article Name          Price
            or kind
  --------- ----------- -------
       P-10 Laid           0.48
            cream

       P-20 Kozo           2.20
  ------------------------------

  : Papers by
    the sheet

  --------- -------------
  Deposit   EUR 20
  Due       3 May
  --------- -------------

Ends -- here -- with prose.
""",
    )
    [table] = document.tables
    assert (table.columns, table.caption, table.rows) == (
        ("Article", "Name or kind", "Price"), "Papers by the sheet", 2
    )  # fmt: skip
    assert contents(document)[2:] == [
        ("row", ("P-10", "Laid cream", "0.48")),
        ("row", ("P-20", "Kozo", "2.20")),
        ("prose", "Papers by\n    the sheet"),
        ("field", ("Deposit", "EUR 20")),
        ("field", ("Due", "3 May")),
        ("prose", "Ends -- here -- with prose."),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Words.\n\n-- --\n\nMore.",
        "One\ntwo\n--- ---\nthree.",
        "```\nA    B\n---  ---\n1    2\n```",
        "---  ---\n\n# Heading\n\n---  ---",
    ],
)
def test_other_rules_in_pieces_make_no_table(loaded: Load, text: str) -> None:
    assert not loaded("a.md", f"{text}\n").tables


def test_a_caption_stands_above_its_table_or_below_it(loaded: Load) -> None:
    table = "| A | B |\n|---|---|\n| 1 | 2 |"
    document = loaded(
        "a.md", f"Table: First\n\n{table}\n\nWords.\n\n{table}\n\n: Next\n"
    )
    assert [facts.caption for facts in document.tables] == ["First", "Next"]
    assert [text for kind, text in spoken(document) if kind == "prose"] == [
        "First",
        "Words.",
        "Next",
    ]
