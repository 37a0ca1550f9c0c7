"""What is damaged in Redis is set aside, and the sound rest stays as it is."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest

from ragcli.config import Settings
from ragcli.sessions.history.writer import History
from ragcli.sessions.records.record_types import Record
from ragcli.sessions.redis.checks.repairing import repair
from ragcli.sessions.redis.session import RedisSession
from tests.redis_servers import RedisServer
from tests.sealed import FILES, ask, indexed, publish, questions
from tests.stores import PASSPHRASE, RedisStores, findings

ASKED = ("first", "second", "third")


@pytest.fixture(params=[False, True], ids=["plain", "encrypted"])
def filled(
    request: pytest.FixtureRequest, machines: Callable[..., RedisStores]
) -> tuple[RedisStores, RedisSession]:
    stores = machines("here", encrypted=request.param)
    secret = PASSPHRASE if request.param else None
    session = stores().create("work", {"ttl": "1h"}, passphrase=secret)
    ask(session, *ASKED)
    return stores, session


def told(session: RedisSession) -> list[str]:
    return [finding.severity for finding in repair(session)]


def set_aside(server: RedisServer, session: RedisSession) -> list[str]:
    with server.client(encoding="latin-1") as client:
        return [f["w"] for _, f in client.xrange(session.keys.key("quarantine"))]


def test_a_sound_profile_stays_as_it_is(
    filled: tuple[RedisStores, RedisSession], redis_server: RedisServer
) -> None:
    _, session = filled
    before = redis_server.call("XLEN", session.keys.key("log"))

    assert repair(session) == []
    assert redis_server.call("XLEN", session.keys.key("log")) == before


def test_damaged_and_missing_records_are_set_aside(
    filled: tuple[RedisStores, RedisSession], redis_server: RedisServer
) -> None:
    stores, session = filled
    key = session.keys.key("log")
    redis_server.call("XDEL", key, "2-0")
    redis_server.call("XADD", key, "4-7", "l", "not a record")
    redis_server.call("XADD", key, "99-0", "other", "nonsense")
    assert len(findings(session)) == 3

    assert told(session) == ["repaired"]
    assert set_aside(redis_server, session) == ["log 4-7", "log 99-0"]
    opened = stores().open("work")
    assert findings(opened) == []
    ask(opened, "later")
    assert questions(opened) == ["second", "third", "later"]
    names = redis_server.call("KEYS", opened.keys.key("*"))
    ends = [redis_server.call("PEXPIRETIME", name) for name in names]
    assert 0 < max(ends) - min(ends) + 1 <= 1000


def test_a_number_that_no_log_reaches_costs_nothing(
    filled: tuple[RedisStores, RedisSession], redis_server: RedisServer
) -> None:
    stores, session = filled
    end = 10**15
    body = {"conversation": "c", "question": "far"}
    far = Record(end, "far", 0, "2026-01-01T00:00:00.000Z", "turn", body)
    line = session.codec.encode(far)
    redis_server.call("XADD", session.keys.key("log"), f"{end}-0", "l", line)
    redis_server.call("HSET", session.keys.key("meta"), "head", str(end))
    assert [f.what for f in findings(session)] == [f"records are missing: 5-{end - 1}"]

    assert told(session) == ["repaired"]
    assert findings(stores().open("work")) == []


def test_what_was_set_aside_goes_with_what_is_erased(
    filled: tuple[RedisStores, RedisSession], redis_server: RedisServer
) -> None:
    _, session = filled
    redis_server.call("XADD", session.keys.key("log"), "99-0", "l", "a canary sings")
    repair(session)
    History(session, Settings()).redact("canary")

    assert set_aside(redis_server, session) == []


def test_what_was_set_aside_is_sealed_with_the_rest(
    machines: Callable[..., RedisStores], redis_server: RedisServer
) -> None:
    stores = machines("here", encrypted=True)
    session = stores().create("work", {})
    ask(session, "first")
    redis_server.call("XADD", session.keys.key("log"), "99-0", "l", "a canary sings")
    repair(session)
    place = session.keys.key("quarantine")
    with redis_server.client(encoding="latin-1") as client:
        stores().encrypt("work", PASSPHRASE)
        assert "canary" not in str(client.xrange(place))
        stores().decrypt("work")
        assert "canary" in str(client.xrange(place))


def test_the_sound_beginning_of_the_audit_log_stays(
    filled: tuple[RedisStores, RedisSession], redis_server: RedisServer
) -> None:
    stores, session = filled
    key = session.keys.key("audit")
    redis_server.call("XDEL", key, "2-0")
    assert told(session) == ["repaired"]

    opened = stores().open("work")
    assert opened.audit.verify() == 3
    events = [entry["event"] for entry in opened.audit.entries()]
    assert events == ["profile.create", "audit.repair", "profile.repair"]
    assert set_aside(redis_server, session) == ["audit 3-0", "audit 4-0"]
    redis_server.call("XDEL", key, "3-0")
    assert told(opened) == ["repaired"]
    assert findings(stores().open("work")) == []


def block(server: RedisServer, session: RedisSession) -> tuple[str, str]:
    """The bucket and name of a block of the index."""
    for bucket in server.call("KEYS", session.keys.key("blk:*")):
        with server.client(encoding="latin-1") as client:
            return bucket, client.hkeys(bucket)[0]
    raise AssertionError


def test_an_index_is_made_whole_from_the_cache(
    filled: tuple[RedisStores, RedisSession], redis_server: RedisServer
) -> None:
    stores, session = filled
    publish(session, FILES)
    bucket, name = block(redis_server, session)
    redis_server.call("HSET", bucket, name, "something else")
    assert findings(session)

    assert told(session) == ["repaired"]
    shutil.rmtree(stores.root / "cache")
    assert indexed(stores().open("work")) == FILES


def test_an_index_that_nobody_has_is_set_aside_for_an_older_one(
    filled: tuple[RedisStores, RedisSession], redis_server: RedisServer
) -> None:
    stores, session = filled
    publish(session, FILES)
    older = session.snapshots.current()
    publish(session, FILES | {"vectors-1.faiss": b"newer"})
    live = session.snapshots.current()
    redis_server.call("HSET", session.keys.key("gens"), f"b:{live}", "[nothing]")
    shutil.rmtree(stores.root / "cache")

    opened = stores().open("work")
    assert told(opened) == ["repaired", "repaired"]
    again = stores().open("work")
    assert indexed(again) == FILES
    assert again.snapshots.current() not in {older, live}
    assert f"gens m:{live}" in set_aside(redis_server, session)
    assert findings(again) == []


def test_a_damaged_key_slot_is_set_aside(
    machines: Callable[..., RedisStores], redis_server: RedisServer
) -> None:
    stores = machines("here", encrypted=True)
    session = stores().create("work", {}, passphrase=PASSPHRASE)
    redis_server.call("HSET", session.keys.key("keys"), "0123.json", "{}")

    assert told(stores().open("work")) == ["repaired"]
    assert set_aside(redis_server, session) == ["keys 0123.json"]
    assert findings(stores().open("work")) == []
