"""What drawings say in office documents: their text, tables, charts and diagrams."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from ragcli.index.documents.elements import DocumentBuilder, flat
from ragcli.index.documents.loaders.office.packages import Package, below, words


def text_of(paragraph: ET.Element) -> str:
    """Returns the text of an `a:p`, line breaks and fields with it."""
    pieces = []
    for element in paragraph.iter():
        if element.tag in {"a:t", "m:t"}:
            pieces.append(element.text or "")
        elif element.tag == "a:br":
            pieces.append("\n")
        elif element.tag == "a:tab":
            pieces.append("\t")
    return "".join(pieces)


def paragraphs(body: ET.Element) -> Iterator[str]:
    """Yields the paragraphs that hold text in a shape's or cell's text."""
    for paragraph in body.iter("a:p"):
        text = text_of(paragraph)
        if text.strip():
            yield text


def add_chart(builder: DocumentBuilder, root: ET.Element) -> None:
    """Adds a chart as a table: a row a category, a column a series."""
    titles = [" ".join(map(flat, paragraphs(title))) for title in root.iter("c:title")]
    caption = ", ".join(filter(None, titles))
    names: list[str] = []
    columns: list[dict[int, str]] = []
    categories: dict[int, str] = {}
    for count, series in enumerate(root.iter("c:ser"), 1):
        name = "".join(words(value) for value in _values(below(series, "c:tx"), "c:v"))
        names.append(name or f"Series {count}")
        for kind in ("c:cat", "c:xVal"):
            for at, label in _points(below(series, kind)):
                categories.setdefault(at, label)
        values = below(series, "c:val")
        columns.append(
            dict(_points(below(series, "c:yVal") if values is None else values))
        )
    if not columns:
        if caption:
            builder.figure(caption)
        return
    rows = [
        [categories.get(at, ""), *(column.get(at, "") for column in columns)]
        for at in sorted(set(categories).union(*columns))
    ]
    builder.table(("", *names), rows, caption=caption)


def _values(element: ET.Element | None, name: str) -> Iterator[ET.Element]:
    return iter(()) if element is None else element.iter(name)


def _points(element: ET.Element | None) -> Iterator[tuple[int, str]]:
    """Yields number and value of the points that a chart keeps; groups first."""
    if element is None:
        return
    levels = list(element.iter("c:lvl")) or [element]
    labels: dict[int, str] = {}
    for level in levels:
        for at, point in enumerate(level.iter("c:pt")):
            given = point.get("idx", "")
            index = int(given) if given.isdigit() and len(given) < 7 else at
            value = _rounded(flat(words(below(point, "c:v"))))
            labels[index] = f"{value} {labels[index]}" if index in labels else value
    yield from labels.items()


def _rounded(value: str) -> str:
    """Returns a number without the noise of its binary digits, else the text."""
    from ragcli.index.documents.loaders.office.number_formats import plain

    try:
        return plain(float(value)) if len(value) > 12 else value
    except ValueError:
        return value


def add_diagram(builder: DocumentBuilder, root: ET.Element) -> None:
    """Adds the texts of a SmartArt diagram, a point each."""
    for point in root.iter("dgm:pt"):
        text = "\n".join(paragraphs(point))
        if text:
            builder.item(text)


def add_related(builder: DocumentBuilder, package: Package, part: str) -> None:
    """Adds the charts and diagrams that a part of a package refers to."""
    for relation in package.related(part).values():
        if relation.target not in package:
            continue
        if relation.kind == "chart":
            add_chart(builder, package.xml(relation.target))
        elif relation.kind == "diagramData":
            add_diagram(builder, package.xml(relation.target))
