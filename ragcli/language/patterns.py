"""Regular expressions that are compiled when they are first used.

One question needs few of the patterns that are there for all questions. Compiling the
others took about fifteen milliseconds of each `ask`. A pattern of many languages is
moreover compiled without the alternatives whose words a text does not have: of those
over a question hardly any is left, and they would take ten milliseconds more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, cast


class _Deferred:
    """Stands for a pattern until something is asked of it."""

    def __init__(self, source: str, flags: int) -> None:
        self._source = source
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = getattr(re.compile(self._source, self._flags), name)
        self.__dict__[name] = found  # the next use does not come here
        return found


def deferred(source: str, flags: int = 0) -> re.Pattern[str]:
    """Returns a pattern that is compiled when it is first used.

    It is a pattern in all that can be asked of one, save `isinstance`.

    Args:
        source: The expression.
        flags: As `re.compile` takes them.
    """
    return cast("re.Pattern[str]", _Deferred(source, flags))


def pruned(source: str, flags: int = 0) -> re.Pattern[str]:
    """Returns a pattern that is compiled for each text, as far as it can match there.

    For what is asked of few texts, as of the questions. It can be searched and matched
    with, all through one text, and is otherwise as `deferred` gives it.

    Args:
        source: The expression; without `re.VERBOSE` and conditions.
        flags: As `re.compile` takes them.
    """
    return cast("re.Pattern[str]", _Pruned(source, flags))


_MANY = 16
"""Prunings of one pattern; whoever has more texts does better with the whole."""

_ODD = frozenset("\u0130\u0131\u017f\u212a")
"""Letters that are an ASCII letter where case does not count, and not in lower case."""


class _Pruned(_Deferred):
    """A pattern, of which a text meets only what it has the words for."""

    def __init__(self, source: str, flags: int) -> None:
        super().__init__(source, flags)
        self._prunings: dict[str, re.Pattern[str]] = {}
        self._last: tuple[str | None, re.Pattern[str] | None] = (None, None)

    def search(self, text: str, *limits: int) -> re.Match[str] | None:
        """See `re.Pattern.search`."""
        found = self._for(text)
        return found.search(text, *limits) if found else None

    def match(self, text: str, *limits: int) -> re.Match[str] | None:
        """See `re.Pattern.match`."""
        found = self._for(text)
        return found.match(text, *limits) if found else None

    def fullmatch(self, text: str, *limits: int) -> re.Match[str] | None:
        """See `re.Pattern.fullmatch`."""
        found = self._for(text)
        return found.fullmatch(text, *limits) if found else None

    def finditer(self, text: str, *limits: int) -> Iterator[re.Match[str]]:
        """See `re.Pattern.finditer`."""
        found = self._for(text)
        return found.finditer(text, *limits) if found else iter(())

    def sub(self, by: str | Callable[[re.Match[str]], str], text: str) -> str:
        """See `re.Pattern.sub`."""
        found = self._for(text)
        return found.sub(by, text) if found else text

    def _for(self, text: str) -> re.Pattern[str] | None:
        """Returns what of the pattern a text may match; None for nothing of it."""
        last, found = self._last
        if text != last:
            found = self._found(text)
            self._last = text, found
        return found

    def _found(self, text: str) -> re.Pattern[str] | None:
        if len(self._prunings) >= _MANY or not (
            text.isascii() or _ODD.isdisjoint(text)
        ):
            return self._compiled(self._source)
        lower = text.lower()
        if not self._tree.may_match(lower):
            return None
        return self._compiled(self._tree.pruned(lower))

    def _compiled(self, source: str) -> re.Pattern[str]:
        if source not in self._prunings:
            self._prunings[source] = re.compile(source, self._flags)
        return self._prunings[source]

    @cached_property
    def _tree(self) -> _Group:
        return _parsed(self._source)


class _Group:
    """Alternatives in brackets, or all of a pattern.

    Args:
        begin: `(?:`, `(?P<name>` or `(`; "" for the whole pattern.
    """

    def __init__(self, begin: str) -> None:
        self.begin = begin
        self.alternatives = [_Sequence()]
        self.end = ""
        self.is_optional = False
        """Whether a text may match without it."""
        self.captures = begin == "(" or begin.startswith("(?P<")
        """Whether it or a group within it has a number or name."""

    def close(self, end: str) -> None:
        """Takes in what it ends with: `)` and how often it may be repeated."""
        self.end = end
        self.is_optional = end.startswith((")?", ")*", "){0", "){,"))

    def may_match(self, text: str) -> bool:
        """Tells whether a text in lower case has the words of an alternative."""
        return self.is_optional or any(one.may_match(text) for one in self.alternatives)

    def pruned(self, text: str) -> str:
        """Returns the source without the alternatives that cannot match a text.

        One that holds a numbered or named group stays: it may be asked for.
        """
        left = [
            one.pruned(text)
            for one in self.alternatives
            if one.captures or one.may_match(text)
        ]
        return f"{self.begin}{'|'.join(left) if left else '(?!)'}{self.end}"


class _Sequence:
    """One alternative."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        """Its source; that of a group is ""."""
        self.groups: dict[int, _Group] = {}
        """Its groups, by their place among the parts."""
        self.words: list[str] = []
        """In lower case what any text has that it matches."""
        self.captures = False
        """Whether a group within it has a number or name."""

    def add(self, group: _Group) -> None:
        """Adds a group behind what is there."""
        self.groups[len(self.parts)] = group
        self.parts.append("")
        self.captures |= group.captures

    def may_match(self, text: str) -> bool:
        """Tells whether a text in lower case has its words."""
        for word in self.words:
            if word not in text:
                return False
        return all(group.may_match(text) for group in self.groups.values())

    def pruned(self, text: str) -> str:
        """Returns its source, its groups pruned."""
        parts = [*self.parts]
        for place, group in self.groups.items():
            parts[place] = group.pruned(text)
        return "".join(parts)


_TOKEN = deferred(
    r"(?P<around>\(\?(?:<?[=!]|P=))|(?P<group>\((?:\?:|\?P<\w+>|(?!\?)))|(?P<unknown>\(\?)"
    r"|(?P<bar>\|)|(?P<end>\)(?:(?:[?*+]|\{\d*,?\d*\})[?+]?)?)"
    r"|(?P<word>[A-Za-z0-9 '-]+(?:[?*]|\{\d*,?\d*\})?)"
    r"|(?:\\(?:x\w{2}|u\w{4}|U\w{8}|N\{[^}]*\}|.)|\[\^?\]?(?:\\.|[^\]\\])*\]|\{\d*,?\d*\}"
    r"|[^A-Za-z0-9 '()|\\\[-])+",
    re.DOTALL,
)
"""What a pattern consists of, as far as it matters here."""


def _parsed(source: str) -> _Group:
    """Returns a pattern's alternatives and groups with the words that they need.

    Raises:
        ValueError: It has what this cannot read.
    """
    tree = _Group("")
    above = [tree]
    here = tree.alternatives[0]
    around = 0
    for token in _TOKEN.finditer(source):
        kind, text = token.lastgroup, token[0]
        if around:  # what is only looked at is no part of a match
            around += (kind in {"around", "group"}) - (kind == "end")
        elif kind == "around":
            around = 1
        elif kind == "word":
            here.words.append(_needed(text.lower()))
        elif kind == "bar":
            here = _Sequence()
            above[-1].alternatives.append(here)
            continue
        elif kind == "group":
            above.append(_Group(text))
            here = above[-1].alternatives[0]
            continue
        elif kind == "end":
            group = above.pop()
            group.close(text)
            here = above[-1].alternatives[-1]
            here.add(group)
            above[-1].captures |= group.captures
            continue
        elif kind == "unknown":
            raise ValueError(f"no pattern that can be pruned: {source}")
        here.parts.append(text)
    return tree


def _needed(word: str) -> str:
    """Returns a word without the letter that `?`, `*` or `{` make optional."""
    bare = word.partition("{")[0].rstrip("?*")
    return bare if bare == word else bare[:-1]
