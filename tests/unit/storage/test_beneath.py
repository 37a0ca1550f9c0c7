"""Opening below a directory: no link that is put on the way leads out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ragcli.storage.beneath import open_beneath


@pytest.fixture
def inside(tmp_path: Path) -> Path:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "note.md").write_text("secret")
    place = tmp_path / "inside"
    (place / "deep" / "er").mkdir(parents=True)
    (place / "deep" / "er" / "note.md").write_text("kept")
    (place / "file.md").symlink_to("../outside/note.md")
    (place / "folder").symlink_to("../outside")
    return place


def test_a_real_file_is_opened_also_where_links_lead_to_the_directory(
    inside: Path,
) -> None:
    (inside.parent / "alias").symlink_to(inside)
    for place in (inside, inside.parent / "alias"):
        location = str(place / "deep" / "er" / "note.md")
        with open(open_beneath(str(place), location, os.O_RDONLY)) as file:
            assert file.read() == "kept"


@pytest.mark.parametrize("name", ["file.md", "folder/note.md", "gone/note.md"])
def test_links_are_not_followed_and_nothing_stays_open(inside: Path, name: str) -> None:
    before = len(os.listdir("/dev/fd"))
    with pytest.raises(OSError):  # noqa: PT011 - which one, systems differ
        open_beneath(str(inside), str(inside / name), os.O_RDONLY)
    assert len(os.listdir("/dev/fd")) == before
