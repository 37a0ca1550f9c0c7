"""From inside the chat: settings, new profiles, models that are downloaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from ragcli.tui import commands
from ragcli.tui.app import ChatApp
from ragcli.tui.screens.dialogs import PickDialog, TextDialog
from ragcli.tui.screens.settings import SettingsScreen
from tests.fakes.ollama import FakeOllama, Fault
from tests.tui.backend import Backend, nothing
from tests.tui.conftest import (
    Chat,
    ask,
    notices,
    screen_text,
    send,
    type_text,
    until,
    until_idle,
)


@pytest.fixture
def chosen(tmp_path: Path) -> Backend:
    """A backend whose settings somebody has made."""
    return Backend(tmp_path, "work", "home", settings={"max_tokens": 500})


async def test_every_command_of_the_table_is_there(chat: Chat) -> None:
    async with chat() as (_, app, _):
        missing = []
        for command in commands.COMMANDS:
            try:
                app.chat.command(command.name)
            except StopIteration:
                missing.append(command.name)

    assert missing == []


async def test_settings_are_listed_filtered_and_changed(
    chat: Chat, chosen: Backend
) -> None:
    async with chat(chosen) as (pilot, app, _):
        await send(pilot, app, "/settings")
        await until(pilot, lambda: "Settings of work" in screen_text(app))
        whole = screen_text(app)
        await type_text(pilot, "retrieval k")
        await until(pilot, lambda: "max_tokens" not in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, TextDialog))
        await pilot.press("ctrl+u", *"many", "enter")
        await until(pilot, lambda: "expected a whole number" in screen_text(app))
        await pilot.press("ctrl+u", "ctrl+k", "1", "2", "enter")
        await until(pilot, lambda: isinstance(app.screen, SettingsScreen))
        await until(pilot, lambda: "profile work" in screen_text(app))
        changed = screen_text(app)
        await pilot.press("delete")
        await until(pilot, lambda: "profile work" not in screen_text(app))
        await pilot.press("delete")
        await until(pilot, lambda: "does not set retrieval.k" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.chat)

    assert "● max_tokens" in whole
    assert "the test" in whole
    row = next(line for line in changed.splitlines() if "● retrieval.k" in line)
    assert row.split()[-5:-1] == ["retrieval.k", "12", "profile", "work"]
    assert "retrieval.k = 12" in changed
    assert chosen.first.own == {}


async def test_a_setting_of_few_values_is_picked(chat: Chat, backend: Backend) -> None:
    async with chat() as (pilot, app, _):
        await send(pilot, app, "/settings documents.refresh")
        await until(pilot, lambda: isinstance(app.screen, SettingsScreen))
        await until(pilot, lambda: "When documents changed" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, PickDialog))
        await pilot.press("down", "enter")
        await until(pilot, lambda: backend.first.own)

    assert backend.first.own == {"documents.refresh": "auto"}


@pytest.fixture(autouse=True)
def lasting_notices(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow machine dresses the chat anew for longer than a notice stays."""
    monkeypatch.setattr(ChatApp, "NOTIFICATION_TIMEOUT", 60)


async def test_a_setting_is_changed_in_one_line_and_refused_in_one(
    chat: Chat, chosen: Backend
) -> None:
    async with chat(chosen) as (pilot, app, _):
        await send(pilot, app, "/settings tui.theme nord")
        await until(pilot, lambda: "tui.theme = nord" in notices(app))
        theme = app.theme
        await send(pilot, app, "/settings max_tokens 3")
        await until(pilot, lambda: "the test is stronger" in notices(app))
        await send(pilot, app, "/settings retrieval.q 3")
        await until(pilot, lambda: "did you mean retrieval.k?" in notices(app))
        await send(pilot, app, "/settings endpoints.own.key_command id")
        await until(pilot, lambda: "your own settings alone" in notices(app))

    assert theme == "nord"
    assert "endpoints.own.key_command" not in chosen.first.own


async def test_a_profile_is_made_and_opened(chat: Chat, backend: Backend) -> None:
    async with chat() as (pilot, app, _):
        await send(pilot, app, "/profile new notes")
        await until(pilot, lambda: app.chat.desk.profile.name == "notes")
        await until(pilot, lambda: "● notes" in screen_text(app))
        await send(pilot, app, "/profile new work")
        await until(pilot, lambda: "already" in notices(app))
        await send(pilot, app, "/profile new")
        await until(pilot, lambda: isinstance(app.screen, TextDialog))
        await type_text(pilot, "later")
        await pilot.press("enter")
        await until(pilot, lambda: app.chat.desk.profile.name == "later")


