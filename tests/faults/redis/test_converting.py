"""Profiles on a server that are encrypted, decrypted and rekeyed, killed on the way."""

from __future__ import annotations

import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ragcli.config import Settings
from ragcli.errors import (
    Conflict,
    Locked,
    ProfileNotFound,
    UsageError,
    WrongPassphrase,
)
from ragcli.index.generations.remote.snapshots import RemoteSnapshots
from ragcli.sessions.encryption import desktop_keyring
from ragcli.sessions.encryption.desktop_keyring import DesktopKeyring
from ragcli.sessions.history.writer import History
from ragcli.sessions.redis import leases
from ragcli.sessions.redis.profile_keys import ProfileKeys
from ragcli.sessions.redis.session import RedisSession
from ragcli.sessions.redis.store import RedisStore
from tests.conftest import Ran
from tests.redis_servers import RedisServer
from tests.sealed import (
    FILES,
    QUESTIONS,
    MemoryKeyring,
    ask,
    indexed,
    publish,
    questions,
)
from tests.stores import CHEAP, PASSPHRASE, append, findings, home_at

THOROUGH = os.environ.get("RAGCLI_THOROUGH") == "1"
EVERY = 1 if THOROUGH else 7
"""Which of the calls to the server a process is killed at."""

Machine = Callable[..., RedisStore]


@pytest.fixture
def machine(redis_server: RedisServer, tmp_path: Path) -> Iterator[Machine]:
    """Opens the store of one user, as one more machine sees it."""
    made: list[RedisStore] = []
    user = f"convert-{os.urandom(6).hex()}"

    def open_store(
        home: str = "here",
        passphrase: str | None = PASSPHRASE,
        settings: Settings | None = None,
    ) -> RedisStore:
        place = home_at(tmp_path / home)
        made.append(
            RedisStore(
                redis_server.address,
                home=place,
                passphrase=lambda _: passphrase,
                settings=replace(settings or Settings(lock_wait="2s"), user=user),
                remote=lambda depot, name, sealer, *, remember=True: RemoteSnapshots(
                    depot, place.cache, name, sealer, remember=remember
                ),
                cost=CHEAP,
            )
        )
        return made[-1]

    yield open_store
    for store in made:
        store.close()


def filled(store: RedisStore, **settings: object) -> RedisSession:
    """Makes a profile with a conversation, a draft and an index."""
    session = store.create("work", settings)
    ask(session, *QUESTIONS, title="CANARY-title")
    History(session, Settings()).put_draft("CANARY-draft")
    publish(session, FILES)
    return session


def on_the_server(server: RedisServer, user: str) -> bytes:
    """All that a user's keys hold, as bytes."""
    with server.client(encoding="latin-1") as client:
        keys = client.keys(f"ragcli:{{{user}/*")
        return "".join(f"{key}{client.dump(key)}" for key in keys).encode("latin-1")


def in_files(place: Path) -> list[Path]:
    """The files below that hold plain text."""
    found = [file for file in place.rglob("*") if file.is_file()]
    return [file for file in found if b"CANARY" in file.read_bytes()]


def test_a_profile_is_encrypted_and_nothing_stays_plain(
    machine: Machine, redis_server: RedisServer, tmp_path: Path
) -> None:
    store = machine()
    session = filled(store, ttl="1h")
    seen_elsewhere = machine("elsewhere").open("work")
    assert indexed(seen_elsewhere) == FILES
    entries = [entry["event"] for entry in session.audit.entries()]
    assert b"CANARY" in on_the_server(redis_server, store.keyspace.user)
    store.encrypt("work", PASSPHRASE)

    assert b"CANARY" not in on_the_server(redis_server, store.keyspace.user)
    opened = machine("elsewhere").open("work")
    assert opened.encrypted
    assert (opened.id, opened.created) == (session.id, session.created)
    assert questions(opened) == list(QUESTIONS)
    assert History(opened, Settings()).draft() == "CANARY-draft"
    assert indexed(opened) == FILES
    assert in_files(tmp_path) == []
    told = [entry["event"] for entry in opened.audit.entries()]
    assert told == [*entries, "profile.encrypt"]
    assert findings(opened) == []
    assert opened.settings() == {"ttl": "1h"}
    ask(opened, "CANARY-later")
    with pytest.raises(WrongPassphrase):
        machine(passphrase="another").open("work")
    _expire_together(redis_server, opened.keys)
    assert redis_server.call("KEYS", opened.keys.key("new:*")) == []


