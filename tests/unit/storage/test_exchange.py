"""Two names change places in one step, also without the C library's function."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

import pytest

from ragcli.storage import exchange
from ragcli.storage.files import Directory


@pytest.mark.skipif(sys.platform != "linux", reason="a system call of Linux")
def test_two_names_are_swapped_where_the_library_has_no_function(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Musl:
        """The functions of the C library, without the youngest."""

        def __init__(self, *_: object, **__: object) -> None:
            self._all = library

        def __getattr__(self, name: str) -> object:
            if name.startswith("renameat"):
                raise AttributeError(name)
            return getattr(self._all, name)

    library = ctypes.CDLL(None, use_errno=True)
    monkeypatch.setattr(ctypes, "CDLL", Musl)
    with Directory.open(tmp_path / "home", create=True) as directory:
        directory.replace("one", b"1")
        directory.replace("other", b"2")
        exchange.exchange(directory, "one", "other")
        assert (directory.read("one"), directory.read("other")) == (b"2", b"1")
        with pytest.raises(FileNotFoundError):
            exchange.exchange(directory, "one", "missing")
