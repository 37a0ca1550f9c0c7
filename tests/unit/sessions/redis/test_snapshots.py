"""An index in Redis is sent once, fetched once, and never taken altered."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ragcli.errors import Conflict, SnapshotDamaged, SnapshotNotFound
from ragcli.index.generations.remote import block_cache
from ragcli.index.generations.remote.block_files import BLOCK
from ragcli.index.generations.remote.snapshots import RemoteSnapshots
from ragcli.sessions.redis.generation_store import RedisGenerationStore
from ragcli.sessions.redis.session import RedisSession
from ragcli.sessions.redis.store import RedisStore
from tests.redis_servers import RedisServer
from tests.stores import PASSPHRASE, RedisStores

Machines = Callable[..., RedisStores]


def publish(
    session: RedisSession, files: dict[str, bytes], *, keep: bool = True
) -> str:
    """Publishes a generation of these files, over those of the current one."""
    snapshots = session.snapshots
    parent = snapshots.current()
    with snapshots.workspace(parent if keep else "") as place:
        for name, data in files.items():
            (place / name).unlink(missing_ok=True)
            (place / name).write_bytes(data)
        return str(snapshots.publish(place, parent, {"segments": []}))


def contents(session: RedisSession) -> dict[str, bytes]:
    """The files of the current generation, from this machine's cache."""
    place = session.snapshots.directory(session.snapshots.current())
    return {
        p.name: p.read_bytes() for p in place.iterdir() if p.name != "manifest.json"
    }


class Counted(RedisGenerationStore):
    """A depot that counts the blocks that cross the network."""

    read: list[str]
    sent: list[str]

    def block(self, digest: str) -> bytes:
        self.read.append(digest)
        return super().block(digest)

    def put(self, blocks: Any) -> None:
        self.sent += blocks
        super().put(blocks)


def counted(session: RedisSession, cache: Path) -> tuple[RemoteSnapshots, Counted]:
    depot = Counted(session.keys)
    depot.read, depot.sent = [], []
    return RemoteSnapshots(depot, cache, session.id, session.sealer), depot


def test_another_machine_reads_what_this_one_published(
    machines: Machines, session: RedisSession
) -> None:
    files = {"a.jsonl": b"one\n", "big.faiss": os.urandom(2 * BLOCK + 7)}
    name = publish(session, files)
    there = machines("there")().open("work")

    assert there.snapshots.current() == name == "gen-00000001"
    assert contents(there) == files
    place = there.snapshots.directory(name)
    assert oct(place.stat().st_mode & 0o777) == "0o700"
    assert {oct(p.stat().st_mode & 0o777) for p in place.iterdir()} == {"0o600"}


def test_a_machine_that_has_a_generation_reads_nothing(
    session: RedisSession, tmp_path: Path
) -> None:
    publish(session, {"a.faiss": os.urandom(BLOCK + 1)})
    first, depot = counted(session, tmp_path / "other")
    first.directory(first.current())
    assert len(depot.read) == 2
    again, depot = counted(session, tmp_path / "other")
    again.directory(again.current())

    assert depot.read == []


def test_unchanged_blocks_are_neither_sent_nor_fetched_again(
    session: RedisSession, tmp_path: Path
) -> None:
    old = os.urandom(3 * BLOCK)
    publish(session, {"old.faiss": old})
    snapshots, depot = counted(session, tmp_path / "other")
    snapshots.directory(snapshots.current())
    depot.read.clear()
    with snapshots.workspace(snapshots.current()) as place:
        (place / "grown.faiss").write_bytes(old[:BLOCK] + b"tail")
        snapshots.publish(place, snapshots.current(), {"segments": []})

    assert depot.sent == [hashlib.sha256(b"tail").hexdigest()]
    third, depot = counted(session, tmp_path / "other")
    third.directory(third.current())
    assert depot.read == []


def test_publishing_over_a_generation_that_moved_on_is_a_conflict(
    machines: Machines, session: RedisSession
) -> None:
    publish(session, {"a": b"1"})
    other = machines("there")().open("work")
    parent = other.snapshots.current()
    with other.snapshots.workspace(parent) as place:
        (place / "b").write_bytes(b"2")
        publish(session, {"c": b"3"})
        with pytest.raises(Conflict, match="moved on to gen-00000002"):
            other.snapshots.publish(place, parent, {"segments": []})

    assert contents(other) == {"a": b"1", "c": b"3"}


def test_a_swap_that_lost_the_race_changes_nothing(session: RedisSession) -> None:
    publish(session, {"a": b"1"})
    depot = RedisGenerationStore(session.keys)
    with pytest.raises(Conflict):
        depot.publish("gen-00000009", "gen-00000007", ("d", b"m"), {}, 4)
    assert depot.current()[0] == "gen-00000001"
    missing = depot.publish(
        "gen-00000002", "gen-00000001", ("d", b"m"), {"a": ["f" * 64]}, 4
    )
    assert missing == ["f" * 64]
    assert depot.current()[0] == "gen-00000001"


