"""The prompt edits, completes, recalls and pastes, alone in a host application."""

from __future__ import annotations

import pytest
from textual import events
from textual.app import App, ComposeResult

from ragcli.errors import UsageError
from ragcli.tui.attachments.pastes import Pastes
from ragcli.tui.widgets.input.prompt import PromptInput


class Host(App[None]):
    """Shows a prompt and keeps what it sends."""

    CSS = "PromptInput { height: auto; max-height: 8; border: none; }"

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[str] = []

    def compose(self) -> ComposeResult:
        yield PromptInput()

    def on_prompt_input_sent(self, event: PromptInput.Sent) -> None:
        self.sent.append(event.text)

    @property
    def prompt(self) -> PromptInput:
        """The widget."""
        return self.query_one(PromptInput)


async def test_enter_sends_and_empties() -> None:
    host = Host()
    async with host.run_test() as pilot:
        await pilot.press(*"hello", "enter")
        await pilot.pause()

        assert host.sent == ["hello"]
        assert host.prompt.text == ""


async def test_blank_text_is_not_sent() -> None:
    host = Host()
    async with host.run_test() as pilot:
        await pilot.press("space", "enter", "enter")

        assert host.sent == []


@pytest.mark.parametrize("key", ["ctrl+j", "alt+enter", "shift+enter"])
async def test_newline_keys(key: str) -> None:
    host = Host()
    async with host.run_test() as pilot:
        await pilot.press("a", key, "b", "enter")
        await pilot.pause()

    assert host.sent == ["a\nb"]


async def test_it_grows_with_its_text_and_shrinks_again() -> None:
    host = Host()
    async with host.run_test() as pilot:
        before = host.prompt.size.height
        await pilot.press("a", "ctrl+j", "b", "ctrl+j", "c")
        await pilot.pause()
        grown = host.prompt.size.height
        await pilot.press("enter")
        await pilot.pause()

        assert before < grown
        assert host.prompt.size.height == before


async def test_a_paste_of_many_lines_is_one_text() -> None:
    host = Host()
    async with host.run_test() as pilot:
        host.prompt.post_message(events.Paste("one\r\ntwo\rthree\n"))
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()

    assert host.sent == ["one\ntwo\nthree"]


async def test_history_goes_back_and_forth_and_keeps_what_was_begun() -> None:
    host = Host()
    async with host.run_test() as pilot:
        host.prompt.remember(["first", "second\nline"])
        await pilot.press(*"new", "up")
        await pilot.pause()
        assert host.prompt.text == "second\nline"
        await pilot.press("up", "up")
        await pilot.pause()
        assert host.prompt.text == "first"
        await pilot.press("down", "down", "down")
        await pilot.pause()
        assert host.prompt.text == "new"


async def test_up_moves_within_several_lines_first() -> None:
    host = Host()
    async with host.run_test() as pilot:
        host.prompt.remember(["earlier"])
        await pilot.press("a", "ctrl+j", "b", "up")
        await pilot.pause()
        assert host.prompt.text == "a\nb"
        assert host.prompt.cursor_location[0] == 0
        await pilot.press("up")
        await pilot.pause()
        assert host.prompt.text == "earlier"


async def test_a_completion_replaces_the_word_before_the_cursor() -> None:
    host = Host()
    async with host.run_test() as pilot:
        await pilot.press(*"see @no")
        host.prompt.complete(4, "@notes.md ")
        await pilot.press(*"now")
        await pilot.pause()

        assert host.prompt.text == "see @notes.md now"


async def test_a_backslash_before_enter_starts_a_line() -> None:
    host = Host()
    async with host.run_test() as pilot:
        await pilot.press("a", "backslash", "enter", "b", "enter")
        await pilot.pause()

    assert host.sent == ["a\nb"]


async def test_a_long_paste_becomes_a_mark_and_a_short_one_stays() -> None:
    host = Host()
    long = "\n".join(f"line {number}" for number in range(2000))
    async with host.run_test() as pilot:
        for text in ("short\n", long, long.upper()):
            host.prompt.post_message(events.Paste(text))
            await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()

        marks = "[pasted 2,000 lines][pasted 2,000 lines, no. 2]"
        assert host.sent == ["short\n" + marks]
        question, pasted = host.prompt.pastes.taken_out(host.sent[0])
    assert question == "short"
    assert pasted == f"{long}\n\n{long.upper()}"


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("What is it? [pasted 99 lines]", "is gone"),
        ("[pasted 30 lines]", "no question beside"),
    ],
)
def test_a_mark_without_text_or_question_is_not_sent(question: str, said: str) -> None:
    pastes = Pastes()
    pastes.mark("x\n" * 30)
    with pytest.raises(UsageError, match=said):
        pastes.taken_out(question)
