"""Patches: words of commits are prose, changes are code under the name of a file."""

from __future__ import annotations

import pytest

from tests.unit.index.documents.conftest import Load
from tests.unit.index.documents.views import elements, spoken

HUNK = "@@ -1,2 +1,3 @@ def f():\n a = 1\n-b = 2\n+b = 20\n+-- c\n"
FILE = f"diff --git a/src/pump.py b/src/pump.py\nindex 22..67 100644\n--- a/src/pump.py\n+++ b/src/pump.py\n{HUNK}"  # noqa: E501 - a file as it stands
MAIL = f"""\
From 0996ade8077383361107a45ac389f5548959f7f2 Mon Sep 17 00:00:00 2001
From: =?UTF-8?q?Ada=20L=C3=BCnd?= <ada@x.org>
Subject: [PATCH 1/2] Raise the pressure
 of the pump

It was too low
for the hill.

* raise b
---
 src/pump.py | 3 ++-
 1 file changed, 2 insertions(+)

{FILE}--{" "}
2.40.1

"""


def test_a_mailed_commit_is_its_words_and_its_changes_by_file(loaded: Load) -> None:
    document = loaded("a.patch", MAIL + MAIL.replace("Raise", "Lower"))
    assert (document.title, document.format) == (
        "Raise the pressure of the pump",
        "diff",
    )
    assert [(part.heading, part.first_line) for part in document.sections] == [
        (("Raise the pressure of the pump",), 1),
        (("Raise the pressure of the pump", "src/pump.py"), 14),
        (("Lower the pressure of the pump",), 26),
        (("Lower the pressure of the pump", "src/pump.py"), 39),
    ]
    assert spoken(document)[:6] == [
        ("field", "From | Ada Lünd <ada@x.org>"),
        ("field", "Subject | Raise the pressure of the pump"),
        ("prose", "It was too low\nfor the hill."),
        ("item", "raise b"),
        ("line", "src/pump.py | 3 ++-"),
        ("line", "1 file changed, 2 insertions(+)"),
    ]
    assert elements(document)[6] == ("code", HUNK.strip())
    assert len(elements(document)) == 14


@pytest.mark.parametrize(
    ("text", "headings", "wanted"),
    [
        (
            f"commit 0a1b2c3d4e\nAuthor: Ada\n\n    Raise it\n\n    High.\n\n{FILE}",
            [("Raise it",), ("Raise it", "src/pump.py")],
            [
                ("field", "Author | Ada"),
                ("prose", "Raise it"),
                ("prose", "High."),
            ],
        ),
        (f"--- a.c\t2024-01-01\n+++ b.c\t2024-01-02\n{HUNK}", [("b.c",)], []),
        (f"Index: x.c\n{'=' * 30}\n--- x.c\n+++ /dev/null\n{HUNK}", [("x.c",)], []),
        (
            f"diff --git a/x b/x\nnew file mode 100644\n--- /dev/null\n+++ b/x\n{HUNK}",
            [("x",)],
            [("line", "new file mode 100644")],
        ),
        (
            "diff --git a/y.png b/y.png\nBinary files a/y.png and b/y.png differ\n"
            + FILE,
            [("y.png",), ("src/pump.py",)],
            [("line", "Binary files a/y.png and b/y.png differ")],
        ),
        (
            f"Description: Raise it\nAuthor: Ada\n\n{FILE}",
            [("Raise it",), ("Raise it", "src/pump.py")],
            [("field", "Description | Raise it"), ("field", "Author | Ada")],
        ),
    ],
)
def test_every_kind_of_patch_tells_its_files(
    loaded: Load,
    text: str,
    headings: list[tuple[str, ...]],
    wanted: list[tuple[str, str]],
) -> None:
    document = loaded("a.diff", text)
    assert [part.heading for part in document.sections] == headings
    assert spoken(document) == [*wanted, ("code", HUNK.strip())]


def test_what_has_no_change_is_text_as_it_is(loaded: Load) -> None:
    [section] = loaded("a.diff", "Only in a: x\n3c3\n< a\n---\n> b\n").sections
    assert section.is_code
