"""Which rows of a table name its columns, where some cells are merged."""

from __future__ import annotations

import pytest

from ragcli.index.documents.elements import DocumentBuilder
from ragcli.index.documents.loaders.layout.grids import add_table
from ragcli.index.documents.loaders.layout.header_rows import Span


def columns_of(table: str, *spans: tuple[int, int, int, int]) -> tuple[str, ...]:
    builder = DocumentBuilder()
    rows = [[cell.strip() for cell in row.split("|")] for row in table.split("\n")]
    add_table(builder, rows, [Span(*span) for span in spans])
    [facts] = builder.document().tables
    return facts.columns


@pytest.mark.parametrize(
    "below",
    [
        "Ada|Lund|pilot|east\nEnno|Vos|keeper|west",
        "Ada|Lund|pilot|east\nEnno|Vos|keeper|12",
        "Ada|Lund|pilot|3\nEnno|Vos|keeper|12",
    ],
)
def test_a_merged_name_makes_no_names_of_the_first_row(below: str) -> None:
    found = columns_of(f"Name||Role|Room\n{below}", (0, 0, 0, 1))

    assert found == ("Name", "Name", "Role", "Room")


def test_a_name_over_three_of_four_columns_is_that_of_each() -> None:
    rows = "Name|||Role\nAda|M.|Lund|pilot\nEnno|K.|Vos|keeper"

    assert columns_of(rows, (0, 0, 0, 2)) == ("Name", "Name", "Name", "Role")


@pytest.mark.parametrize(
    ("head", "spans"),
    [
        ("Port|2023||2024|\n|Ships|Tons|Ships|Tons", [(0, 0, 1, 0)]),
        ("|2023||2024|\nPort|Ships|Tons|Ships|Tons", []),
    ],
)
@pytest.mark.parametrize("rows", ["Oslo|1|10|2|20\nBergen|3|40|4|50"])
def test_groups_stand_above_names(
    head: str, spans: list[tuple[int, int, int, int]], rows: str
) -> None:
    found = columns_of(f"{head}\n{rows}", (0, 1, 0, 2), (0, 3, 0, 4), *spans)

    assert found == ("Port", "2023 Ships", "2023 Tons", "2024 Ships", "2024 Tons")


def test_names_that_reach_over_both_rows_show_two_rows_of_names_without_values() -> (
    None
):
    rows = "Port|Contact|\n|Phone|Mail\nBergen|desk|post\nOslo|office|box"

    found = columns_of(rows, (0, 0, 1, 0), (0, 1, 0, 2))

    assert found == ("Port", "Contact Phone", "Contact Mail")


def test_names_below_every_name_stand_over_values() -> None:
    rows = "Person||Age\nFirst|Last|Years\nAda|Lund|33\nEnno|Vos|41"

    found = columns_of(rows, (0, 0, 0, 1))

    assert found == ("Person First", "Person Last", "Age Years")
