"""Makes the picture of the chat in the README: `python -m tests.tui.make_screenshot`.

The profile is real: the sample documents are indexed, a question is asked, and the
built-in model answers it. Nothing leaves the machine.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path

from textual.widgets import TextArea

from ragcli.index.report import NoProgress
from ragcli.runtime import Runtime
from ragcli.tui.app import ChatApp

ROOT = Path(__file__).parents[2]
TARGET = ROOT / ".github" / "chat.svg"
SIZE = (150, 36)
QUESTIONS = (
    "Which key stops the answer?",
    "How long does a commit wait for the lock?",
)


async def picture(home: str) -> str:
    """Returns the chat as SVG after the questions were answered."""
    setattr(TextArea, "cursor_blink", False)  # noqa: B010 - not a reactive
    environ = {**os.environ, "RAGCLI_HOME": home, "RAGCLI_PROFILE": "handbook"}
    runtime = Runtime({"model": "builtin"}, environ)
    for name in ("handbook", "work"):
        runtime.store.create(name, {}).close()
    workspace = runtime.open("handbook")
    workspace.library.add([ROOT / "sample_docs"], NoProgress())
    app = ChatApp(runtime, workspace)
    async with app.run_test(size=SIZE) as pilot:
        while not app.chat.status.status.model:
            await pilot.pause(0.05)
        for question in QUESTIONS:
            app.chat.ask(question)
            while app.chat.answering.asking is not None:
                await pilot.pause(0.05)
            await pilot.pause(0.2)
        await pilot.press("ctrl+up", "1")
        await pilot.pause(0.5)
        svg = app.export_screenshot(title="ragcli chat")
    workspace.close()
    return svg


def main() -> int:
    """Writes the picture."""
    os.chdir(ROOT)
    with tempfile.TemporaryDirectory() as home:
        svg = asyncio.run(picture(f"{home}/ragcli"))
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(svg, encoding="utf-8")
    sys.stdout.write(f"{TARGET}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
