"""Identifiers tell their time, sort by it, and none comes twice."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from ragcli.sessions.records import ranges
from ragcli.sessions.records.identifiers import minted, new_id

RUNS = st.lists(
    st.lists(st.integers(1, 15), min_size=2, max_size=2).map(sorted), max_size=5
)


def numbers(runs: ranges.Runs) -> set[int]:
    return {n for first, last in runs for n in range(first, last + 1)}


def test_an_id_is_a_uuid_of_version_7_and_tells_its_time() -> None:
    before = time.time()

    identifier = new_id()

    parsed = uuid.UUID(identifier)
    assert (parsed.version, parsed.variant) == (7, uuid.RFC_4122)
    assert before - 0.002 <= (minted(identifier) or 0) <= time.time() + 0.002


def test_later_ids_sort_later_and_none_comes_twice() -> None:
    found = [new_id() for _ in range(5000)]

    assert found == sorted(found)
    assert len(set(found)) == 5000


def test_threads_share_one_order() -> None:
    with ThreadPoolExecutor(4) as pool:
        chunks = list(pool.map(lambda _: [new_id() for _ in range(500)], range(4)))

    assert len({i for chunk in chunks for i in chunk}) == 2000
    assert all(chunk == sorted(chunk) for chunk in chunks)


def test_other_ids_tell_no_time() -> None:
    assert minted(str(uuid.uuid4())) is None
    assert minted("not an id") is None


def test_ranges_say_the_same_in_fewer_words() -> None:
    runs = ranges.merged([n, n] for n in (5, 1, 2, 3, 9, 5))

    assert runs == [[1, 3], [5, 5], [9, 9]]
    assert ranges.count(runs) == 5
    assert ranges.shown(runs) == "1-3, 5, 9"
    assert [n for n in range(-1, 11) if ranges.contains(runs, n)] == [1, 2, 3, 5, 9]
    assert ranges.merged([]) == []


@given(RUNS, RUNS)
def test_runs_without_others_are_the_numbers_that_are_in_none(
    runs: ranges.Runs, others: ranges.Runs
) -> None:
    rest = ranges.without(runs, others)

    assert numbers(rest) == numbers(runs) - numbers(others)
    assert rest == ranges.merged(rest)
    assert numbers(ranges.gaps(runs, 12)) == set(range(1, 13)) - numbers(runs)


def test_runs_cost_nothing_for_the_numbers_that_they_stand_for() -> None:
    end = 10**15

    assert ranges.gaps([[1, 2], [4, end]], end) == [[3, 3]]
    assert ranges.count(ranges.gaps([[2, 2]], end)) == end - 1
