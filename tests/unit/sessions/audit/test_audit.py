"""Every change to an audit log is found, and a log that was cut by its anchor."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ragcli.errors import AuditDamaged, UsageError
from ragcli.sessions.audit import audit_file as audit
from ragcli.sessions.audit.audit_file import FileAudit
from ragcli.sessions.audit.chained import KEY_FILE
from ragcli.storage.files import Directory

KEY = bytes(range(32))
THOROUGH = os.environ.get("RAGCLI_THOROUGH") == "1"


def filled(
    directory: Directory, count: int, key: bytes | None = KEY, event: str = "turn"
) -> FileAudit:
    log = FileAudit(directory, key, "profile-id")
    for number in range(count):
        log.record(event, seq=number, digest=f"{number:064x}")
    return log


@pytest.fixture(scope="module")
def long_log(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """The lines of a log of 500 entries."""
    with Directory.open(tmp_path_factory.mktemp("a") / "p", create=True) as directory:
        filled(directory, 500)
        return (directory.path / audit.FILE).read_bytes().splitlines(keepends=True)


def put(directory: Directory, lines: list[bytes]) -> FileAudit:
    directory.replace(audit.FILE, b"".join(lines), durable=False)
    return FileAudit(directory, KEY, "profile-id")


def test_a_sound_log_verifies(directory: Directory) -> None:
    log = filled(directory, 5)
    assert log.verify() == 5
    assert log.verify(log.anchor()) == 5
    entries = list(log.entries())
    assert [entry["seq"] for entry in entries] == [1, 2, 3, 4, 5]
    assert entries[3]["event"] == "turn"
    assert entries[3]["facts"] == {"seq": 3, "digest": f"{3:064x}"}
    assert entries[3]["uid"] == os.geteuid()


def test_an_empty_log_is_sound_and_makes_no_files(directory: Directory) -> None:
    log = FileAudit(directory, None, "profile-id")
    assert log.verify() == 0
    assert log.verify(log.anchor()) == 0
    assert list(log.entries()) == []
    assert directory.names() == []


def test_an_older_anchor_still_holds(directory: Directory) -> None:
    log = filled(directory, 3)
    anchor = log.anchor()
    log.record("turn", seq=9)
    assert log.verify(anchor) == 4


@pytest.mark.parametrize("anchor", ["x", "5", "5:abc", "-1:" + "0" * 64])
def test_what_is_not_an_anchor_is_refused(directory: Directory, anchor: str) -> None:
    with pytest.raises(UsageError):
        filled(directory, 1).verify(anchor)


Change = Callable[[list[bytes], int], list[bytes]]


def edit(lines: list[bytes], at: int) -> list[bytes]:
    altered = lines[at].replace(b'"event":"turn"', b'"event":"burn"')
    return [*lines[:at], altered, *lines[at + 1 :]]


def delete(lines: list[bytes], at: int) -> list[bytes]:
    return lines[:at] + lines[at + 1 :]


def insert_copy(lines: list[bytes], at: int) -> list[bytes]:
    return [*lines[:at], lines[(at + 7) % len(lines)], *lines[at:]]


def swap_with_next(lines: list[bytes], at: int) -> list[bytes]:
    other = (at + 1) % len(lines)
    changed = list(lines)
    changed[at], changed[other] = changed[other], changed[at]
    return changed


@pytest.mark.parametrize("change", [edit, delete, insert_copy, swap_with_next])
def test_a_change_at_any_place_is_found_and_named(
    directory: Directory, long_log: list[bytes], change: Change
) -> None:
    step = 1 if THOROUGH else 7
    for at in [*range(0, 500, step), 499]:
        first_bad = 0 if change is swap_with_next and at == 499 else at
        if change is delete and at == 499:
            continue  # nothing follows it: that takes an anchor, see below
        log = put(directory, change(long_log, at))
        with pytest.raises(AuditDamaged, match=rf"entry {first_bad + 1} "):
            log.verify()


def test_truncation_at_any_place_is_found_with_an_anchor(
    directory: Directory, long_log: list[bytes]
) -> None:
    anchor = put(directory, long_log).anchor()
    for length in range(0, 500, 1 if THOROUGH else 7):
        log = put(directory, long_log[:length])
        assert log.verify() == length
        with pytest.raises(AuditDamaged, match=f"entry {length + 1} is missing"):
            log.verify(anchor)


def test_another_log_put_in_its_place_is_found_with_an_anchor(
    directory: Directory,
) -> None:
    anchor = filled(directory, 3).anchor()
    directory.remove(audit.FILE)
    log = filled(directory, 5, event="turn.forged")
    assert log.verify() == 5
    with pytest.raises(AuditDamaged, match="entry 3"):
        log.verify(anchor)


def test_a_log_of_another_profile_or_key_does_not_pass(directory: Directory) -> None:
    filled(directory, 2)
    for other in (
        FileAudit(directory, KEY, "other-profile"),
        FileAudit(directory, bytes(32), "profile-id"),
    ):
        with pytest.raises(AuditDamaged, match="entry 1 "):
            other.verify()


def test_every_changed_byte_is_found(directory: Directory) -> None:
    filled(directory, 1)
    whole = (directory.path / audit.FILE).read_bytes()
    for at in range(len(whole) - 1):
        changed = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
        with pytest.raises(AuditDamaged, match="1"):
            put(directory, [changed]).verify()


def test_a_torn_tail_goes_to_quarantine_and_the_log_goes_on(
    directory: Directory,
) -> None:
    log = filled(directory, 2)
    with (directory.path / audit.FILE).open("ab") as file:
        file.write(b'{"v":1,"seq":3,"ts":"2026-')
    assert log.verify() == 2
    log.record("turn", seq=3)
    assert log.verify() == 3
    (torn,) = (directory.path / "quarantine").iterdir()
    assert torn.read_bytes().endswith(b"2026-")


def test_nothing_follows_a_last_line_that_is_no_entry(directory: Directory) -> None:
    log = filled(directory, 1)
    with (directory.path / audit.FILE).open("ab") as file:
        file.write(b"garbage\n")
    with pytest.raises(AuditDamaged, match="last line"):
        log.record("turn")
    with pytest.raises(AuditDamaged, match="line 2"):
        log.verify()


def test_a_plain_profile_has_a_private_key_file(directory: Directory) -> None:
    log = filled(directory, 2, key=None)
    assert (directory.path / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert FileAudit(directory, None, "profile-id").verify() == 2
    directory.remove(KEY_FILE)
    with pytest.raises(AuditDamaged, match="is gone"):
        log.verify()
    log.record("turn")
    with pytest.raises(AuditDamaged, match="entry 1 "):
        log.verify()


def test_facts_are_short_and_flat(directory: Directory) -> None:
    log = filled(directory, 0)
    log.record("docs.add", name="x" * 1000)
    assert len(next(iter(log.entries()))["facts"]["name"]) == 256
    with pytest.raises(TypeError):
        log.record("turn", question=["a", "b"])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="not an event"):
        log.record("no such\nevent")


WRITER = """
import sys
from pathlib import Path
from ragcli.sessions.audit.audit_file import FileAudit
from ragcli.storage.files import Directory
with Directory.open(Path(sys.argv[1])) as directory:
    log = FileAudit(directory, None, "profile-id")
    for number in range(int(sys.argv[2])):
        log.record("turn", writer=int(sys.argv[3]), number=number)
