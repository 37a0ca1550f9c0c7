"""A batch shared out among processes: same answers, same order, nothing lost."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import FACTS
from tests.conftest import Ran
from tests.patience import PATIENCE

QUESTIONS = [f"What is said about {title.lower()}?" for title in FACTS] * 4
STDIN = "\n".join(QUESTIONS)
ALONE = shutil.which("taskset")


def told(line: str) -> tuple[str, str, str]:
    answer = json.loads(line)
    return answer["question"], answer["status"], answer["answer"]


@pytest.mark.skipif(not ALONE, reason="taskset is not installed")
def test_processes_answer_as_one_does(
    indexed: Path, run_process: Callable[..., Ran]
) -> None:
    shared = run_process("ask", "--batch", "-", "--stateless", stdin=STDIN)
    command = ["-c", "0", sys.executable, "-m", "ragcli", "ask", "--batch", "-"]
    alone = subprocess.run(
        [str(ALONE), *command, "--stateless"],
        input=STDIN,
        capture_output=True,
        text=True,
        check=False,
    )

    assert shared.code == alone.returncode
    assert [told(line) for line in shared.lines] == [
        told(line) for line in alone.stdout.splitlines()
    ]
    assert [told(line)[0] for line in shared.lines] == QUESTIONS


def test_every_turn_is_kept_and_the_log_is_sound(
    indexed: Path, run_process: Callable[..., Ran]
) -> None:
    ran = run_process("ask", "--batch", "-", stdin=STDIN)
    listed = run_process("history", "list", "--json").json["conversations"]

    assert len(ran.lines) == len(QUESTIONS)
    assert {json.loads(line)["conversation"] for line in ran.lines} == {
        item["id"] for item in listed
    }
    assert run_process("profile", "verify").code == 0
    assert ran.err.count("answered by") == 1


def test_a_reader_that_leaves_ends_all_processes(
    indexed: Path, start_process: Callable[..., subprocess.Popen[bytes]]
) -> None:
    process = start_process(
        "ask", "--batch", "-", "--stateless", stdin=subprocess.PIPE, process_group=0
    )
    assert process.stdin
    assert process.stdout
    process.stdin.write("\n".join(QUESTIONS * 5).encode())
    process.stdin.close()
    process.stdin = None
    process.stdout.readline()
    process.stdout.close()
    process.stdout = None
    process.communicate(timeout=60)

    assert process.returncode == 0
    assert nobody_left(process.pid)


def test_sigterm_ends_all_processes_and_keeps_what_was_answered(
    indexed: Path,
    start_process: Callable[..., subprocess.Popen[bytes]],
    run_process: Callable[..., Ran],
) -> None:
    process = start_process(
        "ask", "--batch", "-", stdin=subprocess.PIPE, process_group=0
    )
    assert process.stdin
    assert process.stdout
    process.stdin.write("\n".join(QUESTIONS * 5).encode())
    process.stdin.close()
    process.stdin = None
    lines = [process.stdout.readline() for _ in range(5)]
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    listed = run_process("history", "list", "--json").json["conversations"]

    assert process.returncode == 128 + signal.SIGTERM
    assert nobody_left(process.pid)
    kept = {item["id"] for item in listed}
    assert {json.loads(line)["conversation"] for line in lines} <= kept
    assert run_process("profile", "verify").code == 0


def nobody_left(group: int) -> bool:
    """Waits until every process of a group is gone; tells whether that came."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False