async def test_the_passphrase_of_a_new_profile_is_typed_twice(
    chat: Chat, backend: Backend
) -> None:
    async with chat() as (pilot, app, _):
        await send(pilot, app, "/profile new diary --encrypt")
        hidden = ""
        for first, second in (("sesame", "sesam"), ("sesame", "sesame")):
            await until(pilot, lambda: "New passphrase" in screen_text(app))
            await type_text(pilot, first)
            await pilot.press("enter")
            await until(pilot, lambda: "Once more" in screen_text(app))
            await type_text(pilot, second)
            hidden = screen_text(app)
            await pilot.press("enter")
            if first != second:
                await until(pilot, lambda: "differ" in screen_text(app))
        await until(pilot, lambda: app.chat.desk.profile.name == "diary")

    assert "sesame" not in hidden
    assert backend.passphrases == {"diary": "sesame"}


async def test_a_model_is_pulled_and_put_ready(chat: Chat, ollama: FakeOllama) -> None:
    async with chat() as (pilot, app, _):
        await send(pilot, app, "/pull ollama:tiny")
        await until(pilot, lambda: "ollama:tiny is here" in notices(app))
        await until(pilot, lambda: app.chat.prompt.text == "/model ollama:tiny")
        assert not app.chat.pulling.is_pulling
        await send(pilot, app, "/pull nosuch")
        await until(pilot, lambda: "there is no model 'nosuch'" in notices(app))


async def test_escape_stops_a_download_at_once(chat: Chat, ollama: FakeOllama) -> None:
    ollama.faults.append(Fault("stall", after=3))
    async with chat() as (pilot, app, _):
        await send(pilot, app, "/pull tiny")
        await until(pilot, lambda: "pulling tiny" in screen_text(app))
        await until(pilot, lambda: " MB" in screen_text(app))
        await pilot.press("escape")
        # The server says nothing for longer than this waits.
        await until(pilot, lambda: "goes on from there" in notices(app))
        shown = screen_text(app)

    assert "pulling tiny" not in shown


async def test_without_a_server_pulling_is_one_line(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with chat() as (pilot, app, _):
        await send(pilot, app, "/pull tiny")
        await until(pilot, lambda: "ollama serve" in notices(app))

    assert "\n" not in notices(app)


async def test_new_documents_suggest_questions_by_key_and_by_click(
    chat: Chat, backend: Backend, tmp_path: Path
) -> None:
    first, second, third = "Who waits?", "Who holds the lock?", "What is \x1b[31mred?"
    backend.first.suggestions = [first, second, third]
    async with chat() as (pilot, app, _):
        await send(pilot, app, f"/add {tmp_path}")
        await until(pilot, lambda: f"F6  {first}" in screen_text(app))
        shown = screen_text(app)
        await pilot.press("f7")
        await until(pilot, lambda: app.chat.prompt.text == second)
        app.chat.prompt.put("")
        await pilot.click("#suggestions", offset=(8, 0))
        await until(pilot, lambda: app.chat.prompt.text == first)
        await pilot.press("enter")
        await until(pilot, lambda: backend.first.requests)
        await until(pilot, lambda: f"F7  {second}" not in screen_text(app))

    assert backend.first.requests[0].question == first
    assert "F5" not in shown
    assert "\x1b" not in shown


async def test_what_found_nothing_is_asked_again_once_documents_came(
    chat: Chat, backend: Backend, tmp_path: Path
) -> None:
    backend.first.scripts = [nothing]
    async with chat() as (pilot, app, _):
        await ask(pilot, app, "Who waits?")
        await until_idle(pilot, app)
        await send(pilot, app, f"/add {tmp_path}")
        await until(pilot, lambda: "F5  ask again: Who waits?" in screen_text(app))
        await pilot.press("f5")
        await until(pilot, lambda: len(backend.first.requests) == 2)
        await until(pilot, lambda: "ask again" not in screen_text(app))
        await until_idle(pilot, app)
        await send(pilot, app, f"/add {tmp_path}")
        await until(pilot, lambda: app.chat.status.status.documents == 4)
        await pilot.pause()
        later = screen_text(app)

    assert backend.first.requests[1].question == "Who waits?"
    assert "ask again" not in later
