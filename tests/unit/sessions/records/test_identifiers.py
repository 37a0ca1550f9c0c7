"""Identifiers tell their time, sort by it, and none comes twice."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from ragcli.sessions.records import ranges
from ragcli.sessions.records.identifiers import minted, new_id


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
    packed = ranges.pack([5, 1, 2, 3, 9, 5])

    assert packed == [[1, 3], [5, 5], [9, 9]]
    assert list(ranges.unpack(packed)) == [1, 2, 3, 5, 9]
    assert ranges.pack([]) == []
