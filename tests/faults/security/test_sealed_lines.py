"""Sealed lines and files that were swapped, copied, replayed or cut: all refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ragcli.errors import (
    Damaged,
    HistoryDamaged,
    NotPermitted,
    RagcliError,
    SnapshotDamaged,
    WrongPassphrase,
)
from ragcli.paths import Home
from ragcli.sessions.local.store import LocalStore
from ragcli.sessions.records.record_lines import PlainLines
from ragcli.sessions.records.record_types import Record
from tests.sealed import FILES, QUESTIONS, ask, filled, indexed, opened, questions


@pytest.fixture
def profiles(store: LocalStore, home: Home) -> Path:
    """Two encrypted profiles of the same shape, with one passphrase."""
    for name in ("work", "other"):
        filled(store, name, encrypted=True).close()
    return home.profiles


def lines(profile: Path) -> list[bytes]:
    return (profile / "history.jsonl").read_bytes().splitlines(keepends=True)


def put(profile: Path, lines: list[bytes]) -> None:
    (profile / "history.jsonl").write_bytes(b"".join(lines))


def refused(store: LocalStore) -> None:
    """Reading is refused from either end."""
    session = opened(store, "work")
    with pytest.raises(HistoryDamaged):
        list(session.log.since())
    with pytest.raises(HistoryDamaged):
        list(session.log.newest())
    session.close()


def test_lines_of_another_profile_are_refused_at_every_place(
    store: LocalStore, profiles: Path
) -> None:
    mine, theirs = lines(profiles / "work"), lines(profiles / "other")
    for at in range(len(mine)):
        put(profiles / "work", [*mine[:at], theirs[at], *mine[at + 1 :]])
        refused(store)
    put(profiles / "work", [*mine, theirs[-1]])
    refused(store)


def test_swapped_copied_and_replayed_lines_are_refused(
    store: LocalStore, profiles: Path
) -> None:
    mine = lines(profiles / "work")
    for one in range(len(mine)):
        for other in range(len(mine)):
            if one < other:
                changed = list(mine)
                changed[one], changed[other] = changed[other], changed[one]
                put(profiles / "work", changed)
                refused(store)
            put(profiles / "work", [*mine[:one], mine[other], *mine[one:]])
            refused(store)


def test_nothing_is_appended_behind_a_replayed_line(
    store: LocalStore, profiles: Path
) -> None:
    mine = lines(profiles / "work")
    put(profiles / "work", [*mine, mine[1]])
    session = opened(store, "work")
    with pytest.raises(HistoryDamaged, match="out of place"):
        ask(session, "on top of it")
    assert lines(profiles / "work") == [*mine, mine[1]]


def test_a_renumbered_line_is_refused(store: LocalStore, profiles: Path) -> None:
    from ragcli.sessions.records.record_lines import checked, checksummed

    mine = lines(profiles / "work")
    fields = checked(mine[1])
    put(profiles / "work", [*mine, checksummed(fields | {"seq": len(mine) + 1})])
    refused(store)


def test_plain_lines_are_refused_wherever_they_stand(
    store: LocalStore, profiles: Path
) -> None:
    mine = lines(profiles / "work")
    for at in range(len(mine) + 1):
        planted = PlainLines().encode(
            Record(at + 1, "x", at, "2026-01-01", "turn", {"question": "planted"})
        )
        put(profiles / "work", [*mine[:at], planted, *mine[at + 1 :]])
        refused(store)


def test_a_cut_line_is_never_a_record(store: LocalStore, profiles: Path) -> None:
    mine = lines(profiles / "work")
    last = mine[-1]
    step = 1 if os.environ.get("RAGCLI_THOROUGH") == "1" else 7
    for length in range(1, len(last) - 1, step):
        put(profiles / "work", [*mine[:-1], last[:length]])
        assert questions(opened(store, "work")) == list(QUESTIONS)[:-1]
        put(profiles / "work", [*mine[:-1], last[:length] + b"\n"])
        refused(store)


def test_turning_encryption_off_from_outside_opens_nothing(
    store: LocalStore, profiles: Path
) -> None:
    file = profiles / "work" / "profile.toml"
    file.write_text(file.read_text().replace("encrypted = true", "encrypted = false"))
    with pytest.raises(Damaged, match="do not agree"):
        store.open("work")
    (profiles / "work" / "keys").rename(profiles / "keys-taken-away")
    refused(store)  # no sealed line is read as plain
    with pytest.raises(HistoryDamaged):
        ask(opened(store, "work"), "never stored in the clear")


def test_keys_of_another_profile_open_nothing(
    store: LocalStore, profiles: Path
) -> None:
    for name in ("work", "other"):
        (profiles / name / "keys").rename(profiles / f"{name}-keys")
    (profiles / "other-keys").rename(profiles / "work" / "keys")
    refused(store)
    with pytest.raises((SnapshotDamaged, WrongPassphrase)):
        indexed(opened(store, "work"))


@pytest.mark.parametrize("name", sorted(FILES))
def test_files_of_another_profile_or_name_are_refused(
    store: LocalStore, profiles: Path, name: str
) -> None:
    place = profiles / "work" / "index" / "gen-00000001"
    sealed = (place / name).read_bytes()
    others = [
        (profiles / "other" / "index" / "gen-00000001" / name).read_bytes(),
        *((place / other).read_bytes() for other in FILES if other != name),
        FILES[name],
        sealed[:-1],
        b"",
    ]
    session = opened(store, "work")
    assert session.sealer
    for planted in others:
        (place / name).write_bytes(planted)
        with pytest.raises(SnapshotDamaged):
            session.sealer.unseal(name, (place / name).read_bytes())
        with pytest.raises(RagcliError):
            indexed(opened(store, "work"))


def test_a_whole_generation_of_another_profile_is_refused(
    store: LocalStore, profiles: Path
) -> None:
    for name in ("work", "other"):
        (profiles / name / "index").rename(profiles / f"{name}-index")
    (profiles / "other-index").rename(profiles / "work" / "index")
    with pytest.raises((SnapshotDamaged, NotPermitted)):
        indexed(opened(store, "work"))


def test_a_draft_of_another_profile_or_in_the_clear_is_not_shown(
    store: LocalStore, profiles: Path
) -> None:
    mine = profiles / "work" / "cache" / "draft"
    for planted in (
        (profiles / "other" / "cache" / "draft").read_bytes(),
        b"planted",
        b"",
    ):
        mine.write_bytes(planted)
        assert opened(store, "work").blob("draft") is None
