"""Real Redis servers on free loopback ports, each with a directory of its own.

Import the fixtures into a directory's conftest. Without `redis-server` the tests
skip and say so; in CI (`RAGCLI_CI=1`) they fail instead.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.patience import PATIENCE

if shutil.which("redis-server"):
    import redis
    from redis import Redis


class RedisServer:
    """One `redis-server` process.

    Args:
        place: Its directory.
        options: Of its command line, such as `("--appendonly", "yes")`.
        port: Where; a free one by default.
        program: `redis-server`, or `redis-sentinel`.
    """

    def __init__(
        self,
        place: Path,
        *options: str,
        port: int = 0,
        program: str = "redis-server",
        config: Path | None = None,
    ) -> None:
        self.place = place
        self.port = port or free_port()
        self.options = options
        self._program = program
        self._config = config
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def address(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Starts it (again) and waits until it answers."""
        self.place.mkdir(parents=True, exist_ok=True)
        arguments = [self._program]
        if self._config:
            arguments.append(str(self._config))
        arguments += ["--port", str(self.port), "--bind", "127.0.0.1"]
        if self._program == "redis-server":
            arguments += ["--save", "", "--dir", str(self.place)]
            arguments += ["--repl-diskless-sync-delay", "0"]
        with (self.place / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*arguments, *self.options], stdout=log, stderr=log
            )
        wait_until(self._answers, f"{self._program} on port {self.port}")

    def client(self, **options: Any) -> Redis:
        """A plain client, as an administrator or a stranger would have it."""
        return Redis(
            "127.0.0.1", self.port, decode_responses=True, protocol=2, **options
        )

    def call(self, *command: Any) -> Any:
        """Runs one command."""
        with self.client() as client:
            return client.execute_command(*command)

    def kill(self) -> None:
        """Kills it as a crash does."""
        assert self._process
        self._process.kill()
        self._process.wait()

    def pause(self) -> None:
        """Stops it in its tracks; connections stay and nobody answers."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Lets it go on."""
        assert self._process
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """Ends it, whatever state it is in."""
        if self._process and self._process.poll() is None:
            self.resume()
            self.kill()

    def _answers(self) -> bool:
        assert self._process
        assert self._process.poll() is None, (self.place / "log").read_text()[-2000:]
        try:
            with self.client(socket_timeout=1) as client:
                return bool(client.ping())
        except (redis.exceptions.AuthenticationError, redis.exceptions.ResponseError):
            return True
        except redis.exceptions.RedisError:
            return False


def free_port() -> int:
    """A loopback port that was free a moment ago, low enough for a cluster's bus."""
    while True:
        with socket.socket() as held:
            held.bind(("127.0.0.1", 0))
            port = int(held.getsockname()[1])
        if port < 55_000:
            return port
        port = 20_000 + port % 10_000
        with socket.socket() as held, suppress(OSError):
            held.bind(("127.0.0.1", port))
            return port


def wait_until(true: Callable[[], object], what: str) -> None:
    """Waits for something to become true; fails the test if it does not."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, f"{what}: still not so"
        time.sleep(0.05)


def require(*programs: str) -> None:
    """Skips a test that needs a program; fails it in CI."""
    missing = [name for name in programs if shutil.which(name) is None]
    if missing and os.environ.get("RAGCLI_CI") == "1":
        pytest.fail(f"CI installs {missing[0]}, and it is not there")
    if missing:
        pytest.skip(f"needs {missing[0]}: apt-get install {missing[0]}")


@pytest.fixture
def start_redis() -> Iterator[Callable[..., RedisServer]]:
    """Starts servers; all of them end with the test: idle ones cost time, too."""
    with _starting() as start:
        yield start


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """One server that a whole run shares; tests have users of their own on it."""
    with _starting() as start:
        yield start()


@contextmanager
def _starting() -> Iterator[Callable[..., RedisServer]]:
    """Starts servers below one directory, and ends them all."""
    require("redis-server")
    root = Path(tempfile.mkdtemp(prefix="ragcli-redis-"))
    started: list[RedisServer] = []

    def start(*options: str, **more: Any) -> RedisServer:
        started.append(RedisServer(root / str(len(started)), *options, **more))
        return started[-1]

    try:
        yield start
    finally:
        for server in started:
            server.stop()
        shutil.rmtree(root, ignore_errors=True)
