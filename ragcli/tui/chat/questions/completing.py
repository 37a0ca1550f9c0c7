"""Completions: what the beginning of a word in the prompt may become."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ragcli.paths import expanded
from ragcli.tui import commands
from ragcli.tui.attachments.mentions import mention_start, paths_like
from ragcli.tui.chat.desk import Desk
from ragcli.tui.widgets.input.completions import Completion, Completions
from ragcli.tui.widgets.input.prompt import PromptInput
from ragcli.tui.workers.threads import aside

Names = Mapping[str, Callable[[], Sequence[str]]]
"""What returns the names that an argument may have, by its kind; may block."""

_SHOWN = 12


class Completing:
    """Offers commands, their arguments and `@paths` above the prompt.

    Args:
        desk: Where the user is.
        prompt: Where the word is written.
        offers: Shows what it may become.
        names: Returns what arguments may be.
    """

    def __init__(
        self, desk: Desk, prompt: PromptInput, offers: Completions, names: Names
    ) -> None:
        self._desk = desk
        self._prompt = prompt
        self._offers = offers
        self._names = names
        self.offered_for = ""
        """The text that the completions on the screen are for."""

    def edited(self, text: str) -> None:
        """Offers what the text up to the cursor may go on with."""
        if self._offers.is_attached:
            self._desk.do("complete", self._offer, text)

    async def _offer(self, text: str) -> None:
        items = await self.completions_of(text)
        self.offered_for = text
        self._offers.offer(items)
        self._prompt.completing = bool(items)

    async def completions_of(self, text: str) -> Sequence[Completion]:
        """Returns what may complete the text before the cursor."""
        if commands.is_command(text) and "\n" not in text:
            word, space, argument = text[1:].partition(" ")
            if not space:
                return [
                    Completion(0, f"/{c.name}", c.help, runs=not c.required)
                    for c in commands.matching(word)
                ]
            return await self._arguments(word, argument)
        start = mention_start(text)
        if start is None:
            return ()
        begun = text[start + 1 :].lstrip('"')
        paths = await aside(lambda: list(paths_like(begun)))
        return [Completion(start, _mention(path)) for path in paths]

    async def _arguments(self, word: str, argument: str) -> Sequence[Completion]:
        kind = {c.name: c.completes for c in commands.COMMANDS}.get(word, "")
        start = len(word) + 2
        if kind == "path":
            matching = await aside(lambda: list(paths_like(argument)))
            # What is named whole is meant, not what is in it or begins like it.
            is_whole = bool(argument) and await aside(_exists, argument)
            whole = [argument] * is_whole
            paths = dict.fromkeys(whole + matching)
            return [Completion(start, path, runs=True) for path in paths]
        named = self._names.get(kind)
        if named is None:
            return ()
        names = await aside(named)
        begun = [n for n in names if n.lower().startswith(argument.lower())][:_SHOWN]
        return [Completion(start, n, runs=True) for n in begun if n != argument]

    def steer(self, key: str) -> None:
        """Takes a key of the prompt while completions are open."""
        chosen = self._offers.chosen
        if self._prompt.before_cursor != self.offered_for:  # typed on in the meantime
            chosen = None
        if key in {"up", "down"}:
            self._offers.move(1 if key == "down" else -1)
        elif chosen is not None:
            self._take(chosen, send=key == "enter")
        elif key == "enter":
            self._prompt.completing = False
            self._offers.offer(())
            self._prompt.send()

    def _take(self, chosen: Completion, *, send: bool) -> None:
        typed = self._prompt.before_cursor
        exact = typed[chosen.start :] == chosen.text
        self._prompt.completing = False
        if not exact:
            tail = "" if chosen.text.endswith("/") or chosen.runs else " "
            self._prompt.complete(chosen.start, chosen.text + tail)
        if (
            send
            and chosen.runs
            and (exact or chosen.start == 0 or not chosen.text.endswith("/"))
        ):
            self._offers.offer(())
            self._prompt.send()


def _exists(path: str) -> bool:
    return expanded(path).exists()


def _mention(path: str) -> str:
    return f'@"{path}"' if " " in path else f"@{path}"