def test_and_decrypted_again(machine: Machine, redis_server: RedisServer) -> None:
    store = machine()
    filled(store)
    store.encrypt("work", PASSPHRASE)
    with pytest.raises(UsageError, match="encrypted already"):
        store.encrypt("work", PASSPHRASE)
    with pytest.raises(WrongPassphrase):
        machine(passphrase="another").decrypt("work")
    store.decrypt("work")

    opened = machine("elsewhere", None).open("work")
    assert not opened.encrypted
    assert questions(opened) == list(QUESTIONS)
    assert indexed(opened) == FILES
    assert findings(opened) == []
    with pytest.raises(UsageError, match="not encrypted"):
        store.decrypt("work")
    assert redis_server.call("TTL", opened.keys.key("meta")) == -1
    assert redis_server.call("TTL", opened.keys.key("log")) == -1


def test_who_had_it_open_cannot_mix_plain_lines_with_sealed_ones(
    machine: Machine,
) -> None:
    store = machine()
    before = filled(store)
    store.encrypt("work", PASSPHRASE)
    for attempt in (
        lambda: append(before.log, "CANARY-plain"),
        lambda: before.put_blob("draft", b"CANARY-plain"),
        lambda: publish(before, FILES),
    ):
        with pytest.raises((ProfileNotFound, Conflict)):
            attempt()

    opened = machine().open("work")
    assert questions(opened) == list(QUESTIONS)
    assert findings(opened) == []


