"""What other versions wrote: older is read, unknown is kept, newer is refused."""

from __future__ import annotations

import json
import os
import time
from collections.abc import MutableMapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ragcli.config import Settings
from ragcli.errors import NewerFormat, ProfileExpired
from ragcli.index.generations import manifests
from ragcli.index.generations.manifests import Manifest, SegmentInfo
from ragcli.sessions.bundles.bundle import export_bundle, import_bundle
from ragcli.sessions.history.writer import History
from ragcli.sessions.protocols import Session
from ragcli.sessions.records.record_lines import PlainLines
from ragcli.sessions.records.record_types import Record
from ragcli.sessions.transfer.contents import copy_profile
from ragcli.storage import format_versions
from ragcli.storage.format_versions import StoredFormat
from tests.stores import LocalStores, MemoryStores, a_turn

FILE = """# mine
format = {version}
id = "an-id-of-32-random-bytes-or-more-0"
created = "2026-01-31T10:00:00Z"
encrypted = false
flavour = "mint"

[panel]
width = 40

[settings]
retrieval.magic = [1, {{ deep = "x" }}]
top = 8
"""
UNKNOWN = {
    ".flavour": "mint",
    ".panel.width": 40,
    "retrieval.magic": [1, {"deep": "x"}],
}


def written(root: Path, version: int) -> tuple[LocalStores, Path]:
    """Makes a profile whose file is that of another version."""
    stores = LocalStores(root)
    stores().create("papers", {}).close()
    place = root / "profiles" / "papers" / "profile.toml"
    place.write_text(FILE.format(version=version))
    return stores, place


def renamed(table: MutableMapping[str, Any]) -> None:
    """The step of a version that calls `top` what is `retrieval.k` since."""
    settings = table["settings"]
    settings["retrieval"]["k"] = settings.pop("top")


def test_an_older_profile_is_read_and_written_anew_only_on_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stores, place = written(tmp_path, 1)
    before = place.read_bytes()
    monkeypatch.setattr(
        format_versions, "PROFILE", StoredFormat("format", 2, {1: renamed})
    )

    session = stores().open("papers")
    assert session.settings()["retrieval.k"] == 8
    History(session, Settings()).commit(a_turn("c", "asked"), title="t")
    assert place.read_bytes() == before

    session.change_settings({"model": "builtin"})
    text = place.read_text()
    assert "# mine" in text
    assert "format = 2" in text
    assert "top" not in text
    assert session.settings() == {"retrieval.k": 8, "model": "builtin"}
    clone = stores().clone("papers", "copy", history=True)
    assert "format = 2" in (place.parents[1] / "copy/profile.toml").read_text()
    clone.close()
    session.close()


def test_a_newer_profile_is_refused_with_what_to_do(tmp_path: Path) -> None:
    stores, place = written(tmp_path, 9)

    with pytest.raises(
        NewerFormat, match="format 9; this ragcli knows up to 1"
    ) as told:
        stores().open("papers")

    assert "-U ragcli" in told.value.hint
    assert "format = 9" in place.read_text()


def test_a_profile_that_cannot_be_read_stops_no_other_prune(tmp_path: Path) -> None:
    stores, _ = written(tmp_path, 9)
    other = stores().create("zoo", {})
    History(other, Settings()).commit(a_turn("c", "asked"), title="t")
    other.close()

    found = stores(Settings(ttl="1s")).prune(dry_run=True)

    assert found[0].profile == "papers"
    assert "format 9" in found[0].failed
    assert "-U ragcli" in found[0].hint


def test_a_profile_set_aside_that_cannot_be_read_stops_nothing(
    tmp_path: Path,
) -> None:
    stores = LocalStores(tmp_path)
    stores().create("old", {"ttl": "10d"}).close()
    stores().create("zoo", {}).close()
    then = time.time() - 20 * 86_400
    for file in (tmp_path / "profiles" / "old").iterdir():
        os.utime(file, (then, then))
    with pytest.raises(ProfileExpired):
        stores().open("old")
    (place,) = (tmp_path / "profiles").glob(".expired-*/profile.toml")
    place.write_text(FILE.format(version=9))

    stores().open("zoo").close()
    (failed,) = stores().prune(dry_run=False, grace=True)

    assert failed.profile == "old"
    assert "format 9" in failed.failed
    assert place.exists()


