"""`.gitignore` and `.ragignore`: which rule has the last word on an entry.

The meaning is git's (https://git-scm.com/docs/gitignore): the last rule that
matches wins, a file nearer to the entry outweighs one further up, and what lies
below an ignored directory cannot come back. `pathspec` translates the patterns;
it is imported only when there is a file with rules.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import TypeAlias

RULE_FILES = (".gitignore", ".ragignore")
"""In order of weight: what `.ragignore` says outweighs its neighbour."""

_LARGEST_RULE_FILE = 1 << 20


class Rules:
    """The rules of one file.

    Args:
        file: Its path.
        lines: Its lines.
    """

    def __init__(self, file: str, lines: list[str]) -> None:
        import pathspec  # 40 ms

        self.file = file
        self._base = len(os.path.dirname(file).rstrip("/")) + 1
        self._rules: list[tuple[bool, re.Pattern[str]]] = [
            (bool(pattern.include), pattern.regex)
            for pattern in pathspec.GitIgnoreSpec.from_lines(lines).patterns
            if pattern.include is not None and pattern.regex is not None
        ][::-1]

    def verdict(self, location: str, *, directory: bool) -> bool | None:
        """Tells whether an entry below this file is ignored; None: no rule matches."""
        name = location[self._base :]
        if directory:
            name += "/"
        for include, pattern in self._rules:
            if _is_meant(pattern.match(name), name):
                return include
        return None


class Globs:
    """Which files of a directory are wanted.

    Args:
        directory: Its path.
        include: Only what matches one of them is wanted; () for all.
        exclude: Nothing that matches one of them is.
    """

    def __init__(
        self, directory: str, include: Sequence[str], exclude: Sequence[str]
    ) -> None:
        import pathspec  # 40 ms

        self._base = len(directory.rstrip("/")) + 1
        self._include = pathspec.GitIgnoreSpec.from_lines(include) if include else None
        self._exclude = pathspec.GitIgnoreSpec.from_lines(exclude)

    def reason(self, location: str, *, directory: bool) -> str:
        """Says why what is below the directory is left out; "" is wanted."""
        name = location[self._base :] + ("/" if directory else "")
        if self._exclude.match_file(name):
            return "left out by --exclude"
        if directory or self._include is None or self._include.match_file(name):
            return ""
        return "not among --include"


Ignores: TypeAlias = tuple[Rules, ...]
"""The rules in force in a directory, weakest first."""


def _is_meant(match: re.Match[str] | None, name: str) -> bool:
    """Tells whether a pattern's match is about an entry itself.

    `pathspec` lets a directory's pattern match what is below it as well, which is
    wrong as soon as a later rule brings the directory back. Its one group is the
    slash behind the directory that matched.
    """
    if match is None:
        return False
    return match.lastindex is None or match.end(match.lastindex) == len(name)


def rules_in(directory: str, names: Collection[str]) -> Ignores:
    """Returns the rules that a directory with these names in it adds."""
    rules = []
    for name in RULE_FILES:
        if name in names:
            file = os.path.join(directory, name)
            lines = _lines(file)
            if lines:
                rules.append(Rules(file, lines))
    return tuple(rules)


def rules_above(directory: str) -> Ignores:
    """Returns the rules of the directories above, up to the root of a git work tree.

    Without a work tree there are none: a stray file in a home directory does not
    rule everything below it. Nor are there when they ignore the directory itself or
    one that it is in: who names it wants what is in it.
    """
    above = []
    at = directory
    while not os.path.exists(os.path.join(at, ".git")):
        parent = os.path.dirname(at)
        if parent == at:
            return ()
        above.append(parent)
        at = parent
    rules: Ignores = ()
    downwards = [*reversed(above), directory]
    for outside, inside in pairwise(downwards):
        rules += rules_in(outside, RULE_FILES)
        if ignored_by(rules, inside, directory=True):
            return ()
    return rules


def ignored_by(rules: Ignores, location: str, *, directory: bool) -> str:
    """Returns the rule file that ignores an entry, "" when none does."""
    for item in reversed(rules):
        verdict = item.verdict(location, directory=directory)
        if verdict is not None:
            return item.file if verdict else ""
    return ""


def _lines(file: str) -> list[str]:
    """Returns a rule file's usable lines; none when it is not a plain, sane file."""
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(file, flags)
    except OSError:
        return []
    try:
        data = os.read(descriptor, _LARGEST_RULE_FILE)
    except OSError:
        return []
    finally:
        os.close(descriptor)
    text = data.decode("utf-8", "surrogateescape")
    return [line for line in text.splitlines() if line and not line.startswith("#")]
