"""Private directories are gone when they are left, whatever is short by then."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from ragcli.errors import StorageFailed
from ragcli.storage.temporary.memory_directories import (
    PREFIX,
    has_memory,
    linked_directory,
    memory_directory,
)


@contextmanager
def free_descriptors(count: int) -> Iterator[None]:
    """Leaves `count` more descriptors to be had, and takes no other away."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with ExitStack() as stack:
        last, highest = 0, max(filter(_is_open, range(4096)))
        while last < highest:
            last = os.dup(0)
            stack.callback(os.close, last)
        resource.setrlimit(resource.RLIMIT_NOFILE, (last + 1 + count, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def _ours(base: Path) -> set[str]:
    return {name for name in os.listdir(base) if name.startswith(PREFIX)}


@pytest.mark.skipif(not has_memory(), reason="no memory file system")
def test_a_directory_in_memory_is_gone_when_no_descriptor_is_free() -> None:
    with ExitStack() as held, memory_directory() as path:
        (path / "text").write_text("plain")
        held.enter_context(free_descriptors(0))
        with pytest.raises(OSError, match="Too many open files"):
            os.dup(0)

    assert not path.exists()


def test_links_are_gone_when_no_descriptor_is_free(tmp_path: Path) -> None:
    (tmp_path / "meta.json").write_text("{}")

    with ExitStack() as held, linked_directory(tmp_path) as path:
        assert os.listdir(path) == ["meta.json"]
        held.enter_context(free_descriptors(0))

    assert not path.exists()
    assert (tmp_path / "meta.json").read_text() == "{}"


@pytest.mark.parametrize("count", range(6))
def test_a_directory_that_cannot_be_made_leaves_none(
    count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ragcli.storage.temporary.memory_directories.MEMORY", tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    (tmp_path / "text").mkdir()
    told = ""

    with free_descriptors(count):
        try:
            with linked_directory(tmp_path / "text") as path:
                assert path.is_dir()
        except StorageFailed as error:
            told = error.message

    assert not _ours(tmp_path)
    assert ("Too many open files" in told) == (count < 4)
