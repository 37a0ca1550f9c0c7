"""Work in the background: a slow import, a first request."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Background(Generic[T]):
    """A value that is made once, in a thread of its own, and waited for when needed.

    Args:
        make: Makes it; what it raises is raised by `result`.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._made: list[T] = []
        self._error: BaseException | None = None

    def start(self) -> None:
        """Starts the thread, if it has not started yet."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="prepare", daemon=True
                )
                self._thread.start()

    def result(self) -> T:
        """Returns the value; starts if necessary, and waits for it."""
        self.start()
        if self._thread:
            self._thread.join()
        if self._error:
            raise self._error
        return self._made[0]

    def _run(self) -> None:
        try:
            self._made.append(self._make())
        except BaseException as error:  # noqa: BLE001 - raised where the value is needed
            self._error = error
