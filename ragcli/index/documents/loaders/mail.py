"""Mail: messages (`.eml`) and mailboxes (`.mbox`), with all that is attached.

A message's headers are fields, its body is text or a page, and each attachment is a
document of its own, read by the loader of its format: a part that is named. So is a
message that is attached.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage, Message

from ragcli.errors import UnreadableDocument
from ragcli.index.documents import text_structure
from ragcli.index.documents.content import Content, decode, with_newlines
from ragcli.index.documents.elements import (
    Document,
    DocumentBuilder,
    TableFacts,
    one_line,
    well_formed,
)
from ragcli.index.documents.loaders.dispatch.inner_documents import InnerDocuments
from ragcli.index.documents.loaders.markup.hypertext import add_page, declared_text
from ragcli.paths import PART_MARK

_HEADERS = ("From", "To", "Cc", "Reply-To", "Date", "Subject")
_FIELD_LIMIT = 2000

MOST_PARTS = 500
"""Parts of one message that are looked at."""

MOST_MESSAGES = 20_000
"""Messages of a mailbox that are read."""

_FROM_LINE = re.compile(rb"^From [^\r\n]*\r?\n", re.MULTILINE)
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)
_SEPARATOR = re.compile(rb"\r?\n\r?\n$|\A\Z")


def mail(content: Content) -> Document:
    """Reads a message.

    Raises:
        UnreadableDocument: There is neither a header nor a body in it.
    """
    builder = DocumentBuilder()
    reader = _MailReader(builder, content)
    message = _parsed(content.data)
    reader.read(message)
    reader.inner.tell()
    builder.title = _subject(message)
    return builder.document()


def mailbox(content: Content) -> Document:
    """Reads the messages of a mailbox, each under its subject."""
    builder = DocumentBuilder()
    reader = _MailReader(builder, content)
    for count, data in enumerate(_messages(content.data)):
        if count == MOST_MESSAGES:
            reader.inner.leave(f"messages after the first {MOST_MESSAGES:,}")
            break
        message = _parsed(data)
        reader.read(message, (_subject(message) or f"Message {count + 1}",))
    reader.inner.tell()
    builder.title = ""
    return builder.document()


def _parsed(data: bytes) -> EmailMessage:
    return message_from_bytes(data, policy=policy.default)


def _messages(data: bytes) -> Iterator[bytes]:
    """Yields the messages between lines that begin with `From ` after a blank one."""
    start = 0
    for match in _FROM_LINE.finditer(data):
        if not _SEPARATOR.search(data[max(0, match.start() - 4) : match.start()]):
            continue
        if data[start : match.start()].strip():
            yield _QUOTED_FROM.sub(rb"\1", data[start : match.start()])
        start = match.end()
    if data[start:].strip():
        yield _QUOTED_FROM.sub(rb"\1", data[start:])


def _header(message: Message, name: str) -> str:
    """Returns a header decoded, "" where there is none or it is beyond reading."""
    try:
        value = message.get(name)
    except (ValueError, TypeError, LookupError, IndexError, AttributeError):
        return ""
    return well_formed(str(value))[:_FIELD_LIMIT] if value else ""


def _subject(message: Message) -> str:
    return one_line(_header(message, "Subject"))


class _MailReader:
    """Adds messages to a document.

    Args:
        builder: The document.
        content: What is read.
    """

    def __init__(self, builder: DocumentBuilder, content: Content) -> None:
        self._builder = builder
        self.inner = InnerDocuments(builder, content)

    def read(
        self,
        message: EmailMessage,
        above: tuple[str, ...] = (),
        inside: tuple[str, ...] = (),
    ) -> None:
        """Adds a message.

        Args:
            message: The message.
            above: The headings that it stands under.
            inside: The names of the messages that it is attached to, and its own.
        """
        part = DocumentBuilder()
        for name in _HEADERS:
            if value := _header(message, name):
                part.field(name, value)
        attached = _add_body(part, message)
        if not self.inner.admits(len(attached), "attachments"):
            attached = []
        self._builder.include(part.document(), *above, part=PART_MARK.join(inside))
        for item in attached:
            self._add_attachment(item, above, inside)

    def _add_attachment(
        self, item: Message, above: tuple[str, ...], inside: tuple[str, ...]
    ) -> None:
        name = _name(item)
        if item.get_content_maintype() != "message":
            self.inner.add(name, _bytes(item), above=above, inside=inside)
            return
        if self.inner.is_too_deep(name, inside):
            return
        payload = item.get_payload()
        message = payload[0] if isinstance(payload, list) and payload else None
        if isinstance(message, EmailMessage):
            subject = _subject(message)
            name = _file_name(item) or f"{subject}.eml"
            name = self.inner.named(name, "eml", inside)
            self.read(message, (*above, subject), (*inside, name))


def _add_body(builder: DocumentBuilder, message: EmailMessage) -> list[Message]:
    """Adds the text of a message, and returns the parts that are documents."""
    attached: list[Message] = []
    waiting: list[Message] = [message]
    count = 0
    while waiting and count < MOST_PARTS:
        part = waiting.pop(0)
        count += 1
        kind = part.get_content_type()
        if kind == "multipart/alternative":
            best = _preferred(part)
            waiting = [best, *waiting] if best is not None else waiting
        elif part.get_content_maintype() == "multipart":
            waiting = [*_inside(part), *waiting]
        elif _is_attached(part):
            attached.append(part)
        elif kind == "text/html":
            _add_html(builder, part)
        elif part.get_content_maintype() == "text":
            _add_text(builder, part)
        elif part.get_filename():
            attached.append(part)
    return attached


def _preferred(part: Message) -> Message | None:
    """Returns the plain text of several alternatives, else the last that is read."""
    inside = _inside(part)
    for wanted in ("text/plain", "text/html"):
        for item in inside:
            if item.get_content_type() == wanted and _bytes(item).strip():
                return item
    return inside[-1] if inside else None


def _inside(part: Message) -> list[Message]:
    payload = part.get_payload()
    if isinstance(payload, list):
        return [item for item in payload if isinstance(item, Message)]
    return []


def _is_attached(part: Message) -> bool:
    if part.get_content_maintype() == "message":
        return part.is_multipart()
    return part.get_content_disposition() == "attachment"


def _name(part: Message) -> str:
    """Returns the file name of an attachment, or one for it."""
    return _file_name(part) or f"attachment.{part.get_content_subtype()}"


def _file_name(part: Message) -> str:
    """Returns the file name of an attachment without directories, "" without one."""
    try:
        name = part.get_filename() or ""
    except (ValueError, TypeError, LookupError, AttributeError):
        name = ""
    return one_line(well_formed(name).replace("\\", "/").rpartition("/")[2])


def _bytes(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _text(part: Message) -> str:
    """Returns the text of a part by the character set that it names, or its own."""
    data = _bytes(part)
    named = part.get_content_charset() or ""
    if named and named not in {"utf-8", "us-ascii"}:
        try:
            return with_newlines(well_formed(data.decode(named, "replace")))
        except (LookupError, ValueError):
            pass
    if part.get_content_type() == "text/html" and not named:
        declared = declared_text(data)
        if declared is not None:
            return with_newlines(declared)
    try:
        return decode(data)[0]
    except UnreadableDocument:
        return with_newlines(data.decode("latin-1"))


def _add_html(builder: DocumentBuilder, part: Message) -> None:
    page = DocumentBuilder()
    add_page(page, _text(part))
    builder.include(page.document())


def _add_text(builder: DocumentBuilder, part: Message) -> None:
    text = well_formed(_text(part))
    if text.strip():
        tables: list[TableFacts] = []
        section = text_structure.section(text, tables)
        builder.include(Document("", (section,), tuple(tables)))
