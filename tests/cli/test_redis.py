"""Every command over sessions in Redis, and two processes that share one profile."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ragcli.runtime import Runtime
from tests.cli.conftest import QUESTION
from tests.conftest import Ran
from tests.redis_servers import RedisServer, free_port, redis_server, start_redis

__all__ = ["redis_server", "start_redis"]

Run = Callable[..., Ran]


@pytest.fixture
def in_redis(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> str:
    """Settings under which sessions live in Redis; the address."""
    monkeypatch.setenv("RAGCLI_STORE", redis_server.address)
    monkeypatch.setenv(
        "RAGCLI_USER", f"user-{tmp_path.name[-40:]}-{time.time_ns()}"[:64]
    )
    return redis_server.address


def test_the_commands_are_the_same(in_redis: str, notes: Path, run_cli: Run) -> None:
    def run(*argv: str, code: int = 0) -> Ran:
        ran = run_cli(*argv)
        assert ran.code == code, ran.err
        return ran

    run("profile", "create", "work", "--ttl", "30d")
    assert run("docs", "add", "notes", "-p", "work", "--json").json
    answer = run("ask", "-p", "work", QUESTION, "--json").json
    assert answer["citations"][0]["path"].endswith("locks.md")
    run("ask", "-p", "work", "-c", "Who is named as the holder?", "--json")
    assert "commit lock" in run("search", "-p", "work", "commit lock").out
    [talk] = run("history", "list", "-p", "work", "--json").json["conversations"]
    assert talk["turns"] == 2
    run("history", "fork", talk["id"], "-p", "work")
    run("history", "redact", "--match", "holder", "-p", "work", "--yes")
    assert "holder?" not in run("history", "show", talk["id"], "-p", "work").out
    run("docs", "remove", "notes/snapshots.md", "-p", "work")
    run("docs", "rollback", "-p", "work")
    assert "snapshots.md" in run("docs", "list", "-p", "work").out
    run("audit", "verify", "-p", "work")
    run("profile", "set", "model", "builtin", "-p", "work")
    run("profile", "rename", "work", "life")
    run("profile", "clone", "life", "second")
    assert [line.split()[0] for line in run("profile", "list").lines] == [
        "life",
        "second",
    ]
    run("profile", "delete", "second", "--yes")
    run("ask", "-p", "second", QUESTION, code=5)
    assert not (Path(Runtime().home.data) / "profiles").exists()


def test_a_profile_moves_to_redis_and_back(
    redis_server: RedisServer,
    indexed: Path,
    run_cli: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RAGCLI_USER", f"user-{time.time_ns()}")
    run_cli("ask", QUESTION)
    address = redis_server.address
    moved = run_cli("profile", "copy", "default", "--to", address, "--name", "moved")
    assert moved.code == 0, moved.err
    monkeypatch.setenv("RAGCLI_STORE", address)
    assert "ten seconds" in run_cli("ask", "-p", "moved", QUESTION).out
    back = run_cli("profile", "copy", "moved", "--to", "local", "--name", "back")
    assert back.code == 0, back.err
    monkeypatch.delenv("RAGCLI_STORE")

    turns = run_cli("history", "export", "-p", "back", "--json").json
    assert json.dumps(turns).count(QUESTION) >= 2
    assert "snapshots.md" in run_cli("docs", "list", "-p", "back").out


def test_an_encrypted_profile_in_redis(
    in_redis: str, notes: Path, run_cli: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAGCLI_PASSPHRASE_COMMAND", "echo four words of mine")
    made = run_cli("profile", "create", "diary", "--encrypt")
    assert made.code == 0, made.err
    assert run_cli("docs", "add", "notes", "-p", "diary").code == 0
    assert "ten seconds" in run_cli("ask", "-p", "diary", QUESTION).out
    monkeypatch.setenv("RAGCLI_PASSPHRASE_COMMAND", "echo other words")

    refused = run_cli("history", "list", "-p", "diary", "--json")
    assert refused.code == 77
    assert refused.json["error"]["kind"] == "wrong_passphrase"


def test_two_processes_share_a_profile_as_it_happens(
    in_redis: str, notes: Path, run_process: Run
) -> None:
    with Runtime().open() as mine:
        assert mine.history.head() == 0
        seen: list[bool] = []
        watcher = threading.Thread(target=lambda: seen.append(mine.history.wait(0, 60)))
        watcher.start()
        answered = run_process("ask", QUESTION, "--json")
        watcher.join(60)

        assert seen == [True]
        [turn] = mine.history.since(0)
        assert turn.id == answered.json["turn"]


@pytest.mark.parametrize("ttl", ["1h", "never"])
def test_a_stateless_question_leaves_no_trace(
    redis_server: RedisServer,
    in_redis: str,
    notes: Path,
    run_process: Run,
    tmp_path: Path,
    ttl: str,
) -> None:
    assert run_process("profile", "create", "work", "--ttl", ttl).code == 0
    assert run_process("docs", "add", "notes", "-p", "work").code == 0
    home = Runtime().home
    shutil.rmtree(home.data, ignore_errors=True)
    shutil.rmtree(home.cache, ignore_errors=True)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with redis_server.client(encoding="latin-1") as client:
        keys = client.keys(f"ragcli:{{{os.environ['RAGCLI_USER']}/work}}:*")
        before = {key: _held(client, key) for key in keys}

        ran = run_process(
            "ask", "-p", "work", QUESTION, "--stateless", env={"TMPDIR": str(scratch)}
        )
        assert "ten seconds" in ran.out, ran.err
        assert {key: _held(client, key) for key in keys} == before
    if ttl == "never":
        assert {end for *_, end in before.values()} == {-1}
    left = [p for place in (home.data, home.cache, scratch) for p in place.rglob("*")]
    assert left == []


def test_a_socket_is_an_address_like_any_other(
    start_redis: Callable[..., RedisServer],
    notes: Path,
    run_process: Run,
    tmp_path: Path,
) -> None:
    with tempfile.TemporaryDirectory() as place:  # the name of a socket is short
        start_redis("--unixsocket", f"{place}/redis.sock")
        store = {"RAGCLI_STORE": f"unix://{place}/redis.sock"}

        assert run_process("docs", "add", "notes", env=store).code == 0
        assert "ten seconds" in run_process("ask", QUESTION, env=store).out
        copied = run_process(
            "profile", "copy", "default", "--to", store["RAGCLI_STORE"],
            "--name", "second", env=store,
        )  # fmt: skip
        assert copied.code == 0, copied.err
        listed = run_process("profile", "list", env=store).lines
    assert [line.split()[0] for line in listed] == ["default", "second"]


def test_what_is_no_address_is_said_without_its_password(run_process: Run) -> None:
    for command in (["profile", "list"], ["doctor"]):
        ran = run_process(*command, env={"RAGCLI_STORE": "redist://me:secret@host"})

        assert ran.code == 2
        assert "secret" not in ran.out + ran.err


def test_a_server_that_is_away_is_one_line(
    run_cli: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAGCLI_STORE", f"redis://me:secret@127.0.0.1:{free_port()}/0")
    for command in (("ask", QUESTION), ("history", "list"), ("profile", "list")):
        ran = run_cli(*command)
        assert ran.code == 3
        assert "does not answer" in ran.err.splitlines()[0]
        assert "secret" not in ran.out + ran.err
    told = run_cli("doctor", "--json")
    assert told.code == 3
    assert "secret" not in told.out


def test_the_doctor_looks_at_the_server(in_redis: str, run_cli: Run) -> None:
    ran = run_cli("doctor", "--json")

    found = [check for check in ran.json["checks"] if check["what"] == "redis"]
    assert any("append-only" in check["found"] for check in found)
    assert ran.code == 74


def test_an_answer_is_kept_when_the_server_dies_before_it_is_stored(
    start_redis: Callable[..., RedisServer],
    notes: Path,
    run_cli: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from ragcli.chat.events import AskRequest, Finished, Retrieved

    server = start_redis("--appendonly", "yes", "--appendfsync", "always")
    monkeypatch.setenv("RAGCLI_STORE", server.address)
    monkeypatch.setenv("RAGCLI_LOCK_WAIT", "1s")
    assert run_cli("docs", "add", "notes").code == 0
    with Runtime().open() as workspace:
        events = workspace.ask(AskRequest(QUESTION))
        heard = [next(events)]
        while not isinstance(heard[-1], Retrieved):
            heard.append(next(events))
        server.kill()
        from ragcli.errors import StoreUnavailable

        with pytest.raises(StoreUnavailable, match="kept on this machine"):
            heard += events
        assert not any(isinstance(event, Finished) for event in heard)
    (waiting,) = (Runtime().home.data / "outbox").glob("*.jsonl")
    kept = [json.loads(line)["kind"] for line in waiting.read_bytes().splitlines()]
    assert kept == ["conversation", "turn"]
    server.start()

    ran = run_cli("history", "search", "commit lock", "--json")
    assert ran.code == 0, ran.err
    assert [turn["question"] for turn in ran.json["turns"]] == [QUESTION]
    assert not any((Runtime().home.data / "outbox").glob("*.jsonl"))
    records = run_cli("history", "export", "--json").json
    assert json.dumps(records).count(f'"question": "{QUESTION}"') == 1


def _held(client: Any, key: str) -> tuple[Any, int]:
    """What a key holds, and when it ends."""
    read = {"hash": client.hgetall, "stream": client.xrange, "string": client.get}
    return read[client.type(key)](key), client.pexpiretime(key)
