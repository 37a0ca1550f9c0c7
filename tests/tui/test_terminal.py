"""The chat works in a real terminal, on a real profile, with a real stream."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

from ragcli.index.report import NoProgress
from ragcli.runtime import Runtime
from ragcli.sessions.records.record_types import Turn
from ragcli.storage.files import Directory
from ragcli.storage.locking.locks import commit_lock
from tests.conftest import SAMPLES, Ran
from tests.fakes.ollama import FakeOllama, Fault
from tests.fakes.openai_server import FakeOpenAI
from tests.patience import PATIENCE
from tests.tui.terminal import Terminal

pytestmark = pytest.mark.skipif(not shutil.which("tmux"), reason="needs tmux")

SLOW = "Every word takes its time, " * 400
QUESTION = "How long does a commit wait for the lock?"


@pytest.fixture
def server() -> Iterator[FakeOllama]:
    """A model server that answers at once, unless told otherwise."""
    with FakeOllama() as fake:
        yield fake


@pytest.fixture
def runtime(home: Path, tmp_path: Path) -> Runtime:
    """A home with two profiles, one of them with a few documents."""
    runtime = Runtime({}, {**os.environ, "RAGCLI_HOME": str(home)})
    runtime.store.create("other", {}).close()
    with runtime.open("default") as workspace:
        names = ("sessions.md", "documents.md", "exit-codes.csv")
        workspace.library.add([SAMPLES / name for name in names], NoProgress())
    return runtime


@pytest.fixture
def terminal(home: Path, runtime: Runtime, server: FakeOllama) -> Iterator[Terminal]:
    """A terminal whose shell has the home and the server."""
    with Terminal(home, {"OLLAMA_HOST": server.host}) as started:
        started.until("")
        yield started


def turns(runtime: Runtime, profile: str = "default") -> list[Turn]:
    """Returns what was recorded."""
    with runtime.open(profile) as workspace:
        return workspace.history.since(0)


def eventually(done: Callable[[], object]) -> None:
    """Waits until something is true."""
    end = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < end
        time.sleep(0.05)


def ask(terminal: Terminal, question: str, shown: str) -> None:
    """Types a question and waits for a part of its answer."""
    terminal.type(question)
    terminal.press("Enter")
    terminal.until(shown)


def test_a_day_in_the_terminal(
    terminal: Terminal, runtime: Runtime, server: FakeOllama
) -> None:
    server.replies.append("A commit waits for the lock at most **ten seconds** [1].")
    terminal.run("chat")
    terminal.until("3 documents")
    assert terminal.is_alternate()
    ask(terminal, QUESTION, "at most ten seconds")
    terminal.until("sessions.md:")

    ask(terminal, "/new", "● New conversation")
    server.rate = 20
    server.replies.append(SLOW)
    ask(terminal, "And slowly?", "takes its time")
    terminal.press("Escape")
    terminal.until("interrupted")

    terminal.resize(62, 18)
    terminal.until(lambda: "Conversations" not in terminal.screen.splitlines()[1])
    terminal.until("interrupted")
    terminal.resize(160, 32)

    ask(terminal, "/profile other", "● other")
    terminal.press("C-q")
    screen = terminal.until("ended 0")

    assert not terminal.is_alternate()
    assert "chat; echo" in screen, "the shell's screen is back"
    ask(terminal, "echo still $((1+1)) here", "still 2 here")
    first, second = turns(runtime)
    assert first.status == "answered"
    assert second.status == "interrupted"
    assert second.answer.startswith("Every word")


def test_a_polite_kill_keeps_answer_and_draft(
    terminal: Terminal, runtime: Runtime, server: FakeOllama
) -> None:
    server.rate = 20
    server.replies.append(SLOW)
    terminal.run("chat", "--new")
    terminal.until("3 documents")
    terminal.type("slow one")
    terminal.press("Enter")
    terminal.until("takes its time")
    terminal.type("unsent thought")
    terminal.until("unsent thought")
    os.kill(terminal.pids()[0], signal.SIGTERM)
    terminal.until("ended 143")

    assert not terminal.is_alternate()
    (turn,) = turns(runtime)
    assert turn.status == "interrupted"
    assert "takes its time" in turn.answer
    with runtime.open("default") as workspace:
        assert workspace.history.draft() == "unsent thought"


def test_kill_9_keeps_finished_turns_and_the_draft_of_a_second_ago(
    terminal: Terminal, runtime: Runtime, server: FakeOllama
) -> None:
    server.replies.append("It waits [1].")
    terminal.run("chat")
    terminal.until("3 documents")
    terminal.type(QUESTION)
    terminal.press("Enter")
    terminal.until("It waits")
    eventually(lambda: turns(runtime))
    terminal.type("half a thought")

    def kept() -> bool:
        with runtime.open("default") as workspace:
            return workspace.history.draft() == "half a thought"

    eventually(kept)
    os.kill(terminal.pids()[0], signal.SIGKILL)
    terminal.until("ended 137")

    assert [turn.question for turn in turns(runtime)] == [QUESTION]
    terminal.press("Enter")
    terminal.type("reset")
    terminal.press("Enter")
    terminal.run("chat")
    terminal.until("half a thought")
    terminal.press("C-q")


def test_a_closed_terminal_keeps_answer_and_draft(
    home: Path, runtime: Runtime, server: FakeOllama
) -> None:
    server.rate = 20
    server.replies.append(SLOW)
    with Terminal(home, {"OLLAMA_HOST": server.host}) as terminal:
        terminal.run("chat", "--new")
        terminal.until("3 documents")
        terminal.type("slow one")
        terminal.press("Enter")
        terminal.until("takes its time")
        (pid,) = terminal.pids()

    def gone() -> bool:
        try:
            return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return True

    eventually(gone)
    (turn,) = turns(runtime)
    assert turn.status == "interrupted"


def test_a_pipeline_in_another_terminal_shows_up(
    terminal: Terminal, runtime: Runtime, server: FakeOllama
) -> None:
    terminal.run("chat", "--model", "builtin")
    terminal.until("3 documents")
    terminal.type(QUESTION)
    terminal.press("Enter")
    terminal.until("ten seconds")
    environ = {**os.environ, "OLLAMA_HOST": server.host}
    asked = [sys.executable, "-m", "ragcli", "ask", "-m", "builtin", "who waits?"]
    subprocess.run(asked, env=environ, capture_output=True, check=False)
    terminal.until("who waits?")
    terminal.press("C-q")
    terminal.until("ended 0")


def parroted(messages: Sequence[dict[str, Any]]) -> str:
    """A model that copies the marks of a passage with it."""
    asked: str = messages[-1]["content"]
    return asked[asked.index("<<passage") : asked.rindex("\nPassages for")]


def test_the_marks_of_passages_never_reach_the_screen(
    home: Path, runtime: Runtime, run_cli: Callable[..., Ran]
) -> None:
    with FakeOpenAI("llamacpp", window=8192) as model:
        model.answer = parroted
        run_cli("config", "set", "endpoints.lab.url", model.root)
        with Terminal(home, {}) as terminal:
            terminal.run("chat", "--model", "lab:smol")
            terminal.until("3 documents")
            terminal.type(QUESTION)
            terminal.press("Enter")
            eventually(lambda: turns(runtime))
            screen = terminal.until("ten seconds")
            terminal.press("C-q")
            terminal.until("ended 0")

    [turn] = turns(runtime)
    assert "ten seconds" in turn.answer
    for shown in (screen, turn.answer):
        assert "<<" not in shown


def test_newline_keys_of_every_terminal(terminal: Terminal, runtime: Runtime) -> None:
    terminal.run("chat", "--model", "builtin")
    terminal.until("3 documents")
    terminal.type("first line")
    terminal.press("C-j")
    terminal.type("second line")
    terminal.press("M-Enter")
    terminal.type("third line")
    screen = terminal.until("third line")
    lines = [line.strip(" ▌") for line in screen.splitlines()]

    at = lines.index("first line")
    assert lines[at : at + 3] == ["first line", "second line", "third line"]
    assert not turns(runtime)
    terminal.press("C-q")
    terminal.until("ended 0")


def test_hostile_names_and_answers_reach_the_terminal_inert(
    terminal: Terminal, runtime: Runtime, server: FakeOllama, tmp_path: Path
) -> None:
    server.replies.append(
        "\x1b]0;pwned\x07\x1b[2J\n\n[@click=app.quit]x[/]\n\n\u202egnp"
    )
    terminal.run("chat")
    terminal.until("3 documents")
    terminal.type(QUESTION)
    terminal.press("Enter")
    screen = terminal.until("\\u{202e}gnp")

    assert "␛]0;pwned" in screen
    assert "[@click=app.quit]x[/]" in screen
    assert "Ask about your documents" in screen
    title = terminal.tmux("display-message", "-p", "#{pane_title}")
    assert "pwned" not in title
    terminal.press("C-q")
    terminal.until("ended 0")


def test_without_a_capable_terminal_it_is_a_plain_chat(
    terminal: Terminal, runtime: Runtime
) -> None:
    terminal.type("export TERM=dumb")
    terminal.press("Enter")
    terminal.run("chat", "--model", "builtin")
    terminal.until("/help lists the commands")
    terminal.type(QUESTION)
    terminal.press("Enter")
    terminal.until("[1] ")
    terminal.press("C-d")
    terminal.until("ended 0")

    assert len(turns(runtime)) == 1


def test_inline_is_one_column_and_leaves_shell_and_transcript_there(
    terminal: Terminal,
) -> None:
    terminal.run("chat", "--inline", "--model", "builtin")
    terminal.until("3 documents")
    assert not terminal.is_alternate()
    assert "echo ended" in terminal.screen
    assert "Conversations" not in terminal.screen
    assert "Sources" not in terminal.screen.replace("^S Sources", "")
    terminal.type(QUESTION)
    terminal.press("Enter")
    terminal.until("1 source")
    terminal.press("C-q")
    left = terminal.until("ended 0")

    assert f"> {QUESTION}" in left
    assert "at most ten seconds" in left
    assert "[1] " in left
    assert "sessions.md:" in left
    assert "Ask about your documents" not in left


def test_a_pipe_is_a_plain_chat(
    runtime: Runtime, run_process: Callable[..., Ran]
) -> None:
    ran = run_process("chat", "-m", "builtin", stdin=f"{QUESTION}\n/nonsense\n")

    assert "ten seconds" in ran.out
    assert "[1] " in ran.out
    assert "\x1b" not in ran.out
    assert "there is no command /nonsense" in ran.err
    assert ran.code == 2


@pytest.mark.parametrize("options", [(), ("--inline",)])
def test_a_shut_profile_is_opened_from_inside(
    terminal: Terminal, runtime: Runtime, options: tuple[str, ...]
) -> None:
    runtime.store.create("vault", {}, passphrase="open sesame").close()
    terminal.run("chat", *options)
    if not options:  # one column has no sidebar
        terminal.until("vault (locked)")
    terminal.until("F1 Help")
    terminal.type("/profile vault")
    terminal.press("Enter")
    terminal.until("Passphrase of profile vault")
    terminal.type("guess")
    terminal.press("Enter")
    terminal.until("does not open profile 'vault'")
    terminal.type("open sesame")
    screen = terminal.screen
    terminal.press("Enter")
    terminal.until("vault ·" if options else "● vault")
    terminal.press("C-q")
    terminal.until("ended 0")

    assert "sesame" not in screen


def test_a_model_that_dies_mid_answer_leaves_what_it_said(
    terminal: Terminal, runtime: Runtime, server: FakeOllama
) -> None:
    server.replies.append("A commit waits for the lock at most ten seconds, and then")
    server.faults.append(Fault("cut", after=6))
    terminal.run("chat", "--new")
    terminal.until("3 documents")
    ask(terminal, QUESTION, "A commit waits")
    terminal.until(lambda: "ready" in terminal.screen)
    server.replies.append("At most ten seconds.")
    ask(terminal, "And now?", "At most ten seconds.")
    terminal.press("C-q")
    terminal.until("ended 0")

    first, second = turns(runtime)
    assert first.status == "failed"
    assert first.answer.startswith("A commit")
    assert second.status == "answered"


def test_asking_again_and_stopping_keeps_the_first_answer(
    terminal: Terminal, runtime: Runtime, server: FakeOllama
) -> None:
    server.replies.append("At most ten seconds.")
    terminal.run("chat", "--new")
    terminal.until("3 documents")
    ask(terminal, QUESTION, "At most ten seconds.")
    terminal.until("ready")
    server.rate = 20
    server.replies.append(SLOW)
    terminal.press("F5")
    terminal.until("takes its time")
    terminal.press("Escape")
    terminal.until("interrupted")
    screen = terminal.screen
    terminal.press("C-q")
    terminal.until("ended 0")

    assert "At most ten seconds." in screen
    with runtime.open("default") as workspace:
        kept = workspace.history.transcript(workspace.history.latest())
    assert [turn.status for turn in kept] == ["answered", "interrupted"]


def test_a_lock_held_elsewhere_is_waited_for(
    home: Path, runtime: Runtime, server: FakeOllama
) -> None:
    server.replies.append("At most ten seconds.")
    environ = {"OLLAMA_HOST": server.host, "RAGCLI_LOCK_WAIT": "1"}
    place = runtime.home.profiles / "default"
    with Terminal(home, environ) as terminal, Directory.open(place) as directory:
        terminal.run("chat", "--new")
        terminal.until("3 documents")
        with commit_lock(directory, "history", wait=5):
            ask(terminal, QUESTION, "could not be recorded")
            terminal.until(f"pid {os.getpid()}")
            terminal.until("At most ten seconds.")
            terminal.press("w")
            terminal.until("waiting for the lock")
        terminal.until("The answer is recorded")
        terminal.press("C-q")
        terminal.until("ended 0")

    (turn,) = turns(runtime)
    assert turn.status == "answered"


def test_the_chat_is_suspended_and_the_prompt_written_in_an_editor(
    terminal: Terminal, tmp_path: Path
) -> None:
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\necho "Who holds it?" >> "$1"\n')
    editor.chmod(0o700)
    terminal.type(f"export VISUAL={editor}")
    terminal.press("Enter")
    terminal.run("chat", "--new")
    terminal.until("3 documents")
    terminal.type("Dear all, ")
    terminal.press("C-z")
    terminal.until(lambda: not terminal.is_alternate())
    terminal.type("echo in the $((40+2)) shell; fg")
    terminal.press("Enter")
    terminal.until(terminal.is_alternate)
    terminal.until("Dear all,")
    terminal.press("C-x", "C-e")

    terminal.until("Dear all, Who holds it?")
