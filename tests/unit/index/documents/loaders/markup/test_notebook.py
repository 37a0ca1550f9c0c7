"""What the cells of a notebook gave back, as a notebook shows it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.index.documents.conftest import Load
from tests.unit.index.documents.views import contents

FRAME = """<div>
<style scoped>.dataframe tbody tr th { vertical-align: top; }</style>
<table border="1" class="dataframe">
  <thead><tr style="text-align: right;"><th></th><th>town</th><th>rent</th></tr></thead>
  <tbody>
    <tr><th>0</th><td>Ulm</td><td>10.5</td></tr>
    <tr><th>1</th><td>Kiel</td><td>20.0</td></tr>
  </tbody>
</table>
<p>2 rows</p></div>"""


def cells(*outputs: dict[str, Any]) -> str:
    first = {"cell_type": "markdown", "source": "# Rents\n| a |\n|---|\n| 1 |"}
    code = {"cell_type": "code", "source": "show()", "outputs": list(outputs)}
    return json.dumps({"nbformat": 4, "metadata": {}, "cells": [first, code]})


def test_a_data_frame_is_a_table_and_not_its_plain_text(loaded: Load) -> None:
    data = {"text/html": FRAME.splitlines(keepends=True), "text/plain": "town rent"}
    document = loaded("a.ipynb", cells({"data": data}))
    assert [table.columns[-2:] for table in document.tables] == [
        ("a",),
        ("town", "rent"),
    ]
    section = document.sections[-1]
    assert (section.heading, section.page) == (("Rents",), 2)
    assert {item.table for item in section.elements if item.kind == "row"} == {1}
    assert [item.cells[-2:] for item in section.elements if item.kind == "row"] == [
        ("Ulm", "10.5"),
        ("Kiel", "20.0"),
    ]
    assert "town rent" not in [text for _, text in contents(document)]


@pytest.mark.parametrize(
    ("output", "shown"),
    [
        ({"data": {"text/html": "<b>3</b> rooms", "text/plain": "<HTML object>"}},
         [("prose", "3 rooms")]),
        ({"data": {"text/html": "<b>3</b>", "text/plain": "3"}}, [("code", "3")]),
        ({"data": {"text/markdown": "- one\n- two", "text/plain": "<M object>"}},
         [("item", "one"), ("item", "two")]),
        ({"data": {"image/png": "aa", "text/plain": "<Figure size 1x1 with 1 Axes>"}},
         []),
        ({"output_type": "error", "ename": "KeyError", "evalue": "'x'"},
         [("code", "KeyError: 'x'")]),
        ({"data": {"text/html": 3, "text/markdown": None}}, []),
        ({"data": []}, []),
    ],
)  # fmt: skip
def test_an_output_is_read_in_the_form_that_is_shown(
    loaded: Load, output: dict[str, Any], shown: list[tuple[str, str]]
) -> None:
    document = loaded("a.ipynb", cells(output))
    assert contents(document)[3:] == shown
