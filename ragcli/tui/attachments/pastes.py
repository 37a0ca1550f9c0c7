"""Long pastes: a short mark stands for each in the prompt, its text goes as a document.

The text is searched for this one question, as what is piped into `ask` is; the history
keeps the mark alone. It lives as long as the chat, and where a draft has its mark, with
the draft. Of a mark that has no text any more that is said.
"""

from __future__ import annotations

import re

from ragcli.errors import UsageError
from ragcli.text import counted

LONG = 20
"""Lines of a paste beyond which it becomes a mark."""

_MARK = re.compile(r"\[pasted [\d,]+ lines(?:, no\. \d+)?\]")
_HEAD = re.compile(rf"({_MARK.pattern})\t(\d{{1,12}})\n")


class Pastes:
    """The long texts that were pasted into one prompt."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def mark(self, text: str) -> str:
        """Keeps a long text; returns the mark that stands for it.

        A short text is returned as it is.
        """
        lines = text.count("\n") + (not text.endswith("\n"))
        if lines <= LONG:
            return text
        begun = f"[pasted {counted(lines, 'line')}"
        mark, number = f"{begun}]", 1
        while self._texts.get(mark, text) != text:
            number += 1
            mark = f"{begun}, no. {number}]"
        self._texts[mark] = text
        return mark

    @staticmethod
    def marks(text: str) -> tuple[str, ...]:
        """Returns the marks in a text, each once."""
        return tuple(dict.fromkeys(_MARK.findall(text)))

    def kept(self, draft: str) -> str:
        """Returns what is kept of the texts that marks in a draft stand for.

        Each is a line with its mark and its length in characters, then the text as
        it is, so that what is looked for in stored text is found.
        """
        return "".join(
            f"{mark}\t{len(text)}\n{text}\n"
            for mark in self.marks(draft)
            if (text := self._texts.get(mark)) is not None
        )

    def restore(self, kept: str) -> None:
        """Takes back what `kept` returned; what it cannot read is left out."""
        at = 0
        while head := _HEAD.match(kept, at):
            start, length = head.end(), int(head[2])
            self._texts.setdefault(head[1], kept[start : start + length])
            at = start + length + 1

    def taken_out(self, question: str) -> tuple[str, str]:
        """Returns the question without its marks, and the texts that they stand for.

        Raises:
            UsageError: A mark's text is gone, or there is no question beside it.
        """
        marks = _MARK.findall(question)
        for mark in marks:
            if mark not in self._texts:
                raise UsageError(f"the text of {mark} is gone", "paste it again")
        if not marks:
            return question, ""
        left = re.sub(r"[ \t]{2,}", " ", _MARK.sub("", question)).strip()
        if not left:
            raise UsageError(
                "there is no question beside the pasted text", "write one, then send it"
            )
        return left, "\n\n".join(self._texts[mark] for mark in dict.fromkeys(marks))
