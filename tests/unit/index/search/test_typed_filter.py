"""Filters that are typed: what none can mean is a usage error, whatever a file says."""

from __future__ import annotations

from typing import Any

import pytest

from ragcli.errors import UsageError
from ragcli.index.document_filter import DocumentFilter
from ragcli.index.search import typed_filter


@pytest.mark.parametrize(
    "options",
    [
        {"since": "99999999d"},
        {"until": "9" * 400 + "d"},
        {"inside": ["notes/\0.md"]},
        {"outside": ["/\0"]},
    ],
)
def test_what_no_filter_can_mean_is_said_in_one_line(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as caught:
        typed_filter.parsed(**options)
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("pattern", ["[z-a]*", "*\\"])
def test_a_pattern_that_git_does_not_take_is_refused(pattern: str) -> None:
    with pytest.raises(UsageError, match="is not a pattern"):
        DocumentFilter(inside=(pattern,)).matcher()


@pytest.mark.parametrize(
    ("seconds", "is_meant"), [(300_000_000_000, True), (-(10**17), False)]
)
def test_a_file_of_a_time_that_no_calendar_has_is_before_or_after_all(
    seconds: int, is_meant: bool
) -> None:
    record = {"path": "/notes/a.md", "mtime_ns": seconds * 10**9}
    assert DocumentFilter(since="2024-01-01").matcher()(record) is is_meant
