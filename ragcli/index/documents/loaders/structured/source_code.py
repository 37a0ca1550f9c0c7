"""Source code: one section, cut later where its definitions begin and end."""

from __future__ import annotations

from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import Document, Element, Section


def code(content: Content) -> Document:
    """Returns the file's text as one element of code."""
    text = content.text
    if not text.strip():
        return Document()
    return Document("", (Section(text, (), None, 1, (Element("code", 0, len(text)),)),))
