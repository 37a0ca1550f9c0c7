"""A real model answers through real processes: what is sent, what stops, what it costs.

Nothing is asserted of what the model says: it is small, and says little of use.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

from tests.conftest import SAMPLES, Ran
from tests.real_model.conftest import MODEL, Ready
from tests.real_model.model_server import ModelServer
from tests.tui.terminal import Terminal

pytestmark = [pytest.mark.real_model, pytest.mark.timeout(600)]

QUESTION = "How long does a commit wait for the lock?"
FOLLOW_UPS = (
    "Do readers take the lock as well?",
    "Where is the key kept?",
    "Who looks after the pump?",
)
ENDED = {"answered", "truncated", "nothing_found"}


def by_the_model(ran: Ran) -> bool:
    """Whether the model answered itself; nothing took its place."""
    return ran.json["model"] == MODEL and ran.json["status"] in ENDED


def test_an_answer_streams_with_its_usage(server: ModelServer, ready: Ready) -> None:
    ran = ready(server)("ask", QUESTION, "--jsonl", "--require-model")

    events = [json.loads(line) for line in ran.lines]
    kinds = [event["event"] for event in events]
    finished = events[-1]
    assert kinds.count("token") > 3
    assert kinds.index("retrieved") < kinds.index("token")
    assert finished["model"] == MODEL
    assert finished["status"] in ENDED
    assert "<<" not in finished["answer"]
    assert finished["passages"]


def test_cancelling_stops_the_server(server: ModelServer, ready: Ready) -> None:
    ready(server)("config", "set", "max_tokens", "4000")
    command = [sys.executable, "-m", "ragcli", "ask", QUESTION, "--no-docs", "--jsonl"]
    asked = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert asked.stdout is not None
    while b'"token"' not in asked.stdout.readline():
        assert asked.poll() is None
    asked.send_signal(signal.SIGINT)

    asked.communicate(timeout=60)
    assert asked.returncode == 130
    assert server.is_idle()


def test_a_window_of_2048_tokens_is_kept(
    small_server: ModelServer, ready: Ready
) -> None:
    run = ready(small_server)
    run("docs", "add", str(SAMPLES))

    ran = run("ask", QUESTION, "-k", "12", "--json", "--require-model")

    # The model may have nothing to say to so much; its server took all of it.
    assert "gave an empty answer" in ran.out or by_the_model(ran), ran.out
    assert 1000 < small_server.read()[-1] <= 2048


def test_a_follow_up_computes_only_what_is_new(
    server: ModelServer, ready: Ready
) -> None:
    run = ready(server)
    # An answer that is cut short because it repeats itself leaves no count behind.
    run("config", "set", "max_tokens", "12")
    first = run("ask", QUESTION, "--json", "--require-model").json
    before = len(server.read())
    prompts, computed = [], []
    for question in FOLLOW_UPS:
        talk = ("--conversation", first["conversation"])
        ran = run("ask", question, *talk, "--show-prompt", "--json", "--require-model")
        assert by_the_model(ran), ran.err
        prompts.append(sum(len(m["content"]) for m in ran.json["messages"]) // 4)
        computed.append(sum(server.read()[before:]))
        before = len(server.read())

    assert all(earlier < later for earlier, later in pairwise(prompts))
    assert all(computed)
    assert sum(computed) < 0.6 * sum(prompts)


def test_an_answer_that_would_not_end_ends(server: ModelServer, ready: Ready) -> None:
    run = ready(server)

    run("config", "set", "max_tokens", "24")
    ran = run("ask", "Write a long story about a harbour.", "--no-docs", "--json")

    assert by_the_model(ran), ran.err
    assert ran.json["status"] == "truncated"
    assert any("24 tokens" in n or "repeat" in n for n in ran.json["notices"])


def test_ten_questions_have_ten_answers(server: ModelServer, ready: Ready) -> None:
    run = ready(server)
    run("config", "set", "max_tokens", "16")
    questions = "\n".join(f"{QUESTION[:-1]} {n}?" for n in range(10))

    ran = run("ask", "--batch", "-", stdin=questions)

    told = [json.loads(line) for line in ran.lines]
    assert len(told) == 10
    assert {one["model"] for one in told} == {MODEL}
    assert {one["status"] for one in told} <= ENDED


def test_the_chat_answers_and_esc_stops_the_server(
    server: ModelServer, ready: Ready, home: Path
) -> None:
    ready(server)("config", "set", "max_tokens", "2000")
    with Terminal(home) as terminal:
        terminal.run("chat", "--new")
        terminal.until("4 documents")
        terminal.type(QUESTION)
        terminal.press("Enter")
        end = time.monotonic() + 150
        while "tokens/s" not in terminal.screen:
            assert time.monotonic() < end, terminal.screen
            time.sleep(0.2)
        terminal.press("Escape")
        terminal.until("stopped here")

    assert server.is_idle()


def test_documents_are_embedded_and_found(
    embedding_server: ModelServer, ready: Ready
) -> None:
    run = ready(embedding_server)
    run("config", "set", "embedder", MODEL)

    before = embedding_server.spent()
    assert run("docs", "reembed").code == 0
    ran = run("search", QUESTION, "--json")

    assert ran.json["hits"]
    assert embedding_server.spent() - before > 0.1
