"""Profiles in Redis stay what they are, and the server never sees plain text."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from ragcli.config import Settings
from ragcli.errors import (
    AuditDamaged,
    HistoryDamaged,
    NewerFormat,
    ProfileNotFound,
    StoreUnavailable,
    UsageError,
)
from ragcli.sessions.history.writer import History
from ragcli.sessions.redis.session import RedisSession
from ragcli.sessions.redis.store import RedisStore
from tests.redis_servers import RedisServer
from tests.stores import PASSPHRASE, RedisStores, a_turn, findings

STREAMS = ("log", "audit", "quarantine")


def ask(session: RedisSession, *questions: str) -> None:
    history = History(session, Settings())
    for question in questions:
        history.commit(a_turn("c", question), title=question)


def questions(session: RedisSession) -> list[str]:
    return [turn.question for turn in History(session, Settings()).since(0)]


def test_a_renamed_profile_stays_itself(
    session: RedisSession, store: RedisStore
) -> None:
    ask(session, "first")
    session.put_blob("draft", b"half a thought")
    store.create("taken", {})

    with pytest.raises(UsageError, match="already"):
        store.rename("work", "taken")
    store.rename("work", "life")

    renamed = store.open("life")
    assert renamed.id == session.id
    assert questions(renamed) == ["first"]
    assert renamed.blob("draft") == b"half a thought"
    assert renamed.audit.verify() == 3
    assert store.names() == ["life", "taken"]
    with pytest.raises(ProfileNotFound, match="renamed"):
        ask(session, "too late")


def test_a_copy_takes_every_entry_once_though_replies_are_lost(
    session: RedisSession,
    store: RedisStore,
    redis_server: RedisServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In a cluster a profile that gets a new name is copied, entry by entry."""
    ask(session, "first", "second")
    redis_server.call("XADD", session.keys.key("quarantine"), "7-1", "w", "log 9-0")
    before = {part: _entries(redis_server, session, part) for part in STREAMS}
    run = store.server.run

    def twice(tag: str, work: Callable[[Any], Any], *, slow: bool = False) -> Any:
        run(tag, work, slow=slow)
        return run(tag, work, slow=slow)

    with monkeypatch.context() as patch:
        patch.setattr(store.server, "clustered", True)
        patch.setattr(store.server, "run", twice)
        store.rename("work", "life")

    renamed = store.open("life")
    for part, entries in before.items():
        assert _entries(redis_server, renamed, part)[: len(entries)] == entries
    assert questions(renamed) == ["first", "second"]
    assert renamed.audit.verify() == 4
    assert store.names() == ["life"]


def _entries(server: RedisServer, session: RedisSession, part: str) -> list[Any]:
    with server.client() as client:
        return list(client.xrange(session.keys.key(part)))


def test_the_server_never_sees_plain_text(
    machines: Callable[..., RedisStores], redis_server: RedisServer
) -> None:
    mine = machines("mine", encrypted=True)
    session = mine().create("diary", {}, passphrase=PASSPHRASE)
    ask(session, "canary in a question")
    History(session, Settings()).put_draft("canary in a draft")

    with redis_server.client(encoding="latin-1") as client:
        keys = client.keys(f"ragcli:{{{mine.user}/*")
        stored = "".join(f"{key}{client.dump(key)!r}" for key in keys)
    assert len(keys) > 5
    assert "canary" not in stored
    assert "docs/a.md" not in stored


def test_keys_of_another_program_are_left_alone(
    store: RedisStore, redis_server: RedisServer
) -> None:
    name = store.keyspace.profile_tag("work")
    redis_server.call("HSET", f"ragcli:{name}:meta", "owner", "another program")

    for attempt in (store.open, lambda n: store.create(n, {})):
        with pytest.raises(StoreUnavailable, match="not ours"):
            attempt("work")
    assert redis_server.call("HGET", f"ragcli:{name}:meta", "owner")
    redis_server.call("SET", f"ragcli:{store.keyspace.profile_tag('odd')}:meta", "1")
    with pytest.raises(StoreUnavailable, match="another program"):
        store.open("odd")


def test_a_newer_format_is_left_alone(
    session: RedisSession, store: RedisStore, redis_server: RedisServer
) -> None:
    redis_server.call("HSET", session.keys.key("meta"), "v", "99")

    with pytest.raises(NewerFormat, match="format 99"):
        store.open("work")


def test_an_altered_record_is_named(
    session: RedisSession, redis_server: RedisServer
) -> None:
    ask(session, "first")
    key = session.keys.key("log")
    line = redis_server.call("XRANGE", key, "2", "2")[0][1]["l"]
    redis_server.call("XDEL", key, "2-0")
    redis_server.call("XADD", key, "3-0", "l", line)

    with pytest.raises(HistoryDamaged, match="out of place"):
        list(session.log.since())
    redis_server.call("XADD", key, "4-0", "l", line.replace("first", "other"))
    with pytest.raises(HistoryDamaged, match=r"log 4-0: .*checksum"):
        list(session.log.newest())


def test_an_altered_audit_log_is_told(
    session: RedisSession, redis_server: RedisServer
) -> None:
    ask(session, "first", "second")
    anchor = session.audit.anchor()
    assert session.audit.verify(anchor) == 3
    key = session.keys.key("audit")

    redis_server.call("XDEL", key, "3-0")
    with pytest.raises(AuditDamaged, match="entry 3 is missing"):
        session.audit.verify()
    redis_server.call("XDEL", key, "1-0")
    with pytest.raises(AuditDamaged, match="entry 1"):
        session.audit.verify()


def test_expired_conversations_go_when_a_profile_is_opened(
    stores: RedisStores, session: RedisSession
) -> None:
    ask(session, "old")
    session.change_settings({"ttl_absolute": "1s"})
    time.sleep(1.1)
    ask(session, "new")

    found = stores().prune(dry_run=True)
    assert [(e.profile, e.turns) for e in found] == [("work", 1)]
    opened = stores().open("work")
    (told,) = opened.notices
    assert "ragcli profile restore work" in told
    history = History(opened, Settings(ttl_absolute="1s"))
    assert [turn.question for turn in history.since(0)] == ["new"]
    assert questions(opened) == ["old", "new"]
    assert stores().restore("work").turns == 1
    time.sleep(1.1)
    stores().open("work")
    time.sleep(1.1)
    stores().open("work")
    assert questions(stores().open("work")) == []


def test_verify_names_what_is_wrong(
    session: RedisSession, redis_server: RedisServer
) -> None:
    ask(session, "first", "second", "third")
    session.log.rewrite(
        lambda r: None if r.body.get("question") == "first" else r, {"reason": "test"}
    )
    assert findings(session) == []
    key = session.keys.key("log")
    redis_server.call("XDEL", key, "3-0")
    redis_server.call("XADD", key, "99-0", "l", "not a record")

    found = [finding.what for finding in findings(session)]
    assert any("99-0" in what for what in found)
    assert "records are missing: 3" in found
    assert len(found) == 2
