"""What a hand does all day does what it expects: typing, clicking, failing, adding."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Static

from ragcli.errors import ModelFailed
from ragcli.tui.app import ChatApp
from ragcli.tui.widgets.conversation.answer import AnswerView
from tests.tui.backend import ANSWER, Backend, Gate, failing, nothing
from tests.tui.conftest import (
    Chat,
    ask,
    last_turn,
    screen_text,
    send,
    type_text,
    until,
    until_idle,
)
from tests.tui.widgets.conversation.test_answer import Host

QUESTION = "How long does a commit wait?"


# Typing


@pytest.mark.parametrize("place", ["answer", "source", "conversation", "footer"])
async def test_what_is_typed_after_a_click_goes_to_the_prompt(
    chat: Chat, backend: Backend, place: str
) -> None:
    backend.first.seed(3)
    before = len(backend.first.history.turns)
    async with chat() as (pilot, app, _):
        await until(pilot, lambda: app.screen.query("KeyBar"))
        where = {
            "answer": last_turn(app).answer,
            "source": app.chat.sources.cards[0],
            "conversation": app.chat.sidebar.query_one("#conversations"),
            "footer": app.chat.key_bar,
        }[place]
        await pilot.click(where)
        await pilot.pause()
        await type_text(pilot, "forced copy rdxo")
        await pilot.pause()
        typed = app.chat.prompt.text
        clipboard = app.clipboard

    assert typed == "forced copy rdxo"
    assert not clipboard
    assert not backend.first.requests
    assert len(backend.first.history.turns) == before


async def test_letters_act_on_a_turn_that_was_gone_to_by_key_and_it_is_shown(
    chat: Chat, backend: Backend
) -> None:
    backend.first.seed(1)
    async with chat() as (pilot, app, _):
        await pilot.press("ctrl+up")
        await until(pilot, lambda: "letters act" in screen_text(app))
        await pilot.press("c")
        assert app.clipboard == ANSWER
        await type_text(pilot, "why?")
        assert app.chat.focused is app.chat.prompt
        assert "letters act" not in screen_text(app)
        typed = app.chat.prompt.text

    assert typed == "why?"


# A turn that fails


async def test_after_a_failed_first_turn_the_conversation_goes_on(
    chat: Chat, backend: Backend
) -> None:
    error = ModelFailed("the stream broke", "start it again")
    backend.first.scripts = [failing(error, "A commit waits")]
    async with chat() as (pilot, app, _):
        await ask(pilot, app, "first?")
        await until_idle(pilot, app)
        await ask(pilot, app, "second?")
        await until_idle(pilot, app)

    failed, answered = backend.first.history.turns
    assert failed.status == "failed"
    assert answered.conversation == failed.conversation
    assert len(backend.first.history.titles) == 1


async def test_a_queued_question_that_cannot_be_asked_holds_up_no_other(
    chat: Chat, backend: Backend
) -> None:
    gate = Gate("one")
    backend.first.scripts = [gate]
    async with chat() as (pilot, app, _):
        await ask(pilot, app, "first")
        await ask(pilot, app, "what of @missing.md?")
        await ask(pilot, app, "third")
        app.chat.prompt.put("half a thought")
        gate.let(2)
        await until(pilot, lambda: len(backend.first.history.turns) == 2)
        await until_idle(pilot, app)
        shown = screen_text(app)
        prompt = app.chat.prompt.text

    assert "next:" not in shown
    assert prompt == "what of @missing.md?\nhalf a thought"
    assert [turn.question for turn in backend.first.history.turns] == ["first", "third"]


# What is lit


async def test_what_the_mouse_selects_is_seen() -> None:
    host = Host("A `code` and [1] and **bold** text.")
    async with host.run_test(size=(50, 8)) as pilot:
        plain = _grounds(host.answer)
        await pilot.mouse_down(host.answer, offset=(0, 0))
        await pilot.hover(host.answer, offset=(30, 0))
        await pilot.mouse_up(host.answer, offset=(30, 0))
        await pilot.pause()
        lit = _grounds(host.answer)

    assert all(was != now for was, now in zip(plain[:30], lit[:30], strict=True))


def _grounds(answer: AnswerView) -> list[object]:
    """Returns the background of each cell of the first line."""
    return [
        segment.style.bgcolor if segment.style else None
        for segment in answer.render_line(0)
        for _ in segment.text
    ]


async def test_a_lit_citation_goes_out_when_another_turns_sources_are_shown(
    chat: Chat, backend: Backend
) -> None:
    backend.first.seed(2)
    async with chat() as (pilot, app, _):
        old = last_turn(app)
        await pilot.press("ctrl+up", "2")
        await until(pilot, lambda: old.marker == 2)
        await pilot.press("escape")
        await ask(pilot, app, "and then?")
        await until_idle(pilot, app)

        assert old.marker == 0
        assert old.answer.chosen == 0
        assert app.chat.selection.view is app.chat.transcript.last


# Documents


async def test_a_directory_that_is_written_out_is_added_by_enter(
    chat: Chat, backend: Backend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handbook = tmp_path / "docs" / "handbook"
    handbook.mkdir(parents=True)
    (handbook / "a.md").write_text("text")
    monkeypatch.setenv("HOME", str(tmp_path))
    async with chat() as (pilot, app, _):
        await type_text(pilot, "/add ")
        app.chat.prompt.insert("~/docs/handbook")
        await until(pilot, lambda: app.chat.prompt.completing)
        await pilot.press("enter")
        await until(pilot, lambda: str(handbook) in backend.first.library.paths)


@asynccontextmanager
async def offered_to_add(
    chat: Chat, backend: Backend
) -> AsyncIterator[tuple[Pilot[Any], ChatApp]]:
    """Starts the chat on no documents and asks: a command that adds some is offered."""
    backend.first.library.paths.clear()
    backend.first.script = nothing
    async with chat() as (pilot, app, _):
        await ask(pilot, app, QUESTION)
        await until(pilot, lambda: app.chat.prompt.text == "/add .")
        yield pilot, app


async def test_a_question_without_documents_says_how_to_add_some(
    chat: Chat, backend: Backend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with offered_to_add(chat, backend) as (pilot, app):
        await until(pilot, lambda: "There are no documents" in screen_text(app))
        assert "/add PATH" in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: str(tmp_path) in backend.first.library.paths)


@pytest.mark.parametrize("typed", ["Why?", "/add notes", "@a.md why?"])
async def test_what_is_typed_takes_the_place_of_an_offered_command(
    chat: Chat, backend: Backend, typed: str
) -> None:
    async with offered_to_add(chat, backend) as (pilot, app):
        await type_text(pilot, typed)
        assert app.chat.prompt.text == typed


async def test_what_is_pasted_elsewhere_takes_the_place_of_an_offered_command(
    chat: Chat, backend: Backend
) -> None:
    async with offered_to_add(chat, backend) as (pilot, app):
        await pilot.press("ctrl+up")
        app.chat.post_message(events.Paste("Why?"))
        await until(pilot, lambda: app.chat.prompt.text == "Why?")


# Rendering


MARKUP = r"""It is so.[2] Both[1][3] say (see [2]).

