"""Formats and errors of the cells of an XLSX file, from its XML.

Of a large sheet that is most of the work: its XML is searched, not parsed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ragcli.index.documents.loaders.office.number_formats import codes_of
from ragcli.index.documents.loaders.office.packages import Package, number
from ragcli.index.documents.loaders.office.workbooks.sheet_facts import Cell, SheetFacts

_CELL = re.compile(rb"<(?:\w+:)?c((?:\s[^<>]*)?)>")
_IS_ERROR = re.compile(rb"\st\s*=\s*[\"']e[\"']")
_ERROR = re.compile(
    rb"\s*(?:<(?:\w+:)?f\b[^<>]*(?:/>|>[^<]*</(?:\w+:)?f>)\s*)?"
    rb"<(?:\w+:)?v\b[^<>]*>(#[^<]{1,20})<"
)
"""A formula, and the error that it comes to."""

_REFERENCE = re.compile(rb"\sr\s*=\s*[\"']([A-Z]{1,3})(\d{1,7})[\"']")
_STYLE = re.compile(rb"\ss\s*=\s*[\"'](\d{1,6})[\"']")


def xlsx_facts(package: Package) -> dict[str, SheetFacts]:
    """Returns the formats and errors of cells that have them, by the sheet's name."""
    book = package.main()
    relations = package.related(book)
    styles = next((r.target for r in relations.values() if r.kind == "styles"), "")
    codes = _codes(package, styles) if styles in package else {}
    facts = {}
    for sheet in package.xml(book).iter("s:sheet"):
        relation = relations.get(sheet.get("r:id", ""))
        if relation and relation.kind == "worksheet" and relation.target in package:
            content = package.read(relation.target)
            facts[sheet.get("name", "")] = _facts(content, codes)
    return facts


def _codes(package: Package, styles: str) -> dict[int, str]:
    """Returns the formats of the styles of cells, by the style's number."""
    root = package.xml(styles)
    own = {
        number(item.get("numFmtId")): item.get("formatCode", "")
        for item in root.iter("s:numFmt")
    }
    styled = next(root.iter("s:cellXfs"), None)
    formats = [] if styled is None else [item.get("numFmtId") for item in styled]
    return codes_of(map(number, formats), own)


def _facts(sheet: bytes, codes: Mapping[int, str]) -> SheetFacts:
    facts = SheetFacts()
    for match in _CELL.finditer(sheet):
        style = _STYLE.search(match[1])
        code = codes.get(int(style[1]), "") if style else ""
        is_error = _IS_ERROR.search(match[1])
        error = _ERROR.match(sheet, match.end()) if is_error else None
        cell = _cell(match[1]) if code or error else None
        if cell and error:
            facts.errors[cell] = error[1].decode("utf-8", "replace")
        elif cell:
            facts.formats[cell] = code
    return facts


def _cell(attributes: bytes) -> Cell | None:
    """Returns where a cell stands, None where it does not say so."""
    reference = _REFERENCE.search(attributes)
    if not reference:
        return None
    column = 0
    for letter in reference[1]:
        column = column * 26 + letter - 64
    return int(reference[2]) - 1, column - 1
