"""Presentations: shapes, tables, charts, diagrams and notes of each slide."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pptx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.presentation import Presentation
from pptx.util import Inches

from ragcli.errors import UnreadableDocument
from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import Document
from ragcli.index.documents.loaders.dispatch.parse import parse
from tests.unit.index.documents.conftest import Load, saved, zipped
from tests.unit.index.documents.views import contents

PLACE = (Inches(1), Inches(1), Inches(4), Inches(2))


def deck(layout: int = 6) -> tuple[Presentation, Any]:
    """Returns a presentation and its slide, whose placeholders may be missing."""
    made = pptx.Presentation()
    return made, made.slides.add_slide(made.slide_layouts[layout])


def read(data: bytes) -> Document:
    return parse(Content(data, "a.pptx", "pptx"))


def elements(
    data: bytes,
) -> list[tuple[str, str | tuple[str, ...]]]:
    return contents(read(data))


def changed(data: bytes, part: str, old: str, new: str) -> bytes:
    """Returns a file with a text of one of its members exchanged."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    assert old.encode() in members[part]
    members[part] = members[part].replace(old.encode(), new.encode())
    return zipped(members)


def test_tables_are_tables_with_merged_cells_once() -> None:
    made, slide = deck()
    grid = slide.shapes.add_table(3, 3, *PLACE).table
    for row, texts in enumerate(
        (("Town", "Rent", ""), ("", "2022", "2023"), ("Ulm", "10", "20"))
    ):
        for column, text in enumerate(texts):
            grid.cell(row, column).text = text
    grid.cell(0, 1).merge(grid.cell(0, 2))
    grid.first_row = False
    document = read(saved(made))
    assert document.tables[0].columns == ("Town", "Rent 2022", "Rent 2023")
    assert elements(saved(made))[-1] == ("row", ("Ulm", "10", "20"))


def test_a_marked_first_row_names_the_columns() -> None:
    made, slide = deck()
    grid = slide.shapes.add_table(2, 2, *PLACE).table
    for row, texts in enumerate((("Land", "Town"), ("Italy", "Trieste"))):
        for column, text in enumerate(texts):
            grid.cell(row, column).text = text
    assert read(saved(made)).tables[0].columns == ("Land", "Town")


def test_charts_are_tables_of_their_series() -> None:
    made, slide = deck()
    data = CategoryChartData()
    data.categories = ["2022", "2023"]
    data.add_series("Bolts", (1.5, 2))
    data.add_series("Nuts", (3, 4))
    chart = slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *PLACE, data).chart
    chart.has_title = True
    chart.chart_title.text_frame.text = "Sales"
    document = read(saved(made))
    assert (document.tables[0].columns, document.tables[0].caption) == (
        ("", "Bolts", "Nuts"),
        "Sales",
    )
    assert [cells for kind, cells in elements(saved(made)) if kind == "row"] == [
        ("2022", "1.5", "3"),
        ("2023", "2", "4"),
    ]


def test_groups_and_notes_are_read_and_hidden_slides_marked() -> None:
    made, slide = deck(5)
    slide.shapes.title.text = "Plan"
    group = slide.shapes.add_group_shape().shapes.add_group_shape()
    group.shapes.add_textbox(*PLACE).text_frame.text = "inside two groups"
    slide.notes_slide.notes_text_frame.text = "Say this."
    data = changed(saved(made), "ppt/slides/slide1.xml", "<p:sld ", '<p:sld show="0" ')
    [section] = read(data).sections
    assert (section.page, section.heading) == (1, ("Plan (hidden)",))
    assert elements(data) == [("prose", "inside two groups"), ("note", "Say this.")]


def test_a_diagram_is_read() -> None:
    made, slide = deck()
    slide.shapes.add_textbox(*PLACE).text_frame.text = "beside"
    data = saved(made)
    dgm = "http://schemas.openxmlformats.org/drawingml/2006/diagram"
    frame = (
        f'<p:graphicFrame><a:graphic><a:graphicData uri="{dgm}"><dgm:relIds'
        f' xmlns:dgm="{dgm}" xmlns:r="http://schemas.openxmlformats.org/officeDocument'
        '/2006/relationships" r:dm="rIdD"/></a:graphicData></a:graphic>'
        "</p:graphicFrame></p:spTree>"
    )
    data = changed(data, "ppt/slides/slide1.xml", "</p:spTree>", frame)
    relation = (
        '<Relationship Id="rIdD" Type="http://schemas.openxmlformats.org/officeDocument'
        '/2006/relationships/diagramData" Target="../diagrams/data1.xml"/>'
        "</Relationships>"
    )
    rels = "ppt/slides/_rels/slide1.xml.rels"
    data = changed(data, rels, "</Relationships>", relation)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["ppt/diagrams/data1.xml"] = (
        f'<dgm:dataModel xmlns:dgm="{dgm}" xmlns:a="http://schemas.openxmlformats.org/'
        'drawingml/2006/main"><dgm:ptLst><dgm:pt><dgm:t><a:p><a:r><a:t>Plan</a:t></a:r>'
        "</a:p></dgm:t></dgm:pt><dgm:pt><dgm:t><a:p><a:r><a:t>Build</a:t></a:r></a:p>"
        "</dgm:t></dgm:pt></dgm:ptLst></dgm:dataModel>"
    ).encode()
    assert elements(zipped(members)) == [
        ("prose", "beside"),
        ("item", "Plan"),
        ("item", "Build"),
    ]


TEXT = st.text(
    st.characters(codec="utf-8", categories=["L", "N", "P"]), min_size=1, max_size=30
)


@given(st.lists(TEXT, min_size=1, max_size=5))
@settings(max_examples=15, deadline=None)
def test_no_text_that_another_reader_sees_is_lost(texts: list[str]) -> None:
    made, slide = deck(1)
    slide.shapes.title.text = texts[0]
    for text in texts:
        slide.shapes.add_textbox(*PLACE).text_frame.text = text
    data = saved(made)
    told = "\n".join(
        "\n".join([*part.heading, part.text]) for part in read(data).sections
    )
    for shape in pptx.Presentation(io.BytesIO(data)).slides[0].shapes:
        assert shape.text_frame.text in told


@pytest.mark.parametrize("name", ["a.pptx", "a.docx", "a.xlsx", "a.ods", "a.odp"])
def test_an_archive_of_something_else_is_one_line(loaded: Load, name: str) -> None:
    with pytest.raises(UnreadableDocument) as caught:
        loaded(name, zipped({"readme.txt": "words"}))
    assert "\n" not in caught.value.message
