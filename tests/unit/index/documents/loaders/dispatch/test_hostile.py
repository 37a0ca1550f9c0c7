"""Documents made to hurt: one line each, in bounded time, and the next is read."""

from __future__ import annotations

import json
import os
import random
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from ragcli.errors import UnreadableDocument
from ragcli.index.documents.loaders.dispatch import isolation
from ragcli.index.documents.loaders.dispatch.isolation import Worker
from ragcli.index.documents.loaders.dispatch.load import load
from ragcli.index.documents.splitter import split
from tests.make_samples import pdf
from tests.unit.index.documents.conftest import Load, zipped

SOUND = pdf("t", (("One", "Still alive."),))


def process_of(worker: Worker) -> subprocess.Popen[bytes]:
    process = worker.process
    assert process is not None
    return process


def refusal(loaded: Load, name: str, content: str | bytes) -> str:
    """Returns the one line that a document is refused with."""
    with pytest.raises(UnreadableDocument) as caught:
        loaded(name, content)
    message = caught.value.message
    assert name in message
    assert "\n" not in message
    return message


def pages_of(worker: Worker) -> str:
    return worker.load(SOUND, "a.pdf", "pdf").sections[0].text


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker(cpu_limit=1, wall_limit=60)
    yield worker
    worker.close()


