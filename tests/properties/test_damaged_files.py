"""Files of every format that a parser reads, damaged at random: read, or one line."""

from __future__ import annotations

import io
import json
import os
import random
import zipfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from ragcli.errors import UnreadableDocument
from ragcli.index.documents import formats
from ragcli.index.documents.elements import Document
from ragcli.index.documents.loaders.dispatch.load import load
from ragcli.index.documents.loaders.office.compound_files import COMPOUND
from ragcli.index.documents.splitter import split
from tests.make_samples import epub, pdf
from tests.unit.index.documents.conftest import (
    presentation,
    word_document,
    workbook_file,
    zipped,
)
from tests.unit.index.documents.loaders.office.test_embedded import (
    object_in_text,
    word,
)
from tests.unit.index.documents.loaders.office.test_opendocument import packed
from tests.unit.index.documents.loaders.office.workbooks.test_binary_workbooks import (
    MERGED,
    PRICES,
    compound,
    xls,
    xls_stream,
    xlsb,
)
from tests.unit.index.documents.loaders.test_mail import message

__all__ = ["presentation", "word_document", "workbook_file"]

COUNT = 700 if os.environ.get("RAGCLI_THOROUGH") else 12
CHARTED = MERGED._replace(has_chart=True)
TEXT = "A lock keeps two writers apart. It waits ten seconds."
PAGE = f"<html><h1>Locks</h1><p>{TEXT}<ul><li>one<table><tr><td>a<td>b</table></html>"
RTF = rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}\pard\b Locks\b0\par "
NOTE = (
    '<?xml version="1.0"?><en-export><note><title>Locks</title><content><![CDATA['
    f'<?xml version="1.0"?><en-note><div>{TEXT}</div></en-note>]]></content>'
    "<created>20240101T000000Z</created></note></en-export>"
)
ODS = (
    '<table:table table:name="S"><table:table-row><table:table-cell><text:p>a</text:p>'
    "</table:table-cell></table:table-row></table:table>"
)
CONLLU = "# text = A lock\n1\tA\ta\tDET\t_\t_\t2\tdet\t_\t_\n" * 2 + "\n"
NOTEBOOK = {
    "nbformat": 4,
    "metadata": {},
    "cells": [{"cell_type": "markdown", "metadata": {}, "source": ["# Locks\n", TEXT]}],
}


def archived(page: str) -> bytes:
    made = message("Locks")
    made.set_content(page, "html")
    return b"MIME-Version: 1.0\n" + bytes(made)


def mailed() -> bytes:
    made = message("Locks", TEXT)
    made.add_attachment(
        pdf("t", (("One", TEXT),)), "application", "pdf", filename="a.pdf"
    )
    return bytes(made)


@pytest.fixture
def samples(
    word_document: bytes, presentation: bytes, workbook_file: bytes
) -> dict[str, bytes]:
    return {
        "pdf": pdf("Locks", (("One", TEXT), ("Two", TEXT))),
        "docx": word_document,
        "pptx": presentation,
        "xlsx": workbook_file,
        "docm": word(
            object_in_text("o0") + "<w:altChunk r:id='o1'/>",
            {"a.bin": xls(PRICES), "b.html": PAGE.encode()},
        ),
        "xls": xls(PRICES, CHARTED),
        "xlsb": xlsb(PRICES, MERGED),
        "odt": packed("text", f"<text:h>Locks</text:h><text:p>{TEXT}</text:p>"),
        "ods": packed("spreadsheet", ODS),
        "odp": packed(
            "presentation", f"<draw:page><text:p>{TEXT}</text:p></draw:page>"
        ),
        "epub": epub("Locks", (("One", TEXT), ("Two", TEXT))),
        "eml": mailed(),
        "mbox": b"From a@b Thu Jan  1 00:00:00 2026\n" + mailed() + b"\n",
        "rtf": RTF + b"\\trowd\\cellx9 a\\cell\\row " + TEXT.encode() + b"\\'e9}",
        "mhtml": archived(PAGE),
        "enex": NOTE.encode(),
        "conllu": CONLLU.encode(),
        "html": PAGE.encode(),
        "web": PAGE.encode(),
        "ipynb": json.dumps(NOTEBOOK).encode(),
    }  # fmt: skip


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Returns bytes with one to four places changed."""
    out = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(out) + 1)
        length = chance.choice((1, 1, 4, 30, 200))
        piece = out[at : at + length]
        change = chance.randrange(6)
        if change == 0:
            out[at : at + length] = chance.randbytes(len(piece))
        elif change == 1:
            del out[at : at + length]
        elif change == 2:
            out[at:at] = piece * chance.choice((1, 3, 200))
        elif change == 3:
            del out[at:]
        elif change == 4:
            number = chance.choice(
                (b"-1", b"0", b"9" * 20, b"1e999", b"\xff\xfe", b"\0")
            )
            out[at : at + len(number)] = number
        else:
            other = chance.randrange(len(out) + 1)
            out[at:at] = out[other : other + length]
    return bytes(out)


def inside(data: bytes, chance: random.Random) -> bytes:
    """Returns an archive with one member damaged, so that its parser gets to see it."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = chance.choice([name for name, content in members.items() if content])
    return zipped({**members, name: damaged(members[name], chance)})


