"""Each format, read from a real file: what its parts say, and where they stand."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ragcli.errors import UnreadableDocument
from ragcli.index.documents import formats
from ragcli.index.documents.elements import Document
from ragcli.index.documents.splitter import split
from tests.make_samples import epub, pdf
from tests.unit.index.documents.conftest import Load, zipped

MARKDOWN = """\
---
title: "The manual"
---
Preface.

# One #
First [link](http://x.example) body.

## Two `code` {#anchor}

```python
# not a heading
def f(): ...
```

Setext
------
Under setext.

# Empty
# Last
The end.
"""


def headings_and_lines(
    document: Document,
) -> list[tuple[tuple[str, ...], int | None]]:
    return [(part.heading, part.first_line) for part in document.sections]


def test_markdown_sections_know_path_and_line(loaded: Load) -> None:
    document = loaded("manual.md", MARKDOWN)
    assert document.title == "The manual"
    assert document.format == "markdown"
    assert headings_and_lines(document) == [
        ((), 1),
        ((), 4),
        (("One",), 7),
        (("One", "Two code"), 10),
        (("One", "Setext"), 18),
        (("Empty",), 20),
        (("Last",), 22),
    ]
    assert document.sections[0].text.startswith("---\ntitle")
    assert document.sections[5].text == "# Empty\n"
    assert document.sections[3].text.startswith("\n```python\n# not a heading")


def test_markdown_keeps_a_table_and_code_as_what_they_are(loaded: Load) -> None:
    text = "# T\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n# C\n\n```sh\nls -l\n```\n"
    chunks = split(loaded("a.md", text), size=1000, overlap=0)
    assert [(chunk.kind, chunk.lines) for chunk in chunks] == [
        ("table", (3, 5)),
        ("code", (9, 11)),
    ]


def test_a_long_section_is_cut_between_its_blocks(loaded: Load) -> None:
    code = "```\n" + "x = 1\n" * 40 + "```"
    text = f"# Long\n\n{'Word ' * 60}.\n\nFor example:\n\n{code}\n\n{'More ' * 60}."
    chunks = split(loaded("a.md", text), size=500, overlap=50)
    [block] = [chunk for chunk in chunks if "```" in chunk.text]
    assert block.text == f"For example:\n\n{code}"


def test_restructured_text_levels_follow_their_first_use(loaded: Load) -> None:
    text = (
        "=====\nTitle\n=====\n\nIntro.\n\nOne\n---\n\nBody::\n\n    code\n\n"
        "Deep\n~~~~\n\nx\n\nTwo\n---\n\n+---+---+\n| a | b |\n+---+---+\n"
    )
    document = loaded("a.rst", text)
    assert document.title == "Title"
    assert [part.heading for part in document.sections] == [
        ("Title",),
        ("Title", "One"),
        ("Title", "One", "Deep"),
        ("Title", "Two"),
    ]
    assert document.sections[1].first_line == 9
    [table] = split(document, size=1000, overlap=0)[-1:]
    assert (table.kind, table.lines) == ("table", (22, 24))


def test_plain_text_with_underlined_headings_has_sections(loaded: Load) -> None:
    document = loaded(
        "README", "The Tool\n========\n\nWhat it does.\n\nNot - a\nhead\n"
    )
    assert document.format == "text"
    assert headings_and_lines(document) == [(("The Tool",), 3)]


def test_org_sections(loaded: Load) -> None:
    document = loaded("a.org", "#+TITLE: Notes\n* One\nbody\n** Two\nmore\n")
    assert document.title == "Notes"
    assert [part.heading for part in document.sections][1:] == [
        ("One",),
        ("One", "Two"),
    ]


PYTHON = '''\
"""A queue."""

import os

LIMIT = 10


class Queue:
    """First in, first out."""

    def put(self, item):
        """Adds an item."""
{body}

    @property
    def size(self):
        return {long}


# Makes a queue.
@decorated
async def make():
    return Queue()
'''


def test_code_is_cut_by_definition_with_decorators_and_comments(loaded: Load) -> None:
    body = "\n".join(f"        self.field{n} = item" for n in range(20))
    source = PYTHON.format(body=body, long="1 + " * 80 + "1")
    chunks = split(loaded("queue.py", source), size=700, overlap=100)
    paths = {chunk.heading: chunk.text for chunk in chunks}
    assert paths[("Queue", "put")].lstrip().startswith("def put(self, item):")
    assert paths[("Queue", "size")].lstrip().startswith("@property")
    assert paths[("make",)].startswith("# Makes a queue.\n@decorated\nasync def make")
    assert all(chunk.kind == "code" for chunk in chunks)


@pytest.mark.parametrize(
    ("name", "source", "expected"),
    [
        ("a.c", "static int add(int a, int b)\n{\n%s}\n", "add"),
        ("a.go", "func (s *Store) Put(k string) {\n%s}\n", "Put"),
        ("a.rs", "pub(crate) fn open<P>(p: P) -> Handle {\n%s}\n", "open"),
        ("a.ts", "export const load = async (x: number) => {\n%s}\n", "load"),
        ("a.java", "  public void run(String[] args) {\n%s  }\n", "run"),
        ("a.rb", "def each\n%send\n", "each"),
        ("a.sh", "backup() {\n%s}\n", "backup"),
        ("a.sql", "CREATE TABLE IF NOT EXISTS turns (\n%s);\n", "turns"),
        ("a.json", '{\n  "servers": {\n%s  }\n}\n', "servers"),
        ("a.yaml", "servers:\n%s", "servers"),
        ("a.toml", "[tool.ruff]\n%s", "tool.ruff"),
        ("a.tex", "\\section{Locks}\n%s", "Locks"),
    ],
)
def test_definitions_of_many_languages_are_named(
    loaded: Load, name: str, source: str, expected: str
) -> None:
    text = source % ("    x = 1;\n" * 50)
    chunks = split(loaded(name, text), size=700, overlap=0)
    assert expected in {title for chunk in chunks for title in chunk.heading}


def test_languages_that_only_langchain_knows(loaded: Load) -> None:
    body = "    Write-Host 'x'\n" * 20
    text = "".join(f"function Get-{n} {{\n{body}}}\n" for n in range(6))
    chunks = split(loaded("a.ps1", text), size=600, overlap=0)
    assert "".join(chunk.text for chunk in chunks).replace("\n", "") == text.replace(
        "\n", ""
    )
    starts = [chunk.text for chunk in chunks if chunk.text.startswith("function")]
    assert len(starts) == 6


def test_html_reads_as_the_page_does(loaded: Load) -> None:
    document = loaded(
        "page.html",
        "<!doctype html><html><head><title>Locks &amp; keys</title>"
        "<style>p { color: red }</style><script>if (a < b) '<p>no</p>'</script></head>"
        "<body><nav><a href=x>Home</a></nav><h1>Locks<a href=#l>¶</a></h1>"
        "<p>Two <b>bold</b>\n  words.<br>Next line.</p><ul><li>one<li><p>two</p></ul>"
        "<h2>Codes</h2><table><tr><th>code<th>name<tr><td>75<td>locked</table>"
        "<pre>a  = 1\n  b</pre><!-- <p>hidden</p> -->",
    )
    assert document.title == "Locks & keys"
    assert document.sections[0].heading == ("Locks",)
    assert document.sections[0].text == "Two bold words.\nNext line.\n\n- one\n- two"
    assert document.sections[1].heading == ("Locks", "Codes")
    assert "code | name" in document.sections[1].text
    assert "75 | locked" in document.sections[1].text
    assert document.sections[1].text.endswith("a  = 1\n  b")
    assert document.sections[0].first_line is None


def test_a_page_in_another_encoding_says_so(loaded: Load) -> None:
    page = '<meta charset="koi8-r"><p>Привет, мир</p>'
    [part] = loaded("a.html", page.encode("koi8-r")).sections
    assert part.text == "Привет, мир"


def test_pdf_pages_stand_under_their_bookmarks(loaded: Load) -> None:
    sections = (("Locks", "A commit waits ten seconds."), ("Keys", "Never in a log."))
    document = loaded("book.pdf", pdf("The book", sections))
    assert document.title == "The book"
    assert [(part.page, part.heading) for part in document.sections] == [
        (1, ("Locks",)),
        (2, ("Keys",)),
    ]
    assert document.sections[0].text == "A commit waits ten seconds."


def test_word_documents_have_sections_lists_and_tables(
    loaded: Load, word_document: bytes
) -> None:
    document = loaded("a.docx", word_document)
    assert document.title == "Locks"
    assert document.sections[0].text == "A lock keeps two writers apart."
    assert document.sections[1].heading == ("Locks", "Waiting")
    assert document.sections[1].text == (
        "A commit waits ten seconds.\n\n- first\n- second\n\n"
        "code | meaning\n75 | locked"
    )


def test_slides_are_pages_with_notes(loaded: Load, presentation: bytes) -> None:
    document = loaded("a.pptx", presentation)
    assert [(part.page, part.heading) for part in document.sections] == [
        (1, ("Locks",)),
        (2, ("Snapshots",)),
    ]
    assert document.sections[1].text == "- never torn\n\nMention the rename."


def test_an_epub_has_its_chapters_in_order(loaded: Load) -> None:
    book = epub("The book", (("Locks", "<p>Short.</p>"), ("Keys", "<p>Secret.</p>")))
    document = loaded("a.epub", book)
    assert document.title == "The book"
    assert [(part.heading, part.text) for part in document.sections] == [
        (("Locks",), "Short."),
        (("Keys",), "Secret."),
    ]


def test_opendocument_text(loaded: Load) -> None:
    content = (
        '<o:document-content xmlns:o="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
        ' xmlns:t="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><o:body><o:text>'
        '<t:h t:outline-level="1">Locks</t:h><t:p>Kept <t:span>short</t:span>.</t:p>'
        "</o:text></o:body></o:document-content>"
    )
    [part] = loaded("a.odt", zipped({"content.xml": content})).sections
    assert (part.heading, part.text) == (("Locks",), "Kept short.")


def test_rich_text(loaded: Load) -> None:
    source = rb"{\rtf1\ansi{\fonttbl{\f0 Arial;}}\f0 Gr\'fc\'dfe, \u8364?5.\par Next.}"
    [part] = loaded("a.rtf", source).sections
    assert part.text == "Grüße, €5.\n\nNext."


def test_mail_has_headers_and_the_plain_body(loaded: Load) -> None:
    message = (
        "From: a@example.org\nSubject: =?utf-8?q?L=C3=B6cks?=\nMIME-Version: 1.0\n"
        'Content-Type: multipart/alternative; boundary="b"\n\n--b\n'
        "Content-Type: text/plain\n\nKept short.\n--b\n"
        "Content-Type: text/html\n\n<p>Kept short.</p>\n--b--\n"
    )
    document = loaded("a.eml", message)
    assert document.title == "Löcks"
    assert [part.text.strip() for part in document.sections] == [
        "From: a@example.org\nSubject: Löcks",
        "Kept short.",
    ]


def test_rarer_formats_come_through_langchain_community(loaded: Load) -> None:
    archive = (
        'MIME-Version: 1.0\nContent-Type: multipart/related; boundary="b"\n\n--b\n'
        "Content-Type: text/html\n\n<title>Page</title><p>Kept short.</p>\n--b--\n"
    )
    document = loaded("a.mhtml", archive)
    assert document.title == "Page"
    assert "Kept short." in document.sections[0].text
    words = "".join(f"{n}\t{word}" + "\t_" * 8 + "\n" for n, word in enumerate("ab"))
    assert loaded("a.conllu", words).sections[0].text == "a b"


def test_csv_rows_stay_whole_under_their_columns(loaded: Load) -> None:
    rows = [f'{n},"a note\nof two lines",x' for n in range(40)]
    document = loaded("a.csv", "id,note,kind\n" + "\n".join(rows) + "\n")
    chunks = split(document, size=300, overlap=50)
    assert len(chunks) > 3
    for chunk in chunks:
        assert chunk.tables[0].columns == ("id", "note", "kind")
        assert chunk.kind == "table"
        assert chunk.text.count('"') % 2 == 0
    (first, last), (then, _) = (chunk.lines or (0, 0) for chunk in chunks[:2])
    assert (first, then) == (1, last + 1)


def test_a_table_without_names_has_no_heading(loaded: Load) -> None:
    assert loaded("a.tsv", "1\t2\n3\t4\n").sections[0].heading == ()


def test_json_keeps_its_lines_and_is_laid_out_when_it_has_none(loaded: Load) -> None:
    pretty = loaded("a.json", '{\n  "a": 1\n}\n').sections[0]
    assert (pretty.first_line, pretty.text) == (1, '{\n  "a": 1\n}\n')
    data = {"words": ["Größe"] * 400}
    laid_out = loaded("b.json", json.dumps(data)).sections[0]
    assert laid_out.first_line is None
    assert '\n  "Größe",\n' in laid_out.text
    assert loaded("c.json", "no json at all").sections[0].first_line == 1


def test_json_lines_are_records(loaded: Load) -> None:
    records = "".join(json.dumps({"id": n, "text": "x" * 40}) + "\n" for n in range(30))
    chunks = split(loaded("a.jsonl", records), size=300, overlap=0)
    assert all(line.startswith('{"id"') for c in chunks for line in c.text.split("\n"))


def notebook(*cells: object) -> str:
    return json.dumps({"nbformat": 4, "metadata": {}, "cells": list(cells)})


def test_notebook_cells_are_pages_under_the_headings_so_far(loaded: Load) -> None:
    document = loaded(
        "a.ipynb",
        notebook(
            {"cell_type": "markdown", "source": ["# Plot\n", "Intro."]},
            {"cell_type": "markdown", "source": "## Data\nRead it."},
            {
                "cell_type": "code",
                "source": ["x = 1\n", "x"],
                "outputs": [{"data": {"text/plain": ["1"]}}, {"text": "printed\n"}],
            },
            {"cell_type": "code", "source": "", "outputs": []},
        ),
    )
    assert document.title == "Plot"
    assert [
        (p.page, p.heading, p.elements[0].kind, p.text) for p in document.sections
    ] == [
        (1, ("Plot",), "prose", "Intro."),
        (2, ("Plot", "Data"), "prose", "Read it."),
        (3, ("Plot", "Data"), "code", "x = 1\nx"),
        (3, ("Plot", "Data"), "code", "1"),
        (3, ("Plot", "Data"), "code", "printed\n"),
    ]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("Grüße".encode(), "Grüße"),
        ("Grüße".encode("utf-8-sig"), "Grüße"),
        ("Grüße".encode("utf-16"), "Grüße"),
        ("Grüße".encode("utf-16-be"), None),
        (b"\xfe\xff" + "Grüße".encode("utf-16-be"), "Grüße"),
        ("Grüße „so“".encode("cp1252"), "Grüße „so“"),
        (b"caf\xe9 \x81", "café \x81"),
        ("Größe übel ärger".encode() + b" \xff", "Größe übel ärger \ufffd"),
        (b"one\r\ntwo\rthree", "one\ntwo\nthree"),
    ],
)
def test_encodings(loaded: Load, data: bytes, text: str | None) -> None:
    if text is None:
        with pytest.raises(UnreadableDocument, match="binary"):
            loaded("a.txt", data)
        return
    assert loaded("a.txt", data).sections[0].text == text


def test_a_file_without_a_suffix_is_told_by_its_content(loaded: Load) -> None:
    assert loaded("script", "#!/usr/bin/env python3\nx = 1\n").format == "python"
    assert loaded("page", "<!DOCTYPE html><p>Hi").format == "html"
    assert loaded("paper", pdf("t", (("One", "Text."),))).format == "pdf"
    assert loaded("copyright", "All of it.").format == "text"


def test_the_language_of_a_document_and_of_a_chunk(
    loaded: Load, languages: Path
) -> None:
    lines = languages.read_text(encoding="utf-8").splitlines()
    sentences = dict(line.split("\t") for line in lines)
    text = "# A\n\n" + (sentences["en"] + " ") * 12
    text += "\n\n# B\n\n" + (sentences["de"] + " ") * 12
    document = loaded("a.md", text)
    assert document.language == "en"
    chunks = split(document, size=1200, overlap=0)
    assert [chunk.language for chunk in chunks] == ["en", "de"]
    assert loaded("b.md", sentences["fr"]).language == "fr"


@pytest.mark.slow
def test_light_formats_import_nothing_heavy(tmp_path: Path) -> None:
    for name in ("a.md", "a.py", "a.html", "a.csv", "a.json", "a.txt"):
        (tmp_path / name).write_text("# words\n")
    (tmp_path / "a.pdf").write_bytes(pdf("t", (("One", "Text."),)))
    code = (
        "import sys; from pathlib import Path;"
        "from ragcli.index.documents.loaders.dispatch.load import load;"
        "from ragcli.index.documents.splitter import split;"
        "[split(load(p), size=900, overlap=9)"
        " for p in Path(sys.argv[1]).iterdir()];"
        "print({'pypdf', 'langchain_community', 'langchain_core', 'bs4', 'docx',"
        "'numpy', 'langchain_text_splitters'} & set(sys.modules))"
    )
    run = [sys.executable, "-W", "error", "-c", code, str(tmp_path)]
    assert subprocess.check_output(run, text=True) == "set()\n"


def test_what_has_a_format_is_told_without_naming_it() -> None:
    heads = [
        b"words\n", b"%PDF-1.7\n\0\1", b"{\\rtf1", b"#!/bin/sh\n", b"\0\1\2\3\xff",
        b"a = 1\nb = 2\nc = 3\n", "so and so.".encode("utf-16-le"), b"\xff\xfea\0", b"",
    ]  # fmt: skip
    for head in heads:
        assert formats.is_document(head) == bool(formats.format_of_content(head))
    assert [head for head in heads if not formats.is_document(head)] == [heads[4]]
