"""Older turns are summed up once, when enough of them have gathered."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ragcli.chat.prompting.summary import GATHERED, KEPT, refresh, shortened
from ragcli.errors import Locked
from ragcli.sessions.records.record_types import ConversationContext, Turn
from tests.unit.chat.models import Scripted


@dataclass
class Log:
    """The history, as far as a summary sees it."""

    turns: list[Turn] = field(default_factory=list)
    summaries: list[tuple[str, int, str]] = field(default_factory=list)
    busy: bool = False

    def say(self, count: int) -> Log:
        for _ in range(count):
            seq = len(self.turns) + 1
            answer = f"answer {seq} [1]."
            self.turns.append(
                Turn(f"t{seq}", "c", f"question {seq}", answer=answer, seq=seq)
            )
        return self

    def context(self, conversation: str, limit: int) -> ConversationContext:
        text, covers, _ = self.summaries[-1] if self.summaries else ("", 0, "")
        return ConversationContext(text, covers, tuple(self.turns[-limit:]))

    def add_summary(
        self, conversation: str, text: str, *, covers: int, model: str
    ) -> None:
        if self.busy:
            raise Locked("somebody else writes")
        self.summaries.append((text, covers, model))


def test_nothing_happens_until_enough_turns_have_gathered() -> None:
    log, model = Log().say(KEPT + GATHERED - 1), Scripted(output="So far.")

    assert refresh(log, "c", model) == ""
    assert not model.heard


def test_turns_that_fell_behind_are_summed_up() -> None:
    log, model = Log().say(KEPT + GATHERED), Scripted(output=" So far. \n")

    note = refresh(log, "c", model)

    assert note == f"{GATHERED} earlier turns are summed up now"
    assert log.summaries == [("So far.", GATHERED, "test:model")]
    assert f"question {GATHERED}\n" in model.heard[0][1]
    assert f"question {GATHERED + 1}" not in model.heard[0][1]
    assert "[1]" not in model.heard[0][1]
    mark = re.search(r"<<answer (\w{16})>>\nanswer 1.\n<<end answer", model.heard[0][1])
    assert mark
    assert mark[1] in model.heard[0][0]


def test_each_turn_is_read_once_and_the_old_summary_goes_in() -> None:
    log, model = Log().say(KEPT + GATHERED), Scripted(output="So far.")
    refresh(log, "c", model)

    assert refresh(log.say(GATHERED - 1), "c", model) == ""
    refresh(log.say(1), "c", model)

    assert [covers for _, covers, _ in log.summaries] == [GATHERED, 2 * GATHERED]
    assert model.heard[1][1].startswith("Earlier summary:\n<<summary ")
    assert "So far.\n<<end summary " in model.heard[1][1]
    assert f"question {GATHERED}\n" not in model.heard[1][1]


def test_a_failing_model_or_a_busy_log_leaves_the_old_summary() -> None:
    log = Log().say(KEPT + GATHERED)

    assert refresh(log, "c", Scripted(fails=True)) == ""
    assert refresh(log, "c", Scripted(output="")) == ""
    log.busy = True
    assert refresh(log, "c", Scripted(output="So far.")) == ""
    assert not log.summaries


def test_a_model_that_only_quotes_is_not_asked() -> None:
    model = Scripted(output="x", generates=False)

    assert refresh(Log().say(50), "c", model) == ""
    assert not model.heard


def test_a_summary_that_is_too_long_ends_with_a_sentence() -> None:
    text = shortened("It is so. " * 500)

    assert len(text) <= 2000
    assert text.endswith("It is so.")
    assert shortened("x" * 3000) == "x" * 2000