"""


@pytest.mark.slow
def test_concurrent_writers_make_one_chain(tmp_path: Path) -> None:
    place = tmp_path / "profile"
    Directory.open(place, create=True).close()
    each = 100 if THOROUGH else 15
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, place, str(each), str(number)])
        for number in range(4)
    ]
    assert [writer.wait(120) for writer in writers] == [0] * 4
    with Directory.open(place) as directory:
        log = FileAudit(directory, None, "profile-id")
        assert log.verify() == 4 * each
        seen = {(e["facts"]["writer"], e["facts"]["number"]) for e in log.entries()}
    assert len(seen) == 4 * each


def written(place: Path) -> int:
    """Returns how many bytes of an audit log are there."""
    log = place / "audit.jsonl"
    return log.stat().st_size if log.exists() else 0


@pytest.mark.slow
def test_killed_writers_never_break_the_chain(tmp_path: Path) -> None:
    place = tmp_path / "profile"
    Directory.open(place, create=True).close()
    chance = random.Random(4)
    for number in range(50 if THOROUGH else 5):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, place, "1000", str(number)]
        )
        before = written(place)
        while written(place) == before and writer.poll() is None:
            time.sleep(0.005)
        try:
            writer.wait(chance.random() / 10)
        except subprocess.TimeoutExpired:
            writer.kill()
            writer.wait()
    with Directory.open(place) as directory:
        log = FileAudit(directory, None, "profile-id")
        log.record("turn", writer=99)
        assert log.verify() == len(list(log.entries())) > 1
