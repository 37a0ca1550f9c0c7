"""Keeps answer and draft when the chat ends, however it ends."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from ragcli.chat.events import Failed
from ragcli.config import seconds
from ragcli.errors import ExitCode, RagcliError, StorageFailed
from ragcli.tui.ports import ProfilePort
from ragcli.tui.workers.answer_worker import AnswerWorker

_PATIENCE = 5.0
"""Seconds beyond the wait for the lock in which the engine records what was said."""


def keep(profile: ProfilePort, asking: AnswerWorker | None, unsent: str) -> None:
    """Stops an answer and records it; keeps what was not sent.

    Args:
        profile: Whose draft.
        asking: The answer in progress, or None.
        unsent: Queued questions and the text in the prompt.

    Raises:
        RagcliError: It could not be stored.
    """
    if asking is not None:
        asking.cancel()
        if not asking.has_begun:
            unsent = joined(_written(asking), unsent)
        patience = seconds(profile.settings.lock_wait) + _PATIENCE
        ended = asking.join(patience)
        if not ended and asking.request.record and asking.answer():
            profile.history.put_draft(joined(_written(asking), unsent))
            raise StorageFailed(
                f"the answer in progress was not recorded within {patience:.0f} s",
                "its question is kept as a draft",
            )
        failed = asking.failed
        if failed and failed.turn.answer and not failed.turn.seq:
            _record(profile, asking, failed)
    profile.history.put_draft(unsent)


def _written(asking: AnswerWorker) -> str:
    """Returns a question as it was written, with the marks of what was pasted."""
    return " ".join((asking.request.question, *asking.request.pasted))


def _record(profile: ProfilePort, asking: AnswerWorker, failed: Failed) -> None:
    """Records, under the id it has, an answer that the engine could not record."""
    if asking.request.record:
        profile.history.commit(failed.turn, title=failed.title)


def joined(draft: str, typed: str) -> str:
    """Returns a draft that was kept, and below it what was typed before it was read."""
    return "\n".join(text for text in (draft, typed) if text.strip())


def hung_up(keep_all: Callable[[], None], code: int) -> None:
    """Ends the process after its terminal is gone, once everything is kept.

    Writing to a terminal that is gone fails or blocks, and with it the screen's
    thread; so this runs beside it and does not come back.

    Args:
        keep_all: Keeps answer and draft.
        code: The exit code.
    """

    def end() -> None:
        left = int(ExitCode.BUG)
        try:
            keep_all()
            left = code
        except RagcliError as error:
            left = int(error.code)
        finally:
            os._exit(left)  # nobody is there to be told of what went wrong

    threading.Thread(target=end, name="keep").start()