def test_what_is_asked_meanwhile_is_there(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = machine()
    filled(store)
    writer = machine("writer").open("work")
    call = ProfileKeys.call
    stored: list[str] = []

    def interrupted(self: ProfileKeys, script: Any, *args: Any, **more: Any) -> Any:
        if script.name == "swap" and len(stored) < 3:
            stored.append(f"meanwhile {len(stored)}")
            ask(writer, stored[-1])
        return call(self, script, *args, **more)

    monkeypatch.setattr(ProfileKeys, "call", interrupted)
    store.encrypt("work", PASSPHRASE)

    opened = machine().open("work")
    assert questions(opened) == [*QUESTIONS, *stored]
    assert opened.audit.verify() > len(stored)


def test_an_index_or_a_past_that_changes_meanwhile_stops_it(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = machine()
    filled(store)
    writer = machine("writer").open("work")
    call = ProfileKeys.call

    def interrupted(self: ProfileKeys, script: Any, *args: Any, **more: Any) -> Any:
        if script.name == "swap":
            writer.log.rewrite(
                lambda r: None if r.body.get("question") == QUESTIONS[0] else r,
                {"reason": "test"},
            )
        return call(self, script, *args, **more)

    with monkeypatch.context() as patch:
        patch.setattr(ProfileKeys, "call", interrupted)
        with pytest.raises(Conflict, match="nothing was converted"):
            store.encrypt("work", PASSPHRASE)
    opened = machine(passphrase=None).open("work")
    assert questions(opened) == list(QUESTIONS[1:])
    assert findings(opened) == []


def test_a_lock_that_another_one_took_over_stops_it(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = machine()
    session = filled(store)
    call, key = ProfileKeys.call, session.keys.key("fence")

    def interrupted(self: ProfileKeys, script: Any, *args: Any, **more: Any) -> Any:
        if script.name == "swap":
            self.server.run(self.tag, lambda r: r.hincrby(key, "ingest", 1))
        return call(self, script, *args, **more)

    monkeypatch.setattr(ProfileKeys, "call", interrupted)
    with pytest.raises(Locked, match="expired"):
        store.encrypt("work", PASSPHRASE)
    assert questions(machine(passphrase=None).open("work")) == list(QUESTIONS)


def test_killed_anywhere_it_is_the_old_profile_or_the_new_one(
    machine: Machine, redis_server: RedisServer
) -> None:
    store = machine()
    session = filled(store, ttl="1h")
    encrypted, outcomes, at = False, set(), 1
    while True:
        work = partial(_convert, machine("child"), encrypted)
        died = _killed_at(at, work)
        _without_locks(redis_server, session.keys)
        opened = machine().open("work")
        assert questions(opened) == list(QUESTIONS)
        assert indexed(opened) == FILES
        assert findings(opened) == []
        outcomes.add((died, opened.encrypted != encrypted))
        encrypted = opened.encrypted
        _expire_together(redis_server, opened.keys)
        if not died:
            break
        at += EVERY
    assert at > 10
    assert (True, False) in outcomes
    assert (False, True) in outcomes


def test_what_a_killed_process_leaves_expires(
    machine: Machine, redis_server: RedisServer
) -> None:
    store = machine()
    session = filled(store)
    assert _killed_at(12, lambda: machine("child").encrypt("work", PASSPHRASE))
    left = redis_server.call("KEYS", session.keys.key("new:*"))
    assert left
    for key in left:
        assert 0 < redis_server.call("TTL", key) <= 86_400


def test_a_passphrase_changes_without_anything_sealed_anew(
    machine: Machine, redis_server: RedisServer
) -> None:
    store = machine()
    session = filled(store)
    store.encrypt("work", PASSPHRASE)
    key = session.keys.key("log")
    before = redis_server.call("XRANGE", key, "-", "+")
    with store.key_ring("work") as ring:
        ring.change_passphrase(PASSPHRASE, "a new passphrase")
        code = ring.add_recovery(ring.unlock("a new passphrase")[0])

    assert redis_server.call("XRANGE", key, "-", "+") == before
    for secret in ("a new passphrase", code):
        assert questions(machine(passphrase=secret).open("work")) == list(QUESTIONS)
    with pytest.raises(WrongPassphrase):
        machine().open("work")


def test_two_who_change_keys_never_leave_none(machine: Machine) -> None:
    store = machine()
    store.create("work", {}, passphrase=PASSPHRASE)
    with store.key_ring("work") as ring:
        ring.add_passphrase(ring.unlock(PASSPHRASE)[0], "second")
        slots = [slot.id for slot in ring.slots()]
    failed: list[UsageError] = []

    def remove(slot: str) -> None:
        with machine().key_ring("work") as ring:
            try:
                ring.remove(slot)
            except UsageError as error:
                failed.append(error)

    threads = [threading.Thread(target=remove, args=(slot,)) for slot in slots]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.key_ring("work") as ring:
        assert len(ring.slots()) == 1
    assert ["only way" in error.message for error in failed] == [True]


def test_the_keyring_of_the_desktop_opens_it(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyring = DesktopKeyring(MemoryKeyring())
    monkeypatch.setattr(desktop_keyring, "find", lambda: keyring)
    store = machine()
    store.create("diary", {}, passphrase=PASSPHRASE)
    store.create("open", {})
    assert store.keyring_secret("diary") is None
    assert store.keyring_secret("open") is None
    assert store.keyring_secret("nothing") is None
    with store.key_ring("diary") as ring:
        ring.add_keyring(ring.unlock(PASSPHRASE)[0])

    secret = machine(passphrase=None).keyring_secret("diary")
    assert machine(passphrase=secret).open("diary").encrypted


def test_the_commands_do_it(
    redis_server: RedisServer,
    run_process: Callable[..., Ran],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RAGCLI_STORE", redis_server.address)
    monkeypatch.setenv("RAGCLI_USER", f"cli-{os.urandom(6).hex()}")

    def run(*argv: str, stdin: str = "", code: int = 0) -> Ran:
        ran = run_process(*argv, stdin=stdin)
        assert ran.code == code, ran.err
        return ran

    run("profile", "create", "diary")
    given = ("--passphrase-fd", "0")
    run("profile", "encrypt", "diary", "--yes", *given, stdin="one\n")
    run("history", "list", "-p", "diary", *given, stdin="wrong\n", code=77)
    run("history", "list", "-p", "diary", *given, stdin="one\n")
    code = run("profile", "passphrase", "diary", "--recovery", *given, stdin="one\n")
    run("profile", "decrypt", "diary", "--yes", *given, stdin=code.out)
    run("history", "list", "-p", "diary")
    ran = run("profile", "passphrase", "diary", code=2)
    assert "not encrypted" in ran.err


def _convert(store: RedisStore, encrypted: bool) -> None:
    if encrypted:
        store.decrypt("work")
    else:
        store.encrypt("work", PASSPHRASE)


def _killed_at(count: int, work: Callable[[], None]) -> bool:
    """Does `work` in a process of its own, killed before its n-th call to a server."""
    pid = os.fork()
    if not pid:
        call, left = ProfileKeys.call, [count]

        def counted(self: ProfileKeys, script: Any, *args: Any, **more: Any) -> Any:
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(self, script, *args, **more)

        ProfileKeys.call = counted  # type: ignore[method-assign]
        try:
            work()
            os._exit(0)
        finally:
            traceback.print_exc()
            os._exit(1)
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status) or not os.waitstatus_to_exitcode(status)
    return os.WIFSIGNALED(status)


def _without_locks(server: RedisServer, keys: ProfileKeys) -> None:
    """Lets the leases of a killed process end, as they do after half a minute."""
    assert leases.LEASE <= 30
    for name in ("ingest", "profile"):
        server.call("DEL", keys.key(f"lock:{name}"), keys.key(f"new:lock:{name}"))


def _expire_together(server: RedisServer, keys: ProfileKeys) -> None:
    """Checks that all keys of a profile end within a second."""
    names = [
        key
        for key in server.call("KEYS", keys.key("*"))
        if ":lock:" not in key and ":new:" not in key
    ]
    ends = [server.call("PEXPIRETIME", key) for key in names]
    assert min(ends) > 0
    assert max(ends) - min(ends) <= 1000
