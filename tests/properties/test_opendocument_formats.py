"""What holds for OpenDocument files: no word that odfpy sees in them is lost.

Hypothesis makes texts, presentations and workbooks with odfpy, which reads them again.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from odf import dc, draw, opendocument, presentation
from odf import office as odf_office
from odf import table as odf_table
from odf import text as odf_text
from odf.style import MasterPage, PageLayout
from odf.teletype import addTextToElement, extractText

from tests.properties.test_office_formats import check, office, seen

WORDS = st.text(
    st.sampled_from("abcxyzABC0189\xe4\xdf\u0434\u65e5\U0001f600&<>\"'.,;-+#%()/"),
    min_size=1,
    max_size=8,
)
TEXTS = st.builds(
    lambda words, blank: blank.join(words),
    st.lists(WORDS, min_size=1, max_size=4),
    st.sampled_from([" ", "   ", "\t", "\n"]),
)


def paragraph(text: str) -> Any:
    """Returns a paragraph; odfpy writes blanks, tabs and breaks as elements."""
    made = odf_text.P()
    addTextToElement(made, text)
    return made


def holding(element: Any, *inside: Any) -> Any:
    for item in inside:
        element.addElement(item, check_grammar=False)
    return element


def with_note(text: str, kind: str, said: str) -> Any:
    """Returns a paragraph with something that hangs on it in the middle."""
    made = paragraph(text)
    if kind == "comment":
        name = dc.Creator()
        addTextToElement(name, "Ada")
        holding(made, holding(odf_office.Annotation(), name, paragraph(said)))
    elif kind == "box":
        box = holding(draw.TextBox(), paragraph(said))
        holding(made, holding(draw.Frame(width="3cm"), box))
    elif kind == "shape":
        holding(made, holding(draw.CustomShape(), paragraph(said)))
    else:
        body = holding(odf_text.NoteBody(), paragraph(said))
        note = odf_text.Note(noteclass=kind)
        holding(made, holding(note, odf_text.NoteCitation(label="1"), body))
    span = odf_text.Span()
    addTextToElement(span, " on")
    return holding(made, span)


def table_of(rows: list[list[Any]]) -> Any:
    made = holding(odf_table.Table(name="T"), odf_table.TableColumn())
    for row in rows:
        line = odf_table.TableRow()
        for inside in row:
            cell = odf_table.TableCell()
            holding(line, holding(cell, *([] if inside is None else [inside])))
        holding(made, line)
    return made


def nested(blocks: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    item = st.lists(blocks, min_size=1, max_size=2).map(
        lambda inside: holding(odf_text.ListItem(), *inside)
    )
    cell = st.one_of(st.none(), blocks)
    row = st.lists(cell, min_size=1, max_size=3)
    return st.one_of(
        st.lists(item, min_size=1, max_size=2).map(
            lambda items: holding(odf_text.List(), *items)
        ),
        st.lists(row, min_size=1, max_size=3).map(table_of),
        st.lists(blocks, max_size=2).map(
            lambda inside: holding(odf_text.Section(name="S"), *inside)
        ),
    )


KINDS = st.sampled_from(["comment", "box", "shape", "footnote", "endnote"])
BLOCKS = st.recursive(
    TEXTS.map(paragraph) | st.builds(with_note, TEXTS, KINDS, TEXTS),
    nested,
    max_leaves=6,
)


def saved(document: Any) -> bytes:
    out = io.BytesIO()
    document.write(out)
    return out.getvalue()


def shown(data: bytes) -> Iterator[str]:
    """Yields what odfpy sees of a file: the paragraphs and headings, each once."""
    body = opendocument.load(io.BytesIO(data)).body
    for kind in (odf_text.P, odf_text.H):
        for element in body.getElementsByType(kind):
            inner = element.getElementsByType(kind)
            whole, inside = extractText(element), "".join(map(extractText, inner))
            yield from (seen([whole]) - seen([inside])).elements()


@office
@given(st.lists(BLOCKS, min_size=1, max_size=4))
def test_a_text_says_all_that_odfpy_sees(blocks: list[Any]) -> None:
    made = opendocument.OpenDocumentText()
    for number, block in enumerate(blocks):
        heading = odf_text.H(outlinelevel=number % 3 + 1)
        addTextToElement(heading, f"Part {number}")
        holding(made.text, heading, block)
    data = saved(made)
    check(data, "odt", seen(shown(data)))


@office
@given(TEXTS, st.lists(BLOCKS, max_size=2), TEXTS)
def test_a_presentation_says_all_that_odfpy_sees(
    title: str, blocks: list[Any], notes: str
) -> None:
    made = opendocument.OpenDocumentPresentation()
    holding(made.automaticstyles, PageLayout(name="L"))
    holding(made.masterstyles, MasterPage(name="M", pagelayoutname="L"))
    page = draw.Page(masterpagename="M")
    frame = draw.Frame(width="3cm")
    frame.setAttrNS(
        "urn:oasis:names:tc:opendocument:xmlns:presentation:1.0", "class", "title"
    )
    holding(page, holding(frame, holding(draw.TextBox(), paragraph(title))))
    for block in blocks:
        box = holding(draw.TextBox(), block)
        group = holding(draw.G(), holding(draw.Frame(width="3cm"), box))
        holding(page, group)
    box = holding(draw.TextBox(), paragraph(notes))
    holding(page, holding(presentation.Notes(), holding(draw.Frame(), box)))
    holding(made.presentation, page)
    data = saved(made)
    check(data, "odp", seen(shown(data)))


CELLS = st.tuples(
    st.one_of(st.just(""), WORDS, TEXTS), st.sampled_from([1, 1, 1, 2, 5])
)


@office
@given(st.lists(st.lists(CELLS, max_size=4), min_size=1, max_size=5), KINDS, TEXTS)
def test_a_workbook_says_all_that_odfpy_sees(
    rows: list[list[tuple[str, int]]], kind: str, hanging: str
) -> None:
    made = opendocument.OpenDocumentSpreadsheet()
    sheet = odf_table.Table(name="S")
    for number, row in enumerate(rows):
        line = odf_table.TableRow(numberrowsrepeated=1 + number % 2)
        for text, times in row:
            cell = odf_table.TableCell(
                numbercolumnsrepeated=times, valuetype="string" if text else None
            )
            if text:
                holding(cell, *map(paragraph, text.split("\n")))
            holding(line, cell)
        holding(line, odf_table.TableCell(numbercolumnsrepeated=16_000 - 20))
        holding(sheet, line)
    cell = odf_table.TableCell(valuetype="string", numbercolumnsspanned=2)
    holding(cell, with_note("Last", kind, hanging))
    line = holding(odf_table.TableRow(), cell, odf_table.CoveredTableCell())
    holding(sheet, line, odf_table.TableRow(numberrowsrepeated=1_048_000))
    holding(made.spreadsheet, sheet)
    wanted = [
        text * times * (1 + number % 2)
        for number, row in enumerate(rows)
        for text, times in row
    ]
    check(saved(made), "ods", seen([*wanted, "Last", hanging, " on"]))
