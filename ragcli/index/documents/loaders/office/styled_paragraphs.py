"""What the styles of a text processor say of paragraphs besides headings and lists.

Lines of code stand in paragraphs of their own or in one, a term above what it means,
a caption above its table.
"""

from __future__ import annotations

import re

from ragcli.index.documents.elements import DocumentBuilder

_ROLES = {
    **dict.fromkeys(
        ("source code", "sourcecode", "preformatted text", "html preformatted",
         "code", "code block", "verbatim"),
        "code",
    ),
    **dict.fromkeys(
        ("definition term", "definition term tight", "list heading"), "term"
    ),
    **dict.fromkeys(
        ("definition", "definition definition", "definition definition tight",
         "list contents"),
        "meaning",
    ),
    **dict.fromkeys(("caption", "table caption", "tablecaption", "table"), "caption"),
    **dict.fromkeys(("image caption", "figure caption", "figurecaption",
                     "illustration", "figure", "drawing"), "figure"),
}  # fmt: skip
"""Names of styles, as programs write them in every language → what is in them."""

_OF_PICTURE = re.compile(r"(?:fig|abb|image|bild|chart|photo)", re.IGNORECASE)
_LONGEST_VALUE = 600
"""Characters of what a term means; a longer text is a paragraph."""


def role_of(style: str) -> str:
    """Returns what is in paragraphs of a style: `code`, `term`, `meaning`, `caption`.

    Args:
        style: Its name; "" is returned where it tells nothing, `figure` where it is
            the caption of a picture.
    """
    return _ROLES.get(style.replace("_20_", " ").casefold().strip(), "")


class StyledParagraphs:
    """Holds paragraphs back that belong to what follows them.

    Args:
        builder: The document that they go to.
    """

    def __init__(self, builder: DocumentBuilder) -> None:
        self._builder = builder
        self._code: list[str] = []
        self._term = ""
        self._caption = ""

    def take(self, role: str, text: str) -> bool:
        """Takes a paragraph, and tells whether nothing is left to be done with it.

        Args:
            role: What `role_of` says of its style.
            text: What it says.
        """
        if not text.strip() and role != "code":
            return False
        if role == "code":
            self._end_words()
            self._code.append(text)
            return True
        if role == "meaning" and self._term and len(text) <= _LONGEST_VALUE:
            term, self._term = self._term, ""
            self._builder.field(term, text)
            return True
        self.end()
        if role == "term":
            self._term = text.strip()
        elif role == "caption" and not _OF_PICTURE.match(text):
            self._caption = text.strip()
        return bool(self._term or self._caption)

    def caption(self) -> str:
        """Returns the caption of the table that begins now, "" for none."""
        caption, self._caption = self._caption, ""
        self.end()
        return caption

    def end(self) -> None:
        """Adds what is held back."""
        self._end_words()
        code, self._code = self._code, []
        if any(map(str.strip, code)):
            self._builder.code("\n".join(code))

    def _end_words(self) -> None:
        for words in filter(None, (self._term, self._caption)):
            self._builder.paragraph(words)
        self._term = self._caption = ""
