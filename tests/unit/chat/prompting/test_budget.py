"""What fits a model's window, and what goes first when it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragcli.chat.prompting.budget import HISTORY_SHARE, LONGEST_REPLY, REPLY_SHARE, fit
from ragcli.errors import UsageError
from ragcli.index.passages import Passage
from ragcli.models.base import Exchange, Prompt
from ragcli.models.prompt_messages import messages
from tests.unit.chat.models import Scripted

QUESTION = Prompt("What is a lock?", "lock", (), boundary="abcd", grounded=True)


def passages(count: int, words: int = 100) -> list[Passage]:
    return [
        Passage(f"p{i}", f"/docs/{i}.md", f"word{i} " * words, 1 - i / 100)
        for i in range(count)
    ]


def turns(count: int, words: int = 50) -> tuple[Exchange, ...]:
    return tuple(Exchange(f"question {i}", f"answer{i} " * words) for i in range(count))


def test_a_model_without_window_gets_everything() -> None:
    asked = replace(QUESTION, history=turns(50))

    fitted = fit(Scripted(0), asked, passages(40))

    assert len(fitted.prompt.sources) == 40
    assert len(fitted.prompt.history) == 50
    assert fitted.notices == ()


def test_what_fits_is_left_whole() -> None:
    asked = replace(QUESTION, history=turns(3), summary="We spoke.")

    fitted = fit(Scripted(8192), asked, passages(6))

    assert [source.marker for source in fitted.prompt.sources] == [1, 2, 3, 4, 5, 6]
    assert fitted.prompt.history == asked.history
    assert fitted.prompt.summary == "We spoke."
    assert (fitted.dropped_passages, fitted.dropped_turns) == (0, 0)


def test_the_lowest_ranked_passages_go_first() -> None:
    fitted = fit(Scripted(1500), QUESTION, passages(20))

    used = len(fitted.prompt.sources)
    assert 0 < used < 20
    assert [s.text for s in fitted.prompt.sources] == [
        p.text for p in passages(20)[:used]
    ]
    assert fitted.dropped_passages == 20 - used
    limit = "the window of test:model (1500 tokens)"
    assert fitted.notices == (f"{20 - used} of 20 passages did not fit {limit}",)


def test_the_oldest_turns_go_first() -> None:
    asked = replace(QUESTION, history=turns(40))

    fitted = fit(Scripted(2048), asked, passages(6))

    kept = len(fitted.prompt.history)
    assert 0 < kept < 40
    assert fitted.prompt.history == asked.history[-kept:]
    assert len(fitted.prompt.sources) == 6
    assert fitted.dropped_turns == 40 - kept
    assert f"{40 - kept} earlier turns" in fitted.notices[0]


def test_passages_leave_their_unused_room_to_history() -> None:
    asked = replace(QUESTION, history=turns(20))

    fitted = fit(Scripted(2048), asked, [])

    alone = sum(len(f"{t.question} {t.answer}".split()) for t in fitted.prompt.history)
    assert alone > HISTORY_SHARE * 2048 * (1 - REPLY_SHARE)


def test_a_question_that_is_too_long_is_refused_with_a_way_out() -> None:
    with pytest.raises(UsageError, match="too long for test:model") as met:
        fit(Scripted(2048), replace(QUESTION, question="why " * 3000), passages(3))

    assert "pipe" in met.value.hint


def test_markers_of_earlier_answers_are_taken_out() -> None:
    asked = replace(QUESTION, history=(Exchange("q", "A lock [1], a file [2, 3]."),))

    fitted = fit(Scripted(8192), asked, passages(1))

    assert fitted.prompt.history == (Exchange("q", "A lock, a file."),)


@given(
    window=st.integers(700, 9000),
    sizes=st.lists(st.integers(1, 400), max_size=12),
    history=st.lists(st.integers(1, 300), max_size=12),
    summary=st.integers(0, 400),
)
def test_the_prompt_never_exceeds_the_window_less_the_reply(
    window: int, sizes: list[int], history: list[int], summary: int
) -> None:
    model = Scripted(window)
    asked = replace(
        QUESTION,
        history=tuple(Exchange(f"q{i}", "a " * n) for i, n in enumerate(history)),
        summary="s " * summary,
    )
    found = [Passage(f"{i}", f"/{i}", "w " * n, 0.5) for i, n in enumerate(sizes)]

    fitted = fit(model, asked, found)

    reply = min(LONGEST_REPLY, int(window * REPLY_SHARE))
    sent = sum(model.count_tokens(message.text) for message in messages(fitted.prompt))
    assert sent <= window - reply
    assert len(fitted.prompt.sources) + fitted.dropped_passages == len(found)
    assert len(fitted.prompt.history) + fitted.dropped_turns == len(history)
