"""What every test has: a home of its own, no network, and ways to run ragcli."""

from __future__ import annotations

import gc
import io
import os
import pty
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "sample_docs"
LOOPBACK = ("127.", "::1", "localhost")

# Every process that a test starts would compile all it imports: half of its time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


def pytest_addoption(
    parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager
) -> None:
    parser.addoption(
        "--thorough", action="store_true", help="kills, faults and flips in full count"
    )
    parser.addoption("--pictures", help="a directory for pictures of a working day")
    parser.addoption(
        "--simulated-mac",
        action="store_true",
        help="hide what a Mac lacks; see tests/simulated_mac",
    )
    # Before the other conftest.py files: what they import is to be on a Mac as well.
    config = pluginmanager.getplugin("pytestconfig")
    added = os.environ.get("PYTEST_ADDOPTS", "").split()
    if "--simulated-mac" in {*added, *config.invocation_params.args}:
        from tests.simulated_mac import mac

        os.environ.update(mac.environment())
        mac.become()


SLOW = (
    "cli",
    "faults",
    "properties",
    "tui",
    "unit/sessions/redis",
    "unit/sessions/stores",
)
"""Folders whose tests start processes, servers and terminals, or try many examples."""


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Marks what the edit loop leaves out (`pytest -m "not slow"`), and a Mac.

    What needs a real model runs only where it is asked for: `pytest -m real_model`.
    """
    from tests.simulated_mac import left_out

    if "real_model" not in config.getoption("-m"):
        real = [item for item in items if item.get_closest_marker("real_model")]
        config.hook.pytest_deselected(items=real)
        items[:] = [item for item in items if item not in real]
    simulated = config.getoption("--simulated-mac")
    reasons = left_out.LINUX if simulated or sys.platform == "darwin" else {}
    reasons = reasons | (left_out.PLAYED if simulated else {})
    slow = tuple(f"{ROOT}/tests/{folder}/" for folder in SLOW)
    for item in items:
        if str(item.path).startswith(slow):
            item.add_marker(pytest.mark.slow)
        function = getattr(item, "originalname", None) or item.name
        reason = reasons.get(function) or reasons.get(item.name)
        if reason:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Leaves what the tests load out of every collection of garbage."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: left out of the edit loop")
    config.addinivalue_line("markers", "real_model: needs a model server and a model")
    if config.getoption("--thorough"):
        os.environ["RAGCLI_THOROUGH"] = "1"
    if not os.environ.get("CI"):  # there, hypothesis has a profile of its own
        from hypothesis import settings

        # Whoever edits gets other examples each time. A check of what was handed in has
        # the same ones: what is new in it is the change. Machines may be busy.
        again = bool(os.environ.get("RAGCLI_CI")) and not config.getoption("--thorough")
        database = {"database": None} if again else {}
        settings.register_profile(
            "patient", deadline=None, derandomize=again, **database
        )
        settings.load_profile("patient")


@dataclass(frozen=True)
class Ran:
    """What became of one command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document on stdout."""
        import json

        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        """Stdout, line by line."""
        return self.out.splitlines()


@pytest.fixture(scope="session")
def refused_port() -> Iterator[int]:
    """A loopback port on which nothing will ever listen: bound, not listening."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.fixture(scope="session", autouse=True)
def prepared_once() -> Iterator[None]:
    """Prepares the tokenizer's table once: each test's own home would begin with it."""
    from ragcli.models.builtin import merges, tokens

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tokens, "prepare", cache(merges.prepare))
        yield


@pytest.fixture(autouse=True)
def private_home(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    refused_port: int,
) -> Path:
    """An empty home; nothing of the developer's own settings is seen or written.

    A name of its own: a fixture `home` of a folder must not take its place.
    """
    for name in list(os.environ):
        if name.startswith(("RAGCLI_", "OLLAMA_", "LANGSMITH_", "LANGCHAIN_", "XDG_")):
            monkeypatch.delenv(name)
    for name in ("NO_COLOR", "EDITOR", "VISUAL"):
        monkeypatch.delenv(name, raising=False)
    user = tmp_path_factory.mktemp("home")
    state = user / "ragcli"
    monkeypatch.setenv("HOME", str(user))
    monkeypatch.setenv("RAGCLI_HOME", str(state))
    monkeypatch.setenv("OLLAMA_HOST", f"http://127.0.0.1:{refused_port}")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("SSH_TTY", "/dev/tests")  # the developer's clipboard is not ours
    return state


@pytest.fixture
def home(private_home: Path) -> Path:
    """Where `ragcli` keeps everything in this test."""
    return private_home


