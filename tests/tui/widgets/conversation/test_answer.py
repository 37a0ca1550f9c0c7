"""An answer is drawn as its Markdown says, at any width, and its clicks only tell."""

from __future__ import annotations

import random
import re

import pytest
from textual.app import App, ComposeResult
from textual.containers import VerticalScroll
from textual.pilot import Pilot

from ragcli.tui.widgets.conversation.answer import AnswerView
from tests.tui.backend import ANSWER
from tests.tui.conftest import screen_text, until

RICH = """\
# Heading

A paragraph with **strong**, *em*, ~~gone~~ and `code` [1], and a
second line [2].

- one
- two
  - nested
    deeper text
- three

3. third
4. fourth

> quoted
> - in a quotation

| name | value |
|------|-------|
| a    | 1     |
| long name indeed | [3] |

```python
def f(x):
\treturn x + 1
```

***

See [the site](https://example.com/a) and https://example.org/b.
"""


class Host(App[None]):
    """Shows one answer and keeps the messages it posts."""

    CSS = "AnswerView { height: auto; }"

    def __init__(self, source: str = "") -> None:
        super().__init__()
        self.answer = AnswerView(source)
        self.posted: list[object] = []

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield self.answer

    def on_answer_view_marker_clicked(self, event: AnswerView.MarkerClicked) -> None:
        self.posted.append(event.marker)

    def on_answer_view_link_clicked(self, event: AnswerView.LinkClicked) -> None:
        self.posted.append(event.href)

    def on_answer_view_code_clicked(self, event: AnswerView.CodeClicked) -> None:
        self.posted.append(event.code)

    def lines(self) -> list[str]:
        """What is drawn."""
        height = self.answer.size.height
        return [self.answer.render_line(y).text.rstrip() for y in range(height)]


async def click(pilot: Pilot[None], host: Host, text: str) -> None:
    """Clicks the first place where `text` is drawn."""
    for y, line in enumerate(host.lines()):
        if text in line:
            await pilot.click(host.answer, offset=(line.index(text) + 1, y))
            await pilot.pause()
            return
    pytest.fail(f"{text!r} is not shown")


async def test_markdown_is_drawn_as_lines() -> None:
    host = Host(RICH)
    async with host.run_test(size=(60, 60)):
        lines = host.lines()

    assert lines[0] == "Heading"
    assert "A paragraph with strong, em, gone and code [1], and a second" in lines
    assert "• one" in lines
    assert "  ◦ nested deeper text" in lines
    assert "3. third" in lines
    assert "4. fourth" in lines
    assert "▎ quoted" in lines
    assert "▎ • in a quotation" in lines
    assert "name             │ value" in lines
    assert "long name indeed │ [3]" in lines
    assert any(line.startswith(" python") and line.endswith("copy") for line in lines)
    assert "     return x + 1" in lines
    assert "See the site (https://example.com/a) and" in lines


@pytest.mark.parametrize("seed", range(6))
async def test_streaming_in_any_pieces_shows_what_the_whole_shows(seed: int) -> None:
    whole, grown = Host(RICH), Host()
    async with whole.run_test(size=(50, 70)):
        expected = whole.lines()
    pieces = random.Random(seed)
    async with grown.run_test(size=(50, 70)) as pilot:
        at = 0
        while at < len(RICH):
            step = pieces.randint(1, 40)
            grown.answer.append(RICH[at : at + step])
            at += step
            if pieces.random() < 0.3:
                await pilot.pause()
        await pilot.pause()
        shown = grown.lines()

    assert shown == expected


async def test_a_resize_wraps_again() -> None:
    host = Host(RICH)
    async with host.run_test(size=(60, 60)) as pilot:
        await pilot.resize_terminal(24, 60)
        await pilot.pause()
        lines = host.lines()

    assert "A paragraph with strong," in lines
    assert max(map(len, lines)) <= 24


async def test_a_narrow_terminal_never_breaks_the_layout() -> None:
    for width in range(1, 12):
        host = Host(RICH)
        async with host.run_test(size=(width, 10)) as pilot:
            await pilot.pause()
            lines = host.lines()
        assert any(line.strip() for line in lines), width
        assert max(map(len, lines)) <= max(width, 4)


