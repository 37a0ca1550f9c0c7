"""The estimate of tokens is hardly ever too low, and never wildly too high."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragcli.models.token_estimate import estimate

# Counted once with Llama 2's tokeniser, which needs most of those in use.
COUNTED = {
    "The lock is held by the kernel and released when the process exits.": 15,
    "Die Sperre wird vom Kern verwaltet und danach freigegeben.": 18,
    "Блокировка удерживается ядром системы.": 15,
    "锁由内核管理,先到先得。": 17,
    "def commit_lock(directory, wait):\n    yield directory\n": 14,
    '{"id": 12, "value": 44.4, "name": "x12"}': 24,
}


@pytest.mark.parametrize(("text", "counted"), COUNTED.items())
def test_it_is_about_the_count_or_more(text: str, counted: int) -> None:
    assert 0.9 * counted <= estimate(text) <= 2 * counted + 4


def test_nothing_costs_nothing() -> None:
    assert estimate("") == 0


@given(st.text(), st.text())
def test_it_never_shrinks_when_text_is_added(one: str, other: str) -> None:
    assert estimate(one + other) >= max(estimate(one), estimate(other)) - 1


@given(st.text(min_size=1))
def test_it_is_positive_and_finite(text: str) -> None:
    assert 0 <= estimate(text) <= 2 * len(text.encode(errors="surrogatepass")) + 2