def made_of(sample: bytes, chance: random.Random) -> bytes:
    if sample.startswith(COMPOUND) and chance.random() < 0.8:
        return compound(damaged(xls_stream(PRICES, CHARTED), chance))
    change: Callable[[bytes, random.Random], bytes] = damaged
    if zipfile.is_zipfile(io.BytesIO(sample)) and chance.random() < 0.8:
        change = inside
    return change(sample, chance)


def check(path: Path, data: bytes) -> bool:
    """Checks what becomes of a file; tells whether it was read."""
    try:
        document = load(path, data)
    except UnreadableDocument as error:
        message = error.message
    else:
        return is_sound(document)
    assert "\n" not in message
    assert len(message) < 500
    return False


def is_sound(document: Document) -> bool:
    """Checks that elements are spans of their sections, and that it can be split."""
    for section in document.sections:
        for element in section.elements:
            assert 0 <= element.start <= element.end <= len(section.text)
            assert element.table < len(document.tables)
    for chunk in split(document, size=1000, overlap=100):
        chunk.text.encode()
    return True


def test_every_format_with_a_parser_has_a_sample(samples: dict[str, bytes]) -> None:
    unmade = {"msg"}  # nothing here writes these; noise is tried below
    parsed = {item.name for item in formats.FORMATS if item.isolated}
    assert parsed - unmade <= set(samples)


@pytest.mark.timeout(3600 if COUNT > 100 else 120)
def test_a_damaged_file_is_read_or_told_in_a_line(samples: dict[str, bytes]) -> None:
    if find_spec("html2text") is None:  # which only notes of Evernote need
        del samples["enex"]
    for suffix, sample in samples.items():
        chance = random.Random(suffix)
        path = Path(f"/nowhere/file.{suffix}")
        assert check(path, sample), suffix
        for number in range(COUNT):
            data = made_of(sample, chance)
            try:
                check(path, data)
            except Exception as error:
                raise AssertionError(f"{suffix} {number}: {data[:200]!r}") from error
    for suffix in ("xls", "xlsb", "msg"):
        magic = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" if suffix != "xlsb" else b"PK\3\4"
        for number in range(COUNT):
            noise = magic + random.Random(number).randbytes(2000)
            assert not check(Path(f"file.{suffix}"), noise)


def test_a_file_under_the_name_of_another_format_is_read_or_told_in_a_line(
    samples: dict[str, bytes],
) -> None:
    del samples["enex"]  # which needs a library that only it needs
    names = ("docx", "ods", "epub", "pdf", "rtf", "html", "eml")
    strangers = {name: samples[name] for name in names}
    strangers |= {"zeros": b"\0" * 99, "archive": zipped({"a.txt": TEXT})}
    suffixes = [suffix for suffix in samples if suffix != "web"]  # of addresses alone
    for suffix in (*suffixes, "msg", "md", "csv", "json", "1"):
        for name, data in strangers.items():
            try:
                check(Path(f"/nowhere/file.{suffix}"), data)
            except Exception as error:
                raise AssertionError(f"{name} as {suffix}") from error
