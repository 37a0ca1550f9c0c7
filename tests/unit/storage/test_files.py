"""Files are private, replaced whole, and opened only if they are what they seem."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from ragcli.errors import NotPermitted
from ragcli.storage.files import Directory


@pytest.fixture
def directory(tmp_path: Path) -> Directory:
    return Directory.open(tmp_path / "d", create=True)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_made_is_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with Directory.open(tmp_path / "a" / "b", create=True) as directory:
            directory.replace("file", b"x")
            directory.child("c", create=True).close()
    finally:
        os.umask(before)

    places = ("a", "a/b", "a/b/c", "a/b/file")
    assert [mode(tmp_path / p) for p in places] == [0o700, 0o700, 0o700, 0o600]


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/etc", "a\0b"])
def test_names_are_names_and_no_paths(directory: Directory, name: str) -> None:
    for use in (directory.child, directory.open_file, directory.remove_tree):
        with pytest.raises(NotPermitted, match="plain file name"):
            use(name)
    with pytest.raises(NotPermitted, match="plain file name"):
        directory.replace(name, b"")


def test_a_replacement_is_the_old_or_the_new(directory: Directory) -> None:
    directory.replace("file", b"old")
    reading = directory.open_file("file")

    directory.replace("file", b"new")

    assert os.read(reading, 9) == b"old"
    assert directory.read("file") == b"new"
    assert directory.names() == ["file"]
    os.close(reading)


def test_a_replacement_that_fails_leaves_nothing(directory: Directory) -> None:
    directory.replace("file", b"old")

    def broken() -> None:
        with directory.replacing("file") as descriptor:
            os.write(descriptor, b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken()

    assert directory.read("file") == b"old"
    assert directory.names() == ["file"]


def test_sweeping_takes_only_what_was_left_of_one_file(directory: Directory) -> None:
    for name in (".a.1.tmp", ".a.2.tmp", ".ab.1.tmp", "a", ".a.txt"):
        (directory.path / name).touch(0o600)

    directory.sweep("a")

    assert directory.names() == [".a.txt", ".ab.1.tmp", "a"]


@pytest.mark.parametrize("kind", ["link", "dangling", "fifo", "directory", "device"])
def test_only_regular_files_are_opened_and_nothing_blocks(
    directory: Directory, kind: str
) -> None:
    place = directory.path / "file"
    if kind == "link":
        (directory.path / "target").touch(0o600)
        place.symlink_to("target")
    elif kind == "dangling":
        place.symlink_to("nowhere")
    elif kind == "fifo":
        os.mkfifo(place, 0o600)
    elif kind == "directory":
        place.mkdir()
    elif os.getuid() != 0:
        pytest.skip("making a device takes root")
    else:
        os.mknod(place, 0o600 | stat.S_IFCHR, os.makedev(1, 3))

    with pytest.raises(NotPermitted):
        directory.open_file("file")
    with pytest.raises(NotPermitted):
        directory.read("file")


@pytest.mark.parametrize("loose", [0o640, 0o604, 0o622, 0o666])
def test_a_file_that_others_can_use_is_refused(
    directory: Directory, loose: int
) -> None:
    directory.replace("file", b"x")
    (directory.path / "file").chmod(loose)

    with pytest.raises(NotPermitted, match=f"{loose:04o}") as caught:
        directory.read("file")

    assert "doctor --fix" in caught.value.hint


def test_what_belongs_to_others_is_refused(directory: Directory) -> None:
    if os.getuid() != 0:
        pytest.skip("giving files away takes root")
    directory.replace("file", b"x")
    os.chown(directory.path / "file", 12345, 12345)

    with pytest.raises(NotPermitted, match="uid 12345"):
        directory.read("file")


def test_a_file_larger_than_its_limit_is_not_read(directory: Directory) -> None:
    directory.replace("file", b"x" * 11)

    with pytest.raises(NotPermitted, match="larger than 10 bytes"):
        directory.read("file", limit=10)


def test_a_tree_goes_without_what_links_point_to(
    directory: Directory, tmp_path: Path
) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").touch()
    tree = directory.path / "tree"
    (tree / "deep" / "deeper").mkdir(parents=True)
    (tree / "deep" / "link").symlink_to(tmp_path / "precious")

    directory.remove_tree("tree")
    directory.remove_tree("tree")

    assert directory.names() == []
    assert (tmp_path / "precious" / "file").exists()


def test_a_missing_file_is_said_to_be_missing(directory: Directory) -> None:
    with pytest.raises(FileNotFoundError):
        directory.read("none")
    with pytest.raises(FileNotFoundError):
        directory.child("none")
    directory.remove("none")
    assert not directory.has("none")


def test_closing_twice_is_fine(directory: Directory) -> None:
    directory.close()
    directory.close()
