"""Styles of a Word document: which paragraphs are headings, which stand in lists."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from ragcli.index.documents.loaders.office.packages import below, number, value_of
from ragcli.index.documents.loaders.office.styled_paragraphs import role_of

_HEADING = re.compile(r"heading ?([1-9])", re.IGNORECASE)
_BODY_TEXT = 9
_DEEPEST = 32


class Styles:
    """What the styles of a document say, through those that they are based on.

    Args:
        root: The part with the styles, None when there is none.
    """

    def __init__(self, root: ET.Element | None) -> None:
        self._styles: dict[str, ET.Element] = {}
        self._levels: dict[str, int] = {}
        self._roles: dict[str, str] = {}
        self._default = ""
        for style in () if root is None else root.iter("w:style"):
            if style.get("w:type", "paragraph") != "paragraph":
                continue
            name = style.get("w:styleId", "")
            self._styles[name] = style
            if style.get("w:default") in {"1", "true"}:
                self._default = name

    def heading_level(self, paragraph: ET.Element) -> int:
        """Returns the level of a heading, 1 for a title; 0 for what is none."""
        own = below(paragraph, "w:pPr/w:outlineLvl")
        if own is not None:
            return self._below_title(number(own.get("w:val"), _BODY_TEXT))
        style = self._style_of(paragraph)
        if style not in self._levels:
            self._levels[style] = self._style_level(style)
        return self._levels[style]

    def _style_level(self, style: str) -> int:
        for element in self._chain(style):
            name = value_of(below(element, "w:name")) or element.get("w:styleId", "")
            if name.casefold() == "title":
                return 1
            match = _HEADING.fullmatch(name.strip())
            if match:
                return int(match[1]) + 1
            level = below(element, "w:pPr/w:outlineLvl")
            if level is not None:
                return self._below_title(number(level.get("w:val"), _BODY_TEXT))
        match = _HEADING.fullmatch(style)
        return int(match[1]) + 1 if match and style not in self._styles else 0

    @staticmethod
    def _below_title(level: int) -> int:
        return level + 2 if 0 <= level < _BODY_TEXT else 0

    def list_place(self, paragraph: ET.Element) -> tuple[str, int] | None:
        """Returns number and level of the list that a paragraph is in, or None."""
        holders = [paragraph, *self._chain(self._style_of(paragraph))]
        name, level = "", None
        for holder in holders:
            numbering = below(holder, "w:pPr/w:numPr")
            if numbering is None:
                continue
            depth = below(numbering, "w:ilvl")
            if depth is not None and level is None:
                level = number(depth.get("w:val"))
            name = value_of(below(numbering, "w:numId"))
            if name:
                break
        return (name, level or 0) if name and name != "0" else None

    def is_list(self, paragraph: ET.Element) -> bool:
        """Tells whether a paragraph's style is one of lists that nothing numbers."""
        name = self._style_of(paragraph)
        style = self._styles.get(name)
        shown_name = value_of(below(style, "w:name")) or name
        numbering = below(paragraph, "w:pPr/w:numPr/w:numId")
        return value_of(numbering) != "0" and shown_name.casefold().startswith(
            ("list bullet", "list number", "listbullet", "listnumber")
        )

    def role(self, paragraph: ET.Element) -> str:
        """Returns what is in a paragraph by its style; see `role_of`."""
        style = self._style_of(paragraph)
        if style not in self._roles:
            names = (
                value_of(below(element, "w:name")) for element in self._chain(style)
            )
            self._roles[style] = next(filter(None, map(role_of, names)), "")
        return self._roles[style]

    def _style_of(self, paragraph: ET.Element) -> str:
        return value_of(below(paragraph, "w:pPr/w:pStyle")) or self._default

    def _chain(self, name: str) -> list[ET.Element]:
        """Returns a style and those that it is based on; circles end."""
        chain: list[ET.Element] = []
        while name in self._styles and len(chain) < _DEEPEST:
            style = self._styles[name]
            chain.append(style)
            name = value_of(below(style, "w:basedOn"))
        return chain
