"""Places for sessions that a test can open again and again, as processes do."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import pytest

from ragcli.config import Settings
from ragcli.index.generations.remote.snapshots import RemoteSnapshots
from ragcli.index.generations.snapshots import LocalSnapshots
from ragcli.paths import Home
from ragcli.sessions.base_store import StoreParts
from ragcli.sessions.encryption.kdf import Cost
from ragcli.sessions.findings import Finding
from ragcli.sessions.local.history.local_log import LocalLog
from ragcli.sessions.local.store import LocalStore
from ragcli.sessions.protocols import Log, SessionStore
from ragcli.sessions.records.identifiers import new_id
from ragcli.sessions.records.record_lines import LineCodec, PlainLines
from ragcli.sessions.records.record_types import Citation, Draft, Turn
from ragcli.sessions.redis.store import RedisStore
from ragcli.sessions.stores import open_store
from ragcli.sessions.verification import verify
from ragcli.storage.files import Directory
from ragcli.storage.temporary.memory_directories import has_memory

PASSPHRASE = "correct horse battery staple"
CHEAP = Cost(memory_kib=64, passes=1, lanes=1)
"""A guess at a passphrase that costs nothing; what it costs is tested elsewhere."""


class StoreFactory(Protocol):
    """Opens one place for sessions; every call is another process to it."""

    passphrase: str | None
    """Given when a profile is created: None for profiles in the clear."""

    def __call__(self, settings: Settings | None = None) -> SessionStore:
        """Returns the store as one more process sees it."""


class LocalStores:
    """The `StoreFactory` of a directory on this disk.

    Args:
        root: The home.
        passphrase: For profiles that are encrypted.
    """

    def __init__(self, root: Path, passphrase: str | None = None) -> None:
        self.root = root
        self.passphrase = passphrase

    def __call__(self, settings: Settings | None = None) -> LocalStore:
        return LocalStore(
            home_at(self.root),
            snapshots=LocalSnapshots,
            passphrase=lambda _: self.passphrase,
            settings=settings or Settings(),
            cost=CHEAP,
        )


class RedisStores:
    """The `StoreFactory` of a Redis server; each has a user of its own.

    Args:
        address: Of a server that runs.
        root: The home of this machine.
        passphrase: For profiles that are encrypted.
        user: Whose profiles; made up by default.
    """

    def __init__(
        self, address: str, root: Path, passphrase: str | None = None, user: str = ""
    ) -> None:
        self.address = address
        self.root = root
        self.passphrase = passphrase
        self.user = user or f"user-{secrets.token_hex(6)}"
        self.opened: list[RedisStore] = []

    def __call__(self, settings: Settings | None = None) -> RedisStore:
        home = home_at(self.root)
        store = RedisStore(
            self.address,
            home=home,
            passphrase=lambda _: self.passphrase,
            settings=replace(settings or Settings(), user=self.user),
            remote=lambda depot, name, sealer, *, remember=True: RemoteSnapshots(
                depot, home.cache, name, sealer, remember=remember
            ),
            cost=CHEAP,
        )
        self.opened.append(store)
        return store

    def close(self) -> None:
        """Closes the connections of every store that was made here."""
        for store in self.opened:
            store.close()


class MemoryStores:
    """The `StoreFactory` of one place in the memory of this process.

    Args:
        root: The home of this machine.
        passphrase: For profiles that are encrypted.
    """

    def __init__(self, root: Path, passphrase: str | None = None) -> None:
        self.root = root
        self.passphrase = passphrase
        self.address = f"memory://{secrets.token_hex(6)}"

    def __call__(self, settings: Settings | None = None) -> SessionStore:
        home = home_at(self.root)
        parts = StoreParts(
            home=home,
            settings=settings or Settings(),
            passphrase=lambda _: self.passphrase,
            snapshots=LocalSnapshots,
            shared=lambda depot, name, sealer, *, remember=True: RemoteSnapshots(
                depot, home.cache, name, sealer, remember=remember
            ),
            cost=CHEAP,
        )
        return open_store(self.address, parts)


KINDS = {"local": "", "redis": "redis", "memory": "memory"}
"""Every kind of store, and how an address of it begins."""


@pytest.fixture(params=[f"{kind}{key}" for kind in KINDS for key in ("", "-encrypted")])
def store_factory(request: pytest.FixtureRequest) -> Iterator[Callable[[], Any]]:
    """Makes places for sessions, empty each time; one parameter a kind of store."""
    root = Path(tempfile.mkdtemp(prefix="ragcli-test-", dir=_quick()))
    made = iter(range(1_000_000))
    kind, _, encrypted = request.param.partition("-")
    passphrase = PASSPHRASE if encrypted else None
    in_redis: list[RedisStores] = []
    if kind == "redis":
        address = request.getfixturevalue("redis_server").address

    def make() -> StoreFactory:
        home = root / str(next(made))
        if kind == "local":
            return LocalStores(home, passphrase)
        if kind == "memory":
            return MemoryStores(home, passphrase)
        in_redis.append(RedisStores(address, home, passphrase))
        return in_redis[-1]

    yield make
    for stores in in_redis:
        stores.close()
    shutil.rmtree(root)


def _quick() -> str | None:
    """Returns a file system in memory, where there is one."""
    return "/dev/shm" if has_memory() else None


def home_at(root: Path) -> Home:
    return Home(root, root / "config.toml", root / "cache")


def findings(session: Any) -> list[Finding]:
    """Returns what is wrong with all that a profile in Redis holds."""
    return verify(session, session.keys.key)


def open_log(
    place: Path,
    *,
    codec: LineCodec | None = None,
    wait: float = 10.0,
    notices: list[str] | None = None,
) -> LocalLog:
    """Opens the log in a directory, as one more process would."""
    heard = [] if notices is None else notices
    directory = Directory.open(place, create=True)
    return LocalLog(directory, codec or PlainLines(), wait=wait, notice=heard.append)


def draft(text: str = "", *, name: str = "") -> Draft:
    """Returns a turn of no conversation in particular."""
    return Draft("turn", {"conversation": "c", "question": text}, name or new_id())


def append(log: Log, *texts: str) -> list[int]:
    """Appends the turns in one batch; returns their numbers."""
    return [record.seq for record in log.append([draft(text) for text in texts])]


def questions(log: Log) -> Sequence[str]:
    """Returns what is in a log, in order, without its redactions."""
    records = log.since()
    return [r.body["question"] for r in records if r.kind != "redaction"]


def a_turn(conversation: str, question: str, **fields: Any) -> Turn:
    """Returns an answered turn with a source."""
    values: dict[str, Any] = {
        "id": new_id(),
        "conversation": conversation,
        "question": question,
        "query": question,
        "answer": f"answer to {question} [1]",
        "model": "builtin:extractive",
        "citations": (
            Citation(1, "docs/a.md", None, (1, 3), "Intro", 0.8, "a quote", True),
        ),
        "retrieved": ({"id": "x", "path": "docs/a.md", "text": "a quote"},),
        "timings": {"total_ms": 1.5},
    }
    return Turn(**(values | fields))


class Clock:
    """Sets when records say that they were written."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch = monkeypatch

    def days_ago(self, days: float) -> None:
        moment = datetime.now(UTC) - timedelta(days=days)
        stamp = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self._patch.setattr("ragcli.sessions.records.record_batches.now", lambda: stamp)
