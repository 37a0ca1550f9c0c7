"""Patterns that are compiled late find what those compiled at once do."""

from __future__ import annotations

import re

from ragcli.language.patterns import deferred


def test_a_deferred_pattern_is_one_in_all_that_is_asked_of_it() -> None:
    pattern = deferred(r"(?P<one>a)b", re.IGNORECASE)

    assert pattern.sub("x", "cABd") == "cxd"
    assert pattern.groupindex == {"one": 1}
    assert pattern.flags & re.IGNORECASE
