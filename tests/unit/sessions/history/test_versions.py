"""Of several versions of an answer one is shown: it is what every reader sees."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ragcli.config import Settings
from ragcli.errors import Conflict, ConversationNotFound
from ragcli.sessions.history import export, turns, versions
from ragcli.sessions.history.lifetime import aside
from ragcli.sessions.history.lifetime.aside import Aside, Batch
from ragcli.sessions.history.transcripts import JsonForm, written
from ragcli.sessions.history.writer import History
from ragcli.sessions.protocols import Session
from ragcli.sessions.records.record_types import Draft, Record, Turn
from tests.stores import LocalStores, a_turn

TALK = "talk"


def ask(history: History, question: str, answer: str, *, replaces: str = "") -> Turn:
    title = None if history.head() else "About locks"
    turn = a_turn(TALK, question, answer=answer, replaces=replaces)
    return history.commit(turn, title=title)


@pytest.fixture
def three(history: History) -> list[Turn]:
    """Three answers to the first of two questions, the newest one shown."""
    first = ask(history, "How long?", "one")
    second = ask(history, "How long?", "two", replaces=first.id)
    third = ask(history, "How long?", "three", replaces=second.id)
    ask(history, "And then?", "later")
    return [first, second, third]


def said(found: list[Turn] | tuple[Turn, ...]) -> list[str]:
    return [turn.answer for turn in found]


def seen_by_all(history: History, session: Session) -> list[str]:
    """Returns what is shown of the conversation; every reader says the same."""
    shown = said(history.transcript(TALK))
    again = History(session, Settings())
    assert said(again.transcript(TALK)) == shown
    assert said(again.context(TALK, 9).turns) == shown
    newest = [turn for turn in again.newest_turns() if turn.conversation == TALK]
    found = [turn for turn in again.search("?") if turn.conversation == TALK]
    assert said(newest)[::-1] == said(found)[::-1] == shown
    assert said(again.transcript_after(TALK, 0, 9)) == shown
    assert said([*again.transcripts(TALK).turns]) == shown
    assert again.conversation(TALK).turns == len(shown)
    assert again.conversation(TALK).title == "About locks"
    for turn in again.transcript(TALK):
        (before,) = again.transcript(TALK, before=turn.seq + 1, limit=1)
        assert (before, before.versions) == (turn, turn.versions)
    fork = again.transcript(again.fork(TALK))
    assert said(fork) == shown
    assert not any(turn.versions for turn in fork)
    return shown


def test_the_version_that_was_chosen_is_what_every_reader_sees(
    history: History, session: Session, three: list[Turn]
) -> None:
    assert seen_by_all(history, session) == ["three", "later"]
    assert [t.versions for t in history.transcript(TALK)] == [
        tuple(turn.id for turn in three),
        (),
    ]

    for number in (0, 1, 0, 2):
        shown = history.show_version(three[number].id)

        assert (shown, shown.version) == (three[number], number + 1)
        assert history.is_shown(shown)
        assert seen_by_all(history, session) == [three[number].answer, "later"]


def test_choosing_what_is_shown_or_has_no_versions_stores_nothing(
    history: History, three: list[Turn]
) -> None:
    head = history.head()
    later = history.transcript(TALK)[1]

    assert history.show_version(three[2].id).version == 3
    assert history.show_version(later.id) == later
    with pytest.raises(ConversationNotFound):
        history.show_version("0000")

    assert history.head() == head


def test_a_version_that_is_asked_for_later_is_shown_again(
    history: History, session: Session, three: list[Turn]
) -> None:
    history.show_version(three[0].id)
    fourth = ask(history, "How long?", "four", replaces=three[0].id)

    assert fourth.version == 4
    assert fourth.replaces == three[2].id, "an older program sees one answer"
    assert seen_by_all(history, session) == ["later", "four"]
    (later, new) = history.since(three[2].seq)[:2]
    assert (later.versions, new.versions) == ((), fourth.versions)
    history.show_version(three[1].id)
    assert seen_by_all(history, session) == ["two", "later"]


def test_two_that_ask_again_at_once_make_versions_of_one_turn(
    history: History, session: Session, three: list[Turn]
) -> None:
    body = turns.to_draft(a_turn(TALK, "How long?", answer="other")).body
    twin = Draft("turn", {**body, "replaces": three[0].id}, "twin")
    session.log.append([twin])

    assert seen_by_all(history, session) == ["later", "other"]
    assert history.transcript(TALK)[1].version == 4


def test_what_others_write_while_a_version_is_chosen_is_kept(
    history: History,
    session: Session,
    three: list[Turn],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other, append = History(session, Settings()), session.log.append
    refused: list[int] = []

    def slow(
        drafts: list[Draft], *, parent: int = 0, expect: int | None = None
    ) -> list[Record]:
        if expect is not None and not refused:
            refused.append(expect)
            other.rename(TALK, "Another title")
        return append(drafts, parent=parent, expect=expect)

    monkeypatch.setattr(session.log, "append", slow)
    history.show_version(three[0].id)

    assert history.conversation(TALK).title == "Another title"
    assert said(history.transcript(TALK)) == ["one", "later"]
    with pytest.raises(Conflict):
        append([Draft("turn", {}, "x")], expect=refused[0])


def test_who_reads_while_a_version_is_added_sees_the_one_before(
    history: History, session: Session, three: list[Turn]
) -> None:
    reader = History(session, Settings())
    turns = reader.newest_turns()
    begun = next(turns)
    ask(history, "How long?", "four", replaces=three[2].id)

    assert said([begun, *turns]) == ["later", "three"]


def test_a_summary_of_what_is_not_shown_is_not_read(
    history: History, session: Session, three: list[Turn]
) -> None:
    reader = History(session, Settings(memory="summary"))
    later = history.transcript(TALK)[1]
    reader.add_summary(TALK, "three", covers=three[2].seq, model="m")
    assert reader.context(TALK, 1).summary == "three"

    ask(history, "And then?", "later 2", replaces=later.id)
    assert reader.context(TALK, 1).summary == "three", "it says nothing of that turn"
    history.show_version(three[0].id)
    told = reader.context(TALK, 1)

    assert (told.summary, told.covers) == ("", 0)
    reader.add_summary(TALK, "one", covers=three[2].seq, model="m")
    assert reader.context(TALK, 1).summary == "one"


def test_deleting_the_shown_version_deletes_all(
    history: History, session: Session, three: list[Turn], stores: LocalStores
) -> None:
    history.show_version(three[0].id)

    history.delete_turn(three[0].id)

    assert said(history.transcript(TALK)) == ["later"]
    assert said(history.since(0)) == ["later"]
    log = (stores.root / "profiles" / "work" / "history.jsonl").read_text()
    assert not any(turn.id in log or turn.answer in log for turn in three)
    assert history.conversation(TALK).turns == 1


def test_a_version_that_is_set_aside_goes_with_the_others(
    history: History, session: Session, three: list[Turn]
) -> None:
    gone = three[0].id
    batch = Batch(0.0, "2026-01-01T00:00:00.000Z", (gone,), (gone,), {})
    aside.write(session, Aside(batches=(batch,)))
    reader = History(session, Settings(ttl="90d"))
    assert [t.version for t in reader.transcript(TALK)] == [2, 1]

    reader.delete_turn(three[2].id)

    assert said([turns.from_record(r) for r in session.log.since(0)
                 if r.kind == "turn"]) == ["later"]  # fmt: skip


@pytest.mark.parametrize(
    ("chosen", "gone", "left"),
    [
        (0, 0, "three"),
        (1, 1, "three"),
        (2, 2, "two"),
        (0, 1, "one"),
        (0, 2, "one"),
        (2, 0, "three"),
        (2, 1, "three"),
    ],
)
def test_deleting_one_version_alone_leaves_the_others_in_its_place(
    history: History,
    session: Session,
    three: list[Turn],
    chosen: int,
    gone: int,
    left: str,
) -> None:
    history.show_version(three[chosen].id)

    history.delete_turn(three[gone].id, alone=chosen == gone)

    assert seen_by_all(history, session) == [left, "later"]
    assert len(history.transcript(TALK)[0].versions) == 2
    assert three[gone].id not in {turn.id for turn in history.since(0)}


def test_versions_of_an_erased_root_stay_versions(
    history: History, session: Session, three: list[Turn]
) -> None:
    body = turns.to_draft(a_turn(TALK, "How long?", answer="other")).body
    session.log.append([Draft("turn", {**body, "replaces": three[0].id}, "twin")])

    history.delete_turn(three[0].id)

    assert seen_by_all(history, session) == ["later", "other"]
    assert history.transcript(TALK)[1].versions == (three[1].id, three[2].id, "twin")


def test_redaction_masks_the_versions_that_are_not_shown(
    history: History, three: list[Turn], stores: LocalStores
) -> None:
    history.show_version(three[0].id)

    history.redact("three|two")

    log = (stores.root / "profiles" / "work" / "history.jsonl").read_text()
    assert "three" not in log
    assert said(history.transcript(TALK)) == ["one", "later"]
    assert history.show_version(three[2].id).answer == "[redacted]"


def test_compact_keeps_what_was_chosen(
    history: History, session: Session, three: list[Turn]
) -> None:
    history.show_version(three[1].id)
    history.rename(TALK, "Named")
    history.show_version(three[0].id)
    shown = history.transcript(TALK)

    assert history.compact()

    assert history.transcript(TALK) == shown
    assert history.transcript(TALK)[0].versions == ()
    assert history.conversation(TALK).title == "Named"
    assert history.conversation(TALK).turns == 2
    assert not any(versions.chosen(record) for record in session.log.since(0))
    assert history.compact() == 0


def test_an_older_program_reads_a_choice_as_the_title_it_repeats(
    history: History, session: Session, three: list[Turn]
) -> None:
    history.rename(TALK, "Named")
    history.show_version(three[0].id)

    (*_, record) = session.log.since(0)
    assert record.kind == "conversation"
    assert (record.body["conversation"], record.body["title"]) == (TALK, "Named")
    links = {r.body["replaces"] for r in session.log.since(0) if "replaces" in r.body}
    assert links == {three[0].id, three[1].id}


def test_a_choice_of_what_is_not_there_changes_nothing(
    history: History, session: Session, three: list[Turn]
) -> None:
    body = versions.choice(TALK, "About locks", "gone", three[2].id)
    odd = {"conversation": TALK, "title": "About locks", "version": "3"}
    session.log.append(
        [Draft("conversation", body, "a"), Draft("conversation", odd, "b")]
    )

    assert seen_by_all(history, session) == ["three", "later"]


def test_a_list_that_an_older_program_kept_is_made_anew(
    history: History, session: Session, three: list[Turn]
) -> None:
    history.show_version(three[0].id)
    thread = {"title": "About locks", "created": "", "updated": "", "replaced": []}
    kept = {"v": 1, "seq": history.head(), "view": "", "threads": {TALK: thread}}
    session.put_blob("conversations", json.dumps(kept).encode())

    assert seen_by_all(history, session) == ["one", "later"]


def test_exports_say_which_version_it_is(
    history: History, session: Session, three: list[Turn]
) -> None:
    history.show_version(three[1].id)
    found = history.transcripts(TALK)

    told = json.loads("".join(written(JsonForm("work", indented=False), found)))
    turn = told["conversations"][0]["turns"][0]
    shown = history.transcript(TALK)

    assert turn["versions"] == [each.id for each in three]
    assert "version 2 of 3" in export.to_markdown(history.conversation(TALK), shown)
    assert "version 2 of 3" in export.to_html(history.conversation(TALK), shown)
    assert "version" not in export.markdown_turn(replace(shown[0], versions=()))


def test_a_choice_is_in_a_bundle_and_in_a_clone(
    history: History, session: Session, three: list[Turn], stores: LocalStores,
    tmp_path: Path,
) -> None:  # fmt: skip
    from ragcli.sessions.bundles.bundle import export_bundle
    from ragcli.sessions.bundles.bundle_import import import_bundle

    history.show_version(three[0].id)
    export_bundle(session, tmp_path / "work.ragcli")
    back = import_bundle(stores(), tmp_path / "work.ragcli", name="back")
    copy = stores().clone("work", "copy", history=True)

    for made in (back, copy):
        assert said(History(made, Settings()).transcript(TALK)) == ["one", "later"]
        made.close()
