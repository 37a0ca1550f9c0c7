"""What every part of the chat shares: the open profile, notices, background work."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from textual.app import SuspendNotSupported
from textual.message import Message
from textual.notifications import SeverityLevel
from textual.worker import Worker, get_current_worker

from ragcli.errors import RagcliError, UsageError
from ragcli.text import safe_line
from ragcli.tui.ports import ProfilePort, RuntimePort

if TYPE_CHECKING:
    from textual.screen import ModalScreen, Screen

P = ParamSpec("P")
T = TypeVar("T")


class Desk:
    """The open profile, the conversation on the screen, and work beside it.

    Parts own what they alone change. What several of them read is here.

    Args:
        screen: The screen that the parts stand on; any will do.
        profiles: This process.
        profile: The open profile.
    """

    def __init__(
        self, screen: Screen[Any], profiles: RuntimePort, profile: ProfilePort
    ) -> None:
        self.screen = screen
        self.profiles = profiles
        self.profile = profile
        self.conversation = ""
        """The conversation on the screen; "" for one that has not begun."""
        self.opened = 0
        """Counts what was opened: tells one new conversation from the next."""
        self.read_only = False
        """Whether turns are left unrecorded."""
        self.is_left = False
        """Whether the profile is being left: what is unsent has been kept by then."""
        self._under_way: Counter[str] = Counter()
        self._in_order = {name: asyncio.Lock() for name in ("open", "draft", "version")}

    # Speaking

    def post(self, message: Message) -> None:
        """Posts a message to the screen, from any thread."""
        self.screen.post_message(message)

    def say(self, message: str, *, severity: SeverityLevel = "information") -> None:
        """Shows a short notice; untrusted text is made safe."""
        self.screen.notify(safe_line(message, 300), severity=severity, markup=False)

    def say_error(self, error: RagcliError) -> None:
        """Shows an error of ours: what is wrong, and what to do."""
        text = f"{error.message} ({error.hint})" if error.hint else error.message
        self.screen.notify(
            safe_line(text, 400), severity="error", markup=False, timeout=10
        )

    async def answer_to(self, dialog: ModalScreen[T]) -> T:
        """Shows a dialog; returns what the user answers."""
        return await self.screen.app.push_screen_wait(dialog)

    def lend_terminal(self, words: Sequence[str]) -> int | None:
        """Runs another program on the terminal; the chat waits for its end.

        Returns:
            Its exit code; None where the terminal cannot be lent, which is said.

        Raises:
            UsageError: It could not be started.
        """
        import subprocess

        try:
            with self.screen.app.suspend():
                return subprocess.run(words, check=False).returncode  # noqa: S603 - the user's own choice
        except SuspendNotSupported:
            self.say(f"{words[0]} cannot be opened from here")
            return None
        except OSError as error:
            raise UsageError(f"{words[0]}: {error.strerror}", "set $EDITOR") from error

    # Work beside the screen

    def do(
        self,
        group: str,
        call: Callable[P, Coroutine[Any, Any, None]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """Runs `call` beside the screen; an error of ours becomes a notice.

        Args:
            group: Work of one group runs one by one (`open`, `draft`, `version`), or
                the later takes the place of the earlier (any other name); "" is free.
            call: Awaits what may block with `threads.aside`.
            args: For it.
            kwargs: For it.
        """
        queue = self._in_order.get(group)
        self._under_way[group] += 1

        async def guarded() -> None:
            try:
                async with queue or nullcontext():
                    await call(*args, **kwargs)
            except RagcliError as error:
                self.say_error(error)
            finally:
                self._under_way[group] -= 1

        exclusive = bool(group) and queue is None
        _: Worker[None] = self.screen.run_worker(
            guarded, group=group or "work", exclusive=exclusive
        )

    def abandon_work(self) -> None:
        """Cancels all background work except the caller's own."""
        mine = get_current_worker()
        for worker in list(self.screen.workers):
            if worker is not mine:
                worker.cancel()

    @property
    def is_opening(self) -> bool:
        """Whether another conversation or profile is about to be shown."""
        return self._under_way["open"] > 0

    async def when_open(self) -> None:
        """Waits until what is about to be shown is."""
        while self.is_opening:
            async with self._in_order["open"]:
                await asyncio.sleep(0)