def test_the_last_few_generations_stay_and_can_be_returned_to(
    machines: Machines, session: RedisSession, redis_server: RedisServer
) -> None:
    for number in range(6):
        publish(session, {"a": b"version %d" % number}, keep=False)

    kept = session.snapshots.generations()
    assert kept == [f"gen-0000000{number}" for number in (3, 4, 5, 6)]
    with redis_server.client() as client:
        blocks = client.keys(session.keys.key("blk:*"))
        assert sum(client.hlen(key) for key in blocks) == 4
    other = machines("there")().open("work")
    assert other.snapshots.select("gen-00000004") == "gen-00000007"
    assert contents(session) == {"a": b"version 3"}
    with pytest.raises(SnapshotNotFound):
        other.snapshots.directory("gen-00000001")
    other.snapshots.prune()
    assert session.snapshots.generations() == ["gen-00000007"]


def test_an_altered_block_is_refused(
    machines: Machines, session: RedisSession, redis_server: RedisServer
) -> None:
    data = os.urandom(100)
    name = publish(session, {"a": data})
    digest = hashlib.sha256(data).hexdigest()
    redis_server.call("HSET", session.keys.key(f"blk:{digest[0]}"), digest, "altered")
    there = machines("there")().open("work")

    with pytest.raises(SnapshotDamaged, match="another content"):
        there.snapshots.directory(name)
    assert there.snapshots.verify(name) == ["a has another content"]
    assert contents(session) == {"a": data}
    redis_server.call("HDEL", session.keys.key(f"blk:{digest[0]}"), digest)
    with pytest.raises(SnapshotNotFound, match="block"):
        there.snapshots.directory(name)


def test_an_altered_manifest_is_refused(
    machines: Machines, session: RedisSession, redis_server: RedisServer
) -> None:
    name = publish(session, {"a": b"1"})
    key = session.keys.key("gens")
    data = redis_server.call("HGET", key, f"m:{name}")
    redis_server.call("HSET", key, f"m:{name}", data.replace('"a"', '"b"'))

    with pytest.raises(SnapshotDamaged, match="manifest"):
        machines("there")().open("work").snapshots.directory(name)


def test_a_generation_that_a_failover_lost_is_not_used_from_the_cache(
    machines: Machines, session: RedisSession, redis_server: RedisServer
) -> None:
    publish(session, {"a": b"1"})
    key = session.keys.key("gens")
    state = redis_server.call("HGETALL", key)
    publish(session, {"a": b"2"})
    fields = [part for item in state.items() for part in item]
    redis_server.call("DEL", key)
    redis_server.call("HSET", key, *fields)
    publish(machines("there")().open("work"), {"a": b"3"})

    assert contents(session) == {"a": b"3"}


def test_only_sealed_bytes_leave_the_machine(
    machines: Machines, redis_server: RedisServer
) -> None:
    mine = machines("mine", encrypted=True)
    session = mine().create("diary", {}, passphrase=PASSPHRASE)
    assert session.sealer
    sealed = session.sealer.seal("a", b"canary " * 100)
    name = publish(session, {"a": sealed})
    with redis_server.client(encoding="latin-1") as client:
        for key in client.keys(session.keys.key("*")):
            assert "canary" not in repr(client.dump(key))

    there = machines("there", encrypted=True)().open("diary")
    place = there.snapshots.directory(name)
    assert there.sealer
    assert there.sealer.unseal("a", (place / "a").read_bytes()) == b"canary " * 100


def test_the_cache_is_bounded_and_drops_the_oldest(
    store: RedisStore, tmp_path: Path
) -> None:
    cache = tmp_path / "bounded"
    sessions = [store.create(name, {}) for name in ("one", "two", "three")]
    places = []
    for number, session in enumerate(sessions):
        publish(session, {"a": os.urandom(1000)})
        snapshots = RemoteSnapshots(
            RedisGenerationStore(session.keys), cache, session.id, None, limit=3000
        )
        places.append(snapshots.directory(snapshots.current()))
        os.utime(places[-1], (number, number))

    assert [place.exists() for place in places] == [False, True, True]
    block_cache.trim(cache, places[2], 0)
    assert [place.exists() for place in places] == [False, False, True]


def test_one_ingest_at_a_time_on_all_machines(
    machines: Machines, session: RedisSession
) -> None:
    from ragcli.errors import Locked

    there = machines("there")().open("work")
    with (
        session.snapshots.lock(0),
        pytest.raises(Locked, match="ingest is still locked by pid"),
    ):
        there.snapshots.lock(0).__enter__()
    with there.snapshots.lock(0):
        pass
