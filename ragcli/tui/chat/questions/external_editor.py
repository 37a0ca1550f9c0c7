"""The prompt, written in the user's own editor."""

from __future__ import annotations

from pathlib import Path

from ragcli.chat.presentation import editors
from ragcli.errors import UsageError
from ragcli.tui.chat.desk import Desk
from ragcli.tui.widgets.input.prompt import PromptInput, plain_lines


class ExternalEditor:
    """Hands the prompt's text to an editor, and takes it back.

    Args:
        desk: Where the user is.
        prompt: Whose text it is.
    """

    def __init__(self, desk: Desk, prompt: PromptInput) -> None:
        self._desk = desk
        self._prompt = prompt

    def command_editor(self, _: str = "") -> None:
        """Writes the prompt in the user's editor."""
        self._desk.do("", self._edit)

    async def _edit(self) -> None:
        import tempfile

        with tempfile.TemporaryDirectory(prefix="ragcli-") as directory:
            file = Path(directory) / "prompt.md"
            file.write_text(self._prompt.text, encoding="utf-8")
            words = editors.for_writing(str(file))
            code = self._desk.lend_terminal(words)
            text = file.read_text(encoding="utf-8", errors="replace")
        if code:
            raise UsageError(
                f"{words[0]} ended with {code}; the prompt is as it was", "set $EDITOR"
            )
        if code is not None:
            self._prompt.put(plain_lines(text).rstrip("\n"))
        self._prompt.focus()
