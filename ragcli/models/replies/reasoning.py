"""What a reasoning model says to itself is no part of its answer.

Servers that know of reasoning send it apart. Older ones, and templates that they do not
know, leave it in the text: between tags at its beginning, with only the closing tag
where the template wrote the opening one itself, or in a channel of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ragcli.language.patterns import deferred
from ragcli.models.base import Ended, Restart, Sign, Thought

_TAGS = {
    "<think>": "</think>",
    "<thinking>": "</thinking>",
    "[THINK]": "[/THINK]",
    "<|channel|>analysis<|message|>": "<|channel|>final<|message|>",
}
"""What opens reasoning at the beginning of an answer, and what ends it."""
_FINAL = "<|channel|>final<|message|>"
_CLOSED = deferred(r"</think>[ \t]*(?:\n|$)")
"""The end of reasoning whose opening tag stands in the prompt."""
_OPENS_ITSELF = deferred(r"(?:^|[^a-z])(?:r1|qwq|think\w*|reason\w*)", re.IGNORECASE)


def may_open_itself(model: str) -> bool:
    """Tells whether a model's name says that its template may open the tag itself.

    Its text is then held back until it is known what it is.
    """
    return bool(_OPENS_ITSELF.search(model))


def apart(
    pieces: Iterable[str | Sign], *, held_back: bool = False
) -> Iterator[str | Sign]:
    """Yields the pieces of an answer, with the reasoning in them as `Thought`.

    Args:
        pieces: As the model gives them; signs pass.
        held_back: See `may_open_itself`.
    """
    splitter = _Splitter(held_back=held_back)
    for piece in pieces:
        if isinstance(piece, str):
            yield from splitter.feed(piece)
            continue
        if isinstance(piece, Thought):
            splitter.knows()
        if isinstance(piece, Ended):
            yield from splitter.close()
        yield piece
    yield from splitter.close()


class _Splitter:
    """Reads an answer from its beginning on."""

    def __init__(self, *, held_back: bool) -> None:
        self._held = ""
        self._held_back = held_back
        self._closing = ""
        """What ends the reasoning that is being read; "" outside of any."""
        self._started = False
        self._spoken = self._trims = False

    def knows(self) -> None:
        """The server sends reasoning apart: none of the text is any."""
        self._held_back = False

    def feed(self, text: str) -> Iterator[str | Sign]:
        """Yields what is clear after `text`."""
        self._held += text
        if not self._started:
            self._start()
        if self._started:
            yield from self._go_on()

    def close(self) -> Iterator[str | Sign]:
        """Yields what is left."""
        held, self._held = self._held, ""
        if self._closing:
            if held:
                yield Thought(held)
        elif self._held_back and (match := _CLOSED.search(held)):
            yield Thought(held[: match.start()])
            self._trims = True
            yield from self._said(held[match.end() :])
        elif self._spoken and (match := _CLOSED.search(held)):
            yield Restart()
            self._trims = True
            yield from self._said(held[match.end() :])
        else:
            yield from self._said(held)

    def _start(self) -> None:
        """Looks whether the answer opens with reasoning, once that is clear."""
        begun = self._held.lstrip()
        for opening, closing in _TAGS.items():
            if begun.startswith(opening):
                self._started, self._closing = True, closing
                self._held = begun[len(opening) :]
                return
        if begun.startswith(_FINAL):
            self._started, self._held = True, begun[len(_FINAL) :]
            return
        if begun and not any(tag.startswith(begun) for tag in (*_TAGS, _FINAL)):
            self._started = True

    def _go_on(self) -> Iterator[str | Sign]:
        if self._closing:
            yield from self._think()
        if self._closing:
            return
        match = _CLOSED.search(self._held)
        if match and match.end() < len(self._held):
            if self._held_back:
                yield Thought(self._held[: match.start()])
            elif self._spoken or match.start():
                yield Restart()
            self._held = self._held[match.end() :]
            self._held_back, self._trims = False, True
        if not self._held_back:
            clear = self._held[: _clear(self._held, "</think>")]
            self._held = self._held[len(clear) :]
            yield from self._said(clear)

    def _think(self) -> Iterator[str | Sign]:
        before, closing, after = self._held.partition(self._closing)
        if closing:
            if before:
                yield Thought(before)
            self._held, self._closing, self._held_back = after, "", False
            self._trims = True
            return
        clear = self._held[: _clear(self._held, self._closing)]
        self._held = self._held[len(clear) :]
        if clear:
            yield Thought(clear)

    def _said(self, text: str) -> Iterator[str]:
        """Yields text of the answer, which begins with no blank after reasoning."""
        text = text.lstrip() if self._trims else text
        if text:
            self._spoken, self._trims = True, False
            yield text


def _clear(text: str, closing: str) -> int:
    """Returns how much of `text` cannot be the beginning of a closing tag."""
    at = text.rfind(closing)
    if at >= 0 and not text[at + len(closing) :].strip():
        return at
    for length in range(min(len(closing) - 1, len(text)), 0, -1):
        if text.endswith(closing[:length]):
            return len(text) - length
    return len(text)
