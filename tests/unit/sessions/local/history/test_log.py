"""Records of a log on disk have their places in order, and each is stored once."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from ragcli.errors import Conflict, HistoryDamaged, Locked, NotPermitted, StorageFailed
from ragcli.sessions.local.history.local_log import FILE, LocalLog
from ragcli.sessions.local.history.rewriting import Damage, Repaired, repair, scan
from ragcli.sessions.records.identifiers import new_id
from ragcli.sessions.records.record_lines import PlainLines, checksummed
from ragcli.sessions.records.record_types import Draft, Record
from ragcli.storage import durable
from ragcli.storage.locking.locks import commit_lock
from tests.patience import PATIENCE
from tests.stores import append, draft, open_log, questions


def test_records_get_their_places_in_order(log: LocalLog) -> None:
    first = log.append([draft("a"), draft("b")], parent=0)
    second = log.append([draft("c")], parent=2)

    assert [record.seq for record in [*first, *second]] == [1, 2, 3]
    assert second[0].parent == 2
    assert [*log.since()] == [*first, *second]
    assert log.head() == 3


def test_an_empty_log_reads_as_empty(log: LocalLog) -> None:
    assert log.head() == 0
    assert [*log.since()] == [*log.newest()] == []
    assert log.wait(0, 0) is False


def test_any_part_can_be_read_from_either_end(log: LocalLog) -> None:
    for n in range(1, 41):
        append(log, *[f"q{n}-{i}" for i in range(n % 3 + 1)])
    every = [*log.since()]
    head = log.head()

    for seq in range(head + 2):
        assert [*log.since(seq)] == every[seq:]
        assert [*log.newest(seq)] == every[: max(0, seq - 1)][::-1]
    assert [*log.newest()] == every[::-1]


def test_the_same_id_is_stored_once(log: LocalLog, place: Path) -> None:
    again = draft("once")
    first = log.append([again])
    append(log, "another")

    assert log.append([again], expect=1) == first
    assert open_log(place).append([again]) == first
    assert questions(log) == ["once", "another"]


def test_a_batch_that_is_partly_known_adds_the_rest(log: LocalLog) -> None:
    known, fresh = draft("known"), draft("fresh")
    log.append([known])

    stored = log.append([known, fresh, fresh])

    assert [record.seq for record in stored] == [1, 2, 2]
    assert questions(log) == ["known", "fresh"]


def test_an_id_of_any_other_kind_is_searched_for_to_the_start(log: LocalLog) -> None:
    log.append([draft("old", name="my-own-id")])
    for n in range(100):
        append(log, str(n))

    assert (
        open_log(log.directory.path).append([draft("new", name="my-own-id")])[0].seq
        == 1
    )


def test_an_id_made_long_before_is_still_found(
    log: LocalLog, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    early = draft("early")
    log.append([early])
    monkeypatch.setattr(
        "ragcli.sessions.records.record_batches.now",
        lambda: "2126-01-01T00:00:00.000Z",
    )
    for n in range(100):
        append(log, str(n))

    assert open_log(place).append([early])[0].seq == 1


def test_others_appends_are_known_too(log: LocalLog, place: Path) -> None:
    other, mine = open_log(place), draft("mine")
    append(log, "a")
    other.append([mine])

    assert log.append([mine])[0].seq == 2


def test_expect_refuses_when_others_were_faster(log: LocalLog) -> None:
    append(log, "a")

    with pytest.raises(Conflict, match="at 1, not at 0"):
        log.append([draft("b")], expect=0)

    assert log.append([draft("b")], expect=1)[0].seq == 2


def test_a_clock_set_back_does_not_disorder(
    log: LocalLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.append([draft("a")])
    monkeypatch.setattr(
        "ragcli.sessions.records.record_batches.now",
        lambda: "2020-01-01T00:00:00.000Z",
    )

    second = log.append([draft("b")])[0]
    assert (second.seq, second.ts[:4]) == (2, "2020")
    assert questions(log) == ["a", "b"]


@pytest.mark.parametrize("size", [1, 100, 70_000, 3_000_000])
def test_a_torn_tail_is_kept_aside_and_the_next_append_works(
    log: LocalLog, place: Path, size: int
) -> None:
    append(log, "a")
    torn = b'{"v":1,"seq":2,' + b"x" * size
    with (place / FILE).open("ab") as file:
        file.write(torn)
    notices: list[str] = []

    assert questions(log) == ["a"]
    assert append(open_log(place, notices=notices), "b") == [2]

    assert questions(log) == ["a", "b"]
    kept = [*(place / "quarantine").iterdir()]
    assert [item.read_bytes() for item in kept] == [torn]
    assert len(notices) == 1
    assert "quarantine" in notices[0]


@pytest.mark.parametrize("kept", [1, 2, 3])
def test_half_a_batch_is_no_batch(log: LocalLog, place: Path, kept: int) -> None:
    append(log, "before")
    append(log, "one", "two", "three", "four")
    whole = (place / FILE).read_bytes().splitlines(keepends=True)
    (place / FILE).write_bytes(b"".join(whole[: 1 + kept]))

    assert questions(log) == ["before"]
    assert log.head() == 1
    assert append(open_log(place), "after") == [2]
    assert questions(log) == ["before", "after"]


def test_damage_in_the_middle_is_named_by_its_line(log: LocalLog, place: Path) -> None:
    for n in range(5):
        append(log, str(n))
    lines = (place / FILE).read_bytes().splitlines(keepends=True)
    lines[2] = lines[2].replace(b'"question":"2"', b'"question":"X"')
    (place / FILE).write_bytes(b"".join(lines))

    assert next(log.newest()).seq == 5
    with pytest.raises(HistoryDamaged, match=r"history\.jsonl:3: .*checksum"):
        [*log.since()]
    with pytest.raises(HistoryDamaged, match=r"history\.jsonl:3:"):
        [*log.newest()]
    assert append(open_log(place), "more") == [6]


def test_damage_at_the_end_stops_appends_until_it_is_repaired(
    log: LocalLog, place: Path
) -> None:
    append(log, "a")
    append(log, "b")
    data = (place / FILE).read_bytes()
    (place / FILE).write_bytes(data[:-5] + b"#" + data[-4:])

    with pytest.raises(HistoryDamaged, match=r"history\.jsonl:2:") as caught:
        append(log, "c")
    assert "--repair" in caught.value.hint

    assert repair(log) == Repaired(moved=1, lost=1)
    assert append(log, "c") == [4]
    assert questions(log) == ["a", "c"]


def test_repair_keeps_every_sound_record_and_names_the_lost(
    log: LocalLog, place: Path
) -> None:
    for n in range(1, 8):
        append(log, str(n))
    lines = (place / FILE).read_bytes().splitlines(keepends=True)
    lines[1] = b"garbage\n"
    lines[4] = lines[4][:-1] + b"\x00"  # runs into the next line
    (place / FILE).write_bytes(b"".join(lines))

    damage = [item for item in scan(log) if isinstance(item, Damage)]
    assert [item.line for item in damage] == [2, 5]
    assert repair(log) == Repaired(moved=2, lost=1)

    assert questions(log) == ["1", "3", "4", "5", "6", "7"]
    last = next(log.newest())
    assert (last.kind, last.body["dropped"]) == ("redaction", [[2, 2]])
    assert repair(log) is None
    assert len([*(place / "quarantine").iterdir()]) == 2


def test_a_batch_that_lost_its_beginning_is_kept_aside(
    log: LocalLog, place: Path
) -> None:
    log.append([draft("a"), draft("b"), draft("c")])
    file = place / FILE
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[1:2]))

    assert questions(log) == []
    append(log, "next")

    assert questions(log) == ["next"]
    [kept] = (place / "quarantine").iterdir()
    assert b'"question":"b"' in kept.read_bytes()


def test_scan_shows_a_torn_tail(log: LocalLog, place: Path) -> None:
    append(log, "a")
    with (place / FILE).open("ab") as file:
        file.write(b"{")

    assert [type(item) for item in scan(log)] == [Record, Damage]


def test_a_rewrite_drops_alters_and_says_so(log: LocalLog) -> None:
    for n in range(1, 7):
        append(log, str(n))

    def change(record: Record) -> Record | None:
        if record.seq == 2:
            return None
        if record.seq == 4:
            body = {**record.body, "question": "four"}
            return Record(4, record.id, record.parent, record.ts, record.kind, body)
        return record

    assert log.rewrite(change, {"reason": "test"}) == 2

    assert questions(log) == ["1", "3", "four", "5", "6"]
    last = next(log.newest())
    assert last.seq == 7
    assert last.body == {"reason": "test", "dropped": [[2, 2]], "altered": [[4, 4]]}
    assert append(log, "next") == [8]


def test_a_rewrite_that_changes_nothing_writes_nothing(
    log: LocalLog, place: Path
) -> None:
    append(log, "a", "b")
    before = (place / FILE).stat().st_ino

    assert log.rewrite(lambda record: record, {"reason": "test"}) == 0

    assert (place / FILE).stat().st_ino == before
    assert log.head() == 2


def without(seq: int) -> Callable[[Record], Record | None]:
    return lambda record: None if record.seq == seq else record


def test_rewrites_of_one_kind_leave_one_redaction(log: LocalLog) -> None:
    for n in range(1, 10):
        append(log, str(n))
    for gone in (1, 2, 5):
        log.rewrite(without(gone), {"reason": "x"})
    log.rewrite(without(7), {"reason": "other"})

    found = [r.body for r in log.since() if r.kind == "redaction"]

    assert found == [
        {"reason": "x", "dropped": [[1, 2], [5, 5], [10, 11]], "altered": []},
        {"reason": "other", "dropped": [[7, 7]], "altered": []},
    ]


def test_a_rewritten_batch_is_whole_without_its_lost_members(log: LocalLog) -> None:
    append(log, "a", "b", "c")

    log.rewrite(lambda r: None if r.seq == 3 else r, {"reason": "test"})

    assert questions(log) == ["a", "b"]
    assert append(log, "d") == [5]


def test_what_stays_before_the_first_change_is_taken_over_as_it_was(
    log: LocalLog, place: Path
) -> None:
    append(log, "a", "b")
    append(log, "c", "d", "e")
    append(log, "f", "g")
    log.rewrite(lambda r: None if r.seq == 7 else r, {"reason": "x"})
    append(log, "h", "i", "j")
    before = (place / FILE).read_bytes().splitlines()

    log.rewrite(lambda r: None if r.seq == 10 else r, {"reason": "x"})

    after = (place / FILE).read_bytes().splitlines()
    assert after[:5] == before[:5]
    assert questions(log) == ["a", "b", "c", "d", "e", "f", "h", "j"]
    assert [r.body["dropped"] for r in log.since() if r.kind == "redaction"] == [
        [[7, 8], [10, 10]]
    ]
    assert [b"batch" in line for line in after[6:]] == [False] * 3
    assert [record for record in scan(log) if isinstance(record, Damage)] == []


def test_a_dropped_id_may_come_again(log: LocalLog, place: Path) -> None:
    other, same = open_log(place), draft("a")
    append(other, "first")
    log.append([same])
    log.rewrite(lambda r: None if r.id == same.id else r, {"reason": "test"})

    assert other.append([same])[0].seq == 4
    assert log.append([same])[0].seq == 4


def test_an_open_reader_reads_on_through_a_rewrite(log: LocalLog) -> None:
    for n in range(5):
        append(log, str(n))
    reading = log.since()
    first = next(reading)

    log.rewrite(lambda r: None if r.seq % 2 else r, {"reason": "test"})

    assert [first.seq, *[r.seq for r in reading]] == [1, 2, 3, 4, 5]
    assert [r.seq for r in log.since()] == [2, 4, 6]


def test_wait_ends_when_something_comes(log: LocalLog, place: Path) -> None:
    append(log, "a")
    assert log.wait(0, 0) is True
    writer = threading.Timer(0.05, lambda: append(open_log(place), "b"))
    writer.start()

    assert log.wait(1, 20) is True
    writer.join()
    assert log.wait(2, 0.01) is False


def test_a_held_lock_is_named(log: LocalLog, place: Path) -> None:
    append(log, "a")
    held, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        with commit_lock(open_log(place).directory, "history", wait=1):
            held.set()
            go_on.wait(PATIENCE)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(PATIENCE)
    try:
        with pytest.raises(Locked, match=rf"pid {os.getpid()} .*running"):
            append(open_log(place, wait=0.05), "b")
        assert questions(log) == ["a"]
    finally:
        go_on.set()
        holder.join()
    assert append(log, "b") == [2]


def test_a_second_name_of_the_file_is_refused(log: LocalLog, place: Path) -> None:
    append(log, "a")
    os.link(place / FILE, place / "elsewhere")

    with pytest.raises(NotPermitted):
        append(log, "b")


def test_leftovers_of_killed_rewriters_go_with_the_next_writer(
    log: LocalLog, place: Path
) -> None:
    append(log, "a")
    (place / f".{FILE}.0badcafe.tmp").touch(mode=0o600)

    append(open_log(place), "b")

    assert [item.name for item in place.iterdir() if item.suffix == ".tmp"] == []


def test_after_a_failed_sync_nothing_is_stored_any_more(
    log: LocalLog, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(log, "a")
    tries = []

    def failing(descriptor: int) -> None:
        tries.append(descriptor)
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(durable, "reached_drive", failing)
        with pytest.raises(StorageFailed, match="Input/output"):
            append(log, "b")
    with pytest.raises(StorageFailed, match="opened again"):
        append(log, "c")

    assert len(tries) == 1
    assert questions(log) == ["a"]
    assert append(open_log(place), "d") == [2]


def test_a_body_no_json_can_hold_is_a_bug_and_leaves_the_log_alone(
    log: LocalLog,
) -> None:
    append(log, "a")

    with pytest.raises(ValueError, match="JSON"):
        log.append([Draft("turn", {"score": float("nan")}, new_id())])

    assert questions(log) == ["a"]
    assert append(log, "b") == [2]


def test_a_record_of_a_newer_format_is_not_appended_after(
    log: LocalLog, place: Path
) -> None:
    from ragcli.errors import NewerFormat

    append(log, "a")
    with (place / FILE).open("ab") as file:
        file.write(checksummed({"v": 9, "seq": 2}))

    with pytest.raises(NewerFormat, match=r"history\.jsonl:2"):
        append(log, "b")
    with pytest.raises(NewerFormat):
        [*scan(log)]


def test_plain_lines_can_be_read_by_anything(log: LocalLog, place: Path) -> None:
    import json

    append(log, "a", "b")

    lines = (place / FILE).read_text().splitlines()

    assert [json.loads(line)["question"] for line in lines] == ["a", "b"]
    assert PlainLines().decode(f"{lines[0]}\n".encode()).seq == 1
