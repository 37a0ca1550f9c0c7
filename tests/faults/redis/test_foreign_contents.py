"""A server on which others write, forget and delete: one line, and no wrong answer."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ragcli.chat.events import AskRequest
from ragcli.errors import RagcliError
from ragcli.runtime import Runtime
from tests.cli.conftest import LOCKS, QUESTION
from tests.conftest import Ran
from tests.redis_servers import RedisServer

THOROUGH = os.environ.get("RAGCLI_THOROUGH") == "1"
FLUSHES = 300 if THOROUGH else 20
USER = "ann"

READING = [
    ("profile", "list"),
    ("history", "list"),
    ("docs", "list"),
    ("search", "lock"),
    ("audit", "verify"),
    ("profile", "verify"),
]
CHANGING = [("ask", QUESTION), ("docs", "add", "notes")]
COMMANDS = [*READING, *CHANGING]

Run = Callable[..., Ran]


@pytest.fixture
def server(
    start_redis: Callable[..., RedisServer],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Iterator[RedisServer]:
    """A server of its own, on which a profile has a document and a turn."""
    started = start_redis()
    monkeypatch.setenv("RAGCLI_STORE", started.address)
    monkeypatch.setenv("RAGCLI_USER", USER)
    monkeypatch.setenv("RAGCLI_LOCK_WAIT", "1s")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "locks.md").write_text(LOCKS)
    yield started
    started.stop()


@pytest.fixture
def filled(server: RedisServer, run_cli: Run) -> dict[str, bytes]:
    """What the server holds of it: every key, dumped."""
    assert run_cli("docs", "add", "notes").code == 0
    assert run_cli("ask", QUESTION).code == 0
    with server.client() as client:
        client.connection_pool.connection_kwargs["decode_responses"] = False
        return {key.decode(): client.dump(key) for key in client.keys("ragcli:*")}


def put_back(server: RedisServer, filled: dict[str, bytes]) -> None:
    server.call("FLUSHALL")
    with server.client() as client:
        for key, dump in filled.items():
            client.restore(key, 0, dump)


def one_of_each(filled: dict[str, bytes]) -> list[str]:
    """The keys, of the many blocks only one."""
    blocks = [key for key in filled if ":blk:" in key]
    return sorted(set(filled) - set(blocks)) + blocks[:1]


def told_in_a_line(ran: Ran, what: str) -> None:
    assert ran.code != 70, f"{what}: {ran.err}"
    assert "Traceback" not in ran.err, f"{what}: {ran.err}"
    complaints = [line for line in ran.err.splitlines() if line.startswith("ragcli: ")]
    reported = ran.out.startswith("damage: ")
    assert ran.code == 0 or complaints or reported, f"{what}: {ran}"


def as_string(client: Any, key: str) -> None:
    client.delete(key)
    client.set(key, "x")


def as_list(client: Any, key: str) -> None:
    client.delete(key)
    client.rpush(key, "x")


def as_garbage(client: Any, key: str) -> None:
    """Keeps the type and spoils what is in it."""
    kind = client.type(key)
    if kind == "hash":
        for name in client.hkeys(key):
            client.hset(key, name, b"\xff\x00{[")
    elif kind == "stream":
        client.xadd(key, {b"\xff": b"\x00{["})
    else:
        client.set(key, b"\xff\x00{[")


@pytest.mark.timeout(240)
@pytest.mark.parametrize("spoil", [as_string, as_list, as_garbage])
def test_what_others_wrote_under_our_keys_is_one_line(
    spoil: Callable[[Any, str], None],
    server: RedisServer,
    filled: dict[str, bytes],
    run_cli: Run,
) -> None:
    for key in one_of_each(filled):
        for command in COMMANDS:
            put_back(server, filled)
            with server.client() as client:
                client.connection_pool.connection_kwargs["decode_responses"] = True
                spoil(client, key)
            told_in_a_line(run_cli(*command), f"{key} {spoil.__name__} {command}")


@pytest.mark.usefixtures("filled")
def test_a_server_that_keeps_forgetting_its_scripts_serves_every_command(
    server: RedisServer, run_cli: Run
) -> None:
    done = threading.Event()

    def forget() -> None:
        with server.client() as client:
            while not done.wait(0.002):
                client.script_flush()

    forgetting = threading.Thread(target=forget)
    forgetting.start()
    try:
        with Runtime().open("default", create=False) as workspace:
            for _ in range(FLUSHES):
                server.call("SCRIPT", "FLUSH")
                list(workspace.ask(AskRequest(QUESTION)))
        for command in COMMANDS:
            ran = run_cli(*command)
            assert ran.code == 0, ran.err
    finally:
        done.set()
        forgetting.join()
    shown = run_cli("history", "list", "--json").json["conversations"]
    assert sum(talk["turns"] for talk in shown) == FLUSHES + 2


@pytest.mark.usefixtures("filled")
def test_everything_deleted_under_an_open_profile_is_told(
    server: RedisServer, run_cli: Run
) -> None:
    with Runtime().open("default", create=False) as workspace:
        server.call("FLUSHALL")
        with pytest.raises(RagcliError) as caught:
            list(workspace.ask(AskRequest(QUESTION)))
        assert caught.value.code in {3, 5}
        assert "\n" not in caught.value.message
    for command in COMMANDS:
        told_in_a_line(run_cli(*command), f"FLUSHALL {command}")


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("command", [*CHANGING, ("profile", "clone", "default", "b")])
def test_a_server_without_memory_is_exit_3_and_loses_nothing(
    command: tuple[str, ...], server: RedisServer, run_cli: Run, tmp_path: Path
) -> None:
    (tmp_path / "notes" / "more.md").write_text("# More\n\nThe sauna opens at nine.\n")
    server.call("CONFIG", "SET", "maxmemory", "1")
    ran = run_cli(*command)
    assert ran.code == 3, ran.err
    assert "is full" in ran.err
    server.call("CONFIG", "SET", "maxmemory", "0")
    assert run_cli("ask", QUESTION).code == 0
    assert run_cli("profile", "verify").code == 0