def bomb(inflated: int) -> bytes:
    """Returns a PDF whose one page inflates to so many bytes of text."""
    packed = zlib.compressobj(9)
    block = b"BT /F1 9 Tf (a) Tj ET " * (1 << 16)
    stream = b"".join(packed.compress(block) for _ in range(inflated // len(block)))
    stream += packed.flush()
    text = SOUND.decode("latin-1")
    start, end = text.index("<< /Length"), text.index("endstream")
    head = f"<< /Length {len(stream)} /Filter /FlateDecode >>\nstream\n"
    body = text[:start] + head + stream.decode("latin-1") + "\n" + text[end:]
    return body.encode("latin-1")


@pytest.mark.parametrize("suffix", ["md", "txt", "pdf", "docx", "epub", "json", "html"])
def test_an_empty_file(loaded: Load, suffix: str) -> None:
    assert refusal(loaded, f"a.{suffix}", b"").endswith("empty")


@pytest.mark.parametrize(
    "suffix", ["pdf", "docx", "pptx", "epub", "odt", "rtf", "enex", "ipynb"]
)
@pytest.mark.parametrize(
    "content",
    [b"\0" * 100, b"no such format", random.Random(1).randbytes(4000)],
    ids=["zeros", "words", "noise"],
)
def test_a_file_that_is_not_what_its_name_says(
    loaded: Load, suffix: str, content: bytes
) -> None:
    refusal(loaded, f"a.{suffix}", content)
    assert loaded("b.pdf", SOUND).sections


@pytest.mark.parametrize("content", [b"\0\0\0", b"text\0text", b"\x7fELF\x02\0"])
def test_bytes_that_are_no_text(loaded: Load, content: bytes) -> None:
    assert "binary" in refusal(loaded, "a.md", content)


def test_a_late_nul_stays_as_it_is(loaded: Load) -> None:
    text = "word " * 3000 + "\0 end"
    chunks = split(loaded("a.md", text), size=1000, overlap=0)
    assert chunks[-1].text.endswith("\0 end")


def test_a_file_of_white_space_has_no_text(loaded: Load) -> None:
    assert "no text" in refusal(loaded, "a.md", " \n\t\n" * 1000)


@pytest.mark.slow
def test_an_archive_that_unpacks_to_too_much(loaded: Load) -> None:
    zeros = b"\0" * (64 << 20)
    members = {f"word/{n}.xml": zeros for n in range(2)}
    assert "bomb" in refusal(loaded, "a.docx", zipped(members))
    assert "bomb" in refusal(loaded, "a.epub", zipped(members))


@pytest.mark.slow
def test_an_archive_with_too_many_members(loaded: Load) -> None:
    members = {f"{n}.xml": b"" for n in range(20_001)}
    assert "bomb" in refusal(loaded, "a.odt", zipped(members))


def test_xml_entities_are_refused(loaded: Load) -> None:
    content = '<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;">]><a>&c;</a>'
    assert "entities" in refusal(loaded, "a.odt", zipped({"content.xml": content}))


def test_a_deep_xml_is_read_or_refused(loaded: Load) -> None:
    content = "<a>" * 100_000 + "x" + "</a>" * 100_000
    refusal(loaded, "a.odt", zipped({"content.xml": content}))
    assert loaded("b.pdf", SOUND).sections


@pytest.mark.slow
def test_a_pdf_that_inflates_too_far(worker: Worker) -> None:
    with pytest.raises(UnreadableDocument):
        worker.load(bomb(120 << 20), "a.pdf", "pdf")
    assert "Still alive." in pages_of(worker)


@pytest.mark.slow
def test_a_document_that_takes_too_long_to_compute(worker: Worker) -> None:
    with pytest.raises(UnreadableDocument, match="too large to read as PDF in 1 s"):
        worker.load(bomb(48 << 20), "a.pdf", "pdf")
    assert "Still alive." in pages_of(worker)


def test_a_document_that_takes_too_long_altogether() -> None:
    worker = Worker(wall_limit=0.0)
    with pytest.raises(UnreadableDocument, match="as PDF in 0 s"):
        worker.load(SOUND, "a.pdf", "pdf")
    worker.close()


@pytest.mark.slow
def test_a_worker_that_dies_is_replaced(worker: Worker) -> None:
    assert "Still alive." in pages_of(worker)
    first = process_of(worker)
    first.kill()
    first.wait()
    assert "Still alive." in pages_of(worker)
    assert process_of(worker).pid != first.pid


@pytest.mark.slow
def test_an_interrupted_exchange_does_not_answer_the_next(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(isolation, "read_answer", interrupted)
        with pytest.raises(KeyboardInterrupt):
            worker.load(pdf("t", (("One", "Other."),)), "a.pdf", "pdf")
    assert "Still alive." in pages_of(worker)


@pytest.mark.slow
def test_the_worker_is_bounded(worker: Worker) -> None:
    pages_of(worker)
    limits = Path(f"/proc/{process_of(worker).pid}/limits")
    if not limits.exists():
        pytest.skip("needs /proc")
    lines = limits.read_text().splitlines()
    told = {line[:26].strip(): line[26:].split() for line in lines}
    assert told["Max address space"][0] == str(2 << 30)
    assert int(told["Max cpu time"][0]) < 10


@pytest.mark.slow
def test_a_worker_has_a_session_of_its_own(worker: Worker) -> None:
    pages_of(worker)
    assert os.getsid(process_of(worker).pid) == process_of(worker).pid


@pytest.mark.slow
@pytest.mark.timeout(40)  # each takes a tenth of a second; time squared, minutes
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.html", "<div>" * 50_000 + "word"),
        ("a.html", "<b " * 50_000 + "word"),
        ("a.html", "<!--" * 50_000 + "--> word"),
        ("a.html", "<svg>" * 12_500 + "</svg>" * 12_500 + "word"),
        ("a.html", "<table><tr><td>" * 12_500 + "word"),
        ("a.html", "word" + "&#xd800;" * 12_500),
        ("a.json", "[" * 50_000 + "1" + "]" * 50_000),
        ("a.md", "#" * 125_000 + " word"),
        ("a.md", "# word" + " #" * 75_000),
        ("a.md", "[" * 75_000 + "word"),
        ("a.md", "# " + "[" * 75_000 + "word"),
        ("a.md", "word\n" + "```\n" * 50_000),
        ("a.md", "> " * 75_000 + "word"),
        ("a.md", "---\n" * 50_000 + "word"),
        ("a.md", "word\n---\n" * 25_000),
        ("a.md", "- " * 75_000 + "word"),
        ("a.md", "|" * 75_000 + "\n" + "|-" * 50_000 + "\nword"),
        ("a.txt", "word" * 250_000),
        ("a.txt", "word " * 125_000),
        ("a.txt", "a.b." * 125_000 + "word"),
        ("a.txt", "word" + "\n \t" * 125_000),
        ("a.txt", "文字" * 125_000 + "word"),
        ("a.rst", "=" * 125_000 + "\nword\n" + "=" * 125_000),
        ("a.rst", "word\n====\n" * 25_000),
        ("a.py", "class word:\n" * 25_000),
        ("a.py", "".join(" " * n + "def word():\n" for n in range(1500))),
        ("a.py", "# word\n" * 50_000 + "def f(): pass"),
        ("a.c", "a " * 75_000 + "(word"),
        ("a.c", "int word(int a,\n" * 12_500),
        ("a.c", "{ word" * 50_000),
        ("a.js", "const word = (" * 12_500),
        ("a.css", "word {\n" * 25_000),
        ("a.sql", "create " + "word " * 75_000),
        ("a.csv", '"word' * 50_000),
        ("a.csv", "word," * 125_000),
        ("a.json", '{"word": "' + "\\u0041" * 75_000 + '"}'),
    ],
    ids=range(36),
)
def test_a_text_that_is_built_to_take_forever(
    loaded: Load, name: str, text: str
) -> None:
    document = loaded(name, text)
    chunks = split(document, size=1200, overlap=120)
    assert chunks
    assert all(len(chunk.text) <= 1200 for chunk in chunks)
    told = [title for chunk in chunks for title in chunk.heading]
    assert all(len(title) <= 200 for title in told)


@pytest.mark.parametrize(
    "book",
    [
        [],
        {"cells": "none"},
        {"cells": [1, None, {"cell_type": "code", "source": 7, "outputs": {"a": 1}}]},
        {"worksheets": [3]},
        {"cells": [{"cell_type": "code", "outputs": [1, {"data": "x", "text": 5}]}]},
    ],
)
def test_a_notebook_of_the_wrong_shape(
    loaded: Load,
    book: dict[str, list[dict[str, dict[str, int] | int | str] | int | None]]
    | dict[str, list[dict[str, list[dict[str, int | str] | int] | str]]]
    | dict[str, list[int]]
    | dict[str, str]
    | list[str],
) -> None:
    refusal(loaded, "a.ipynb", json.dumps(book))


def test_lone_surrogates_do_not_reach_the_index(loaded: Load) -> None:
    cell = '{"cells": [{"cell_type": "code", "source": "x = \\ud800"}]}'
    [part] = loaded("a.ipynb", cell).sections
    assert part.text == "x = \N{REPLACEMENT CHARACTER}"


def test_what_is_no_file_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    for path, reason in (
        (tmp_path / "pipe.md", "not a regular file"),
        (tmp_path / "gone.md", "No such file"),
        (tmp_path, "Is a directory"),
        (Path("/dev/zero"), "not a regular file"),
    ):
        with pytest.raises(UnreadableDocument, match=reason):
            load(path)


def test_a_password_is_asked_for_by_name(loaded: Load) -> None:
    import io

    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    canvas = Canvas(out, encrypt="secret")
    canvas.drawString(60, 700, "Sealed.")
    canvas.save()
    assert "password" in refusal(loaded, "a.pdf", out.getvalue())


def test_a_name_of_any_bytes_can_be_loaded(tmp_path: Path) -> None:
    path = os.path.join(os.fsencode(tmp_path), b"caf\xe9\n\x1b[2J.md")
    with open(path, "wb") as file:
        file.write(b"words")
    document = load(Path(os.fsdecode(path)))
    document.title.encode()
    assert document.sections[0].text == "words"
