"""LangSmith is not even loaded unless the user asks for it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.fakes.ollama import FakeOllama

pytestmark = pytest.mark.slow

SCRIPT = """
import json, os, sys
from dataclasses import replace
from ragcli.config import Settings
from ragcli.models.base import Prompt
from ragcli.models.ollama.ollama_models import OllamaModel
settings = replace(Settings(), ollama_host=sys.argv[1], tracing=sys.argv[2] == "on")
model = OllamaModel("llama3.2", settings)
{before}
pieces = model.stream(Prompt("q", "q", (), grounded=False))
answer = "".join(piece for piece in pieces if isinstance(piece, str))
{after}
print(json.dumps({{
    "answer": answer,
    "client": "langsmith.client" in sys.modules,
    "variable": os.environ.get("LANGSMITH_TRACING", ""),
    "rich": "rich" in sys.modules,
    "extra": globals().get("extra", ""),
}}))
"""


def run(
    ollama: FakeOllama, tracing: str, *, before: str = "", after: str = ""
) -> dict[str, Any]:
    script = SCRIPT.format(before=before, after=after)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, ollama.host, tracing],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "LANGSMITH_TRACING": "true"},
    )
    assert done.stderr == ""
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(autouse=True)
def _answer(ollama: FakeOllama) -> None:
    ollama.replies.append("Hello there.")


def test_off_answers_without_the_tracing_client(ollama: FakeOllama) -> None:
    found = run(ollama, "off")

    assert found["answer"] == "Hello there."
    assert found["variable"] == "false"
    assert not found["client"]
    assert not found["rich"]


def test_afterwards_the_process_is_as_it_was(ollama: FakeOllama) -> None:
    after = "import gc, httpx._main; extra = f'{gc.isenabled()} {httpx._main.__name__}'"

    found = run(ollama, "off", after=after)

    assert found["extra"] == "True httpx._main"


def test_a_name_that_the_stand_in_does_not_know_loads_the_real_package(
    ollama: FakeOllama,
) -> None:
    after = "import langsmith; extra = langsmith.traceable.__module__"

    found = run(ollama, "off", after=after)

    assert found["extra"].startswith("langsmith.")
    assert found["client"]


def test_a_process_that_has_langchain_keeps_its_own(ollama: FakeOllama) -> None:
    found = run(ollama, "off", before="import langchain_core.tracers.langchain")

    assert found["answer"] == "Hello there."
    assert found["client"]


def test_on_leaves_everything_to_langsmith(ollama: FakeOllama) -> None:
    # The key is refused by nobody: the endpoint is this machine's closed port.
    before = (
        "os.environ.update(LANGSMITH_ENDPOINT='http://127.0.0.1:9', "
        "LANGSMITH_TRACING='false')"
    )

    found = run(ollama, "on", before=before)

    assert found["answer"] == "Hello there."
    assert found["client"]
