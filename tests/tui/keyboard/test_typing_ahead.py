"""Keys that are typed before the chat is on the screen are kept, in their order."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ragcli.runtime import Runtime
from tests.tui.pseudo_terminal import PseudoTerminal

TAKEN = "\x1b[?1004h"
"""What both ways to draw write as they take the terminal, long before a frame."""

QUIT = "\x11"


@pytest.fixture
def runtime(home: Path) -> Runtime:
    """An empty profile with a draft, in this process."""
    runtime = Runtime({}, {**os.environ, "RAGCLI_HOME": str(home)})
    with runtime.open("default") as workspace:
        workspace.history.put_draft("kept")
    return runtime


def _draft(runtime: Runtime) -> str:
    with runtime.open("default") as workspace:
        return workspace.history.draft()


@pytest.mark.parametrize("options", [(), ("--inline",)])
@pytest.mark.parametrize("first", ["", TAKEN])
def test_what_is_typed_goes_below_the_draft(
    runtime: Runtime, options: tuple[str, ...], first: str
) -> None:
    with PseudoTerminal("chat", "-m", "builtin", *options, environ={}) as terminal:
        terminal.until(first)
        terminal.type("typed ahead")
        terminal.until("0 documents")
        terminal.type(QUIT)
        code = terminal.code()

    assert code == 0
    assert _draft(runtime) == "kept\ntyped ahead"


def test_a_question_is_asked_as_soon_as_it_can_be(runtime: Runtime) -> None:
    with PseudoTerminal("chat", "-m", "builtin", environ={}) as terminal:
        terminal.until(TAKEN)
        terminal.type("/readonly\rwhat waits?\rmore")
        terminal.until("read-only")
        terminal.until("what waits?")
        terminal.until("0 documents")
        terminal.type(QUIT)
        code = terminal.code()

    assert code == 0
    assert _draft(runtime) == "kept\nmore"


def test_leaving_before_the_first_frame_keeps_the_draft(runtime: Runtime) -> None:
    with PseudoTerminal("chat", "-m", "builtin", environ={}) as terminal:
        terminal.until(TAKEN)
        terminal.type(f"typed ahead{QUIT}")
        code = terminal.code()

    assert code == 0
    assert _draft(runtime) == "kept\ntyped ahead"
