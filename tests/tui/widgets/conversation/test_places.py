"""Where no sources stand beside an answer, a line below it says where it is from."""

from __future__ import annotations

from textual.app import ComposeResult

from ragcli.tui.widgets.conversation.answer import ALONE
from tests.tui.backend import Backend
from tests.tui.conftest import Chat, screen_text, until
from tests.tui.widgets.conversation.test_answer import Host

LINE = "[1] locks.md:12-20  [2] faq.pdf p. 3"


async def test_a_narrow_screen_has_a_line_of_sources_that_opens_them(
    chat: Chat, backend: Backend
) -> None:
    backend.first.seed(1)
    async with chat(size=(70, 30)) as (pilot, app, _):
        await until(pilot, lambda: LINE in screen_text(app))
        lines = screen_text(app).splitlines()
        y = next(at for at, line in enumerate(lines) if LINE in line)
        await pilot.click(offset=(lines[y].index("faq.pdf"), y))
        await until(pilot, lambda: app.chat.sources.display)
        await until(pilot, lambda: app.chat.sources.query(".-selected"))
        chosen = app.chat.sources.query(".-selected").first()
        assert chosen is app.chat.sources.cards[1]


async def test_the_line_is_there_only_while_the_pane_is_not(
    chat: Chat, backend: Backend
) -> None:
    backend.first.seed(1)
    async with chat(size=(120, 36)) as (pilot, app, _):
        await until(pilot, lambda: app.chat.sources.cards)
        assert LINE not in screen_text(app)
        await pilot.press("ctrl+s", "ctrl+s")
        await until(pilot, lambda: not app.chat.sources.display)
        await until(pilot, lambda: LINE in screen_text(app))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.chat.sources.display)
        await until(pilot, lambda: LINE not in screen_text(app))


async def test_what_does_not_fit_is_counted() -> None:
    host = Alone("A commit waits.")
    places = [(n, f"a/long/path/to/document-{n}.md:1-2") for n in range(1, 6)]
    shown = {}
    async with host.run_test(size=(80, 12)) as pilot:
        host.answer.name_places(places)
        for width in (80, 38, 20):
            await pilot.resize_terminal(width, 12)
            await until(pilot, lambda: "[1]" in screen_text(host))
            shown[width] = screen_text(host).splitlines()[2].strip()

    assert shown[80].endswith("  [2] a/long/path/to/document-2.md:1-2  +3")
    assert shown[38] == "[1] …ong/path/to/document-1.md:1-2  +4"
    assert shown[20] == "[1] …nt-1.md:1-2  +4"


async def test_the_title_of_the_pane_that_has_the_keyboard_is_lit(
    chat: Chat, backend: Backend
) -> None:
    backend.first.seed(1)
    async with chat(size=(160, 36)) as (pilot, app, _):
        await until(pilot, lambda: app.chat.sources.cards)
        titles = list(app.chat.query(".title"))
        plain = {title.styles.color for title in titles}
        lit = []
        for key in ("f2", "tab", "ctrl+s", "escape"):
            await pilot.press(key)
            await pilot.pause()
            lit.append([str(t.render()) for t in titles if t.styles.color not in plain])

    assert lit == [["Conversations"], ["Profiles"], ["Sources"], []]


class Alone(Host):
    """An answer on a screen that has no sources beside it."""

    def compose(self) -> ComposeResult:
        self.screen.add_class(ALONE)
        yield from super().compose()
