"""What holds for office documents, whatever is in them: nothing that is seen is lost.

Hypothesis makes them with other people's libraries, which also read them again: all
characters that these see must be in the elements or headings, as often as there.
"""

from __future__ import annotations

import io
import os
from collections import Counter
from collections.abc import Iterator

import docx
import openpyxl
import pptx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pptx.util import Inches

from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import Document
from ragcli.index.documents.loaders.dispatch.parse import parse

EXAMPLES = 100 if os.environ.get("RAGCLI_THOROUGH") else 10
office = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=not os.environ.get("RAGCLI_THOROUGH"),
)
WORDS = st.text(
    st.characters(categories=["L", "N", "P", "S"], exclude_characters="\ufffe\uffff"),
    min_size=1,
    max_size=12,
)
TEXTS = st.lists(WORDS, min_size=1, max_size=6).map(" ".join)
CELLS = st.one_of(st.just(""), TEXTS, st.integers(-9999, 9999).map(str))


@st.composite
def grids(draw: st.DrawFn, cells: st.SearchStrategy[str] = CELLS) -> list[list[str]]:
    width = draw(st.integers(1, 4))
    row = st.lists(cells, min_size=width, max_size=width)
    return draw(st.lists(row, min_size=1, max_size=5))


BLOCKS = st.lists(
    st.one_of(
        st.tuples(st.just("paragraph"), TEXTS),
        st.tuples(st.sampled_from(["heading", "item"]), TEXTS),
        st.tuples(st.just("table"), grids()),
    ),
    min_size=1,
    max_size=5,
)


def seen(texts: Iterator[str] | list[str]) -> Counter[str]:
    """Returns how often each character is seen; blanks are layout."""
    return Counter(sign for text in texts for sign in text if not sign.isspace())


def said(document: Document) -> Counter[str]:
    """Returns how often each character is in an element or a heading."""
    told = [
        section.text[element.start : element.end]
        for section in document.sections
        for element in section.elements
    ]
    headings: dict[tuple[str, ...], None] = {}
    for section in document.sections:
        for depth in range(1, len(section.heading) + 1):
            headings[section.heading[:depth]] = None
    return seen([*told, *(path[-1] for path in headings)])


def check(data: bytes, name: str, wanted: Counter[str]) -> None:
    """Checks that nothing is lost, and that a second reading says the same."""
    document = parse(Content(data, f"a.{name}", name))
    assert parse(Content(data, f"a.{name}", name)) == document
    missing = wanted - said(document)
    assert not missing, (missing, document.sections)
    for section in document.sections:
        end = 0
        for element in section.elements:
            assert end <= element.start < element.end <= len(section.text)
            end = element.end


@office
@given(BLOCKS)
def test_a_word_document_says_all_that_python_docx_sees(
    blocks: list[tuple[str, str | list[list[str]]]],
) -> None:
    made = docx.Document()
    for kind, what in blocks:
        if isinstance(what, list):
            table = made.add_table(len(what), len(what[0]))
            for line, cells in zip(table.rows, what, strict=True):
                for cell, text in zip(line.cells, cells, strict=True):
                    cell.text = text
        elif kind == "heading":
            made.add_heading(what, 2)
        else:
            made.add_paragraph(what, style="List Bullet" if kind == "item" else None)
    out = io.BytesIO()
    made.save(out)
    again = docx.Document(io.BytesIO(out.getvalue()))
    found = [paragraph.text for paragraph in again.paragraphs]
    found += [
        cell.text for table in again.tables for row in table.rows for cell in row.cells
    ]
    check(out.getvalue(), "docx", _headings_once(seen(found), blocks))


def _headings_once(
    wanted: Counter[str], blocks: list[tuple[str, str | list[list[str]]]]
) -> Counter[str]:
    """Leaves out headings of which there are several alike: they are told once."""
    titles = Counter(str(what) for kind, what in blocks if kind == "heading")
    for title, count in titles.items():
        for sign, times in seen([title]).items():
            wanted[sign] -= times * (count - 1)
    return +wanted


@office
@given(st.lists(grids(st.one_of(CELLS, st.just("A long name"))), max_size=2))
def test_a_workbook_says_all_that_openpyxl_sees(sheets: list[list[list[str]]]) -> None:
    made = openpyxl.Workbook()
    for grid in sheets:
        sheet = made.create_sheet()
        for number, row in enumerate(grid, 1):
            for place, text in enumerate(row, 1):
                cell = sheet.cell(number, place)
                if text.lstrip("-").isdecimal() and text.isascii():
                    cell.value = int(text)
                else:
                    cell.value = text or None
                    cell.data_type = "s" if text else "n"
    out = io.BytesIO()
    made.save(out)
    again = openpyxl.load_workbook(io.BytesIO(out.getvalue()))
    values = [
        str(cell.value)
        for sheet in again.worksheets
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None
    ]
    check(out.getvalue(), "xlsx", seen(values))


@office
@given(TEXTS, TEXTS, grids(), TEXTS)
def test_a_presentation_says_all_that_python_pptx_sees(
    title: str, words: str, grid: list[list[str]], notes: str
) -> None:
    made = pptx.Presentation()
    slide = made.slides.add_slide(made.slide_layouts[5])
    slide.shapes.title.text = title
    place = (Inches(1), Inches(1), Inches(4), Inches(2))
    slide.shapes.add_group_shape().shapes.add_textbox(*place).text_frame.text = words
    table = slide.shapes.add_table(len(grid), len(grid[0]), *place).table
    for number, row in enumerate(grid):
        for at, text in enumerate(row):
            table.cell(number, at).text = text
    slide.notes_slide.notes_text_frame.text = notes
    out = io.BytesIO()
    made.save(out)
    wanted = seen([title, words, notes, *(text for row in grid for text in row)])
    check(out.getvalue(), "pptx", wanted)
