"""Mail messages (`.eml`): headers, then the body as text."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage

from ragcli.errors import UnreadableDocument
from ragcli.index.documents.loaders.hypertext import html
from ragcli.index.documents.loaders.parts import Part, one_line, well_formed

_HEADERS = ("From", "To", "Cc", "Date", "Subject")


def mail(data: bytes) -> tuple[str, list[Part]]:
    """Returns a message's subject, its headers and its body.

    Raises:
        UnreadableDocument: The message names a character set that nobody knows.
    """
    message = message_from_bytes(data, policy=policy.default)
    subject = one_line(well_formed(str(message.get("Subject", ""))))
    lines = [f"{name}: {message[name]}" for name in _HEADERS if message.get(name)]
    parts = [Part(well_formed("\n".join(lines)), kind="table")] if lines else []
    return subject, parts + _body(message)


def _body(message: EmailMessage) -> list[Part]:
    body = message.get_body(("plain", "html"))
    if body is None:
        return []
    try:
        content = well_formed(str(body.get_content()))
    except (LookupError, ValueError, KeyError) as error:
        raise UnreadableDocument(f"its body cannot be decoded: {error}") from None
    if body.get_content_subtype() == "html":
        return html(content)[1]
    return [Part(content)] if content.strip() else []
