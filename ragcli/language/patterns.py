"""Regular expressions that are compiled when they are first used.

One command needs few of the patterns that are there for all questions and documents.
Compiling the others would take about thirty milliseconds of each `ask`: half of that
are patterns of questions, each of which asks for a word that most questions lack.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, cast

_WORD = re.compile(r"\w+")


class DeferredPattern:
    """Stands for a pattern until something is asked of it.

    Args:
        source: The expression.
        flags: As `re.compile` takes them.
    """

    def __init__(self, source: str, flags: int) -> None:
        self.source = source
        self.source_flags = flags

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        attribute = getattr(re.compile(self.source, self.source_flags), name)
        self.__dict__[name] = attribute  # the next use does not come here
        return attribute


class CuedPattern(DeferredPattern):
    """Stands for a pattern until a text has one of its cues.

    Args:
        source: The expression.
        flags: As `re.compile` takes them.
        cues: As `deferred` takes them, apart.
    """

    def __init__(self, source: str, flags: int, cues: tuple[str, ...]) -> None:
        super().__init__(source, flags)
        self.cues = cues

    def search(self, text: str, *at: int) -> re.Match[str] | None:
        """Returns what `re.Pattern.search` does."""
        return self._real("search")(text, *at) if self.may_match(text) else None

    def match(self, text: str, *at: int) -> re.Match[str] | None:
        """Returns what `re.Pattern.match` does."""
        return self._real("match")(text, *at) if self.may_match(text) else None

    def finditer(self, text: str, *at: int) -> Iterator[re.Match[str]]:
        """Returns what `re.Pattern.finditer` does."""
        return self._real("finditer")(text, *at) if self.may_match(text) else iter(())

    def sub(self, by: str | Callable[[re.Match[str]], str], text: str) -> str:
        """Returns what `re.Pattern.sub` does."""
        return self._real("sub")(by, text) if self.may_match(text) else text

    def may_match(self, text: str) -> bool:
        """Tells whether a text has a cue."""
        said = _said(text)
        return any(cue in said for cue in self.cues)

    def _real(self, name: str) -> Any:
        return self.__getattr__(name)


@lru_cache(maxsize=8)  # one question is asked of by pattern after pattern
def _said(text: str) -> str:
    """Returns the words of a text in small letters, a space around each."""
    return f" {' '.join(_WORD.findall(text.casefold()))} "


def deferred(source: str, flags: int = 0, *, cues: str = "") -> re.Pattern[str]:
    """Returns a pattern that is compiled when it is first used.

    It is a pattern in all that can be asked of one, save `isinstance`.

    Args:
        source: The expression.
        flags: As `re.compile` takes them.
        cues: What the words of a text hold wherever the pattern matches: one of these,
            in small letters, with `|` between them. A space is the edge of a word, and
            all that stands between two. The pattern is compiled for a text with a cue.
    """
    if not cues:
        return cast("re.Pattern[str]", DeferredPattern(source, flags))
    return cast("re.Pattern[str]", CuedPattern(source, flags, tuple(cues.split("|"))))
