"""A leaner import leaves out what it says, and everything as it was."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

TWO_THREADS = """
import os, threading
from ragcli.dependency_patches.langchain import lean_ollama

def load():
    barrier.wait()
    with lean_ollama(with_tracing=False):
        from langchain_ollama import ChatOllama, OllamaEmbeddings

before = dict(os.environ)
barrier = threading.Barrier(2)
threads = [threading.Thread(target=load) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
changed = {name for name, value in os.environ.items() if before.get(name) != value}

import gc, httpx._main, requests, yaml
from langchain_ollama import ChatOllama
from pydantic import BaseModel
assert changed == {
    "LANGSMITH_TRACING", "LANGSMITH_TRACING_V2",
    "LANGCHAIN_TRACING", "LANGCHAIN_TRACING_V2",
}, changed
assert gc.isenabled()
assert requests.get and requests.HTTPError is not OSError and yaml.safe_load("a")
assert "defer_build" not in BaseModel.model_config
try:
    ChatOllama(model="m", temperature="warm")
except ValueError as error:
    print("temperature" in str(error))
print(ChatOllama(model="m", temperature=0.5).temperature)
"""

LEFT_OUT = """
import sys
from ragcli.dependency_patches.langchain import lean_ollama
with lean_ollama(with_tracing=False):
    import langchain_ollama
print(*sys.modules)
"""


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"]},
    )
    assert done.stderr == ""
    return done.stdout


@pytest.mark.slow
def test_two_threads_that_load_the_client_leave_everything_as_it_was() -> None:
    assert run(TWO_THREADS) == "True\n0.5\n"


@pytest.mark.slow
def test_what_is_left_out_is_not_loaded() -> None:
    """Fails when LangChain comes to want more of it: then nothing is saved."""
    loaded = run(LEFT_OUT).split()

    assert "langchain_ollama" in loaded
    heavy = {"httpx._main", "langsmith.client", "requests.adapters", "yaml.nodes"}
    assert not heavy & set(loaded)


@pytest.mark.slow
def test_what_is_left_out_is_what_would_be_loaded() -> None:
    """Fails when LangChain wants none of it by itself: then the patch can go."""
    loaded = run("import sys, langchain_ollama; print(*sys.modules)").split()

    assert {"langsmith.client", "requests.adapters", "yaml.nodes"} <= set(loaded)
