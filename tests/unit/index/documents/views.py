"""What tests look at of a document: its elements, as texts and as cells."""

from __future__ import annotations

from ragcli.index.documents.elements import Document


def elements(document: Document) -> list[tuple[str, str]]:
    """Returns kind and text of each element."""
    return [
        (element.kind, section.text[element.start : element.end])
        for section in document.sections
        for element in section.elements
    ]


def contents(document: Document) -> list[tuple[str, str | tuple[str, ...]]]:
    """Returns kind and cells of each element; its text where it has no cells."""
    return [
        (element.kind, element.cells or section.text[element.start : element.end])
        for section in document.sections
        for element in section.elements
    ]


def spoken(document: Document) -> list[tuple[str, str]]:
    """Returns each element's kind, and what it says: cells, else its text."""
    return [
        (
            item.kind,
            " | ".join(item.cells) or section.text[item.start : item.end].rstrip(),
        )
        for section in document.sections
        for item in section.elements
    ]


def cells(document: Document, kind: str) -> list[tuple[str, ...]]:
    """Returns the cells of each element of a kind: `row`, `field`."""
    return [
        element.cells
        for section in document.sections
        for element in section.elements
        if element.kind == kind
    ]


def rows(document: Document) -> list[tuple[str, ...]]:
    return cells(document, "row")


def fields(document: Document) -> list[tuple[str, ...]]:
    return cells(document, "field")
