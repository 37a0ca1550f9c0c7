"""The changelog is grouped, the newest version first, and says nothing twice."""

from __future__ import annotations

import re

from tests.architecture.sources import ROOT

KINDS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]
"""What may head entries, in this order: those of Keep a Changelog."""


def sections() -> dict[str, str]:
    """Returns what stands below the heading of each version, the newest first."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    heads = re.split(r"^## \[(.+?)\].*\n", text, flags=re.MULTILINE)[1:]
    return dict(zip(heads[::2], heads[1::2], strict=True))


def entries(text: str) -> list[str]:
    """Returns the entries of a text, each on one line."""
    items = re.findall(r"^- (.+(?:\n  .+)*)", text, flags=re.MULTILINE)
    return [" ".join(item.split()) for item in items]


def test_the_newest_version_is_first() -> None:
    names = list(sections())
    numbers = [
        tuple(int(part) for part in name.split("."))
        for name in names
        if name != "Unreleased"
    ]

    assert numbers
    assert numbers == sorted(set(numbers), reverse=True)
    assert "Unreleased" not in names[1:]


def test_each_kind_of_entry_has_one_heading_and_they_are_in_order() -> None:
    for version, text in sections().items():
        kinds = re.findall(r"^### (.+)$", text, flags=re.MULTILINE)

        assert kinds, version
        assert kinds == [kind for kind in KINDS if kind in kinds], version


def test_each_subject_stands_once_below_a_kind() -> None:
    for version, text in sections().items():
        for block in text.split("\n### ")[1:]:
            subjects = re.findall(r"^\*\*(.+)\*\*$", block, flags=re.MULTILINE)

            assert len(subjects) == len(set(subjects)), (version, subjects)


def test_no_entry_stands_twice() -> None:
    told = [entry for text in sections().values() for entry in entries(text)]
    begun = [entry[:40] for entry in told]

    assert len(told) > 20
    assert sorted({one for one in begun if begun.count(one) > 1}) == []
