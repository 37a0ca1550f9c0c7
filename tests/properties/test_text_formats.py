"""What holds for the elements of every format that is text, however it is written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragcli.errors import UnreadableDocument
from ragcli.index.documents.content import decode
from ragcli.index.documents.elements import Document
from ragcli.index.documents.formats import FORMATS, format_of
from ragcli.index.documents.loaders.dispatch.load import load
from ragcli.index.documents.splitter import split
from tests.properties.test_splitter import THOROUGHLY, assert_stands

LINES = {
    "ini": [
        "[a b]", "key = value", "key: value ; why", "#key = 1", "; words of a comment",
        "Key Value", "#KeyName 5", "  deeper = 1", "goes \\", "server {", "}", "<X y>",
        "</X>", "=", "[", "key", "# ----",
    ],
    "toml": [
        "[a.b]", "[[c]]", "k = 1", 'k = "v" # why', "k = [", '  "x",', "]", 'k = """',
        '"""', "k = {a = 1}", "'''", "# why", "#k = 1", "\"q\".'r' = 2",
    ],
    "yaml": [
        "a:", "  b: 1", "- x", "  - y: z", "    w: v", "k: |", "   text.", "k: >-",
        "- name: n", "---", "...", "# why", "# k: v", "'q': [a, 'b']", "{{ if }}", "-",
        "- - a", "a: &x", "? odd", "  more", "- {a: 1, b: 'c'}", "- a: 1",
    ],
    "txt": [
        "Pool   Mon-Fri  07:00", "Name    Age   City", "Anna    12    Graz",
        "A ..... 5", "key: value    other: value", "NET(1)   Manual   NET(1)", "NAME",
        "   -n, --name ARG", "        what it is for", "2025-01-02 10:00:00 INFO up",
        "  at x.y(z)", "====  ===", "Mon-Fri 9:00-17:00", "word  word   word",
        "a\tb\tc", "- item", "\f",
    ],
    "srt": [
        "1", "00:00:01,000 --> 00:00:02,000", "Words <i>said</i>", "{1}{2}a|b", "x",
    ],
    "csv": [
        "a,b,c", "1,2,3", "x;y", "1;2,5", "sep=;", "# why", "Title", '"q, r",2,3',
        '"open', 'a "b" c,d', ",,", "a|b|c", "4,5", "2020,x,y", "name,price,no",
    ],
    "tsv": ["a\tb", "1\t2", "\t", "x", '"q\t', "Title"],
    "json": [
        "{", "}", "[", "]", ",", '"k": 1,', '"k": "v"', '"a\\u00e9": {', '{"x": 1},',
        '{"x": 2, "y": [1, 2]}', "// why", '"k": null,', "'s': tru", '"', "1", ":",
    ],
    "xml": [
        "<a>", "</a>", '<b c="1">x</b>', "<key>k</key><string>v</string>", "<d/>",
        "<!-- why -->", "<![CDATA[x]]>", "words <e>in</e> words", "<", "<a b='",
    ],
    "ics": [
        "BEGIN:VEVENT", "END:VEVENT", "SUMMARY:Tea", "DTSTART;TZID=X:20240301T090000",
        " more", 'X;Y="Z:', "NOTE;ENCODING=QUOTED-PRINTABLE:a=", "BEGIN:VTIMEZONE",
    ],
    "bib": ["@a{b,", " c = {d},", ' e = "f"', "}", "{", "words", "@a{b, c={"],
    "po": ['msgid "a"', 'msgstr "b"', '"c"', '#~ msgid "d"', "# why", 'msgctxt "e"'],
    "sql": [
        "INSERT INTO a VALUES (1,'b'),", "(2, NULL);", "CREATE TABLE a (b int,", ");",
        "COPY a (b) FROM stdin;", "1\t2", "\\.", "'", "(", "-- why", "INSERT",
    ],
    "rst": [
        ".. list-table:: A", "   * - b", "     - c", "====  ===", "a     b", "+--+--+",
        "|a |b |", "+==+==+", ":key: value", "term", "  meaning", "such::", "  code",
        ".. code:: x", ".. why", "- item", ".. [1] note", "Title", "-----",
        ".. csv-table::", '   "a", 1', ".. option:: -a", "  :header: x",
    ],
    "adoc": [
        "= Title", "== Part ==", "[cols=2*]", "|===", "|a |b", "2+|c", ".2+a|d", "===",
        "3*|x", "----", "====", "term::", "  meaning", "t:: m", "* item", "NOTE: b",
        "[NOTE]", ".Caption", "+", "// why", "////", ":a: {a}", "image::a[b]", "x +",
        ",===", '"q', "[source]", "[quote, A]", "____", "```c",
    ],
    "org": [
        "* TODO [#A] Title :a:b:", "** Part", "#+TITLE: t", "#+TODO: A | B", ":K: v",
        ":PROPERTIES:", ":END:", "DEADLINE: <2024-01-01>", "#+begin_src c", "#+end_src",
        "| a | b |", "|---+---|", "- t :: m", "  more", "[fn:1] n", ": x", "* DONE :c:",
        "#+CAPTION: c", "+--+", "# why", "#+begin_quote", "#+end_quote", "*b*",
    ],
    "tex": [
        r"\section{A} b", r"\begin{tabular}{l}", r"a & b \\", r"\hline", r"\item[b] c",
        r"\end{tabular}", r"\begin{itemize}", r"\end{itemize}", r"is \textbf{b}", "{",
        r"\begin{verbatim}", r"\end{verbatim}", "}", "% why", r"\caption{b}", "$x^2$",
        r"\multirow{2}{*}{a} &", r"\footnote{a", r"\def\b{c}", r"\b \'e", r"\[", r"\]",
    ],
    "diff": [
        "From 0a1b2c3d4e Mon Sep 17 00:00:00 2001", "Subject: [PATCH] a", " b", "---",
        " a | 2 +-", "diff --git a/b b/b", "--- a/b", "+++ b/b", "@@ -1,2 +1,2 @@",
        "+d", "-c", " e", "-- ", "commit 0a1b2c3d", "@@@ -1 -1 +1 @@@", "Index: f",
    ],
    "md": [
        "# Title", "a | b", "-|-", "> quote", "> | a | b |", "> |--|--|", "- item",
        "    code", ": meaning", "term", "[^1]: note", "!!! tip", "[a]: b.org", "```",
        "<table>", "<tr><td>a<td>b</tr>", "</table>", "<br>", ":::", "*[A]: b", "---",
    ],
    "man": [
        '.TH A 1 "2024"', ".SH NAME", ".TP", ".B \\-n", ".PP", "words \\fBb\\fR", ".nf",
        ".fi", ".IP * 2", ".TS", "l l.", "a\tb", ".TE", ".de X", "..", ".X", "'br",
        '.\\" why', ".Dd May 1", ".Sh A", ".It Fl a", ".Bl -tag", ".El", ".RS", ".RE",
    ],
    "html": [
        "<h1>A</h1>", "<p>b", "</p>", "<table>", "<tr><td>a<td>b", "</table>", "<ul>",
        "<li>c", "</ul>", "<dl><dt>t<dd>m</dl>", "<pre>x", "</pre>", "<nav>", "</nav>",
        "words &amp; <b>more</b>", "<!-- why -->", "<script>", "</script>", "<br>",
    ],
    "ipynb": ["# Title", "words", "| a | b |", "|--|--|", "```", "x = 1", "- item"],
    "vcf": ["BEGIN:VCARD", "END:VCARD", "FN:Ann", "TEL;TYPE=home:1", "N:B;A;;;", " x"],
    "py": ["def f():", "    return 1", "# why", "class A:", '"""', "x = [", "]"],
    "jsonl": ['{"a": 1}', '{"a": {"b": [1]}, "c": "\\n"}', "[1, 2]", "no", "{", "3"],
}  # fmt: skip
SOURCE_CODE = "structured.source_code:code"
MAY_SAY_NOTHING = {"srt", "man", "html", "ipynb", "vcf", "tex"}
"""Formats with lines that show nothing."""

