"""Servers of the user's own, from settings to answers, over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Ran
from tests.fakes.openai_server import FakeOpenAI, Fault

Run = Callable[..., Ran]
ANSWER = "A commit waits at most ten seconds for the lock [1]."


@pytest.fixture
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI("llamacpp", window=4096) as running:
        running.answer = lambda _: ANSWER
        yield running


@pytest.fixture
def ready(run_cli: Run, server: FakeOpenAI, tmp_path: Path) -> Run:
    """A profile with a document, and two endpoints of which one is off."""
    place = tmp_path / "locks.md"
    place.write_text("# Locks\n\nA commit waits at most ten seconds for the lock.\n")
    dead = "http://127.0.0.1:9/v1"
    for key, value in (
        ("endpoints.lab.url", server.root),
        ("endpoints.off.url", dead),
        ("aliases.fast", "lab:smol"),
    ):
        assert run_cli("config", "set", key, value).code == 0
    assert run_cli("docs", "add", str(place)).code == 0
    return run_cli


def test_an_endpoint_answers_by_its_name_and_by_an_alias(
    ready: Run, server: FakeOpenAI
) -> None:
    for name in ("lab:smol", "fast"):
        ran = ready("ask", "-m", name, "How long does a commit wait?", "--json")

        found = ran.json
        assert (ran.code, found["status"]) == (0, "answered")
        assert (found["model"], found["remote"]) == ("lab:smol", False)
        assert found["citations"][0]["marker"] == 1
        assert found["usage"]["completion"] > 0


def test_models_and_doctor_say_what_each_server_has(
    ready: Run, server: FakeOpenAI
) -> None:
    found = ready("models", "list", "--json").json
    (lab,) = [one for one in found["models"] if one["spec"].startswith("lab:")]
    assert (lab["spec"], lab["window"], lab["remote"]) == ("lab:smol", 4096, False)
    assert [one["server"] for one in found["failed"]] == ["off"]
    assert found["aliases"] == {"fast": "lab:smol"}

    text = ready("models", "list")
    assert "4,096" in text.out
    assert "nothing listens there" in text.err
    told = ready("doctor").out
    assert f"endpoint lab: 1 model at {server.root}, window 4,096" in told
    assert "endpoint off: off at http://127.0.0.1:9/v1: nothing listens" in told


def test_a_server_that_is_off_is_replaced_with_its_hint(ready: Run) -> None:
    ran = ready("ask", "-m", "off:any", "How long does a commit wait?")

    assert ran.code == 0
    assert "nothing listens there" in ran.err
    assert "start the server, or check endpoints.off.url" in ran.err
    assert "answered by builtin" in ran.err


@pytest.mark.parametrize("kind", ["html", "empty", "tools", "thoughts"])
def test_a_model_that_failed_is_not_said_to_have_answered(
    ready: Run, server: FakeOpenAI, kind: str
) -> None:
    server.always = Fault(kind)

    ran = ready("ask", "-m", "fast", "How long does a commit wait?")

    assert "ten seconds" in ran.out
    assert ran.err.count("answered by") == 1
    assert "answered by builtin" in ran.err


def test_vectors_of_another_length_are_refused_with_what_to_do(
    ready: Run, server: FakeOpenAI, tmp_path: Path
) -> None:
    ready("config", "set", "embedder", "lab:smol")
    assert ready("docs", "reembed").code == 0
    server.dimension += 8
    late = tmp_path / "late.md"
    late.write_text("The gate closes at nine.")

    for ran in (
        ready("search", "commit"),
        ready("ask", "-m", "builtin", "How long does a commit wait?"),
        ready("docs", "add", str(late)),
    ):
        assert ran.code == 4, ran.err
        assert "ragcli docs reembed" in ran.err
    assert ready("docs", "reembed").code == 0
    assert ready("search", "commit").code == 0


def test_a_cut_answer_is_an_answer(ready: Run, server: FakeOpenAI) -> None:
    server.finish = "length"

    ran = ready("ask", "-m", "fast", "How long does a commit wait?", "--json")

    assert (ran.code, ran.json["status"]) == (0, "truncated")
    assert any("max_tokens" in notice for notice in ran.json["notices"])


def test_an_endless_answer_ends(ready: Run, server: FakeOpenAI) -> None:
    server.always = Fault("endless")

    ran = ready("ask", "-m", "fast", "How long does a commit wait?", "--json")

    assert (ran.code, ran.json["status"]) == (0, "truncated")
    assert len(ran.json["answer"]) < 500


def test_what_is_shown_is_what_is_sent(ready: Run, server: FakeOpenAI) -> None:
    question = "How long does a commit wait?"

    ran = ready("ask", "-m", "fast", question, "--show-prompt", "--json")
    text = ready("ask", "-m", "fast", question, "--new", "--show-prompt")

    assert ran.json["messages"] == server.chats[0].messages
    for message in server.chats[-1].messages:
        assert message["content"] in text.err


def test_usage_is_summed_up(ready: Run) -> None:
    for _ in range(2):
        ready("ask", "-m", "fast", "How long does a commit wait?")

    (spent,) = ready("history", "usage", "--json").json["usage"]

    assert (spent["model"], spent["turns"]) == ("lab:smol", 2)
    assert spent["prompt"] > spent["cached"] > 0
    assert "tokens read" in ready("history", "show").out
    assert "lab:smol" in ready("history", "usage").out


def test_reasoning_is_shown_on_demand(ready: Run, server: FakeOpenAI) -> None:
    server.reasoning = "Let me look."

    ran = ready("ask", "-m", "fast", "How long does a commit wait?")

    assert "Let me look" not in ran.out
    assert "Let me look" not in ready("history", "show").out
    assert "Let me look." in ready("history", "show", "--reasoning").out


def test_an_endpoint_embeds(ready: Run, server: FakeOpenAI) -> None:
    ready("config", "set", "embedder", "lab:smol")

    assert ready("docs", "reembed").code == 0
    ran = ready("search", "How long does a commit wait?", "--json")

    assert ran.json["hits"]
    assert {len(seen.body["input"]) for seen in server.embeddings} <= set(range(1, 17))


def test_a_project_never_sets_one_and_a_profile_runs_nothing(
    ready: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    project = tmp_path / ".ragcli.toml"
    project.write_text('[endpoints.lab]\nurl = "http://evil.example"\n')
    project.chmod(0o600)
    assert ready("config", "trust").code == 0

    ran = ready("config", "get", "endpoints.lab.url")

    assert "evil" not in ran.out
    assert "never taken from a project" in ran.err
    refused = ready("profile", "set", "endpoints.lab.key_command", "touch x")
    assert refused.code == 2
    assert "your own settings alone" in refused.err


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("endpoints.lab.url", "localhost:8080", "is not an address"),
        ("endpoints.lab.nonsense", "1", "has no 'nonsense'"),
        ("endpoints.ollama.url", "http://127.0.0.1:1", "means something already"),
        ("endpoints.Big Lab.url", "http://127.0.0.1:1", "cannot be a name"),
        ("endpoints.lab.api", "grpc", "is not one of openai, ollama"),
        ("aliases.auto", "lab:smol", "means something already"),
    ],
)
def test_what_cannot_be_an_endpoint_is_refused(
    run_cli: Run, key: str, value: str, words: str
) -> None:
    ran = run_cli("config", "set", key, value)

    assert ran.code == 2
    assert words in ran.err


def test_headers_are_not_shown(run_cli: Run) -> None:
    run_cli("config", "set", "endpoints.lab.url", "http://127.0.0.1:1")
    run_cli("config", "set", "endpoints.lab.headers.X-Key", "s3cret")

    shown = run_cli("config", "show", "--json")

    keys = {item["key"]: item["value"] for item in shown.json["settings"]}
    assert keys["endpoints.lab.headers.X-Key"] == "(hidden)"
    assert "s3cret" not in json.dumps(shown.json)


UNMARKED = """\
Here is what I found:
A commit waits at most ten seconds for the lock.
A commit waits at most forty seconds for the lock.
"""


def test_sources_are_attached_and_what_has_none_is_told(
    ready: Run, server: FakeOpenAI
) -> None:
    server.answer = lambda _: UNMARKED
    question = "How long does a commit wait?"

    told = ready("ask", "-m", "fast", question, "--json").json
    text = ready("ask", "-m", "fast", question, "--new", "--sources")

    (citation,) = told["citations"]
    assert (citation["attached"], citation["verified"]) == (True, False)
    assert citation["quote"] == "A commit waits at most ten seconds for the lock."
    wrong = "A commit waits at most forty seconds for the lock."
    assert told["unsupported"] == [wrong]
    passage = told["passages"][0]
    assert passage["path"].endswith("locks.md")
    assert passage["lines"]
    assert passage["score"]
    assert "ten seconds for the lock. [~1]\n" in text.out
    assert "[~1] " in text.out.splitlines()[-1]
    assert text.out.splitlines()[-1].endswith("(attached, unverified)")
    assert "forty" not in text.out.replace(wrong, "")
    assert f"not found in the documents: {wrong}" in text.err


def test_what_was_attached_is_shown_the_same_later(
    ready: Run, server: FakeOpenAI
) -> None:
    server.answer = lambda _: UNMARKED
    told = ready("ask", "-m", "fast", "How long does a commit wait?", "--json").json
    shown = ready("history", "show")
    stored = ready("history", "show", "--json").json["turns"][0]
    page = ready("history", "export", "--html").out
    markdown = ready("history", "export").out.replace("\\", "")

    assert {k: stored[k] for k in ("citations", "unsupported", "passages")} == {
        key: [{k: v for k, v in one.items() if k != "stale"} for one in told[key]]
        if key != "unsupported"
        else told[key]
        for key in ("citations", "unsupported", "passages")
    }
    assert "(attached, unverified)" in shown.out
    assert "not found in the documents: A commit waits at most forty" in shown.out
    for out in (page, markdown):
        assert "Not found in the documents" in out
        assert "attached, unverified" in out
    assert '<i class="note">[~<a href' in page
    assert "[[~1]](#" in markdown


def test_the_model_never_reads_what_was_attached(
    ready: Run, server: FakeOpenAI
) -> None:
    server.answer = lambda _: UNMARKED
    first = ready("ask", "-m", "fast", "How long does a commit wait?", "--json").json
    talk = ("--conversation", first["conversation"])
    assert ready("ask", "-m", "fast", "And how does it?", *talk).code == 0

    sent = server.chats[-1].messages
    assert UNMARKED.strip() in [message["content"] for message in sent]
    assert "[~" not in json.dumps(sent)


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        (ANSWER, 0, ""),
        ("A commit waits at most ten seconds for the lock.", 1, "1 of its citations"),
        (f"{ANSWER} It waits forty seconds.", 1, "1 of its sentences without one"),
        ("The documents do not say.", 1, ""),
    ],
)
def test_strict_wants_every_sentence_borne_out(
    ready: Run, server: FakeOpenAI, answer: str, code: int, words: str
) -> None:
    server.answer = lambda _: answer

    ran = ready("ask", "-m", "fast", "How long does a commit wait?", "--strict")

    assert ran.code == code
    assert words in ran.err


def parroted(messages: Sequence[dict[str, Any]]) -> str:
    """A model that copies the marks of a passage with it."""
    asked = str(messages[-1]["content"])
    return asked[asked.index("<<passage") : asked.rindex("\nPassages for")]


def test_the_marks_of_passages_never_reach_the_user(
    ready: Run, server: FakeOpenAI
) -> None:
    server.answer = parroted

    ran = ready("ask", "-m", "fast", "How long does a commit wait?", "--jsonl")
    shown = ready("history", "show")

    for out in (ran.out, shown.out):
        assert "A commit waits at most ten seconds" in out
        assert "<<" not in out


@pytest.mark.parametrize("mutely", [False, True])
def test_a_window_that_only_a_refusal_tells_is_kept(
    ready: Run, server: FakeOpenAI, tmp_path: Path, mutely: bool
) -> None:
    server.kind, server.window, server.refuses_mutely = "", 900, mutely
    for topic in ("harbour", "orchard", "foundry", "library", "bakery", "quarry"):
        lines = (
            f"In the {topic} a commit waits {n} seconds for lock {topic}-{n}."
            for n in range(20, 36)
        )
        (tmp_path / f"{topic}.md").write_text(f"# The {topic}\n\n{' '.join(lines)}")
    assert ready("docs", "add", str(tmp_path)).code == 0

    question = "How long does a commit wait for the lock?"
    ran = ready("ask", "-m", "fast", question, "-k", "7", "--json", "--require-model")

    assert (ran.code, ran.json["model"]) == (0, "lab:smol")
    assert ran.json["used"] < ran.json["retrieved"]
    assert len(server.chats) == 2 + mutely
