"""Ways to a prompt's text other than typing it: an editor, a question asked before."""

from __future__ import annotations

import subprocess
from pathlib import Path

from textual.app import SuspendNotSupported

from ragcli.chat.presentation import editors
from ragcli.errors import UsageError
from ragcli.tui.chat.desk import Desk
from ragcli.tui.screens.recall import RecallDialog
from ragcli.tui.widgets.prompt import PromptInput, plain_lines
from ragcli.tui.workers.threads import aside

_RECALLED = 1000
"""Questions that can be found again, the newest."""

_UP = 100
"""Questions of other conversations that Up goes back through."""


class PromptHelp:
    """Fills the prompt.

    Args:
        desk: Where the user is.
        prompt: What is filled.
    """

    def __init__(self, desk: Desk, prompt: PromptInput) -> None:
        self._desk = desk
        self._prompt = prompt

    def remember(self, questions: list[str]) -> None:
        """Has Up go through a conversation's questions, then through all others."""
        self._prompt.remember(questions)
        self._desk.do("remember", self._remember, questions)

    async def _remember(self, questions: list[str]) -> None:
        asked = await aside(self._desk.profile.history.questions, _UP)
        here = set(questions)
        others = [question for question in reversed(asked) if question not in here]
        self._prompt.remember([*others, *questions])

    def command_recall(self, _: str = "") -> None:
        """Finds a question of any conversation, and puts it into the prompt."""
        self._desk.do("", self._recall)

    async def _recall(self) -> None:
        asked = await aside(self._desk.profile.history.questions, _RECALLED)
        begun = self._prompt.text if "\n" not in self._prompt.text else ""
        chosen = await self._desk.answer_to(RecallDialog(asked, begun))
        if chosen is not None:
            self._prompt.put(chosen)
        self._prompt.focus()

    def command_editor(self, _: str = "") -> None:
        """Writes the prompt in the user's editor."""
        self._desk.do("", self._edit)

    async def _edit(self) -> None:
        import tempfile

        with tempfile.TemporaryDirectory(prefix="ragcli-") as place:
            file = Path(place) / "prompt.md"
            file.write_text(self._prompt.text, encoding="utf-8")
            words = editors.for_writing(str(file))
            try:
                with self._desk.screen.app.suspend():
                    done = subprocess.run(words, check=False)  # noqa: S603, ASYNC221 - the user's own editor, and the screen is his
            except SuspendNotSupported:
                self._desk.say("No editor can be opened from here.")
                return
            except OSError as error:
                raise UsageError(
                    f"{words[0]}: {error.strerror}", "set $EDITOR"
                ) from error
            finally:
                self._desk.screen.refresh(layout=True)
            if done.returncode:
                raise UsageError(
                    f"{words[0]} ended with {done.returncode}; the prompt is as it was",
                    "set $EDITOR",
                )
            text = file.read_text(encoding="utf-8", errors="replace")
        self._prompt.put(plain_lines(text).rstrip("\n"))
        self._prompt.focus()
