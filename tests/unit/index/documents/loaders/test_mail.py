"""Mail: all parts decoded, attachments documents of their own, mailboxes."""

from __future__ import annotations

import io
import random
from email.message import EmailMessage

import pytest
from reportlab.pdfgen.canvas import Canvas

from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import Document
from ragcli.index.documents.loaders.dispatch import inner_documents
from ragcli.index.documents.loaders.mail import mail, mailbox


def message(subject: str = "Offer", body: str = "Kept short.") -> EmailMessage:
    made = EmailMessage()
    made["From"] = "Zoë <z@example.org>"
    made["To"] = "b@example.org"
    made["Date"] = "Wed, 05 Nov 2025 10:00:00 +0100"
    made["Subject"] = subject
    made.set_content(body)
    return made


def read(made: EmailMessage, name: str = "offer.eml") -> Document:
    return mail(Content(bytes(made), name, "eml"))


def texts(document: Document) -> list[tuple[tuple[str, ...], str]]:
    return [(section.heading, section.text) for section in document.sections]


def test_headers_are_fields() -> None:
    [head, body] = read(message("Schlüssel für das Archiv")).sections
    assert [element.cells for element in head.elements] == [
        ("From", "Zoë <z@example.org>"),
        ("To", "b@example.org"),
        ("Date", "Wed, 05 Nov 2025 10:00:00 +0100"),
        ("Subject", "Schlüssel für das Archiv"),
    ]
    assert body.text.strip() == "Kept short."


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-15", "koi8-r", "shift_jis"])
@pytest.mark.parametrize("transfer", ["quoted-printable", "base64"])
def test_bodies_are_decoded(charset: str, transfer: str) -> None:
    text = {"koi8-r": "Привет, мир", "shift_jis": "図書室の鍵"}.get(
        charset, "Büro 214 €"
    )
    made = EmailMessage()
    made.set_content(text, charset=charset, cte=transfer)
    assert read(made).sections[0].text.strip() == text


def test_plain_text_is_preferred_and_a_page_is_read_as_one() -> None:
    made = message()
    made.add_alternative("<p>Kept <b>long</b>.</p>", subtype="html")
    assert [text.strip() for _, text in texts(read(made))][1:] == ["Kept short."]
    page = EmailMessage()
    page.set_content("<table><tr><td>Price</td><td>14.20</td></tr></table>", "html")
    [section] = read(page).sections
    assert section.elements[0].cells == ("Price", "14.20")


def a_pdf(text: str) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out)
    canvas.drawString(60, 700, text)
    canvas.save()
    return out.getvalue()


def test_attachments_are_documents_of_their_own() -> None:
    made = message()
    made.add_attachment(
        "code,price\nA1,14.20\nB2,9.00\n", subtype="csv", filename="price.csv"
    )
    made.add_attachment(
        a_pdf("The pump costs ninety."),
        maintype="application",
        subtype="pdf",
        filename="pump.pdf",
    )
    made.add_attachment(
        b"\x89PNG\r\n", maintype="image", subtype="png", filename="a.png"
    )
    document = read(made)
    by_part = {section.part: section for section in document.sections}
    assert "14.20" in by_part["price.csv"].text
    assert by_part["price.csv"].first_line == 1
    assert by_part["pump.pdf"].text == "The pump costs ninety."
    assert by_part["pump.pdf"].page == 1
    assert by_part[""].text.strip() == "Kept short."
    assert by_part[""].first_line is None
    [notice] = document.facts["notices"]
    assert notice.startswith("not read: a.png")


def test_a_message_in_a_message_stands_under_its_subject() -> None:
    made = message("Fwd: Offer")
    made.add_attachment(message("Offer", "The inner words."))
    assert ("The inner words.") in [
        text.strip() for heading, text in texts(read(made)) if heading == ("Offer",)
    ]


def test_parts_inside_parts_are_named_from_the_outside_in() -> None:
    inner = message("Offer", "The inner words.")
    inner.add_attachment("a,b\n1,2\n", subtype="csv", filename="c.csv")
    made = message("Fwd")
    made.add_attachment(
        bytes(inner), maintype="application", subtype="octet-stream", filename="b.eml"
    )
    made.add_attachment(inner)
    parts = {section.part for section in read(made).sections}
    assert parts == {"", "b.eml", "b.eml!c.csv", "Offer.eml", "Offer.eml!c.csv"}


def test_names_of_attachments_are_labels_of_their_own() -> None:
    made = message()
    names = ["../../etc/pass!wd.txt", "a\x1b[31m.txt", "same.txt", "same.txt", ".."]
    for at, name in enumerate(names):
        made.add_attachment(f"Text {at}.", filename=name)
    parts = [section.part for section in read(made).sections if section.part]
    assert parts == ["pass!wd.txt", "a\x1b[31m.txt", "same.txt", "same (2).txt", ".."]


def test_mail_attached_as_any_file_ends_somewhere_too() -> None:
    made = message("0")
    for number in range(1, 9):
        outer = message(str(number))
        outer.add_attachment(
            bytes(made), maintype="application", subtype="x", filename=f"{number}.eml"
        )
        made = outer
    document = read(made)
    assert max(section.part.count("!") for section in document.sections) == 3
    assert "too deep inside other documents" in document.facts["notices"][0]


def test_messages_in_messages_end_somewhere() -> None:
    made = message("0")
    for number in range(1, 12):
        outer = message(str(number))
        outer.add_attachment(made)
        made = outer
    document = read(made)
    assert len(document.sections) < 30
    assert "too deep inside other documents" in document.facts["notices"][0]


def test_a_large_or_damaged_attachment_costs_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inner_documents, "LARGEST_INSIDE", 1000)
    made = message()
    made.add_attachment("x" * 2000, filename="long.txt")
    made.add_attachment(
        b"%PDF-nothing", maintype="application", subtype="pdf", filename="b.pdf"
    )
    document = read(made)
    assert "Kept short." in [text.strip() for _, text in texts(document)]
    [notice] = document.facts["notices"]
    assert "long.txt (larger than" in notice
    assert "b.pdf" in notice


def test_a_mailbox_is_read_message_by_message() -> None:
    made = [
        message("First", "One.\n\n>From here on.\nFrom there."),
        message("Second", "Two."),
    ]
    box = b"".join(
        b"From z Wed Nov  5 10:00:00 2025\n" + bytes(item) + b"\n" for item in made
    )
    document = mailbox(Content(box, "a.mbox", "mbox"))
    assert [heading for heading, _ in texts(document)] == [
        ("First",), ("First",), ("Second",), ("Second",),
    ]  # fmt: skip
    assert "From there." in texts(document)[1][1]
    assert "Two." in texts(document)[3][1]


@pytest.mark.parametrize("seed", range(15))
@pytest.mark.parametrize("name", ["a.eml", "a.mbox"])
def test_damaged_mail_is_read(seed: int, name: str) -> None:
    rng = random.Random(seed)
    made = message("Schlüssel", "Größe")
    made.add_alternative("<p>Größe</p>", subtype="html")
    made.add_attachment("a,b\n1,2\n", subtype="csv", filename="a.csv")
    data = bytearray(b"From z\n" + bytes(made) if name == "a.mbox" else bytes(made))
    for _ in range(rng.randrange(1, 60)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    read_one = mailbox if name == "a.mbox" else mail
    content = Content(bytes(data), name, name[2:])
    assert read_one(content) == read_one(content)
