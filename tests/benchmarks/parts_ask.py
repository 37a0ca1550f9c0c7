"""What one answer costs, and how that grows with documents and history."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator

from tests.benchmarks import corpus
from tests.benchmarks.measure import PYTHON, RAGCLI, Figure, Run, in_turn, run
from tests.benchmarks.workshop import Workshop

QUESTION = corpus.questions(1)[0]
CODES = (0, 1)


def ask(workshop: Workshop) -> Iterator[Figure]:
    """One built-in answer against the LangChain script, whole processes."""
    profile, store = workshop.profile(workshop.medium), workshop.store(workshop.medium)
    base, ours = in_turn(
        lambda: workshop.script("ask", store, QUESTION),
        lambda: workshop.ragcli("ask", "-p", profile, "--new", QUESTION, codes=CODES),
        workshop.runs,
    )
    what = f"ask, {workshop.medium:,} chunks"
    yield Figure(f"{what}: time", "LangChain", base.seconds, ours.seconds, "s", 0.15)
    yield _memory(f"{what}: memory", "LangChain", base, ours, 0.4)


def growth(workshop: Workshop) -> Iterator[Figure]:
    """One built-in answer over a large index against a small one."""
    few, many = workshop.profile(workshop.small), workshop.profile(workshop.large)
    base, ours = in_turn(
        lambda: workshop.ragcli("ask", "-p", few, "--new", QUESTION, codes=CODES),
        lambda: workshop.ragcli("ask", "-p", many, "--new", QUESTION, codes=CODES),
        workshop.runs,
    )
    what, against = f"ask, {workshop.large:,} chunks", f"{workshop.small:,} chunks"
    yield Figure(f"{what}: time", against, base.seconds, ours.seconds, "s", 1.5)
    yield _memory(f"{what}: memory", against, base, ours, 1.5)


def history(workshop: Workshop) -> Iterator[Figure]:
    """One built-in answer in a long conversation against a short one."""
    turns = 10_000 if workshop.quick else 100_000
    for name, count in (("turns-few", 10), ("turns-many", turns)):
        workshop.ragcli("profile", "create", name)
        workshop.ragcli("docs", "add", "-p", name, "-q", str(workshop.texts(1000)))
        _write_turns(workshop, name, count)
    base, ours = in_turn(
        lambda: workshop.ragcli("ask", "-p", "turns-few", QUESTION, codes=CODES),
        lambda: workshop.ragcli("ask", "-p", "turns-many", QUESTION, codes=CODES),
        workshop.runs,
    )
    name = f"ask, {turns:,} turns"
    yield Figure(name, "10 turns", base.seconds, ours.seconds, "s", 1.1)


def batch(workshop: Workshop) -> Iterator[Figure]:
    """A thousand questions against one FAISS search and one embedding each."""
    profile = workshop.profile(workshop.medium)
    lines = "\n".join(corpus.questions(1000)).encode()
    loop = [PYTHON, "-m", "tests.benchmarks.bare_loop", str(workshop.medium)]
    base, ours = in_turn(
        lambda: run(loop, stdin=lines),
        lambda: workshop.ragcli(
            "ask", "-p", profile, "--batch", "-", stdin=lines, codes=CODES
        ),
        1 if workshop.quick else 3,
    )
    yield Figure("ask --batch, 1,000", "bare loop", base.seconds, ours.seconds, "s", 4)


def first_token(workshop: Workshop) -> Iterator[Figure]:
    """The first token through a model server that answers at once."""
    profile, store = workshop.profile(1000), workshop.store(1000)
    server = subprocess.Popen(
        [PYTHON, "-m", "tests.fakes.ollama", "--port", "0"], stdout=subprocess.PIPE
    )
    assert server.stdout
    host = server.stdout.readline().decode().split()[-1]
    model = "llama3.2"
    try:
        base, ours = in_turn(
            lambda: workshop.script("chat", store, host, model, QUESTION),
            lambda: run(
                [
                    *RAGCLI,
                    "ask",
                    "-p",
                    profile,
                    "--new",
                    "-m",
                    f"ollama:{model}",
                    QUESTION,
                ],
                environ={**workshop.environ, "OLLAMA_HOST": host},
                codes=CODES,
            ),
            workshop.runs,
        )
    finally:
        server.kill()
        server.wait()
    name = "first token through Ollama"
    yield Figure(name, "LangChain", base.seconds, ours.seconds, "s", 0.5)


def _memory(name: str, against: str, base: Run, ours: Run, target: float) -> Figure:
    mebi = 1 << 20
    return Figure(
        name, against, base.anonymous / mebi, ours.anonymous / mebi, "MiB", target
    )


def _write_turns(workshop: Workshop, profile: str, count: int) -> None:
    """Fills a profile with turns, through the store itself."""
    told = json.dumps({"profile": profile, "count": count})
    run(
        [PYTHON, "-m", "tests.benchmarks.fill_history", told],
        environ=workshop.environ,
    )