PRINTED = {"latex", "man", "subtitles"}
"""Formats of which the text is what is shown of it, without marks."""

# What a printer or a terminal acts on is taken out of manual pages, and marks a
# binary file elsewhere.
ANY = st.text(max_size=40).filter(lambda line: not {*"\0\b\x1b"} & {*line})


@st.composite
def files(draw: st.DrawFn) -> tuple[str, bytes]:
    name = draw(st.sampled_from(sorted(LINES)))
    line = st.one_of(*[st.sampled_from([*LINES[name], ""])] * 6, ANY)
    lines = draw(st.lists(line, max_size=40))
    end = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    text = end.join(lines)
    return name, as_file(name, text)


def as_file(suffix: str, text: str) -> bytes:
    """Returns a file with these lines: those of a notebook are in its cells."""
    if suffix == "ipynb":
        kinds = ("markdown", "code", "raw")
        cells = [{"cell_type": kind, "source": text} for kind in kinds]
        text = json.dumps({"cells": cells, "nbformat": 4, "metadata": {}})
    return text.encode("utf-8", "replace")


def test_every_format_that_is_text_is_tried() -> None:
    tried = {format_of(f"file.{suffix}") for suffix in LINES}
    source = {item.name for item in FORMATS if item.loader == SOURCE_CODE}
    read_here = {item.name for item in FORMATS if not item.isolated}
    assert tried - source == read_here - source
    assert tried & source  # one loader reads all of them


def loaded(suffix: str, data: bytes) -> Document | None:
    try:
        return load(Path(f"file.{suffix}"), data)
    except UnreadableDocument:
        assert suffix in MAY_SAY_NOTHING or not decode(data)[0].strip()
        return None


@THOROUGHLY
@given(files())
def test_elements_are_in_order_and_stand_verbatim_at_their_lines(
    file: tuple[str, bytes],
) -> None:
    suffix, data = file
    document = loaded(suffix, data)
    if not document:
        return
    lines = decode(data)[0].split("\n")
    for section in document.sections:
        reached = 0
        for element in section.elements:
            assert reached <= element.start < element.end <= len(section.text)
            reached = element.end
            if element.table >= 0:
                assert element.table < len(document.tables)
            if section.first_line:
                above = section.text.count("\n", 0, element.start)
                text = section.text[element.start : element.end]
                first = section.first_line + above
                assert_stands(text, (first, first + text.count("\n")), lines)
    for chunk in split(document, size=300, overlap=30):
        if chunk.lines and document.format not in PRINTED:
            assert_stands(chunk.text, chunk.lines, lines)


@THOROUGHLY
@given(files())
def test_the_same_bytes_are_the_same_elements(file: tuple[str, bytes]) -> None:
    suffix, data = file
    assert loaded(suffix, data) == loaded(suffix, data)


@pytest.mark.parametrize(
    ("suffix", "line"),
    [(suffix, line) for suffix in LINES for line in LINES[suffix] if line.strip()],
)
def test_no_line_makes_reading_slow(suffix: str, line: str) -> None:
    text = f"{line}\n" * 10_000
    document = loaded(suffix, as_file(suffix, text))
    if not document:
        return
    least = 0 if document.format in {*PRINTED, "html"} else len(text) // 3
    assert sum(len(section.text) for section in document.sections) >= least
