"""Marks of passages that a model repeats: they are the prompt's, never an answer's."""

from __future__ import annotations

import re

from ragcli.language.patterns import deferred

_MARK = r"<<(?P<end>end )?(?P<what>passage|answer|summary|quotations)\b[^<>\n]*>>\n?"
_LONGEST = 160
"""Characters of a mark; whatever is longer is none."""
_LABEL = deferred(r"[ \t]*\[\d+\] [^\n]*\n")
"""The line under the mark that opens a passage: its number and its place."""


class EchoFilter:
    """Takes marks, and the label after one, out of an answer that streams.

    The result does not depend on how the answer was cut.

    Args:
        mark: The prompt's own; whatever carries it between `<<` and `>>` goes.
    """

    def __init__(self, mark: str) -> None:
        own = rf"|<<[^<>\n]*{re.escape(mark)}[^<>\n]*>>\n?" if mark else ""
        self._mark = deferred(_MARK + own)
        self._held = ""
        self._opened = False

    def feed(self, text: str) -> str:
        """Returns what may be shown after `text`."""
        self._held += text
        return self._taken(last=False)

    def close(self) -> str:
        """Returns the rest."""
        return self._taken(last=True)

    def _taken(self, *, last: bool) -> str:
        out: list[str] = []
        while self._held:
            if self._opened and not self._skip_label(last=last):
                break
            start = self._held.find("<<")
            if start < 0:
                start = len(self._held) - self._held.endswith("<")
                if last:
                    start = len(self._held)
                out.append(self._held[:start])
                self._held = self._held[start:]
                break
            out.append(self._held[:start])
            self._held = self._held[start:]
            if not self._step(out, last=last):
                break
        return "".join(out)

    def _step(self, out: list[str], *, last: bool) -> bool:
        """Handles what begins with `<<`; False where more must come first."""
        match = self._mark.match(self._held)
        if match and (last or match.end() < len(self._held) or match[0][-1] == "\n"):
            self._opened = match["what"] == "passage" and not match["end"]
            self._held = self._held[match.end() :]
            return True
        if not last and (match or self._is_open()):
            return False
        out.append(self._held[:2])
        self._held = self._held[2:]
        return True

    def _is_open(self) -> bool:
        """Tells whether what is held may still become a mark."""
        return len(self._held) < _LONGEST and not re.search(r"[>\n]", self._held[2:-1])

    def _skip_label(self, *, last: bool) -> bool:
        """Drops the label line; False where it is not yet whole."""
        match = _LABEL.match(self._held)
        if match:
            self._held = self._held[match.end() :]
        elif not last and re.fullmatch(
            r"[ \t]*(\[(\d+(\](?: [^\n]*)?)?)?)?", self._held
        ):
            return False
        self._opened = False
        return True
