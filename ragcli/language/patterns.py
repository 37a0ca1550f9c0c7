"""Regular expressions that are compiled when they are first used.

One command needs few of the patterns that are there for all questions and documents.
Compiling the others would take about fifteen milliseconds of each `ask`.
"""

from __future__ import annotations

import re
from typing import Any, cast


class _Deferred:
    """Stands for a pattern until something is asked of it."""

    def __init__(self, source: str, flags: int) -> None:
        self._source = source
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        attribute = getattr(re.compile(self._source, self._flags), name)
        self.__dict__[name] = attribute  # the next use does not come here
        return attribute


def deferred(source: str, flags: int = 0) -> re.Pattern[str]:
    """Returns a pattern that is compiled when it is first used.

    It is a pattern in all that can be asked of one, save `isinstance`.

    Args:
        source: The expression.
        flags: As `re.compile` takes them.
    """
    return cast("re.Pattern[str]", _Deferred(source, flags))
