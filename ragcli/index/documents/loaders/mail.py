"""Mail messages (`.eml`): headers, then the body as text."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage

from ragcli.errors import UnreadableDocument
from ragcli.index.documents import text_structure
from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import (
    Document,
    DocumentBuilder,
    Section,
    TableFacts,
    one_line,
    well_formed,
)
from ragcli.index.documents.loaders.hypertext import page_sections

_HEADERS = ("From", "To", "Cc", "Date", "Subject")


def mail(content: Content) -> Document:
    """Returns a message's subject, its headers and its body.

    Raises:
        UnreadableDocument: The message names a character set that nobody knows.
    """
    message = message_from_bytes(content.data, policy=policy.default)
    subject = one_line(well_formed(str(message.get("Subject", ""))))
    builder = DocumentBuilder()
    for name in _HEADERS:
        if message.get(name):
            builder.field(name, str(message[name]))
    tables: list[TableFacts] = []
    sections = (*builder.document().sections, *_body(message, tables))
    return Document(subject, sections, tuple(tables))


def _body(message: EmailMessage, tables: list[TableFacts]) -> list[Section]:
    body = message.get_body(("plain", "html"))
    if body is None:
        return []
    try:
        text = well_formed(str(body.get_content()))
    except (LookupError, ValueError, KeyError) as error:
        raise UnreadableDocument(f"its body cannot be decoded: {error}") from None
    if body.get_content_subtype() == "html":
        return page_sections(text, tables)[1]
    return [text_structure.section(text, tables)] if text.strip() else []
