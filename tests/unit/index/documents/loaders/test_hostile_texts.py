"""Text made to hurt: each is read in time that grows with its length alone."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest

from tests.unit.index.documents.conftest import Load

SIZE = 20_000
MOST = 1.0
"""Seconds of the processor; each takes a few hundredths, and far more if it is read
again for every part of it."""


def many(part: str) -> str:
    return part * (SIZE // len(part))


IN_TIME = {
    "colons of a key.rst": ":a" + "\\:" * 40 + "x",
    "colons of a link.rst": f".. _a: {many(':')} x",
    "colons of a role.rst": f":a: `b` {many(':')}",
    "blanks in a link.rst": f":a: `x{many(' ')}x`_",
    "blanks in a term.rst": f"a{many(' ')}b\n   said",
    "definitions.rst": many("a\n b\n"),
    "wide table.rst": f"{many('= ')}=\n{many('a' + chr(10))}= =",
    "drawn table.txt": (
        f"+{many('-+')}\n{many('|')}\n+{many('=+')}\n{many('|' + chr(10))}+-+"
    ),
    "names.1": f".TH A 1\n{many(chr(92) + '[')}\nWords.",
    "strings.1": f".TH A 1\n{many(chr(92) + '*[')}\nWords.",
    "macros.1": ".TH A 1\n.de xx\n.xx " + "\\$*" * 20 + "\n..\n.xx aaaaa\nWords.",
    "blocks.adoc": many("====\n=====\n"),
    "terms.adoc": many("a::\n"),
    "cells.adoc": f"|===\n{many('|')}\n|===",
    "reaching.adoc": f"[cols=99*]\n|===\n{many('99.99+|a ')}\n|===",
    "repeated.adoc": f"|===\n{many('99*|a ')}\n|===",
    "marks.adoc": f"a:: {many('*_x')}",
    "links.adoc": f"a:: {many('https://a')}",
    "colons.adoc": f"a{many(' :')}x",
    "authors.adoc": f"= A\n{many('Ada ')}; x;",
    "blocks.org": many("#+begin_a\n"),
    "drawers.org": many(":a:\n"),
    "tags.org": f"* a {many(':a')} b",
    "terms.org": f"- a{many(' :')}x",
    "links.org": f"- a :: {many('[[a')}",
    "marks.org": f"- a :: {many('*/x')}",
    "groups.tex": many(r"\cite{"),
    "notes.tex": many(r"\footnote{"),
    "fractions.tex": "a " + many(r"\frac{"),
    "options.tex": many(r"\x["),
    "tables.tex": many(r"\begin{tabular}"),
    "floats.tex": many(r"\begin{table}"),
    "captions.tex": many(r"\begin{table}\caption{"),
    "merged.tex": (
        r"\begin{tabular}{l}" + many(r"\multicolumn{99}{") + r"\end{tabular}"
    ),
    "words.tex": r"\def\a{x}" + r"\def\a{\a\a\a}" * 200 + many(r"\a"),
    "formulas.tex": many(r"\[") + many("$$"),
    "blanks.tex": f"a{many(' ')}{many(chr(10) + ' ')}b",
    "records.yaml": many("- a: 1\n  b:\n") + "  - c: 1",
    "flow.yaml": "- {" + many("a : ") + "}",
    "blanks of a key.yaml": "- {a" + many(" ") + "}",
    "lists.toml": many("[[a]]\nb=1\n") + "[[a.b]]",
    "files.diff": many("diff --git a/b b/b\n"),
    "hunks.diff": "--- a\n+++ a\n" + many("@@ -1,9999999 +1,9999999 @@\n"),
    "commits.diff": many("commit 0a1b2c3d\n"),
    "words.diff": many("a b\n") + "--- a\n+++ a\n@@ -1 +1 @@\n+b",
    "rule.md": f"a|b\n|-{many(' ')}x",
    "dots of a link.md": f"[a]: {many('.')} x",
    "tags.md": f"<a>x{many('<a>')}x",
    "open tables.md": many("<table\n\n"),
    "below a paragraph.md": many("x\n") + many("\n    a\n"),
    "blanks.bib": "@a{k,x={1}" + many(" ") + "x",
    "escapes.po": f'msgid "{many(chr(92) + chr(34))}',
    "plurals.po": "".join(f'msgid "a"\nmsgstr[{n}] "b"\n' for n in range(2000)),
    "created.sql": f"INSERT INTO a VALUES (1);\n{many('CREATE TABLE a (')}",
    "escapes.sql": f"INSERT INTO a VALUES ('{many(chr(92) + chr(39))}",
    "inserted.sql": 3 * many("INSERT INTO a VALUES ('\\'"),
    "copies.sql": (
        f"INSERT INTO a VALUES (1);\n{many('COPY a FROM stdin;' + chr(10))}"
    ),
    "cards.vcf": 10 * many("BEGIN:VCARD\nFN:x\nEND:VCARD\n"),
    "terms.html": f"<dl>{many('<dt>a')}{many('<dd>b')}</dl>",
}


@pytest.mark.parametrize("name", IN_TIME)
def test_a_hostile_text_is_read_in_time(loaded: Load, name: str) -> None:
    since = time.process_time()
    loaded(name, IN_TIME[name])
    assert time.process_time() - since < MOST


DEEP = {
    "fields.rst": "\n".join(" " * depth + ":a: b\n" for depth in range(400)),
    "notes.rst": "\n".join(" " * depth + ".. note::\n" for depth in range(400)),
    "blocks.adoc": "\n".join("=" * (4 + depth) for depth in range(200)),
    "blocks.org": "\n".join(f"#+begin_{depth}" for depth in range(400)),
    "words.1": f".TH A 1\n.Bl -tag\n.It {'a ' * 2000}\n.El",
    "flags.1": f".TH A 1\n.Fl {'Fl a ' * 2000}",
    "quotes.1": f".TH A 1\n.Op {'Op ' * 2000} a",
    "conditions.1": f".TH A 1\n{'.if n ' * 2000}a",
}


@pytest.mark.parametrize("name", DEEP)
def test_what_is_nested_deeply_costs_no_document(loaded: Load, name: str) -> None:
    [section] = loaded(name, f"{DEEP[name]}\n\nLast words.\n").sections
    assert section.text[section.elements[-1].start :].strip() == "Last words."


def test_strings_made_of_each_other_do_not_grow_without_bound(loaded: Load) -> None:
    names = "abcdefghij"
    page = [".TH A 1", ".ds a xxxxxxxxxx"]
    page += [f".ds {name} " + f"\\*{above}" * 10 for above, name in pairwise(names)]
    [section] = loaded("a.1", "\n".join([*page, "\\*j"])).sections
    assert 10 < len(section.text) < SIZE
