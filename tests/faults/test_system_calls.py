"""Whichever system call fails: what was stored stays, and one line says so.

The n-th call of the real code is made to fail, for n = 1, 2, … until a run meets no
failure (the method of SQLite's own I/O error tests, sqlite.org/testing.html).
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ragcli.config import Settings
from ragcli.errors import ExitCode, RagcliError
from ragcli.sessions.history.writer import History
from ragcli.sessions.protocols import Session
from ragcli.sessions.records.record_types import Record
from tests.faults import syncing
from tests.stores import LocalStores, a_turn, append, questions

FAILING = (
    "open", "write", "pread", "ftruncate", "rename", "mkdir", "unlink", "close",
    "listdir", "pwrite",
)  # fmt: skip
THOROUGH = os.environ.get("RAGCLI_THOROUGH") == "1"
ERRORS = [errno.EIO, errno.ENOSPC]
ERRORS += [errno.EINTR, errno.EDQUOT] if THOROUGH else []
SHORT = -1
QUIET = Settings(audit=False)


class Fault:
    """Makes the n-th system call on a profile fail.

    Args:
        number: Which call, from 1.
        error: An errno, or `SHORT` for half a write.
    """

    def __init__(self, number: int, error: int) -> None:
        self._number = number
        self._error = error
        self.count = 0
        self.what = ""

    @contextmanager
    def armed(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            for name in FAILING:
                patch.setattr(os, name, self._wrapped(name, getattr(os, name)))
            syncing.replace(self._wrapped, patch.setattr)
            yield

    @property
    def met(self) -> bool:
        return bool(self.what)

    def _wrapped(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            if self._error == SHORT and name != "write":
                return original(*args, **kwargs)
            self.count += 1
            if self.count != self._number:
                return original(*args, **kwargs)
            self.what = name
            if self._error == SHORT:
                return original(args[0], bytes(args[1])[: len(args[1]) // 2])
            if name == "close":  # the descriptor is gone all the same (close(2))
                original(*args, **kwargs)
            raise OSError(self._error, os.strerror(self._error))

        return call


def appended(session: Session) -> None:
    append(session.log, "new")


def batch(session: Session) -> None:
    append(session.log, "new", "newer")


def rewritten(session: Session) -> None:
    def change(record: Record) -> Record | None:
        return None if record.body.get("question") == "goes" else record

    session.log.rewrite(change, {"reason": "test"})


def changed(session: Session) -> None:
    session.change_settings({"retrieval.k": 9})


def drafted(session: Session) -> None:
    session.put_blob("draft", b"text")


def read(session: Session) -> None:
    history = History(session, QUIET)
    history.conversations()
    history.latest()
    history.context("c", 3)


DEEDS = [appended, batch, rewritten, changed, drafted, read]


def fresh(root: Path, *, torn: bool) -> LocalStores:
    stores = LocalStores(root)
    session = stores(QUIET).create("work", {"retrieval.k": 1})
    History(session, QUIET).commit(a_turn("c", "stays"), title="C")
    append(session.log, "goes")
    session.close()
    if torn:
        with (root / "profiles" / "work" / "history.jsonl").open("ab") as file:
            file.write(b'{"v":1,"seq":')
    return stores


def check(stores: LocalStores, *, failed: bool) -> None:
    """The profile is whole: old or new, never between; and it goes on."""
    session = stores(QUIET).open("work")
    found = [text for text in questions_of(session) if text != "again"]
    allowed = [["stays", "goes"], ["stays"]]
    allowed += [["stays", "goes", *new] for new in (["new"], ["new", "newer"])]
    assert found in allowed
    if failed:
        assert session.settings()["retrieval.k"] in {1, 9}
    append(session.log, "again")
    session.change_settings({"retrieval.k": 2})
    assert questions_of(session) == [*found, "again"]
    session.close()
    again = stores(QUIET).open("work")
    append(again.log, "last")
    again.change_settings({"retrieval.k": 3})
    again.close()
    place = stores.root / "profiles" / "work"
    left = [p.name for p in place.iterdir() if p.name.endswith(".tmp")]
    assert left == []


def questions_of(session: Session) -> list[str]:
    found = [record for record in session.log.since() if record.kind == "turn"]
    return [record.body["question"] for record in found]


@pytest.mark.parametrize("torn", [False, True], ids=["whole", "torn"])
@pytest.mark.parametrize("error", [*ERRORS, SHORT])
@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.__name__)
def test_a_failing_call_damages_nothing(
    quick: Path, deed: Callable[[Session], None], error: int, torn: bool
) -> None:
    for number in range(1, 500):
        stores = fresh(quick / str(number), torn=torn)
        session = stores(QUIET).open("work")
        fault = Fault(number, error)
        failed = None
        with fault.armed():
            try:
                deed(session)
            except RagcliError as caught:
                failed = caught
        session.close()
        if failed:
            assert failed.code == ExitCode.STORAGE, f"{fault.what}: {failed}"
            assert "\n" not in failed.message
            assert failed.hint
        check(stores, failed=failed is not None)
        if not fault.met:
            assert failed is None
            assert number > 1 or error == SHORT
            return
    pytest.fail("it never ran without meeting the fault")


@pytest.mark.parametrize("error", ERRORS)
def test_a_profile_is_made_whole_or_not_at_all(quick: Path, error: int) -> None:
    for number in range(1, 500):
        stores = LocalStores(quick / str(number))
        fault = Fault(number, error)
        failed = None
        with fault.armed():
            try:
                stores(QUIET).create("work", {}).close()
            except RagcliError as caught:
                failed = caught
        if failed:
            assert failed.code == ExitCode.STORAGE, f"{fault.what}: {failed}"
        for name in stores(QUIET).names():
            session = stores(QUIET).open(name)
            append(session.log, "works")
            assert questions(session.log) == ["works"]
            session.close()
        stores(QUIET).create("other", {}).close()
        left = (quick / str(number) / "profiles").iterdir()
        assert not [item.name for item in left if item.name.startswith(".")]
        if not fault.met:
            return
    pytest.fail("it never ran without meeting the fault")
