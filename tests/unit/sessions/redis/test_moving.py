"""Profiles move between a disk and Redis, and come back as they were."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ragcli.config import Settings
from ragcli.errors import BundleRefused, UsageError, WrongPassphrase
from ragcli.index.generations.snapshots import LocalSnapshots
from ragcli.index.library import Library
from ragcli.sessions.bundles.bundle import export_bundle, import_bundle
from ragcli.sessions.history.writer import History
from ragcli.sessions.local.store import LocalStore
from ragcli.sessions.transfer.contents import copy_profile
from tests.stores import CHEAP, PASSPHRASE, RedisStores, a_turn, home_at
from tests.unit.index.doubles import Watched, WordEmbedder

Machines = Callable[..., RedisStores]


class Never:
    """An embedder that must not be asked."""

    id = WordEmbedder().id
    dimension = WordEmbedder().dimension

    def embed(self, texts: Any) -> Any:
        raise AssertionError("something was embedded again")


@pytest.fixture(params=["plain", "encrypted"])
def passphrase(request: pytest.FixtureRequest) -> str | None:
    return PASSPHRASE if request.param == "encrypted" else None


@pytest.fixture
def local(tmp_path: Path, passphrase: str | None) -> LocalStore:
    return LocalStore(
        home_at(tmp_path / "disk"),
        snapshots=LocalSnapshots,
        passphrase=lambda _: passphrase,
        settings=Settings(),
        cost=CHEAP,
    )


@pytest.fixture
def in_redis(machines: Machines, passphrase: str | None) -> RedisStores:
    return machines("here", encrypted=passphrase is not None)


def fill(session: Any, place: Path) -> None:
    place.mkdir(exist_ok=True)
    (place / "locks.md").write_text("# Locks\n\nA lock waits ten seconds.\n")
    library = Library(session.snapshots, WordEmbedder, Settings())
    assert library.add([place], Watched()).chunks == 1
    history = History(session, Settings())
    history.commit(a_turn("c", "first"), title="t")
    history.commit(a_turn("c", "second"))
    history.redact("second")


def check(session: Any) -> None:
    library = Library(session.snapshots, Never, Settings())
    assert library.count() == 1
    reader = library.reader()
    assert reader is not None
    assert "ten seconds" in reader.passages([_row(reader)])[0].text
    found = History(session, Settings()).since(0)
    assert found[0].question == "first"
    assert "second" not in found[1].question
    entries = list(session.audit.entries())
    assert entries
    assert session.audit.verify() == len(entries)


def _row(reader: Any) -> int:
    rows, _ = reader.vector_search(WordEmbedder().embed(["lock"])[0], 1)
    return int(rows[0])


def test_to_redis_and_back(
    local: LocalStore, in_redis: RedisStores, passphrase: str | None, tmp_path: Path
) -> None:
    origin = local.create("work", {"retrieval.k": 3}, passphrase=passphrase)
    fill(origin, tmp_path / "docs")
    export_bundle(origin, tmp_path / "there.ragcli")
    there = import_bundle(in_redis(), tmp_path / "there.ragcli")
    check(there)
    assert there.settings() == {"retrieval.k": 3}
    assert there.id != origin.id
    export_bundle(in_redis().open("work"), tmp_path / "back.ragcli")
    back = import_bundle(local, tmp_path / "back.ragcli", name="back")
    check(back)
    assert back.encrypted == (passphrase is not None)


def test_a_copy_goes_from_store_to_store_without_a_file(
    local: LocalStore, in_redis: RedisStores, passphrase: str | None, tmp_path: Path
) -> None:
    kept = {"retrieval.k": 3, "ollama_host": "http://127.0.0.1:1"}
    settings = kept | {"user": "somebody"}  # of the store that it comes from
    origin = local.create("work", settings, passphrase=passphrase)
    fill(origin, tmp_path / "docs")
    there = copy_profile(origin, in_redis(), "there")
    back = copy_profile(in_redis().open("there"), local, "back")

    for copy in (there, back):
        check(copy)
        assert copy.settings() == kept
        assert copy.encrypted == (passphrase is not None)
    assert len({origin.id, there.id, back.id}) == 3
    assert [note for note in there.notices if "user" in note]
    (first, *_) = back.audit.entries()
    assert first["event"] == "profile.import"
    assert first["facts"]["origin"] == there.id


def test_a_clone_in_redis_has_the_documents(
    in_redis: RedisStores, passphrase: str | None, tmp_path: Path
) -> None:
    fill(in_redis().create("work", {}, passphrase=passphrase), tmp_path / "docs")
    check(in_redis().clone("work", "copy", history=True))
    in_redis().rename("copy", "renamed")
    check(in_redis().open("renamed"))


def test_a_damaged_bundle_leaves_nothing_behind(
    local: LocalStore, in_redis: RedisStores, passphrase: str | None, tmp_path: Path
) -> None:
    origin = local.create("work", {}, passphrase=passphrase)
    fill(origin, tmp_path / "docs")
    file = tmp_path / "w.ragcli"
    export_bundle(origin, file)
    data = bytearray(file.read_bytes())
    for place in range(len(data) // 2, len(data) // 2 + 16):
        data[place] ^= 0xFF  # one bit may be of those that gzip ignores
    (tmp_path / "bad.ragcli").write_bytes(data)

    with pytest.raises(BundleRefused):
        import_bundle(in_redis(), tmp_path / "bad.ragcli")
    assert in_redis().names() == []
    import_bundle(in_redis(), file)
    with pytest.raises(UsageError, match="already"):
        import_bundle(in_redis(), file)
    if passphrase:
        in_redis.passphrase = "wrong"
        with pytest.raises(WrongPassphrase):
            import_bundle(in_redis(), file, name="other")
        assert in_redis().names() == ["work"]
