"""What one answer costs, and how that grows with documents and history."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from functools import partial

from tests.benchmarks import corpus
from tests.benchmarks.measure import (
    MEBI,
    PYTHON,
    ROOT,
    Figure,
    Run,
    environment,
    in_turn,
    median,
)
from tests.benchmarks.workshop import Point, Workshop, memory

QUESTION = corpus.questions(1)[0]
CODES = (0, 1)
MODEL = "llama3.2"


def ask(workshop: Workshop) -> Iterator[Figure]:
    """One built-in answer against the LangChain script, whole processes."""
    profile, store = workshop.profile(workshop.medium), workshop.store(workshop.medium)
    base, ours = in_turn(
        lambda: workshop.script("ask", store, QUESTION),
        lambda: _answer(workshop, profile, "--new"),
        workshop.runs,
    )
    what = f"ask, {workshop.medium:,} chunks"
    yield workshop.time(f"{what}: time", "LangChain", base, ours, 0.15)
    yield memory(f"{what}: memory", "LangChain", base, ours, 0.4)


def growth(workshop: Workshop) -> Iterator[Figure]:
    """One built-in answer over a large index against a small one."""
    few, many = workshop.profile(workshop.small), workshop.profile(workshop.large)
    between = workshop.profile(workshop.medium)
    base, ours = in_turn(
        lambda: _answer(workshop, few, "--new"),
        lambda: _answer(workshop, many, "--new"),
        workshop.runs,
    )
    middle = median([_answer(workshop, between, "--new") for _ in range(workshop.runs)])
    sizes = (workshop.small, workshop.medium, workshop.large)
    _draw(workshop, "documents", sizes, (base, middle, ours))
    what, against = f"ask, {workshop.large:,} chunks", f"{workshop.small:,} chunks"
    yield workshop.time(f"{what}: time", against, base, ours, 1.5)
    yield memory(f"{what}: memory", against, base, ours, 1.5)


def history(workshop: Workshop) -> Iterator[Figure]:
    """One built-in answer in a long conversation against a short one."""
    sizes = (10, 1000, 10_000) if workshop.quick else (10, 1000, 10_000, 100_000)
    for count in sizes:
        workshop.ragcli("profile", "create", f"turns-{count}")
        workshop.ragcli(
            "docs", "add", "-p", f"turns-{count}", "-q", str(workshop.texts(1000))
        )
        workshop.module("fill_history", f"turns-{count}", str(count))
    base, ours = in_turn(
        lambda: _answer(workshop, f"turns-{sizes[0]}"),
        lambda: _answer(workshop, f"turns-{sizes[-1]}"),
        workshop.runs,
    )
    middle = [
        median([_answer(workshop, f"turns-{count}") for _ in range(workshop.runs)])
        for count in sizes[1:-1]
    ]
    _draw(workshop, "history", sizes, (base, *middle, ours))
    yield workshop.time(f"ask, {sizes[-1]:,} turns", "10 turns", base, ours, 1.1)


def batch(workshop: Workshop) -> Iterator[Figure]:
    """A thousand questions against one FAISS search and one embedding each."""
    count = 200 if workshop.quick else 1000
    profile, store = workshop.profile(workshop.medium), workshop.store(workshop.medium)
    lines = "\n".join(corpus.questions(count)).encode()
    yield workshop.compared(
        f"ask --batch, {count:,} questions",
        "bare loop",
        partial(workshop.module, "bare_loop", store, stdin=lines),
        partial(
            workshop.ragcli, "ask", "-p", profile, "--batch", "-",
            stdin=lines, codes=CODES,
        ),
        4,
    )  # fmt: skip


def first_token(workshop: Workshop) -> Iterator[Figure]:
    """The first token through a model server that answers at once."""
    profile, store = workshop.profile(1000), workshop.store(1000)
    with subprocess.Popen(
        [PYTHON, "-m", "tests.fakes.ollama", "--reply", "It is so. [1]"],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env=environment(),
    ) as server:
        try:
            assert server.stdout
            host = server.stdout.readline().decode().split()[-1]
            yield workshop.compared(
                "first token through Ollama",
                "LangChain",
                partial(
                    workshop.script, "chat", store, host, MODEL, QUESTION,
                    until_first_byte=True,
                ),
                partial(
                    workshop.ragcli,
                    "ask", "-p", profile, "--new", "-m", f"ollama:{MODEL}", QUESTION,
                    environ={"OLLAMA_HOST": host}, until_first_byte=True, codes=CODES,
                ),
                0.5,
            )  # fmt: skip
        finally:
            server.kill()


def _answer(workshop: Workshop, profile: str, *options: str) -> Run:
    return workshop.ragcli("ask", "-p", profile, *options, QUESTION, codes=CODES)


def _draw(
    workshop: Workshop, name: str, sizes: tuple[int, ...], runs: tuple[Run, ...]
) -> None:
    workshop.curves[name] = [
        Point(size, workshop.seconds(run), run.anonymous / MEBI)
        for size, run in zip(sizes, runs, strict=True)
    ]
