"""Turns come back as they were stored, in conversations that are listed and found."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from ragcli.config import Settings
from ragcli.errors import (
    Conflict,
    ConversationNotFound,
    NotPermitted,
    StorageFailed,
    UsageError,
)
from ragcli.sessions.history import turns
from ragcli.sessions.history.erasure import UNTITLED
from ragcli.sessions.history.writer import History
from ragcli.sessions.protocols import Session
from ragcli.sessions.records.record_types import ONE_SHOT, Record, Turn
from ragcli.storage.files import Directory
from tests.stores import LocalStores, a_turn


def started(history: History, *asked: str, title: str = "About locks") -> str:
    """Stores a conversation with these questions; returns its id."""
    conversation = history.new_conversation_id()
    for n, question in enumerate(asked):
        turn = a_turn(conversation, question)
        history.commit(turn, title=title if n == 0 else None)
    return conversation


def asked(found: list[Turn]) -> list[str]:
    return [turn.question for turn in found]


def test_a_turn_comes_back_as_it_was_stored(history: History) -> None:
    conversation = history.new_conversation_id()
    turn = a_turn(conversation, "why?", snapshot="gen-00000007", continues="t0")

    stored = history.commit(turn, title="Why")

    assert history.transcript(conversation) == [stored]
    assert replace(stored, seq=0, ts="") == turn
    assert (stored.seq, len(stored.ts)) == (2, 24)
    assert history.turn(turn.id) == stored


def test_fields_of_later_versions_are_no_hindrance() -> None:
    body = {
        "conversation": "c",
        "question": "q",
        "mood": "good",
        "citations": [
            {
                "marker": 1,
                "path": "a",
                "page": None,
                "lines": [1, 2],
                "heading": "",
                "score": 0.5,
                "quote": "",
                "verified": True,
                "colour": "red",
            }
        ],
    }

    turn = turns.from_record(Record(1, "t", 0, "ts", "turn", body))

    assert turn.citations[0].lines == (1, 2)
    assert turn.question == "q"


@pytest.mark.parametrize(
    ("query", "searched", "stored"),
    [
        ("how?", {"snapshot": "gen-00000001"}, None),
        ("how?", {"retrieved": ("p1",)}, None),
        ("how? (+ locks)", {"snapshot": "gen-00000001"}, "how? (+ locks)"),
        ("how?", {}, "how?"),
        ("", {}, None),
    ],
)
def test_a_question_is_stored_once(
    query: str, searched: dict[str, Any], stored: str | None
) -> None:
    none = {"snapshot": "", "retrieved": ()}
    turn = replace(a_turn("c", "how?"), query=query, **{**none, **searched})

    draft = turns.to_draft(turn)
    back = turns.from_record(Record(1, "t", 0, "ts", "turn", draft.body))

    assert draft.body.get("query") == stored
    assert back.query == query


def test_an_empty_question_is_stored_as_well(history: History) -> None:
    stored = history.commit(a_turn("c", ""), title="t")

    assert history.turn(stored.id).question == ""


def test_the_latest_conversation_is_the_one_last_written_to(history: History) -> None:
    assert history.latest() == ""
    first = started(history, "a")
    second = started(history, "b")
    assert history.latest() == second

    history.commit(a_turn(first, "c"))
    history.rename(second, "renamed")

    assert history.latest() == first
    assert [c.id for c in history.conversations()] == [first, second]


def test_the_list_counts_turns_and_knows_titles(history: History) -> None:
    conversation = started(history, "a", "b", "c")
    turn = history.transcript(conversation)[-1]
    history.commit(a_turn(conversation, "c2", replaces=turn.id))
    history.rename(conversation, "Better title")

    found = history.conversation(conversation)

    assert (found.title, found.turns) == ("Better title", 3)
    assert found.created <= found.updated


def test_a_pinned_conversation_is_known_by_whoever_looks(history: History) -> None:
    conversation, other = started(history, "a"), started(history, "b")
    history.pin(conversation, pinned=True)
    history.pin(conversation, pinned=True)  # says nothing that is not known
    head = history.head()
    history.rename(conversation, "Better title")
    history.commit(a_turn(conversation, "c"))

    found = history.conversation(conversation)
    assert (found.pinned, found.title, found.turns) == (True, "Better title", 2)
    assert not history.conversation(other).pinned
    assert history.head() == head + 2

    history.pin(conversation, pinned=False)
    assert history.conversation(conversation) == replace(found, pinned=False)
    with pytest.raises(ConversationNotFound):
        history.pin("nobody", pinned=True)


def test_a_question_of_the_shell_is_one_shot_until_it_goes_on(history: History) -> None:
    conversation = history.new_conversation_id()
    history.commit(a_turn(conversation, "a"), title="a", origin=ONE_SHOT)
    assert history.conversation(conversation).is_one_shot
    assert not history.conversation(started(history, "b")).is_one_shot

    history.commit(a_turn(conversation, "c"))
    found = history.conversation(conversation)
    assert (found.origin, found.is_one_shot) == (ONE_SHOT, False)


def test_what_was_replaced_is_not_shown(history: History) -> None:
    conversation = started(history, "a", "b")
    first = history.transcript(conversation)[1]
    second = history.commit(a_turn(conversation, "b2", replaces=first.id))
    last = history.commit(a_turn(conversation, "b3", replaces=second.id))

    assert asked(history.transcript(conversation)) == ["a", "b3"]
    assert asked(history.transcript(conversation, before=last.seq)) == ["a"]
    assert asked(list(history.context(conversation, 5).turns)) == ["a", "b3"]
    assert asked(history.search("answer")) == ["b3", "a"]


def test_a_transcript_is_read_in_pages_from_its_end(history: History) -> None:
    conversation = started(history, *[f"q{n}" for n in range(10)])
    started(history, "other")

    page = history.transcript(conversation, limit=4)
    before = history.transcript(conversation, before=page[0].seq, limit=4)

    assert asked(page) == ["q6", "q7", "q8", "q9"]
    assert asked(before) == ["q2", "q3", "q4", "q5"]
    assert asked(history.transcript(conversation, limit=0)) == []


@pytest.mark.slow
def test_an_old_conversation_is_found_behind_many_others(history: History) -> None:
    old = started(history, "old")
    for _ in range(3):
        started(history, *[f"new{n}" for n in range(150)])
    late = history.commit(a_turn(old, "late"))

    assert asked(history.transcript(old)) == ["old", "late"]
    assert asked(history.transcript(old, before=late.seq)) == ["old"]
    assert asked(list(history.context(old, 3).turns)) == ["old", "late"]
    assert history.transcript("no such") == []


def test_references_are_ids_parts_or_titles(history: History) -> None:
    first = started(history, "a", title="One")
    second = started(history, "b", title="Two")

    assert history.resolve(first) == first
    assert history.resolve(second[-8:]) == second
    assert history.resolve(first.replace("-", "")[:30]) == first
    assert history.resolve("Two") == second
    turn = history.transcript(first)[0]
    assert history.turn(turn.id[-6:]) == turn


@pytest.mark.parametrize("reference", ["", "x", "nothing like it", "0"])
def test_an_unknown_reference_is_not_found(history: History, reference: str) -> None:
    started(history, "a")

    with pytest.raises(ConversationNotFound):
        history.resolve(reference)
    with pytest.raises(ConversationNotFound):
        history.turn(reference)


def test_a_conversation_that_others_erased_is_not_exported(
    history: History, stores: LocalStores
) -> None:
    conversation = started(history, "one")
    History(stores().open("work"), Settings()).delete_conversation(conversation)

    with pytest.raises(ConversationNotFound):
        history.transcripts(conversation)


def test_an_ambiguous_reference_says_so(history: History) -> None:
    started(history, "a", title="Same")
    other = started(history, "b", title="Same")

    with pytest.raises(ConversationNotFound, match="2 of them"):
        history.resolve("Same")
    with pytest.raises(ConversationNotFound, match="2 of them"):
        history.resolve(other[:6])


def test_the_nearest_title_is_named(history: History) -> None:
    started(history, "a", title="Backups")

    with pytest.raises(ConversationNotFound) as caught:
        history.resolve("Backup")

    assert "'Backups'" in caught.value.hint


def test_a_fork_copies_up_to_a_turn_and_goes_its_own_way(history: History) -> None:
    origin = started(history, "a", "b", "c")
    kept = history.transcript(origin)

    fork = history.fork(origin, at=kept[1].id)
    history.commit(a_turn(fork, "d"))

    assert asked(history.transcript(fork)) == ["a", "b", "d"]
    assert asked(history.transcript(origin)) == ["a", "b", "c"]
    copied = history.transcript(fork)
    assert copied[0].id != kept[0].id
    assert (copied[0].answer, copied[0].ts) == (kept[0].answer, kept[0].ts)
    told = history.conversation(fork)
    assert (told.forked_from, told.title, told.turns) == (
        origin,
        "About locks (fork)",
        3,
    )


def test_a_fork_at_a_turn_of_another_conversation_is_refused(history: History) -> None:
    origin, other = started(history, "a"), started(history, "b")

    with pytest.raises(ConversationNotFound, match="in this conversation"):
        history.fork(origin, at=history.transcript(other)[0].id)
    with pytest.raises(ConversationNotFound):
        history.fork("no such")


def test_search_finds_questions_and_answers_newest_first(history: History) -> None:
    conversation = started(history, "Straße", "two")
    history.commit(a_turn(conversation, "three", answer="STRASSE again"))

    assert asked(history.search("strasse")) == ["three", "Straße"]
    assert asked(history.search("strasse", limit=1)) == ["three"]
    assert history.search("nowhere") == []


def test_since_gives_what_others_added(history: History, stores: LocalStores) -> None:
    conversation = started(history, "a")
    head = history.head()
    other = stores().open("work")
    History(other, Settings()).commit(a_turn(conversation, "b"))
    other.close()

    assert asked(history.since(head)) == ["b"]
    assert history.wait(head, 0)


def test_two_questions_at_once_both_stay(history: History, stores: LocalStores) -> None:
    conversation = started(history, "a")
    seen = history.head()
    other = stores().open("work")
    first = History(other, Settings()).commit(a_turn(conversation, "b"), parent=seen)
    second = history.commit(a_turn(conversation, "c"), parent=seen)
    other.close()

    assert asked(history.transcript(conversation)) == ["a", "b", "c"]
    assert first.seq < second.seq
    with pytest.raises(Conflict):
        history.commit(a_turn(conversation, "d"), expect=seen)


def test_context_is_the_summary_and_the_last_turns(session: Session) -> None:
    history = History(session, Settings(memory="summary"))
    conversation = started(history, *[f"q{n}" for n in range(6)])
    history.commit(a_turn(conversation, "failed", status="failed"))
    covers = history.transcript(conversation)[2].seq
    history.add_summary(conversation, "old", covers=1, model="m")
    history.add_summary(conversation, "new", covers=covers, model="m")

    context = history.context(conversation, 2)

    assert (context.summary, context.covers) == ("new", covers)
    assert asked(list(context.turns)) == ["q4", "q5"]


def test_the_redact_setting_works_before_anything_is_stored(
    session: Session, stores: LocalStores
) -> None:
    history = History(session, Settings(redact=r"sk-\w+"))
    conversation = history.new_conversation_id()
    turn = a_turn(conversation, "key sk-canary1", answer="sk-canary2")
    turn = replace(turn, retrieved=({"id": "sk-canary3", "text": "sk-canary4"},))

    stored = history.commit(turn, title="sk-canary5")
    history.rename(conversation, "sk-canary6")
    history.add_summary(conversation, "sk-canary7", covers=2, model="m")

    assert stored.question == "key [redacted]"
    files = [p for p in stores.root.rglob("*") if p.is_file()]
    left = {w for p in files for w in re.findall(rb"sk-canary\d", p.read_bytes())}
    assert left == {b"sk-canary3"}  # an id, not a text


@pytest.mark.parametrize("pattern", ["(", "x*", ""])
def test_a_pattern_that_cannot_be_one_is_refused(
    history: History, pattern: str
) -> None:
    started(history, "a")

    with pytest.raises(UsageError, match="--match"):
        history.redact(pattern)


def test_redacting_leaves_nothing_anywhere(
    history: History, stores: LocalStores
) -> None:
    conversation = started(history, "my canary", "other", title="the canary")
    history.add_summary(conversation, "canary, they said", covers=9, model="m")
    history.put_draft("what about the canary")
    history.put_pastes("[pasted 30 lines]\t10\nthe canary\n")
    history.conversations()

    assert history.redact("canary") == 3

    assert asked(history.transcript(conversation)) == ["my [redacted]", "other"]
    assert history.conversation(conversation).title == "the [redacted]"
    assert history.context(conversation, 5).summary == ""
    assert history.draft() == history.pastes() == ""
    files = [p for p in stores.root.rglob("*") if p.is_file()]
    assert not [p for p in files if b"canary" in p.read_bytes()]


def test_deleting_a_turn_takes_its_earlier_versions_along(history: History) -> None:
    conversation = started(history, "a", "b")
    old = history.transcript(conversation)[1]
    new = history.commit(a_turn(conversation, "b2", replaces=old.id))
    history.add_summary(conversation, "a and b2", covers=new.seq, model="m")

    history.delete_turn(new.id)

    assert asked(history.transcript(conversation)) == ["a"]
    assert history.conversation(conversation).turns == 1
    assert history.context(conversation, 5).summary == ""


def test_a_deleted_question_is_no_title_any_more(history: History) -> None:
    long = "How is the canary fed, and how often, and by whom of the keepers?"
    talk = started(history, long, "And when?", title=f"{long[:40]}…")
    fork = history.fork(talk)
    alone = started(history, "canary?", title="canary?")
    named = started(history, "Tell me of the canary", "More", title="Birds")

    for conversation in (talk, alone, named):
        first = history.transcript(conversation)[0]
        history.delete_turn(first.id)

    assert history.conversation(talk).title == "And when?"
    assert history.conversation(alone).title == UNTITLED
    assert history.conversation(named).title == "Birds"
    assert history.conversation(fork).title.startswith("How is the canary")
    history.delete_turn(history.transcript(fork)[0].id)
    assert history.conversation(fork).title == "And when?"


def test_what_is_deleted_is_gone_from_side_copies(
    history: History, session: Session, stores: LocalStores
) -> None:
    talk = started(history, 'the first "canary"', "the second canary")
    started(history, "other things", title="Other")
    place = stores.root / "profiles" / "work"
    [line] = [
        line
        for line in (place / "history.jsonl").read_bytes().splitlines()
        if b"first" in line and b'"turn"' in line
    ]
    for name, torn in (("mine", line[:-20]), ("other", b'{"v":1,"question":"oth')):
        with (
            Directory.open(place) as profile,
            profile.child("quarantine", create=True) as directory,
        ):
            directory.replace(f"{name}.torn", torn)

    history.delete_turn(history.transcript(talk)[0].id)
    kept = [path.name for path in (place / "quarantine").iterdir()]
    history.delete_conversation(talk)

    assert kept == ["other.torn"]
    assert not [
        path
        for path in stores.root.rglob("*")
        if path.is_file() and b"canary" in path.read_bytes()
    ]
    assert asked(history.since(0)) == ["other things"]


def test_deleting_a_replaced_turn_leaves_its_successor(history: History) -> None:
    conversation = started(history, "a")
    old = history.transcript(conversation)[0]
    history.commit(a_turn(conversation, "a2", replaces=old.id))

    history.delete_turn(old.id)

    assert asked(history.transcript(conversation)) == ["a2"]
    assert history.conversation(conversation).turns == 1


def test_deleting_a_conversation_leaves_the_others(history: History) -> None:
    first, second = started(history, "a", "b"), started(history, "c")
    history.rename(first, "renamed")
    history.add_summary(first, "text", covers=3, model="m")

    assert history.delete_conversation(first) == 2

    assert [c.id for c in history.conversations()] == [second]
    assert history.transcript(first) == []
    with pytest.raises(ConversationNotFound):
        history.delete_conversation(first)


def test_a_turn_on_its_way_into_a_deleted_conversation_is_not_lost(
    history: History,
) -> None:
    conversation = started(history, "a")
    history.delete_conversation(conversation)

    history.commit(a_turn(conversation, "late\nquestion"))

    assert history.conversation(conversation).title == "late question"
    assert asked(history.transcript(conversation)) == ["late\nquestion"]


def test_compact_removes_only_what_nobody_sees(history: History) -> None:
    conversation = started(history, "a", "b")
    old = history.transcript(conversation)[0]
    history.commit(a_turn(conversation, "a2", replaces=old.id))
    for n in range(3):
        history.rename(conversation, f"title {n}")
        history.add_summary(conversation, f"summary {n}", covers=3, model="m")
    gone = started(history, "gone")
    history.delete_conversation(gone)
    shown = history.transcript(conversation)
    told = history.conversation(conversation)

    assert history.compact() == 6  # 1 turn, 2 titles, 2 summaries, 1 back reference

    assert asked(history.transcript(conversation)) == asked(shown) == ["b", "a2"]
    assert history.conversation(conversation) == told
    assert history.context(conversation, 1).summary == "summary 2"
    assert history.compact() == 0


def test_every_erasure_is_in_the_audit_log_without_contents(
    history: History, session: Session
) -> None:
    conversation = started(history, "secret question")
    history.redact("secret")
    history.delete_turn(history.transcript(conversation)[0].id)

    events = [str(entry["event"]) for entry in session.audit.entries()]

    erased = [event for event in events if event.startswith("history.")]
    assert erased == ["history.redact", "history.delete"]
    assert "question" not in str([*session.audit.entries()])


def test_a_draft_stays_until_it_is_sent(history: History, stores: LocalStores) -> None:
    history.put_draft("half a quest\udce9ion")
    other = stores().open("work")

    assert History(other, Settings()).draft() == "half a quest\udce9ion"
    other.close()
    history.put_draft("")
    assert history.draft() == ""


def test_the_kept_list_is_used_and_never_trusted(
    session: Session, stores: LocalStores
) -> None:
    history = History(session, Settings())
    conversation = started(history, *[f"q{n}" for n in range(400)])
    assert session.blob("conversations") is not None
    expected = history.conversations()

    for value in (b"", b"{", b"[]", b'{"v": 1}', b'{"v": 1, "seq": 10000}', None):
        session.put_blob("conversations", value)
        opened = stores().open("work")
        assert History(opened, Settings()).conversations() == expected
        opened.close()
    assert history.conversation(conversation).turns == 400


def test_opening_reads_only_what_the_list_does_not_know(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = History(session, Settings())
    started(history, *[f"q{n}" for n in range(600)])
    decoded: list[int] = []
    codec = session.codec
    decode = codec.decode

    def counting(line: bytes) -> Record:
        decoded.append(len(line))
        return decode(line)

    monkeypatch.setattr(codec, "decode", counting)
    fresh = History(session, Settings())
    fresh.conversations()
    fresh.latest()
    fresh.transcript(fresh.latest(), limit=5)

    assert len(decoded) < 350


def test_a_list_that_cannot_be_written_is_no_reason_to_fail(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StorageFailed("no space", "")

    monkeypatch.setattr(session, "put_blob", full)
    history = History(session, Settings())

    conversation = started(history, *[f"q{n}" for n in range(300)])

    assert history.conversation(conversation).turns == 300


def test_others_rewrites_are_noticed(history: History, stores: LocalStores) -> None:
    first, second = started(history, "a"), started(history, "b")
    assert len(history.conversations()) == 2
    other = stores().open("work")
    History(other, Settings()).delete_conversation(first)
    other.close()

    assert [c.id for c in history.conversations()] == [second]


def test_a_directory_others_can_read_is_not_read(
    history: History, stores: LocalStores
) -> None:
    started(history, "a")
    place = stores.root / "profiles" / "work" / "history.jsonl"
    place.chmod(0o644)

    with pytest.raises(NotPermitted, match="0644"):
        history.latest()
