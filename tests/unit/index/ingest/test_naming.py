"""One document, one path: whatever case, normal form or link it was named by."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from ragcli.index.library import Library
from ragcli.storage import name_spelling
from ragcli.storage.name_spelling import as_on_disk
from tests.unit.index.doubles import Watched


@pytest.fixture
def folding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory in which names are found by any case and normal form, as on APFS.

    Only looking things up is played: what a program lists or makes is real.
    """
    root = tmp_path / "disk"
    root.mkdir()

    def real(path: object) -> object:
        if not isinstance(path, (str, os.PathLike)):
            return path
        text = os.fspath(path)
        if not isinstance(text, str) or not text.startswith(f"{root}/"):
            return path
        at = str(root)
        for name in text.removeprefix(f"{root}/").split("/"):
            names = {}
            with suppress(OSError):
                names = {
                    name_spelling.folded_name(other): other for other in listdir(at)
                }
            at = os.path.join(at, names.get(name_spelling.folded_name(name), name))
        return at

    def finding(function: Callable[..., Any]) -> Callable[..., Any]:
        def look(path: Path | int | str = ".", *rest: Any, **options: Any) -> Any:
            return function(real(path), *rest, **options)

        return look

    listdir = os.listdir
    for name in ("stat", "lstat", "open", "scandir", "listdir"):
        monkeypatch.setattr(os, name, finding(getattr(os, name)))
    return root


def test_a_second_spelling_is_no_second_document(
    library: Library, folding: Path, progress: Watched
) -> None:
    notes = folding / "Notes"
    notes.mkdir()
    name = unicodedata.normalize("NFC", "Café.md")
    (notes / name).write_text("# Coffee\n\nThe coffee is black.\n")
    library.add([notes], progress)
    other = unicodedata.normalize("NFD", "CAFÉ.md")
    for typed in (folding / "notes", folding / "NOTES" / other, notes / other):
        report = library.add([typed], progress)
        assert (report.added, report.unchanged) == (0, 1), typed
    assert [item.path for item in library.documents()] == [str(notes / name)]
    assert library.sync(progress).added == 0
    assert library.document(folding / "nOTES" / other)[0].path == str(notes / name)
    library.remove([folding / "notes"])
    assert library.count() == 0


def test_a_directory_reached_by_a_link_is_the_one_that_is_known(
    library: Library, notes: Path, tmp_path: Path, progress: Watched
) -> None:
    library.add([notes], progress)
    link = tmp_path / "link"
    link.symlink_to(notes)
    assert library.add([link, link / "pears.txt"], progress).added == 0
    assert library.count() == 3
    assert library.remove([link / "pears.txt"]).removed == 1


def test_names_that_differ_are_kept_apart(
    library: Library, tmp_path: Path, progress: Watched
) -> None:
    for name in ("Notes.md", "notes.md"):
        (tmp_path / name).write_text(f"# {name}\n\nThis is {name}.\n")
    os.link(tmp_path / "Notes.md", tmp_path / "NOTES.md")
    for name in ("Notes.md", "notes.md", "NOTES.md"):
        assert as_on_disk(tmp_path / name) == str(tmp_path / name)
    assert as_on_disk(tmp_path / "nOTES.md") == str(tmp_path / "nOTES.md")
    assert library.add([tmp_path], progress).added == 3
