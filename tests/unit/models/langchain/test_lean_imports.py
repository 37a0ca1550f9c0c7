"""What a leaner import changes while it runs is as before when it is over."""

from __future__ import annotations

import os
import subprocess
import sys

import certifi

SCRIPT = """
import os, sys, threading
from ragcli.models.langchain.lean_imports import lean_ollama

def load():
    barrier.wait()
    with lean_ollama(with_tracing=False):
        from langchain_ollama import ChatOllama, OllamaEmbeddings

before = {name: value for name, value in os.environ.items() if name[:4] == "SSL_"}
barrier = threading.Barrier(2)
threads = [threading.Thread(target=load) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
after = {name: value for name, value in os.environ.items() if name[:4] == "SSL_"}

from langchain_ollama import ChatOllama
from pydantic import BaseModel
assert after == before, after
assert "defer_build" not in BaseModel.model_config
try:
    ChatOllama(model="m", temperature="warm")
except ValueError as error:
    print("temperature" in str(error))
print(ChatOllama(model="m", temperature=0.5).temperature)
"""


def test_two_threads_that_load_the_client_leave_everything_as_it_was() -> None:
    certificates = {"SSL_CERT_FILE": certifi.where()}
    for environ in ({}, certificates):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", SCRIPT],
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": os.environ["PATH"], **environ},
        )
        assert (done.stdout, done.stderr) == ("True\n0.5\n", "")
