"""Whichever system call fails while an index is published: one whole index stays."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from ragcli.errors import RagcliError
from tests.faults import syncing
from tests.faults.snapshots.processes import opened, snapshots_at
from tests.unit.index.doubles import Watched, reader_of

THOROUGH = os.environ.get("RAGCLI_THOROUGH") == "1"
CALLS = ("open", "write", "rename", "link", "mkdir", "chmod")
ERRORS = [errno.EIO, errno.ENOSPC, errno.EDQUOT] if THOROUGH else [errno.ENOSPC]


class Failing:
    """Makes the n-th call below a profile fail, once."""

    def __init__(self, profile: Path, error: int, call: int) -> None:
        self._profile = str(profile)
        self._error = error
        self._left = call
        self._descriptors: set[int] = set()
        self.failed = ""

    def install(self, patch: pytest.MonkeyPatch) -> None:
        for name in CALLS:
            patch.setattr(os, name, self._wrapped(name, getattr(os, name)))
        syncing.replace(self._wrapped, patch.setattr)

    def _wrapped(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            if self._is_ours(arguments[0], options) and not self.failed:
                self._left -= 1
                if self._left == 0:
                    self.failed = f"{name} {arguments[0]}"
                    raise OSError(self._error, os.strerror(self._error))
            result = real(*arguments, **options)
            if name == "open" and self._is_ours(arguments[0], options):
                self._descriptors.add(result)
            return result

        return call

    def _is_ours(self, target: Any, options: Mapping[str, Any]) -> bool:
        if isinstance(target, int):
            return target in self._descriptors
        if os.path.isabs(target):
            return os.fsdecode(target).startswith(self._profile)
        return bool({"dir_fd", "src_dir_fd"} & options.keys())


def attempt(profile: Path, documents: Path, failing: Failing) -> bool:
    """Adds the documents while a call fails; tells whether the user hears of it."""
    with pytest.MonkeyPatch.context() as patch:
        failing.install(patch)
        try:
            report = opened(str(profile)).add([documents], Watched())
        except RagcliError:
            return True
    return bool(report.failed)  # a document that could not be opened


def check(profile: Path, documents: Path, before: str, failing: Failing) -> bool:
    """Checks that the index is whole; tells whether it is a new one."""
    library = opened(str(profile))
    after = snapshots_at(str(profile)).current()
    assert after >= before, failing.failed
    assert reader_of(library).notice == "", failing.failed
    assert snapshots_at(str(profile)).verify(after) == [], failing.failed
    [passage] = library.document(documents / "first.txt")[1]
    assert passage.text.strip() == "The first document stays."
    return after > before


@pytest.mark.parametrize("error", ERRORS, ids=lambda number: errno.errorcode[number])
@pytest.mark.timeout(900 if THOROUGH else 180)
def test_the_index_survives_any_failing_call(tmp_path: Path, error: int) -> None:
    profile, documents = tmp_path / "profile", tmp_path / "documents"
    documents.mkdir()
    (documents / "first.txt").write_text("The first document stays.\n")
    opened(str(profile)).add([documents], Watched())
    told = False
    for call in range(1, 1000, 1 if THOROUGH else 3):
        text = f"The second document, version {call}.\n"
        (documents / "second.txt").write_text(text)
        before = snapshots_at(str(profile)).current()
        failing = Failing(profile, error, call)
        told = attempt(profile, documents, failing)
        renewed = check(profile, documents, before, failing)
        assert renewed or told, failing.failed
        if not failing.failed:
            break
    assert not told
    assert call > 40
    report = opened(str(profile)).add([documents], Watched())
    assert report.failed == ()
    left = os.listdir(profile / "index")
    assert [name for name in left if name.startswith(("tmp-", ".CURRENT"))] == []
