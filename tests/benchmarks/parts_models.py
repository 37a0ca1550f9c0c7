"""What models cost and claim: tokens of follow-ups, sources that are attached."""

from __future__ import annotations

import json
import os
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.benchmarks.measure import Figure
from tests.benchmarks.quality import attachment as quality
from tests.benchmarks.workshop import Workshop
from tests.real_model.model_server import NAME, ModelServer, NoRealModelError

QUESTIONS = (
    "How long does a commit wait for the lock?",
    "Do readers take the lock as well?",
    "Where is the key kept?",
    "Who looks after the pump?",
    "How often does the ferry sail?",
)
TOPICS = {
    "lock": "A commit waits for the lock at most ten seconds. Readers take no lock.",
    "key": "The key is kept in the safe of the harbour office. It opens the gate.",
    "pump": "The pump runs for two hours a night. Petra Voss looks after it.",
    "ferry": "The ferry sails four times a day and takes fifty minutes.",
}
SHORT = "16"
"""Tokens of each answer: what is measured comes before them."""


@dataclass(frozen=True)
class Asked:
    """What a follow-up cost."""

    tokens: int
    """Of its prompt that the server had to compute, those of a rewriting included."""
    seconds: float
    """Until the first word of the answer."""
    messages: list[dict[str, str]]
    mark: str


def attachment(workshop: Workshop) -> Iterator[Figure]:
    """Sources of sentences without markers, against shares of words alone."""
    similarity = quality.cosine_of_words()
    for name in quality.FILES[: 1 if workshop.quick else None]:
        sentences = list(quality.labelled(name))
        base, ours = (
            quality.counted([(one, how(one, similarity)) for one in sentences])
            for how in (quality.by_words, quality.attached)
        )
        what = f"{name}, {len(sentences)} sentences"
        for figure, shares, target, at_least in (
            ("precision", (base.precision, ours.precision), 1.3, True),
            ("recall", (base.recall, ours.recall), 0.75, True),
            ("false support", (base.false_support, ours.false_support), 0.1, False),
        ):
            yield Figure(
                f"attached, {figure}: {what}",
                "shares of words",
                *shares,
                unit="",
                target=target,
                at_least=at_least,
            )


def follow_ups(workshop: Workshop) -> Iterator[Figure]:
    """Follow-ups on a real server, against prompts that begin anew each time."""
    try:
        with ModelServer(workshop.root / "server.log") as server:
            ours = _conversation(workshop, server)
            base = [_anew(server, asked) for asked in ours]
    except NoRealModelError as missing:
        raise SystemExit(str(missing)) from None
    count = len(ours) - 1
    tokens = (sum(a.tokens for a in base[1:]), sum(a.tokens for a in ours[1:]))
    seconds = (
        sum(a.seconds for a in base[1:]) / count,
        sum(a.seconds for a in ours[1:]) / count,
    )
    what = f"follow-ups, {count} on a real server"
    yield Figure(f"{what}: computed", "begun anew", *tokens, "tokens", 0.6)
    yield Figure(f"{what}: first token", "begun anew", *seconds, "s", 1)


def _conversation(workshop: Workshop, server: ModelServer) -> list[Asked]:
    """Asks question after question in one conversation."""
    place = workshop.root / "topics"
    place.mkdir()
    for topic, text in TOPICS.items():
        (place / f"{topic}.md").write_text(f"# The {topic}\n\n{text}\n")
    model = {"RAGCLI_MODEL": f"real:{NAME}", "RAGCLI_TIMEOUT": "10m"}
    for key, value in (("endpoints.real.url", server.url), ("max_tokens", SHORT)):
        workshop.ragcli("config", "set", key, value)
    workshop.ragcli("profile", "create", "topics")
    workshop.ragcli("docs", "add", "-p", "topics", str(place))
    found: list[Asked] = []
    talk: list[str] = ["--new"]
    for question in QUESTIONS[: 3 if workshop.quick else None]:
        before = len(server.read())
        words = ("ask", "-p", "topics", "-k", "2", "--json", "--show-prompt", question)
        run = workshop.ragcli(*words, *talk, codes=(0, 1), environ=model)
        told: dict[str, Any] = json.loads(run.stdout)
        if told["model"] != model["RAGCLI_MODEL"]:
            raise SystemExit(f"the model did not answer: {told['notices']}")
        talk = ["--conversation", told["conversation"]]
        found.append(
            Asked(
                sum(server.read()[before:]),
                told["timings"].get("first_token_ms", 0) / 1000,
                told["messages"],
                told["prompt"]["boundary"],
            )
        )
    return found


def _anew(server: ModelServer, asked: Asked) -> Asked:
    """Sends the same with another mark, as where each prompt has one of its own."""
    text = json.dumps(asked.messages).replace(asked.mark, os.urandom(8).hex())
    body = {"model": NAME, "messages": json.loads(text), "max_tokens": 1}
    before = len(server.read())
    started = time.perf_counter()
    request = urllib.request.Request(
        f"{server.url}/chat/completions",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=600) as answer:
        answer.read()
    seconds = time.perf_counter() - started
    return Asked(sum(server.read()[before:]), seconds, asked.messages, asked.mark)
