"""Profiles that are shut or in use, formats of an export, and what completes."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot

from ragcli.models.select import ModelInfo
from ragcli.tui.app import ChatApp
from ragcli.tui.screens.dialogs import PickDialog, TextDialog
from tests.tui.backend import Backend
from tests.tui.conftest import (
    Chat,
    notices,
    profile_of,
    screen_text,
    send,
    type_text,
    until,
)


@pytest.fixture
def shut(backend: Backend) -> Backend:
    """The second profile is encrypted."""
    backend.passphrases["home"] = " open sesame "
    return backend


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The chat was started in a directory of its own."""
    monkeypatch.chdir(tmp_path)


async def ask_for_home(pilot: Pilot[Any], app: ChatApp) -> TextDialog:
    """Switches to the encrypted profile; returns what asks for its passphrase."""
    await send(pilot, app, "/profile home")
    await until(pilot, lambda: isinstance(app.screen, TextDialog))
    assert isinstance(app.screen, TextDialog)
    return app.screen


async def test_a_shut_profile_opens_with_its_passphrase(
    chat: Chat, shut: Backend
) -> None:
    async with chat(shut) as (pilot, app, _):
        await until(pilot, lambda: "home (locked)" in screen_text(app))
        await ask_for_home(pilot, app)
        await type_text(pilot, " open sesame ")
        hidden = screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: app.chat.desk.profile.name == "home")
        await until(pilot, lambda: "● home" in screen_text(app))
        shown = screen_text(app)

    assert "Passphrase of profile home" in hidden
    assert "sesame" not in hidden
    assert "(locked)" not in shown


async def test_a_wrong_passphrase_is_said_and_asked_for_again(
    chat: Chat, shut: Backend
) -> None:
    async with chat(shut) as (pilot, app, _):
        first = await ask_for_home(pilot, app)
        await type_text(pilot, "guess")
        await pilot.press("enter")
        await until(
            pilot, lambda: isinstance(app.screen, TextDialog) and app.screen != first
        )
        await until(pilot, lambda: "wrong passphrase" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.chat)
        await until(pilot, lambda: app.chat.status.status.state == "ready")

        assert app.chat.desk.profile.name == "work"
        assert "home (locked)" in screen_text(app)
        assert not shut.given["home"], "what was wrong is forgotten"


async def test_the_chat_can_be_left_from_the_passphrase(
    chat: Chat, shut: Backend
) -> None:
    async with chat(shut) as (pilot, app, _):
        await ask_for_home(pilot, app)
        await pilot.press("ctrl+q")
        await until(pilot, lambda: not app.is_running)

    assert app.return_code == 0
    assert app.chat.desk.profile.name == "work"


async def test_a_profile_that_others_work_on_is_marked(
    chat: Chat, backend: Backend
) -> None:
    backend.said["home"] = "in use"

    async with chat() as (pilot, app, _):
        await until(pilot, lambda: "home (in use)" in screen_text(app))


@pytest.mark.parametrize(
    ("ending", "begins"),
    [(".md", "# lock timeouts"), (".html", "<!doctype html>"), (".json", "{")],
)
@pytest.mark.usefixtures("inside")
async def test_an_export_asks_for_its_format(
    chat: Chat, backend: Backend, tmp_path: Path, ending: str, begins: str
) -> None:
    backend.first.seed(2)
    target = tmp_path / f"Lock-timeouts{ending}"
    async with chat() as (pilot, app, _):
        app.chat.run_command("export")
        await until(pilot, lambda: isinstance(app.screen, PickDialog))
        await type_text(pilot, ending[1:])
        await pilot.press("enter")
        await until(pilot, lambda: "Written to" in notices(app))

    written = target.read_text()
    assert written.lower().startswith(begins)
    assert "How long does a commit wait?" in written
    if ending == ".json":
        told = json.loads(written)
        assert told["profile"] == "work"
        assert len(told["conversations"][0]["turns"]) == 2


async def test_an_export_to_an_unknown_format_writes_nothing(
    chat: Chat, backend: Backend, tmp_path: Path
) -> None:
    backend.first.seed(1)
    target = tmp_path / "talk.pdf"
    async with chat() as (pilot, app, _):
        app.chat.run_command("export", str(target))
        await until(pilot, lambda: "no format to export to" in notices(app))

    assert not target.exists()


async def test_models_are_completed(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [
        ModelInfo("builtin", "chat", 0, ""),
        ModelInfo("ollama:llama3.2", "chat", 1, ""),
        ModelInfo("ollama:nomic", "embedding", 1, ""),
    ]
    asked: list[object] = []

    def available(settings: object) -> list[ModelInfo]:
        asked.append(settings)
        return found

    monkeypatch.setattr("ragcli.models.select.available", available)
    async with chat() as (pilot, app, _):
        await type_text(pilot, "/model ")
        await until(pilot, lambda: app.chat.prompt.completing)
        offered = screen_text(app)
        await type_text(pilot, "oll")
        await until(pilot, lambda: "  builtin" not in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: profile_of(app).spec == "ollama:llama3.2")

    assert "builtin" in offered
    assert "ollama:llama3.2" in offered
    assert "nomic" not in offered
    assert len(asked) == 1, "the server is not asked at every key"


async def test_what_was_typed_since_the_completions_came_is_not_lost(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slow(_text: str) -> list[object]:
        await asyncio.sleep(60)
        return []

    async with chat() as (pilot, app, _):
        await type_text(pilot, "/profile")
        await until(pilot, lambda: app.chat.prompt.completing)
        monkeypatch.setattr(app.chat.completing, "completions_of", slow)
        await type_text(pilot, " home")
        await pilot.press("enter")
        await until(pilot, lambda: app.chat.desk.profile.name == "home")


async def test_what_is_typed_right_after_enter_is_not_part_of_the_command(
    chat: Chat,
) -> None:
    async with chat() as (pilot, app, _):
        await type_text(pilot, "/readonly")
        await until(pilot, lambda: app.chat.prompt.completing)
        app.post_message(events.Key("enter", "\r"))
        for letter in "more":
            app.post_message(events.Key(letter, letter))
        await until(pilot, lambda: app.chat.prompt.text.endswith("more"))
        left = app.chat.prompt.text
        await until(pilot, lambda: app.chat.desk.read_only)

    assert left == "more"
