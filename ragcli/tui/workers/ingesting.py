"""Reading documents in a thread, with its progress posted to the screen."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from textual.message import Message

from ragcli.tui.messages import (
    IngestEnded,
    IngestNoted,
    IngestStarted,
    IngestStepped,
)
from ragcli.tui.ports import ProfilePort
from ragcli.tui.profiles import document_changes
from ragcli.tui.workers.threads import failure_of

_FRAME = 0.1
"""Seconds between two steps that are posted: thousands of files must not flood."""


class IngestStopped(Exception):
    """The user stopped it; the library undoes what it had begun."""


class _Steps:
    """An `index.protocols.Progress` that posts, and where the work can be stopped.

    Args:
        post: Takes messages from any thread.
        stopped: Set when the user wants no more.
    """

    def __init__(
        self, post: Callable[[Message], object], stopped: threading.Event
    ) -> None:
        self._post, self._stopped = post, stopped
        self._done = 0
        self._posted = 0.0

    def start(self, total: int, what: str) -> None:
        """Reports that work of `total` steps begins."""
        self._go_on()
        self._done = 0
        self._post(IngestStarted(total, what))

    def step(self, name: str, count: int = 1) -> None:
        """Counts steps, and posts them now and then; raises `IngestStopped`."""
        self._go_on()
        self._done += count
        now = time.monotonic()
        if now - self._posted >= _FRAME:
            self._posted = now
            self._post(IngestStepped(self._done, name))

    def _go_on(self) -> None:
        if self._stopped.is_set():
            raise IngestStopped

    def note(self, message: str) -> None:
        """Passes on what a user should read."""
        self._post(IngestNoted(message))


class Ingesting:
    """Runs `library.add` or `library.sync`.

    Args:
        profile: Whose documents.
        paths: What to add; None to bring all up to date.
        post: Takes messages from any thread.
    """

    def __init__(
        self,
        profile: ProfilePort,
        paths: Sequence[Path | str] | None,
        post: Callable[[Message], object],
    ) -> None:
        self._profile, self._paths, self._post = profile, paths, post
        self._stopped = threading.Event()
        self._report: Any = None
        self._known: frozenset[str] = frozenset()

    def stop(self) -> None:
        """Ends it after the current file; the documents stay as they were."""
        self._stopped.set()

    def start(self) -> None:
        """Begins."""
        threading.Thread(target=self._run, name="ingest", daemon=True).start()

    def _run(self) -> None:
        error, crash = failure_of(self._read)
        stopped = isinstance(crash, IngestStopped)
        crash = None if stopped else crash
        self._post(
            IngestEnded(self._report, error, crash, stopped=stopped, known=self._known)
        )

    def _read(self) -> None:
        library = self._profile.library
        steps = _Steps(self._post, self._stopped)
        self._known = document_changes.known(library)
        if self._paths is None:
            self._report = library.sync(steps)
        else:
            self._report = library.add(self._paths, steps)
