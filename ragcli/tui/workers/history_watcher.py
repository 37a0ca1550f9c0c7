"""Looks for what others append to the history, in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable

from textual.message import Message

from ragcli.errors import RagcliError
from ragcli.tui.messages import HistoryFailed, HistoryMoved
from ragcli.tui.ports import ProfilePort

_WAIT = 0.5
"""Seconds of one wait; leaving a profile takes as long at most."""

PAUSE = 5.0
"""Seconds before a history that could not be read is tried again."""


class HistoryWatcher:
    """Posts `HistoryMoved` whenever a profile's history has grown.

    Args:
        profile: Whose history.
        post: Takes messages from any thread.
    """

    def __init__(self, profile: ProfilePort, post: Callable[[Message], object]) -> None:
        self._profile = profile
        self._post = post
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        """Starts from the present state; posts it once, then every change."""
        self._thread.start()

    def stop(self) -> None:
        """Stops the thread soon; nothing is posted after this call."""
        self._stopped.set()

    def _run(self) -> None:
        seq, last_error = -1, ""
        while not self._stopped.is_set():
            try:
                seq = self._look(seq)
            except RagcliError as error:
                if error.message != last_error:  # once, however often it is tried again
                    self._say(HistoryFailed(self._profile, error))
                last_error = error.message
                self._stopped.wait(PAUSE)
            else:
                last_error = ""

    def _look(self, seq: int) -> int:
        history = self._profile.history
        if seq >= 0 and not history.wait(seq, _WAIT):
            return seq
        head = history.head()
        turns = history.since(seq) if seq >= 0 else []
        last = max(head, turns[-1].seq if turns else 0)
        others = seq < 0 or last - seq != len(turns)
        self._say(HistoryMoved(self._profile, turns, history.conversations(), others))
        return last

    def _say(self, message: Message) -> None:
        if not self._stopped.is_set():
            self._post(message)
