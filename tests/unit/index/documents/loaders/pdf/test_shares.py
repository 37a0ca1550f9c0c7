"""PDF: pages that several processes read come out as if one had read them."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux is sure to fork"),
]

SCRIPT = """
import os, sys
from ragcli.index.documents.content import Content
from ragcli.index.documents.loaders.pdf.document import pdf
from ragcli.index.documents.loaders.pdf import shares
from ragcli.index.documents.loaders.pdf.page_contents import PageReader

shares.WORTHWHILE = 24

def read(helpers):
    content = Content(open(sys.argv[1], "rb").read(), "a.pdf", "pdf")
    content.helpers = helpers
    return pdf(content)

alone = read(0)
assert len({section.page for section in alone.sections}) == 79
assert alone.facts["scanned"] == [40]
for helpers in (1, 3):
    assert read(helpers) == alone
parent, opened, asked = os.getpid(), PageReader.margins, []

def dying(self, numbers):
    if os.getpid() != parent and 65 in numbers:
        os._exit(1)
    if os.getpid() == parent:
        asked.extend(numbers)
    return opened(self, numbers)

PageReader.margins = dying
assert read(1) == alone
assert 1 not in asked  # the helper read it
assert 65 in asked  # and was lost over these
try:
    os.waitpid(-1, os.WNOHANG)
except ChildProcessError:
    print("all ended")
"""


def _picture() -> ImageReader:
    return ImageReader(io.BytesIO(b"P6 8 8 255\n" + bytes(range(192))))


def drawn() -> bytes:
    """Returns 80 pages: headers, a table that goes on, a field, a scan, headings."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4)
    for number in range(80):
        if number == 39:
            canvas.drawImage(_picture(), 0, 0, *A4)
            canvas.showPage()
            continue
        canvas.setFont("Helvetica", 10)
        canvas.drawString(60, 810, "Annual report of the harbour")
        canvas.drawString(280, 30, f"Page {number + 1}")
        canvas.setFont("Helvetica-Bold", 16)
        canvas.drawString(60, 760, f"Chapter {'abcdefgh'[number // 10]}{number}")
        canvas.setFont("Helvetica", 10)
        canvas.drawString(60, 730, f"The text of page {number} is here and goes on.")
        for row in range(5):
            for column, text in enumerate((f"Row {row}", str(row * number), "12.5")):
                canvas.rect(60 + 100 * column, 600 - 20 * row, 100, 20)
                canvas.drawString(64 + 100 * column, 606 - 20 * row, text)
        if number % 7 == 0:
            canvas.acroForm.textfield(name=f"name {number}", x=60, y=400, value="Diaz")
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def test_helpers_change_nothing_not_even_when_one_dies(tmp_path: Path) -> None:
    file = tmp_path / "a.pdf"
    file.write_bytes(drawn())
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.stdout, ended.returncode) == ("all ended\n", 0), ended.stderr