\[ \int_0^1 x_1 * y_1 dx \] and \( \odd_a * b_c \) but \[1\] is text.

| a | b | c |
|:--|--:|:-:|
| x | 1 | y |
| long | 12345 | middle |

- [x] done
- [ ] not done
- [1] cited
"""


async def test_formulas_alignment_tasks_and_markers_are_drawn_as_they_are_meant() -> (
    None
):
    host = Host(MARKUP)
    async with host.run_test(size=(70, 30)):
        lines = host.lines()

    assert lines[0] == "It is so. [2] Both [1][3] say (see [2])."
    assert lines[2] == r"∫₀¹ x₁ * y₁ dx and \( \odd_a * b_c \) but [1] is text."
    assert lines[6:8] == ["x    │     1 │   y", "long │ 12345 │ middle"]
    assert lines[-3:] == ["☑ done", "☐ not done", "• [1] cited"]


async def test_one_is_singular(chat: Chat, backend: Backend) -> None:
    backend.first.seed(1)
    async with chat() as (pilot, app, _):
        await send(pilot, app, "/conversation")
        await until(pilot, lambda: "1 turn " in screen_text(app))
        assert "1 turns" not in screen_text(app)


# The answer first


async def test_a_pane_that_was_hidden_stays_hidden(
    chat: Chat, backend: Backend
) -> None:
    backend.first.seed(1)
    async with chat() as (pilot, app, _):
        assert app.chat.sidebar.display
        await pilot.press("ctrl+b", "ctrl+b")
        await until(pilot, lambda: not app.chat.sidebar.display)
    async with chat(Backend(backend.home.data, "work")) as (_, app, _):
        assert not app.chat.sidebar.display
        assert app.chat.sources.display


async def test_what_is_waited_for_is_said_with_the_seconds(
    chat: Chat, backend: Backend
) -> None:
    gate = Gate("words")
    backend.first.script = gate
    async with chat() as (pilot, app, _):
        await ask(pilot, app, QUESTION)
        await until(pilot, lambda: "reads 2 passages, 1,200 tokens" in screen_text(app))
        await until(pilot, lambda: re.search(r"tokens · \d+ s", screen_text(app)))
        gate.let(2)
        await until_idle(pilot, app)
        assert "reads 2" not in screen_text(app)


async def test_what_is_cited_stands_apart_from_what_was_also_found(
    chat: Chat, backend: Backend
) -> None:
    backend.first.seed(1)
    async with chat() as (_, app, _):
        titles = [
            str(w.content) for w in app.chat.sources.query(".group").results(Static)
        ]

    assert titles == ["Cited · 2", "Also found · 1"]


async def test_an_answer_that_was_stopped_says_so_where_it_ends(
    chat: Chat, backend: Backend
) -> None:
    gate = Gate("A commit\n\n```\ncode", "never")
    backend.first.script = gate
    async with chat() as (pilot, app, _):
        await ask(pilot, app, QUESTION)
        gate.let(1)
        await until(pilot, lambda: "code" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: "┄ stopped here" in screen_text(app))
        await pilot.press("ctrl+up", "c")
        copied = app.clipboard
        await pilot.press("escape")
        app.chat.run_command("new")
        await until(pilot, lambda: not app.chat.desk.conversation)
        app.chat.run_command("conversation", "conversation-")
        await until(pilot, lambda: "┄ stopped here" in screen_text(app))

    assert copied == "A commit\n\n```\ncode"
