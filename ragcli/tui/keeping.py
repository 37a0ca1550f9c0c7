"""What is kept when the chat ends, however it ends."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from ragcli.chat.answering import TITLE_WIDTH
from ragcli.text import safe_line
from ragcli.tui.asking import Asking
from ragcli.tui.ports import Profile
from ragcli.tui.unsaved import unsaved_turn

_PATIENCE = 2.0
"""Seconds for the engine to record what was said; then it is done from here."""


def keep(profile: Profile, asking: Asking | None, unsent: str) -> None:
    """Stops an answer and sees it recorded; keeps what was not sent.

    Args:
        profile: Whose draft.
        asking: The answer in progress, or None.
        unsent: Queued questions and the text in the prompt.

    Raises:
        RagcliError: It could not be stored.
    """
    if asking is not None:
        asking.cancel()
        if not asking.join(_PATIENCE) and asking.request.record and asking.answer():
            turn = unsaved_turn(asking, "interrupted")
            title = (
                safe_line(turn.question, TITLE_WIDTH) if asking.request.new else None
            )
            profile.history.commit(turn, title=title)
    profile.history.put_draft(unsent)


def joined(kept: str, typed: str) -> str:
    """Returns a draft that was kept, and below it what was typed before it was read."""
    return "\n".join(text for text in (kept, typed) if text.strip())


def hung_up(keep_all: Callable[[], None], code: int) -> None:
    """Ends the process after its terminal is gone, once everything is kept.

    Writing to a terminal that is gone fails or blocks, and with it the screen's
    thread; so this runs beside it and does not come back.

    Args:
        keep_all: Keeps answer and draft.
        code: The exit code.
    """

    def end() -> None:
        left = 1
        try:
            keep_all()
            left = code
        finally:
            os._exit(left)  # nobody is there to be told of what went wrong

    threading.Thread(target=end, name="keep").start()
