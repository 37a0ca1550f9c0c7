"""Documents on a real profile: stopped half-way, and added by another process."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ragcli.index.report import NoProgress
from ragcli.runtime import Runtime
from ragcli.tui.app import ChatApp
from ragcli.tui.messages import IngestEnded, IngestStepped
from ragcli.tui.workers.ingesting import Ingesting
from tests.patience import PATIENCE
from tests.tui.backend import Backend
from tests.tui.conftest import (
    SIZE,
    Chat,
    last_turn,
    notices,
    reading_documents,
    screen_text,
    until,
    until_idle,
)


@pytest.fixture
def runtime(home: Path) -> Runtime:
    """A home with an empty profile."""
    return Runtime({}, {**os.environ, "RAGCLI_HOME": str(home)})


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A folder of small documents."""
    place = tmp_path / "many"
    place.mkdir()
    for number in range(60):
        text = f"# Note {number}\n\nThe lamp of room {number} is green.\n"
        (place / f"note-{number}.md").write_text(text)
    return place


def test_stopped_half_way_nothing_is_added_and_nothing_left(
    runtime: Runtime, many: Path
) -> None:
    posted: list[object] = []
    ended = threading.Event()

    with runtime.open() as workspace:

        def note(message: object) -> None:
            posted.append(message)
            if isinstance(message, IngestEnded):
                ended.set()

        def stop(message: object) -> None:
            if isinstance(message, IngestStepped):
                reading.stop()
            note(message)

        reading = Ingesting(workspace, [many], stop)
        reading.start()
        assert ended.wait(PATIENCE)
        stopped = posted[-1]
        before = workspace.library.count()

        ended.clear()
        reading = Ingesting(workspace, [many], note)
        reading.start()
        assert ended.wait(PATIENCE)
        after = workspace.library.count()

    assert isinstance(stopped, IngestEnded)
    assert stopped.stopped
    assert stopped.crash is None
    assert before == 0
    assert after == 60
    rest = [p for p in runtime.home.data.rglob("*") if "staging" in p.name.lower()]
    assert not [p for p in rest if p.is_file() and p.suffix != ".lock"]


@pytest.mark.parametrize("with_button", [False, True], ids=["escape", "button"])
async def test_the_reading_can_be_stopped(
    chat: Chat, backend: Backend, tmp_path: Path, *, with_button: bool
) -> None:
    async with reading_documents(chat, backend, tmp_path) as (pilot, app, ready):
        assert "Esc stops" in screen_text(app)
        if with_button:
            await pilot.click("#ingest .stop")
        else:
            await pilot.press("escape")
        await until(pilot, lambda: "stopping" in screen_text(app))
        ready.set()
        await until(pilot, lambda: not app.chat.query_one("#ingest").display)
        await until(pilot, lambda: "documents are as they were" in notices(app))

    assert len(backend.first.library.paths) == 2


async def test_a_directory_that_is_named_is_added_whole(
    runtime: Runtime, many: Path
) -> None:
    app = ChatApp(runtime, runtime.open())
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        prompt = app.chat.prompt
        await until(pilot, lambda: app.chat.is_furnished)
        prompt.put(f"/add {many}")
        await until(pilot, lambda: prompt.completing)
        await until(pilot, lambda: app.chat.completing.offered_for == prompt.text)
        await pilot.press("enter")
        await until(pilot, lambda: app.chat.status.status.documents == 60)
    app.chat.desk.profile.close()


async def test_documents_of_another_process_answer_the_next_question(
    runtime: Runtime, tmp_path: Path
) -> None:
    first, second = tmp_path / "lamps.md", tmp_path / "kettles.md"
    first.write_text("# Lamps\n\nThe lamp in the hall is green.\n")
    second.write_text("# Kettles\n\nThe kettle in the kitchen whistles in F sharp.\n")
    _add(runtime, first)
    app = ChatApp(runtime, runtime.open())
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await until(pilot, lambda: app.chat.status.status.documents == 1)
        _add(runtime, second)
        app.chat.prompt.put("What does the kettle in the kitchen do?")
        await pilot.press("enter")
        await until(pilot, lambda: app.chat.transcript.last)
        await until_idle(pilot, app)
        turn = last_turn(app).turn
        await until(pilot, lambda: app.chat.status.status.documents == 2)
    app.chat.desk.profile.close()

    assert "F sharp" in turn.answer
    assert turn.citations[0].path == str(second)


@pytest.mark.parametrize("refresh", ["check", "auto"])
async def test_documents_that_changed_are_told_or_read_before_the_answer(
    runtime: Runtime, tmp_path: Path, refresh: str
) -> None:
    place = tmp_path / "notes"
    place.mkdir()
    (place / "lamp.md").write_text("# Lamp\n\nThe lamp is green.\n")
    with runtime.open() as workspace:
        workspace.library.add([place], NoProgress())
        workspace.session.change_settings({"documents.refresh": refresh})
    (place / "ferry.md").write_text("# Ferry\n\nThe ferry leaves at 06:45.\n")

    app = ChatApp(runtime, runtime.open())
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await until(pilot, lambda: app.chat.status.status.documents == 1)
        app.chat.prompt.put("When does the ferry leave?")
        await pilot.press("enter")
        await until(pilot, lambda: app.chat.transcript.last)
        await until_idle(pilot, app)
        answer = last_turn(app).turn.answer
        if refresh == "auto":
            await until(pilot, lambda: app.chat.status.status.documents == 2)
        else:
            await until(pilot, lambda: "indexed: /sync" in notices(app))
    app.chat.desk.profile.close()

    assert ("06:45" in answer) == (refresh == "auto")


def _add(runtime: Runtime, path: Path) -> None:
    """Adds a document as a user in another terminal does."""
    subprocess.run(
        [sys.executable, "-m", "ragcli", "docs", "add", str(path)],
        check=True,
        capture_output=True,
        env=runtime.environ,
        timeout=60,
    )
