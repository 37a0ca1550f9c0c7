"""A working day with the chat in a real terminal, with a picture of each step.

`pytest tests/tui/test_working_day.py --pictures DIR` leaves the pictures there.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.ollama import FakeOllama
from tests.tui.terminal import Terminal

pytestmark = pytest.mark.skipif(not shutil.which("tmux"), reason="needs tmux")

HARBOUR = """# Harbour

The ferry sails at nine and at noon. Petra Voss keeps the key of the gate.

## Pump

The pump runs for two hours a night.
"""


@pytest.fixture
def pictures(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Where the pictures go."""
    place = Path(request.config.getoption("--pictures") or tmp_path / "pictures")
    place.mkdir(parents=True, exist_ok=True)
    return place


@pytest.fixture
def desk(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Terminal, FakeOllama]]:
    """A terminal in a directory with a few notes, and a model server."""
    notes = tmp_path / "desk" / "notes"
    notes.mkdir(parents=True)
    (notes / "harbour.md").write_text(HARBOUR)
    monkeypatch.chdir(notes.parent)
    with (
        FakeOllama() as server,
        Terminal(home, {"OLLAMA_HOST": server.host}, (140, 34)) as terminal,
    ):
        yield terminal, server


class Day:
    """Does one step after the other, and keeps a picture of each."""

    def __init__(self, terminal: Terminal, pictures: Path) -> None:
        self.terminal = terminal
        self._pictures = pictures
        self._number = 0

    def step(self, name: str, shown: str, *keys: str, text: str = "") -> str:
        """Types a text, presses keys, waits for what is to be seen."""
        if text:
            self.terminal.type(text)
        self.terminal.press(*keys)
        screen = self._settled(self.terminal.until(shown))
        self._number += 1
        file = self._pictures / f"{self._number:02}-{name}.svg"
        file.write_text(self.terminal.picture(name))
        return screen

    def _settled(self, screen: str) -> str:
        """Returns the screen once it is drawn whole; while text streams, soon."""
        for _ in range(5):
            time.sleep(0.05)
            last, screen = screen, self.terminal.screen
            if screen == last:
                break
        return screen


def test_a_working_day(
    desk: tuple[Terminal, FakeOllama], pictures: Path, tmp_path: Path
) -> None:
    terminal, server = desk
    day = Day(terminal, pictures)

    terminal.run("chat")
    day.step("first-run", "has no documents yet")
    day.step("add", "1 document", "Enter", text="/add notes")
    server.replies.append("Petra Voss keeps the key of the gate [1].")
    day.step("ask", "harbour.md:3", "Enter", text="Who keeps the key?")
    server.replies += ["When does the ferry sail?", "At nine and at noon [1]."]
    day.step("follow-up", "At nine and at noon", "Enter", text="And the ferry?")

    server.rate = 20
    server.replies += ["How long does it take?", "Every word takes its time, " * 99]
    day.step("slow", "takes its time", "Enter", text="And how long does it take?")
    day.step("cancel", "interrupted", "Escape")
    server.rate = 0
    server.replies += ["How long does it take?", "The documents do not say."]
    day.step("regenerate", "The documents do not say", "F5")
    terminal.until("ready")
    day.step("go-to-it", "letters act", "C-Up")
    day.step("version-before", "‹1/2›", "Left")
    day.step("version-after", "‹2/2›", "Right")
    terminal.press("Escape")

    lines = "\n".join(f"reading {n}: {n * 7} millibar" for n in range(40))
    terminal.paste(lines)
    day.step("paste", "[pasted 40 lines]")
    day.step("asked-of-paste", "reading 7: 49", "Enter", text=" What was reading 7?")
    terminal.until("ready")
    day.step("recall", "Questions asked before", "C-r")
    terminal.press("Escape")

    day.step("leave", "ended 0", "C-q")
    terminal.run("profile", "create", "other")
    terminal.until("other made")
    terminal.run("chat")
    day.step("again", "What was reading 7?")
    day.step("other-profile", "Profile other has no", "Enter", text="/profile other")
    day.step("back", "What was reading 7?", "Enter", text="/profile default")
    day.step("find", "1 of", "Enter", text="/find ferry")
    terminal.press("Escape")
    terminal.until(lambda: "1 of" not in terminal.screen)
    written = tmp_path / "day.md"
    day.step("export", "Written to", "Enter", text=f"/export {written}")
    day.step("suspend", "Stopped", "C-z")
    day.step("resume", "What was reading 7?", "Enter", text="fg")
    terminal.resize(62, 18)
    day.step("narrow", "Commands")
    terminal.resize(140, 34)
    day.step("wide", "Commands")
    day.step("quit", "ended 0", "C-q")

    assert "Petra Voss keeps the key" in written.read_text()
    assert not terminal.is_alternate()
    assert len(list(pictures.glob("*.svg"))) >= 20
