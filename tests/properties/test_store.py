"""A store of sessions against a model of lists and dictionaries.

Whatever people do, in whatever order, with however many processes on one profile,
the history reads as the model says. Stores are plugged in by `store_factory`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from ragcli.config import Settings
from ragcli.errors import Conflict, ConversationNotFound
from ragcli.sessions.history.masking import MASK
from ragcli.sessions.history.writer import History
from ragcli.sessions.protocols import Session
from ragcli.sessions.records.record_types import Turn
from tests.stores import StoreFactory, a_turn

THOROUGH = os.environ.get("RAGCLI_THOROUGH") == "1"
EXAMPLES, STEPS = (300, 60) if THOROUGH else (6, 20)
WORDS = st.text(st.sampled_from("ab ü\n\x1b"), max_size=8)
TITLES = WORDS.map("t{}".format)
"""No beginning of a question: a title that quotes one goes when the question does."""


@dataclass
class Talk:
    """What the model knows of a conversation."""

    title: str
    start: int
    """Seq of its first record."""
    turns: list[Turn] = field(default_factory=list)
    """All versions of each."""
    asked: dict[str, str] = field(default_factory=dict)
    """Turn → what it is a version of: the id of its first version."""
    shown: list[str] = field(default_factory=list)
    """The versions that were asked for or chosen, the last one last."""
    summary: str = ""
    covers: int = 0

    @property
    def active(self) -> int:
        return max((turn.seq for turn in self.turns), default=self.start)

    @property
    def visible(self) -> list[Turn]:
        last = {self.asked[name]: name for name in self.shown if name in self.ids}
        return [turn for turn in self.turns if last[self.root(turn)] == turn.id]

    @property
    def ids(self) -> set[str]:
        return {turn.id for turn in self.turns}

    def root(self, turn: Turn) -> str:
        return self.asked.setdefault(turn.id, turn.id)

    def versions(self, turn: Turn) -> list[Turn]:
        return [each for each in self.turns if self.root(each) == self.root(turn)]

    def add(self, turn: Turn, old: Turn | None = None) -> None:
        self.turns.append(turn)
        self.asked[turn.id] = self.root(old or turn)
        self.shown.append(turn.id)

    def touch(self, *turns: Turn) -> None:
        """A summary is of no use once others are shown of what it speaks of."""
        if any(turn.seq <= self.covers for turn in turns):
            self.summary, self.covers = "", 0


class HistoryMachine(RuleBasedStateMachine):
    """One profile, used through two processes."""

    make: Callable[[], StoreFactory]
    conversations = Bundle("conversations")

    @initialize()
    def create(self) -> None:
        self.factory = self.make()
        store = self.factory()
        self.sessions: list[Session] = [
            store.create("work", {}, passphrase=self.factory.passphrase),
            self.factory().open("work"),
        ]
        self.histories = [self._history(session) for session in self.sessions]
        self.talks: dict[str, Talk] = {}
        self.head = 0

    @rule(target=conversations, who=st.integers(0, 1), question=WORDS, title=TITLES)
    def start(self, who: int, question: str, title: str) -> str:
        name = self.histories[who].new_conversation_id()
        turn = a_turn(name, question)
        stored = self.histories[who].commit(turn, title=title, parent=self.head)
        self.talks[name] = Talk(title, stored.seq - 1)
        self.talks[name].add(stored)
        self._moved(stored.seq, by=2)
        return name

    @rule(
        name=conversations,
        who=st.integers(0, 1),
        question=WORDS,
        how=st.sampled_from(["new", "replace", "again", "failed"]),
    )
    def ask(self, name: str, who: int, question: str, how: str) -> None:
        talk = self.talks.get(name)
        if talk is None:
            return
        history = self.histories[who]
        if how == "again" and talk.turns:
            known = talk.turns[-1]
            assert history.commit(known, expect=10**9).seq == known.seq
            return
        old = talk.visible[-1] if how == "replace" and talk.visible else None
        newest = talk.versions(old)[-1] if old else None
        status = "failed" if how == "failed" else "answered"
        turn = a_turn(name, question, replaces=old.id if old else "", status=status)
        stored = history.commit(turn, expect=self.head)
        assert stored.replaces == (newest.id if newest else "")
        assert replace(stored, seq=0, ts="", replaces=turn.replaces) == turn
        if newest:
            talk.touch(newest)
        talk.add(stored, old)
        self._moved(stored.seq, by=1)

    @rule(name=conversations, who=st.integers(0, 1), number=st.integers(0, 9))
    def show_version(self, name: str, who: int, number: int) -> None:
        talk = self.talks.get(name)
        if talk is None or not talk.turns:
            return
        turn = talk.turns[number % len(talk.turns)]
        (was,) = (each for each in talk.versions(turn) if each in talk.visible)
        assert self.histories[who].show_version(turn.id) == turn
        if turn != was:
            talk.touch(turn, was)
            talk.shown.append(turn.id)
            self.head += 1

    @rule(name=conversations, who=st.integers(0, 1))
    def conflict(self, name: str, who: int) -> None:
        with pytest.raises(Conflict):
            self.histories[who].commit(a_turn(name, "late"), expect=self.head + 1)

    @rule(name=conversations, who=st.integers(0, 1), title=TITLES)
    def rename(self, name: str, who: int, title: str) -> None:
        if name not in self.talks:
            with pytest.raises(ConversationNotFound):
                self.histories[who].rename(name, title)
            return
        self.histories[who].rename(name, title)
        self.talks[name].title = title
        self.head += 1

    @rule(target=conversations, name=conversations, who=st.integers(0, 1))
    def fork(self, name: str, who: int) -> Any:
        talk = self.talks.get(name)
        if talk is None or not talk.visible:
            return multiple()
        at = talk.visible[len(talk.visible) // 2]
        copy = self.histories[who].fork(name, at=at.id, title="fork")
        kept = talk.visible[: talk.visible.index(at) + 1]
        copied = self.histories[who].transcript(copy)
        assert [t.question for t in copied] == [t.question for t in kept]
        assert not {t.id for t in copied} & {t.id for t in talk.turns}
        self.talks[copy] = Talk("fork", self.head + 1)
        for turn in copied:
            self.talks[copy].add(turn)
        self.head += 1 + len(kept)
        return copy

    @rule(name=conversations, who=st.integers(0, 1), text=WORDS.filter(bool))
    def summarise(self, name: str, who: int, text: str) -> None:
        talk = self.talks.get(name)
        if talk is None or not talk.turns:
            return
        talk.summary, talk.covers = text, talk.turns[-1].seq
        self.histories[who].add_summary(name, text, covers=talk.covers, model="m")
        self.head += 1

    @rule(name=conversations, who=st.integers(0, 1))
    def delete_conversation(self, name: str, who: int) -> None:
        talk = self.talks.pop(name, None)
        if talk is None:
            return
        count = self.histories[who].delete_conversation(name)
        assert count == len(talk.visible)
        self._rewritten(changed=True)

    @rule(name=conversations, who=st.integers(0, 1), number=st.integers(0, 5))
    def delete_turn(self, name: str, who: int, number: int) -> None:
        talk = self.talks.get(name)
        if talk is None or not talk.visible:
            return
        turn = talk.visible[number % len(talk.visible)]
        self.histories[who].delete_turn(turn.id)
        for gone in talk.versions(turn):
            talk.turns.remove(gone)
            talk.touch(gone)
        self._rewritten(changed=True)

    @rule(
        name=conversations,
        who=st.integers(0, 1),
        number=st.integers(0, 9),
        alone=st.booleans(),
    )
    def delete_version(self, name: str, who: int, number: int, *, alone: bool) -> None:
        talk = self.talks.get(name)
        if talk is None or not talk.turns:
            return
        turn = talk.turns[number % len(talk.turns)]
        is_shown = turn in talk.visible
        if is_shown and not alone:
            return
        self.histories[who].delete_turn(turn.id, alone=alone)
        talk.turns = [
            replace(each, replaces=turn.replaces) if each.replaces == turn.id else each
            for each in talk.turns
            if each.id != turn.id
        ]
        talk.touch(turn)
        self._rewritten(changed=True)

    @rule(who=st.integers(0, 1))
    def redact(self, who: int) -> None:
        changed = self.histories[who].redact("b+")
        touched = False
        for talk in self.talks.values():
            talk.title, hit = _masked(talk.title)
            touched |= hit
            for number, turn in enumerate(talk.turns):
                hits = [_masked(t) for t in (turn.question, turn.query, turn.answer)]
                if any(hit for _, hit in hits):
                    question, query, answer = (text for text, _ in hits)
                    talk.turns[number] = replace(
                        turn, question=question, query=query, answer=answer
                    )
                    touched = True
                    if talk.covers >= turn.seq:
                        talk.summary, talk.covers = "", 0
            talk.summary, hit = _masked(talk.summary)
            touched |= hit
        assert changed or not touched
        self._rewritten(changed=bool(changed))

    @rule(who=st.integers(0, 1))
    def compact(self, who: int) -> None:
        changed = self.histories[who].compact()
        for talk in self.talks.values():
            left = [replace(turn, replaces="") for turn in talk.visible]
            talk.turns = []
            for turn in left:
                talk.add(turn)
        self._rewritten(changed=bool(changed))

    @rule(who=st.integers(0, 1))
    def reopen(self, who: int) -> None:
        self.sessions[who].close()
        self.sessions[who] = self.factory().open("work")
        self.histories[who] = self._history(self.sessions[who])

    @precondition(lambda self: self.factory.passphrase is None)
    @rule(who=st.integers(0, 1))
    def forget_caches(self, who: int) -> None:
        self.sessions[who].put_blob("conversations", b"{")

    @invariant()
    def reads_as_the_model_says(self) -> None:
        for history in self.histories:
            assert history.head() == self.head
            listed = {c.id: c for c in history.conversations()}
            assert set(listed) == set(self.talks)
            for name, talk in self.talks.items():
                assert listed[name].title == talk.title
                assert listed[name].turns == len(talk.visible)
                assert history.transcript(name) == talk.visible
                for turn in history.transcript(name):
                    several = tuple(each.id for each in talk.versions(turn))
                    assert turn.versions == (several if len(several) > 1 else ())
                shown = [t for t in talk.visible if t.status != "failed"]
                context = history.context(name, 2)
                assert list(context.turns) == shown[-2:]
                assert (context.summary, context.covers) == (talk.summary, talk.covers)
            stored = sorted(
                (turn for talk in self.talks.values() for turn in talk.turns),
                key=lambda turn: turn.seq,
            )
            assert history.since(0) == stored
            order = sorted(self.talks, key=lambda name: -self.talks[name].active)
            assert [c.id for c in history.conversations()] == order

    def teardown(self) -> None:
        for session in getattr(self, "sessions", []):
            session.close()

    def _history(self, session: Session) -> History:
        return History(session, Settings(memory="summary"))

    def _moved(self, seq: int, *, by: int) -> None:
        self.head += by
        assert seq == self.head

    def _rewritten(self, *, changed: bool) -> None:
        before, self.head = self.head, self.histories[0].head()
        assert self.head == before + changed


def _masked(text: str) -> tuple[str, bool]:
    masked = re.sub("b+", MASK, text)
    return masked, masked != text


def test_a_history_is_what_was_done_to_it(
    store_factory: Callable[[], StoreFactory],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        HistoryMachine, "make", staticmethod(store_factory), raising=False
    )
    run_state_machine_as_test(
        HistoryMachine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )


def test_profiles_never_see_each_other(
    store_factory: Callable[[], StoreFactory],
) -> None:
    factory = store_factory()
    names = ["a", "b", "c"]
    for name in names:
        session = factory().create(name, {}, passphrase=factory.passphrase)
        history = History(session, Settings())
        history.commit(a_turn("same-id", f"canary of {name}"), title=name)
        history.put_draft(f"draft of {name}")
        session.close()

    for name in names:
        session = factory().open(name)
        history = History(session, Settings())
        assert [t.question for t in history.transcript("same-id")] == [
            f"canary of {name}"
        ]
        assert history.draft() == f"draft of {name}"
        assert [t.question for t in history.search("canary")] == [f"canary of {name}"]
        history.delete_conversation("same-id")
        session.close()
    assert factory().names() == names
