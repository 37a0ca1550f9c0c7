"""After a crash at any moment, the index is the old one or the new one, and whole."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest

from ragcli.errors import RagcliError
from ragcli.index.generations.snapshots import LocalSnapshots
from ragcli.storage.files import Directory
from tests.faults.snapshots.crash_model import Disk, Event, Recorder

THOROUGH = os.environ.get("RAGCLI_THOROUGH") == "1"
STATES = 400 if THOROUGH else 12
"""Outcomes tried for each point at which the machine may stop."""


def write(place: Path, name: str, data: bytes) -> None:
    descriptor = os.open(place / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    os.write(descriptor, data)
    os.close(descriptor)


def publish(snapshots: LocalSnapshots, content: str) -> str:
    parent = snapshots.current()
    with snapshots.workspace(parent) as place:
        if not parent:
            os.mkdir(place / "text", 0o700)
        write(place, f"vectors-{content}.faiss", content.encode() * 40)
        write(place / "text", f"{content}.term", content.encode() * 20)
        return snapshots.publish(place, parent, {"segments": [], "change": content})


def recorded(root: Path, contents: list[str]) -> Recorder:
    """Publishes on top of a first generation, and marks what was acknowledged."""
    with Directory.open(root, create=True) as directory:
        publish(LocalSnapshots(directory, None, keep=1, grace=0.0), "first")
    recorder = Recorder(root)
    with pytest.MonkeyPatch.context() as patch:
        recorder.install(patch)
        with Directory.open(root) as directory:
            snapshots = LocalSnapshots(directory, None, keep=1, grace=0.0)
            for content in contents:
                recorder.mark(publish(snapshots, content))
    return recorder


def wrong_with(place: Path, acknowledged: str) -> str:
    """Says what is wrong with the tree that a crash left; "" is nothing."""
    with Directory.open(place) as directory:
        snapshots = LocalSnapshots(directory, None)
        try:
            name = snapshots.current()
            snapshots.manifest(name)
        except RagcliError as error:
            return f"unreadable: {error}"
        if name < acknowledged:
            return f"{acknowledged} was acknowledged, {name} is current"
    return ""


def bad_states(
    events: list[Event], start: int, scratch: Path, without: int = -1
) -> list[str]:
    """Returns what is wrong after every possible crash; `without` one sync."""
    rng = random.Random(7)
    disk, acknowledged, found = Disk(), "gen-00000001", []
    for number, event in enumerate(events):
        if number != without:
            disk.apply(event)
        if event.kind == "mark":
            acknowledged = event.where
        if number < start:
            continue
        for outcome in disk.outcomes(STATES, rng):
            tree = scratch / "tree"
            disk.build(tree, outcome)
            wrong = wrong_with(tree, acknowledged)
            shutil.rmtree(tree)
            if wrong:
                found.append(f"after {event.kind} {event.where}: {wrong}")
        if without >= 0 and found:
            return found
    return found


@pytest.mark.timeout(1800 if THOROUGH else 180)
def test_every_crash_leaves_the_old_index_or_the_new(tmp_path: Path) -> None:
    root = tmp_path / "profile"
    recorder = recorded(root, ["second", "third"])
    assert (
        sum(event.kind == "sync" for event in recorder.events[recorder.start :]) >= 14
    )
    assert bad_states(recorder.events, recorder.start, tmp_path) == []


@pytest.mark.timeout(1800 if THOROUGH else 180)
def test_no_sync_can_be_left_out(tmp_path: Path) -> None:
    recorder = recorded(tmp_path / "profile", ["second"])
    syncs = [
        number
        for number, event in enumerate(recorder.events)
        if event.kind == "sync" and number >= recorder.start
    ]
    assert len(syncs) == 8
    spared = [
        recorder.events[number].where
        for number in syncs
        if not bad_states(recorder.events, number, tmp_path, without=number)
    ]
    assert spared == []