def unknown_of(session: Session) -> dict[str, Any]:
    session.settings()
    (told,) = [n for n in session.notices if "does not know" in n]
    assert ".flavour, .panel.width, retrieval.magic, top" in told
    assert "top" not in session.settings()
    return {k: v for k, v in session.written().items() if k in UNKNOWN}


def test_what_a_newer_version_has_is_kept_and_told_wherever_a_profile_goes(
    tmp_path: Path,
) -> None:
    stores, place = written(tmp_path / "here", 1)
    there = MemoryStores(tmp_path / "there")
    session = stores().open("papers")
    assert unknown_of(session) == UNKNOWN

    session.change_settings({"model": "builtin"})
    session.change_settings({"top": None})
    assert 'flavour = "mint"' in place.read_text()
    session.change_settings({".flavour": None})
    assert ".flavour" not in session.written()
    place.write_text(FILE.format(version=1))
    moved = copy_profile(stores().open("papers"), there(), "moved")
    back = copy_profile(moved, stores(), "back")
    clone = stores().clone("back", "clone", history=False)
    export_bundle(clone, tmp_path / "b.ragcli")
    own = import_bundle(stores(), tmp_path / "b.ragcli", name="own", trusted=True)
    theirs = import_bundle(stores(), tmp_path / "b.ragcli", name="theirs")

    for one in (moved, back, clone, own):
        assert unknown_of(one) == UNKNOWN
        one.close()
    assert not set(theirs.written()) & set(UNKNOWN)
    theirs.close()
    session.close()


def test_an_older_record_is_read_and_stays_until_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stores = LocalStores(tmp_path)
    session = stores().create("papers", {})
    history = History(session, Settings())
    history.commit(a_turn("c", "first", model="old"), title="t")
    history.commit(a_turn("c", "second", model="old"))
    place = tmp_path / "profiles/papers/history.jsonl"
    before = place.read_bytes().splitlines()

    def step(table: MutableMapping[str, Any]) -> None:
        if table["kind"] == "turn":
            table["model"] = "new"

    monkeypatch.setattr(format_versions, "RECORD", StoredFormat("v", 2, {1: step}))

    found = [r for r in stores().open("papers").log.since() if r.kind == "turn"]
    assert [(r.v, r.body["model"]) for r in found] == [(2, "new")] * 2
    assert place.read_bytes().splitlines() == before
    assert History(session, Settings()).redact("second") == 1
    after = place.read_bytes().splitlines()
    assert after[:2] == before[:2]
    assert json.loads(after[2])["v"] == 2
    newer = PlainLines().encode(Record(1, "i", 0, "t", "turn", {}, v=3))
    with pytest.raises(NewerFormat, match="format 3"):
        PlainLines().decode(newer)
    session.close()


def test_an_older_index_is_read_and_what_is_unknown_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def step(table: MutableMapping[str, Any]) -> None:
        table["documents"] = table.pop("files_indexed")

    name = "gen-00000001"
    segment = replace(SegmentInfo("0123456789ab"), extra={"colour": "red"})
    files = {
        file: {"size": 1, "sha256": "0" * 64}
        for file in segment.file_names(tokens=False)
    }
    told = Manifest(
        name=name, segments=(segment,), files=files, extra={"topics": ["a"]}
    ).as_dict()
    old = {k: v for k, v in told.items() if k != "documents"} | {"files_indexed": 5}
    monkeypatch.setattr(format_versions, "INDEX", StoredFormat("format", 2, {1: step}))

    found = manifests.parse(manifests.encode(old), name)
    again = json.loads(manifests.encode(replace(found, change="add").as_dict()))

    assert (found.documents, found.format) == (5, 2)
    assert again["topics"] == ["a"]
    assert again["segments"][0]["colour"] == "red"
    assert "extra" not in again
    assert "extra" not in again["segments"][0]
    with pytest.raises(NewerFormat, match="format 3"):
        manifests.parse(manifests.encode({**old, "format": 3}), name)
