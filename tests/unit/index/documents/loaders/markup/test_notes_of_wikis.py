"""Notes as notes programs write them: links show their text, comments are no text."""

from __future__ import annotations

from pathlib import Path

import pytest

from ragcli.index.documents import discover
from ragcli.language.markdown import without_wiki_links
from ragcli.language.units import Unit, spoken
from tests.unit.index.documents.conftest import Load

NOTE = """# Boats of [[Harbour|the harbour]]

The skiff is kept in [[Boat house#Shelf|the boat house]] at night.

<!-- a remark on the walrus
# Not a heading
-->
The oars are made of ash.

```html
<!-- kept: code -->
```
"""


def test_comments_are_no_text_and_lines_stay_true(loaded: Load) -> None:
    document = loaded("boats.md", NOTE)
    lines = NOTE.split("\n")
    assert document.title == "Boats of the harbour"
    texts = [section.text for section in document.sections]
    assert not any("walrus" in text or "Not a heading" in text for text in texts)
    assert any("<!-- kept: code -->" in text for text in texts)
    for section in document.sections:
        first = (section.first_line or 1) - 1
        told = section.text.rstrip("\n").split("\n")
        assert lines[first : first + len(told)] == told
        assert section.heading == ("Boats of the harbour",)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("See [[Note]] and ![[plan.png]].", "See Note and plan.png."),
        ("See [[Note#Part|the part]].", "See the part."),
        (r"| [[Note\|alias]] |", "| alias |"),
        ("Run `[[ -f x ]]` or [[ -f x ]].", "Run `[[ -f x ]]` or [[ -f x ]]."),
        (
            "The matrix [[1, 2], [3, 4]] and [[12]]",
            "The matrix [[1, 2], [3, 4]] and [[12]]",
        ),
    ],
)
def test_a_link_of_a_wiki_reads_as_it_is_shown(written: str, shown: str) -> None:
    assert without_wiki_links(written) == shown


def test_a_unit_says_its_links_and_code_keeps_them() -> None:
    text = "It is in [[Box|the box]]."
    assert spoken(text, Unit("sentence", 0, len(text))) == "It is in the box."
    assert spoken(text, Unit("code", 0, len(text))) == text


def test_what_a_notes_program_keeps_for_itself_is_left_out(tmp_path: Path) -> None:
    for name in (".obsidian/a.md", ".trash/b.md", "c.md"):
        place = tmp_path / name
        place.parent.mkdir(exist_ok=True)
        place.write_text("A note.")
    found = list(discover.find([tmp_path], max_size=1000))
    kept = [item for item in found if isinstance(item, discover.Found)]
    assert [item.path.name for item in kept] == ["c.md"]
