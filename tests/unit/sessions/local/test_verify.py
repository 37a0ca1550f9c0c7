"""Verify names what is damaged in a profile, and repair moves that aside alone."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ragcli.errors import ExitCode
from ragcli.paths import Home
from ragcli.sessions import findings
from ragcli.sessions.encryption.key_ring import KeyRing
from ragcli.sessions.findings import DAMAGE, REPAIRED, Finding
from ragcli.sessions.local import verification as verify
from ragcli.sessions.local.store import LocalStore
from ragcli.sessions.records.record_lines import PlainLines
from ragcli.sessions.records.record_types import Record
from tests.sealed import (
    FILES,
    QUESTIONS,
    ask,
    filled,
    indexed,
    open_store,
    opened,
    publish,
    questions,
)

both = pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "sealed"])


@pytest.fixture
def store(home: Home) -> LocalStore:
    return open_store(home)


@pytest.fixture
def profile(home: Home) -> Path:
    return home.profiles / "work"


def damage(found: list[Finding]) -> list[Finding]:
    return [finding for finding in found if finding.severity == DAMAGE]


def repaired(store: LocalStore) -> list[Finding]:
    """Repairs the profile; returns what was mended, and proves that all of it was."""
    session = opened(store, "work")
    assert findings.exit_code(verify.verify(session)) is not ExitCode.ANSWERED
    found = verify.repair(session)
    assert damage(found) == []
    session.close()
    session = opened(store, "work")
    assert verify.verify(session) == []
    assert session.audit.verify() > 0
    return found


def lines(profile: Path) -> list[bytes]:
    return (profile / "history.jsonl").read_bytes().splitlines(keepends=True)


def put(profile: Path, *wanted: bytes) -> None:
    (profile / "history.jsonl").write_bytes(b"".join(wanted))


@both
def test_a_sound_profile_has_no_findings(store: LocalStore, encrypted: bool) -> None:
    session = filled(store, encrypted=encrypted)
    ask(session, "another")
    assert verify.verify(session) == []
    assert verify.repair(session) == []
    assert findings.exit_code([]) is ExitCode.ANSWERED


@both
def test_a_damaged_record_is_named_and_moved_aside(
    store: LocalStore, profile: Path, encrypted: bool
) -> None:
    filled(store, encrypted=encrypted).close()
    one, two, three, four = lines(profile)
    put(profile, one, two, three.replace(b"a", b"b", 1), four)
    (found,) = verify.verify(opened(store, "work"))
    assert found.where.endswith("history.jsonl:3")
    assert "history.jsonl" not in found.what
    assert found.code is ExitCode.DAMAGED
    (mended,) = repaired(store)
    assert mended.what == "damaged lines moved to quarantine/: 1; records lost: 1"
    assert questions(opened(store, "work")) == [QUESTIONS[0], QUESTIONS[2]]
    moved = [p.read_bytes() for p in (profile / "quarantine").iterdir()]
    assert moved == [three.replace(b"a", b"b", 1)]


@both
def test_a_missing_record_is_named_and_accounted_for(
    store: LocalStore, profile: Path, encrypted: bool
) -> None:
    filled(store, encrypted=encrypted).close()
    one, two, _, four = lines(profile)
    put(profile, one, two, four)
    (found,) = verify.verify(opened(store, "work"))
    assert found.what == "records are missing: 3"
    repaired(store)
    assert questions(opened(store, "work")) == [QUESTIONS[0], QUESTIONS[2]]


def test_a_number_that_no_log_reaches_costs_nothing(
    store: LocalStore, profile: Path
) -> None:
    filled(store).close()
    end = 10**15
    body = {"reason": "mine", "dropped": [[9, end - 9]], "altered": [[7, end - 9]]}
    far = Record(end, "far", 0, "2026-01-01T00:00:00.000Z", "redaction", body)
    put(profile, *lines(profile), PlainLines().encode(far))

    (found,) = verify.verify(opened(store, "work"))

    assert found.what == f"records are missing: 5-8, {end - 8}-{end - 1}"
    (mended,) = repaired(store)
    assert mended.what.endswith("records lost: 12")
    log = opened(store, "work").log
    assert log.rewrite(lambda record: record, {"reason": "mine"}) == 0
    gone = lambda record: None if record.seq == 2 else record  # noqa: E731
    assert log.rewrite(gone, {"reason": "mine"}) == 1
    last = next(log.newest())
    assert last.body["dropped"] == [[2, 2], [9, end - 9], [end, end]]


Change = Callable[[list[bytes]], list[bytes]]


@both
@pytest.mark.parametrize(
    ("change", "kept"),
    [
        (lambda x: [x[0], x[2], x[1], x[3]], 3),
        (lambda x: [*x, x[1]], 3),
        (lambda x: [*x, x[1], x[2]], 3),
        (lambda x: [x[3], x[2], x[1], x[0]], 3),
        (lambda x: [x[0], x[0], x[1], x[2], x[3]], 3),
    ],
    ids=["swapped", "copied", "replayed", "reversed", "doubled"],
)
def test_records_out_of_place_are_found_and_put_back(
    store: LocalStore, profile: Path, change: Change, kept: int, encrypted: bool
) -> None:
    filled(store, encrypted=encrypted).close()
    put(profile, *change(lines(profile)))
    assert any("comes after" in f.what for f in verify.verify(opened(store, "work")))
    repaired(store)
    assert questions(opened(store, "work")) == list(QUESTIONS)[:kept]


def test_nothing_is_lost_when_records_are_put_back_in_order(
    store: LocalStore, profile: Path
) -> None:
    filled(store).close()
    one, two, three, four = lines(profile)
    put(profile, one, three, two, four)
    (mended,) = repaired(store)
    assert mended.what == "records put back in order"


def test_a_file_that_others_can_read_is_named_once(
    store: LocalStore, profile: Path
) -> None:
    filled(store).close()
    (profile / "history.jsonl").chmod(0o644)
    (found,) = verify.verify(opened(store, "work"))
    assert found.where == str(profile / "history.jsonl")
    assert found.code is ExitCode.NOT_PERMITTED
    repaired(store)


def test_a_plain_line_in_an_encrypted_history_is_moved_aside(
    store: LocalStore, profile: Path
) -> None:
    filled(store, encrypted=True).close()
    planted = PlainLines().encode(
        Record(5, "x", 4, "2026-01-01T00:00:00.000Z", "turn", {"question": "planted"})
    )
    put(profile, *lines(profile), planted)
    (found,) = verify.verify(opened(store, "work"))
    assert "in the clear" in found.what
    repaired(store)
    assert questions(opened(store, "work")) == list(QUESTIONS)


def test_a_torn_tail_is_moved_aside(store: LocalStore, profile: Path) -> None:
    filled(store).close()
    put(profile, *lines(profile), b'{"v":1,"seq":5')
    (found,) = verify.verify(opened(store, "work"))
    assert found.what == "an unfinished record"
    session = opened(store, "work")
    verify.repair(session)
    assert verify.verify(session) == []


@both
@pytest.mark.parametrize("name", sorted(FILES))
def test_a_damaged_generation_is_moved_aside_and_an_older_one_serves(
    store: LocalStore, profile: Path, name: str, encrypted: bool
) -> None:
    session = filled(store, encrypted=encrypted)
    publish(session, FILES | {"extra": b"newer"})
    session.close()
    place = profile / "index" / "gen-00000002" / name
    place.write_bytes(place.read_bytes()[:-1] + b"?")
    found = damage(verify.verify(opened(store, "work")))
    assert [f.where for f in found] == ["index/gen-00000002"]
    assert name in found[0].what
    mended = repaired(store)
    assert any("quarantine" in f.what for f in mended if f.severity == REPAIRED)
    assert indexed(opened(store, "work")) == FILES


@pytest.mark.parametrize(
    "content", [b"", b"garbage", b"gen-00000009 " + b"0" * 64 + b"\n", None]
)
def test_a_damaged_pointer_is_put_right(
    store: LocalStore, profile: Path, content: bytes | None
) -> None:
    filled(store).close()
    pointer = profile / "index" / "CURRENT"
    if content is None:
        pointer.unlink()
    else:
        pointer.write_bytes(content)
    assert damage(verify.verify(opened(store, "work")))
    repaired(store)
    assert indexed(opened(store, "work")) == FILES


def test_without_a_sound_generation_the_index_is_empty(
    store: LocalStore, profile: Path
) -> None:
    filled(store).close()
    (profile / "index" / "gen-00000001" / "manifest.json").write_bytes(b"{}")
    repaired(store)
    session = opened(store, "work")
    assert session.snapshots.current() == ""
    assert questions(session) == list(QUESTIONS)


@both
def test_a_damaged_audit_log_keeps_its_sound_beginning(
    store: LocalStore, profile: Path, encrypted: bool
) -> None:
    session = filled(store, encrypted=encrypted)
    for number in range(5):
        session.audit.record("docs.add", count=number)
    session.close()
    log = profile / "audit.jsonl"
    whole = log.read_bytes()
    log.write_bytes(whole.replace(b'"count":2', b'"count":7'))
    bad = next(
        number
        for number, line in enumerate(log.read_bytes().splitlines(), 1)
        if b'"count":7' in line
    )
    (found,) = verify.verify(opened(store, "work"))
    assert f"entry {bad} " in found.what
    assert found.where == "audit.jsonl"
    assert "audit.jsonl" not in found.what
    repaired(store)
    entries = list(opened(store, "work").audit.entries())
    assert [e["seq"] for e in entries] == list(range(1, bad + 2))
    assert entries[bad - 1]["event"] == "audit.repair"
    assert entries[bad - 1]["facts"]["kept"] == bad - 1
    (moved,) = (profile / "quarantine").iterdir()
    assert moved.read_bytes() == log.read_bytes()[:0] + whole.replace(
        b'"count":2', b'"count":7'
    )


def test_a_log_shorter_than_its_anchor_stays_a_finding(
    store: LocalStore, profile: Path
) -> None:
    session = filled(store)
    session.audit.record("docs.add", count=1)
    anchor = session.audit.anchor()
    log = profile / "audit.jsonl"
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:-1]))
    (found,) = verify.verify(session, anchor=anchor)
    assert "is missing" in found.what
    assert findings.exit_code(verify.repair(session, anchor=anchor)) == 4


def test_turns_cut_from_the_end_are_missed_by_the_audit_log(
    store: LocalStore, profile: Path
) -> None:
    session = filled(store)
    session.audit.record("turn", seq=4)
    session.close()
    put(profile, *lines(profile)[:2])
    (found,) = verify.verify(opened(store, "work"))
    assert found.what == "records are missing: 3-4"
    repaired(store)
    session = opened(store, "work")
    ask(session, "next")
    assert [r.seq for r in session.log.since()] == [1, 2, 5, 6, 7]


def test_a_damaged_key_slot_is_moved_aside(store: LocalStore, profile: Path) -> None:
    filled(store, encrypted=True).close()
    (profile / "keys" / "00000000000000aa.json").write_bytes(b"{}")
    (profile / "keys" / "00000000000000aa.json").chmod(0o600)
    (found,) = verify.verify(opened(store, "work"))
    assert found.where == "keys/00000000000000aa.json"
    repaired(store)
    session = opened(store, "work")
    assert KeyRing(session.directory).damaged() == []


def test_loose_modes_end_with_77_and_are_mended(
    store: LocalStore, profile: Path
) -> None:
    session = filled(store)
    (profile / "history.jsonl").chmod(0o644)
    os.chmod(profile / "index" / "gen-00000001" / "text", 0o755)
    found = verify.verify(session)  # the history is not even read
    assert findings.exit_code(found) is ExitCode.NOT_PERMITTED
    mended = verify.repair(session)
    assert damage(mended) == []
    assert len(mended) == 2
    assert verify.verify(session) == []
