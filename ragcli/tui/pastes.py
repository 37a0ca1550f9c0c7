"""Long pastes: a short mark stands for each in the prompt, its text goes as a document.

The text is searched for this one question, as what is piped into `ask` is, and never
stored. It lives as long as the chat: a mark that a draft kept from an earlier one has
no text any more, which is said.
"""

from __future__ import annotations

import re

from ragcli.errors import UsageError
from ragcli.text import counted

LONG = 20
"""Lines of a paste beyond which it becomes a mark."""

_MARK = re.compile(r"\[pasted [\d,]+ lines(?:, no\. \d+)?\]")


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