async def test_markers_links_and_copy_are_clicks_that_only_tell() -> None:
    host = Host(RICH)
    async with host.run_test(size=(60, 60)) as pilot:
        for text in ("[2]", "the site", "https://example.org", "copy"):
            await click(pilot, host, text)

    code = "def f(x):\n\treturn x + 1"
    assert host.posted == [2, "https://example.com/a", "https://example.org/b", code]


async def test_a_reference_definition_cannot_turn_markers_into_links() -> None:
    host = Host("As said [1].\n\n[1]: https://evil.example\n")
    async with host.run_test(size=(60, 10)) as pilot:
        await click(pilot, host, "[1]")
        lines = host.lines()

    assert host.posted == [1]
    assert any("https://evil.example" in line for line in lines)


async def test_what_only_looks_like_a_marker_is_text() -> None:
    host = Host(
        "a \\[1\\] `[1]` &#91;1&#93; x.y[1] [2, 3](x) \\` [4]\n\n```\n[1]\n```\n"
    )
    async with host.run_test(size=(80, 10)) as pilot:
        for text in ("[1] [1]", "[1] x.y", "[1] [2", "[2, 3]", "3]", "[4]"):
            await click(pilot, host, text)
        markers = host.answer.markers()

    assert host.posted == [2, 3, 4]
    assert markers == [2, 3, 4]


async def test_html_is_shown_not_hidden() -> None:
    host = Host("<b>x</b>\n\n<script>alert(1)</script>\n")
    async with host.run_test(size=(60, 10)):
        lines = host.lines()

    assert "<b>x</b>" in lines
    assert "<script>alert(1)</script>" in lines


async def test_selected_text_is_what_stands_on_the_screen() -> None:
    host = Host("First line here.\n\nSecond line.")
    async with host.run_test(size=(40, 10)) as pilot:
        await pilot.mouse_down(host.answer, offset=(6, 0))
        await pilot.hover(host.answer, offset=(6, 2))
        await pilot.mouse_up(host.answer, offset=(6, 2))
        selected = host.screen.get_selected_text()

    assert selected is not None
    assert selected.startswith("line here.\n\nSecond")


async def test_found_text_is_marked_and_its_line_is_known() -> None:
    host = Host(ANSWER)
    async with host.run_test(size=(60, 20)) as pilot:
        pattern = re.compile("QUEUE", re.IGNORECASE)
        host.answer.find(pattern)
        await pilot.pause()
        line = host.answer.line_of(pattern)
        text = host.lines()[line]
        styles = {s.style for s in host.answer.render_line(line) if s.text == "queue"}

    assert "queue" in text
    assert styles


async def test_markers_and_codes_are_listed_once_in_order() -> None:
    host = Host("b [2], a [1], b [2]\n\n```\none\n```\n\n```sh\ntwo\n```\n")
    async with host.run_test(size=(60, 20)):
        assert host.answer.markers() == [2, 1]
        assert host.answer.codes() == ["one", "two"]


async def test_a_change_of_theme_redraws() -> None:
    host = Host(ANSWER)
    async with host.run_test(size=(60, 20)) as pilot:
        before = host.answer.render_line(0)
        host.theme = "textual-light"
        await pilot.pause()
        after = host.answer.render_line(0)

    assert before.text == after.text
    assert list(before) != list(after)


async def test_carriage_returns_split_over_pieces_stay_line_breaks() -> None:
    host = Host()
    async with host.run_test(size=(40, 10)) as pilot:
        host.answer.append("one\r")
        host.answer.append("\n\r\ntwo")
        await pilot.pause()
        assert host.lines() == ["one", "", "two"]


async def test_a_long_line_of_code_goes_on_behind_a_mark() -> None:
    code = "result = connection.execute(statement, parameters)"
    host = Host(f"```python\n{code}\nshort()\n```")
    async with host.run_test(size=(30, 12)) as pilot:
        wide = [line.strip() for line in host.lines()]
        await pilot.resize_terminal(80, 12)
        await until(pilot, lambda: code in screen_text(host))
        copied = host.answer.codes()

    assert "".join(wide[1:3]).replace("↪ ", "") == code
    assert wide[2].startswith("↪ ")
    assert wide[3] == "short()"
    assert copied == [f"{code}\nshort()"]
