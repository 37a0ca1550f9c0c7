"""Lists in the chat's own look: columns line up, and what is gone over is shown."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from rich.cells import cell_len

from ragcli.tui.rendering.columns import cut, padded, shared
from ragcli.tui.screens.dialogs import ConfirmDialog, PickDialog
from ragcli.tui.screens.documents import DocumentsDialog
from ragcli.tui.screens.help import HelpScreen
from tests.tui.backend import Backend, Library
from tests.tui.conftest import Chat, notices, screen_text, type_text, until


@pytest.mark.parametrize("text", ["locks.md", "notes/日本語/ロック.md", "a" * 60])
@pytest.mark.parametrize("width", [1, 2, 7, 20, 80])
def test_a_cell_is_never_wider_than_its_column(text: str, width: int) -> None:
    for keep_end in (False, True):
        cell = cut(text, width, keep_end=keep_end)
        assert cell_len(cell) <= width
        assert cell_len(padded(cell, width)) == width
        if keep_end and width > 1:
            assert text.endswith(cell.lstrip("…"))
    assert 1 <= shared(width, cell_len(text), 12) <= max(1, width)


@pytest.fixture
def documents(
    backend: Backend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Two documents below the working directory, and one elsewhere."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes").mkdir()
    names = [tmp_path / "notes" / "locks.md", tmp_path / "faq.md", Path("/far/away.md")]
    for path in names[:2]:
        path.write_text("text")
    backend.first.library = Library([str(path) for path in names])
    return tmp_path


async def test_documents_are_listed_by_short_paths_in_columns_and_mentioned(
    chat: Chat, documents: Path
) -> None:
    async with chat(size=(80, 24)) as (pilot, app, _):
        app.chat.run_command("docs")
        await until(pilot, lambda: isinstance(app.screen, DocumentsDialog))
        await until(pilot, lambda: "away.md" in screen_text(app))
        rows = [line for line in screen_text(app).splitlines() if "passage" in line]
        assert "Ctrl+D takes it out" in screen_text(app)
        await type_text(pilot, "locks")
        await pilot.press("enter")
        await until(pilot, lambda: app.chat.prompt.text == "@notes/locks.md ")

    assert len({row.rstrip(" │").rindex("passage") for row in rows}) == 1
    assert {row.split()[1] for row in rows} == {
        "notes/locks.md", "faq.md", "/far/away.md",
    }  # fmt: skip


async def test_a_document_is_opened_and_taken_out_from_the_list(
    chat: Chat, backend: Backend, documents: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = documents / "seen"
    monkeypatch.setenv("VISUAL", "")
    monkeypatch.setenv("EDITOR", "")
    opened: list[str] = []
    async with chat() as (pilot, app, _):
        monkeypatch.setattr(app.chat.desk, "lend_terminal", opened.append)
        app.chat.run_command("docs")
        await until(pilot, lambda: isinstance(app.screen, DocumentsDialog))
        monkeypatch.setenv("EDITOR", f"{shlex.quote(str(seen))}")
        await type_text(pilot, "locks")
        await pilot.press("ctrl+o")
        await until(pilot, lambda: opened)
        await until(pilot, lambda: isinstance(app.screen, DocumentsDialog))
        await pilot.press("ctrl+d")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        assert "notes/locks.md" in screen_text(app)
        await pilot.press("y")
        await until(pilot, lambda: "1 document removed" in notices(app))
        await until(pilot, lambda: "2 documents of" in screen_text(app))

    assert any("locks.md" in word for word in opened[0])
    assert str(documents / "notes" / "locks.md") not in backend.first.library.paths
    assert (documents / "notes" / "locks.md").exists()


async def test_a_theme_is_shown_while_it_is_gone_over_and_kept_by_enter_only(
    chat: Chat, backend: Backend
) -> None:
    kept = backend.home.data / "chat-theme"
    async with chat() as (pilot, app, _):
        before = app.theme
        app.chat.run_command("theme")
        await until(pilot, lambda: isinstance(app.screen, PickDialog))
        shown = {app.theme}
        for _step in range(3):
            await pilot.press("up")
            await pilot.pause()
            shown.add(app.theme)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.chat)
        assert app.theme == before
        assert not kept.exists()
        app.chat.run_command("theme")
        await until(pilot, lambda: isinstance(app.screen, PickDialog))
        await pilot.press("up")
        await until(pilot, lambda: app.theme != before)
        chosen = app.theme
        await pilot.press("enter")
        await until(pilot, kept.exists)
        assert app.theme == chosen

    assert len(shown) == 4
    assert kept.read_text() == f"{chosen}\n"


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=str)
async def test_help_lines_up_and_shows_names_when_asked(
    chat: Chat, size: tuple[int, int]
) -> None:
    async with chat(size=size) as (pilot, app, _):
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        await until(pilot, lambda: "Send the question" in screen_text(app))
        plain = screen_text(app)
        await pilot.press("n")
        await until(pilot, lambda: "prompt.send" in screen_text(app))
        assert "keys.NAME" in screen_text(app)
        await pilot.press("n")
        await until(pilot, lambda: "prompt.send" not in screen_text(app))

    meanings = ("Send the question", "Complete a word", "Show this help")
    lines = [line for line in plain.splitlines() for one in meanings if one in line]
    starts = {
        line.index(one) for line in lines for one in meanings if one in line
    }  # fmt: skip
    assert "prompt.send" not in plain
    assert len(lines) >= 2
    assert len(starts) == 1