def assert_private(environ: Mapping[str, str]) -> None:
    """Checks that a command with these variables uses no home of the developer's."""
    import pwd

    own = Path(pwd.getpwuid(os.geteuid()).pw_dir)
    used = Path(environ.get("RAGCLI_HOME") or environ.get("HOME") or own)
    theirs = (own / ".local/share/ragcli", own / "Library/Application Support/ragcli")
    assert used != own, "a test would write into the developer's home"
    assert not any(map(used.is_relative_to, theirs)), "a test would use real profiles"


@pytest.fixture(autouse=True)
def unfrozen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sets nothing of a test aside from collection: its descriptors are closed."""
    monkeypatch.setattr(gc, "freeze", lambda: None)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails a test that would leave this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in {socket.AF_INET, socket.AF_INET6}:
            host = str(address[0])
            assert host.startswith(LOOPBACK), f"a test reached for {host}"
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture
def run_cli(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Callable[..., Ran]]:
    """Runs `main` in this process, with stdin as a file of the given text.

    Quick; for what does not depend on pipes, signals or terminals.
    """
    saved = os.dup(0)

    def run(*argv: str, stdin: str = "") -> Ran:
        from ragcli.cli.main import main

        assert_private(os.environ)
        given = tmp_path / ".stdin"
        given.write_text(stdin)
        descriptor = os.open(given, os.O_RDONLY)
        out, err = io.StringIO(), io.StringIO()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            os.dup2(descriptor, 0)
            os.close(descriptor)
            code = main(argv)
        given.unlink()
        return Ran(code, out.getvalue(), err.getvalue())

    try:
        yield run
    finally:
        os.dup2(saved, 0)
        os.close(saved)


def hear_signals() -> None:
    """Lets a new process be ended, also where the tests run in the background."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@pytest.fixture
def start_process() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts `ragcli` as a real process; whatever still runs at the end is killed."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*argv: str, **options: Any) -> subprocess.Popen[bytes]:
        defaults: dict[str, Any] = {
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "preexec_fn": hear_signals,
        }
        assert_private(options.get("env") or os.environ)
        process = subprocess.Popen(
            [sys.executable, "-m", "ragcli", *argv], **(defaults | options)
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def run_process() -> Callable[..., Ran]:
    """Runs `ragcli` as a real process, through real pipes."""

    def run(
        *argv: str,
        stdin: str | bytes | None = None,
        env: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Ran:
        assert_private({**os.environ, **(env or {})})
        given = stdin.encode() if isinstance(stdin, str) else stdin
        if given is None:
            options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("timeout", 120)
        done = subprocess.run(
            [sys.executable, "-m", "ragcli", *argv],
            input=given,
            capture_output=True,
            env={**os.environ, **(env or {})},
            check=False,
            **options,
        )
        return Ran(
            done.returncode,
            done.stdout.decode("utf-8", "surrogateescape"),
            done.stderr.decode("utf-8", "surrogateescape"),
        )

    return run


@pytest.fixture
def pty_run() -> Callable[..., Ran]:
    """Runs `ragcli` on a terminal of its own, and answers what it asks.

    `typed` are pairs: what is awaited, behind all that was awaited before, and what is
    typed then. Both streams arrive on the terminal: they are in `out`, with its line
    ends.
    """

    def run(
        *argv: str,
        typed: Sequence[tuple[str, str]] = (),
        env: Mapping[str, str] | None = None,
        timeout: float = 60,
    ) -> Ran:
        mine, theirs = pty.openpty()
        environ = {**os.environ, "TERM": "xterm-256color", **(env or {})}
        assert_private(environ)
        process = subprocess.Popen(
            [sys.executable, "-m", "ragcli", *argv],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environ,
            start_new_session=True,
        )
        os.close(theirs)
        try:
            shown = _watch(mine, process, list(typed), time.monotonic() + timeout)
        finally:
            process.kill()
            process.wait()  # also when it was not done in time: nothing may be left
            os.close(mine)
        return Ran(process.returncode, shown.decode("utf-8", "surrogateescape"), "")

    return run


def _watch(
    terminal: int,
    process: subprocess.Popen[bytes],
    typed: list[tuple[str, str]],
    deadline: float,
) -> bytes:
    """Returns what a process shows, typing each answer once its question is shown."""
    shown, answered = b"", 0
    while time.monotonic() < deadline:
        poll = select.poll()
        poll.register(terminal, select.POLLIN)
        ready = poll.poll(500)
        if ready:
            try:
                block = os.read(terminal, 1 << 16)
            except OSError:  # the other side is closed
                break
            shown += block
        elif process.poll() is not None:
            break
        if typed and (at := shown.find(typed[0][0].encode(), answered)) >= 0:
            awaited, keys = typed.pop(0)
            answered = at + len(awaited.encode())
            os.write(terminal, keys.encode())
    process.wait(timeout=max(0.1, deadline - time.monotonic()))
    return shown
