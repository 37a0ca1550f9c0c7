"""reStructuredText as a page shows it: directives, tables, fields, definitions."""

from __future__ import annotations

import pytest

from tests.unit.index.documents.conftest import Load
from tests.unit.index.documents.views import spoken


def test_tables_of_every_notation_have_names_rows_and_captions(loaded: Load) -> None:
    document = loaded(
        "a.rst",
        """
.. csv-table:: Berths
   :header: "Berth", "Price"
   :widths: 10, 20

   "A1", "120, in all"
   "B2", 95

.. list-table:: Crew
   :header-rows: 1

   * - Name
     - Role
   * - Enno
     - Keeper of the
       light

=====  ======
Land   Town
=====  ======
Italy  Trieste
       and more
=====  ======

+-------+--------+
| Port  | Depth  |
+=======+========+
| Oslo  | twelve |
|       | metres |
+-------+--------+
""",
    )

    assert [(table.columns, table.caption) for table in document.tables] == [
        (("Berth", "Price"), "Berths"),
        (("Name", "Role"), "Crew"),
        (("Land", "Town"), ""),
        (("Port", "Depth"), ""),
    ]
    assert [said for kind, said in spoken(document) if kind == "row"] == [
        "A1 | 120, in all",
        "B2 | 95",
        "Enno | Keeper of the light",
        "Italy | Trieste and more",
        "Oslo | twelve metres",
    ]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (":Author: Ada\n  Lund", [("field", "Author | Ada Lund")]),
        ("lamp : thing\n  Gives\n  light.", [("field", "lamp | Gives light.")]),
        (
            ".. option:: -p <port>\n\n   The port.\n\n   It is free.",
            [("field", "-p <port> | The port."), ("prose", "It is free.")],
        ),
        (
            ".. note:: Mind the\n   gap.\n\n   And more.",
            [("prose", "Mind the\n   gap."), ("prose", "And more.")],
        ),
        (".. deprecated:: 3.1\n   Use b.", [
            ("field", "Deprecated since version | 3.1 Use b.")]),
        (".. code-block:: sh\n   :linenos:\n\n   ls\n\n   cd", [
            ("code", "   ls\n\n   cd")]),
        ("Such::\n\n   ls\n\n   cd\n\nSo.", [
            ("prose", "Such::"), ("code", "   ls\n\n   cd"), ("prose", "So.")]),
        (".. [1] A note.", [("note", "A note.")]),
        (".. hidden\n   words\n\nSeen.", [("prose", "Seen.")]),
        (".. image:: a.png\n   :alt: A lamp", [("figure", "A lamp")]),
    ],
)  # fmt: skip
def test_what_is_marked_is_what_it_says(
    loaded: Load, text: str, wanted: list[tuple[str, str]]
) -> None:
    assert spoken(loaded("a.rst", f"{text}\n")) == wanted
