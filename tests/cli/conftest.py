"""A small profile that the tests of the command line ask about."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ragcli.storage.temporary import memory_directories
from tests.conftest import Ran

LOCKS = """# Locks

A commit lock waits at most ten seconds. After that the command gives up and ends
with exit code 75.

## Holders

The message names the holder of the lock: its process number, host, user and command.
"""

SNAPSHOTS = """# Snapshots

Each change of the documents makes a new generation of the index. The last five
generations stay for a rollback; older ones are collected.
"""

FACTS = {
    "Bees": "A honey bee colony keeps its brood nest at about thirty-five degrees.",
    "Bridges": "The Forth Bridge was opened in 1890 and is built of riveted steel.",
    "Cheese": "Gruyère ripens for at least five months on boards of spruce wood.",
    "Clocks": "Harrison's fourth marine timekeeper was tested on a voyage to Jamaica.",
    "Clouds": "Cirrus consists of ice crystals and heralds a change of the weather.",
    "Coffee": "Robusta beans hold nearly twice the caffeine of arabica beans.",
    "Comets": "Halley's comet returns every seventy-six years.",
    "Dyes": "Indigo is insoluble in water and has to be reduced before dyeing wool.",
    "Glaciers": "The Aletsch is the longest glacier of the Alps and is melting.",
    "Grammar": "The dative marks the indirect object in German and in Icelandic.",
    "Harbours": "The tide in the Bay of Fundy rises more than fifteen metres.",
    "Horses": "A hand is four inches; ponies stand below fourteen and a half hands.",
    "Maps": "Mercator's projection keeps angles and enlarges areas near the poles.",
    "Music": "A violin is tuned in fifths, and a double bass is tuned in fourths.",
    "Paper": "Rag paper was made of linen until wood pulp replaced it.",
    "Rivers": "The Danube rises in the Black Forest and ends in the Black Sea.",
    "Salt": "Brine was boiled in lead pans until iron pans became cheap.",
    "Tea": "Oolong leaves are partly oxidised, between green and black tea.",
    "Trees": "The larch is a conifer that sheds its needles in autumn.",
    "Volcanoes": "Stromboli erupts every quarter of an hour, day and night.",
}

ALMANAC = "# Almanac\n" + "".join(
    f"\n## {title}\n\n{fact}\n" for title, fact in FACTS.items()
)

QUESTION = "How many seconds does a commit lock wait?"


def bash(script: str, **where: Any) -> subprocess.CompletedProcess[str]:
    """Runs a script of bash, pipefail set.

    Args:
        script: It; its stdin is empty.
        where: Its `cwd` and `env`, if they are not those of the test.
    """
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", script],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
        **where,
    )


@pytest.fixture(autouse=True)
def alone_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """What other tests' killed processes left is not swept here, nor told."""
    monkeypatch.setattr(memory_directories, "PREFIX", f"ragcli-test-{os.getpid()}-")


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with three documents; the working directory is above it."""
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "locks.md").write_text(LOCKS)
    (folder / "snapshots.md").write_text(SNAPSHOTS)
    (folder / "almanac.md").write_text(ALMANAC)
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture
def indexed(notes: Path, run_cli: Callable[..., Ran]) -> Path:
    """The same, added to the default profile."""
    ran = run_cli("docs", "add", "notes")
    assert ran.code == 0, ran.err
    return notes


@pytest.fixture
def asked(indexed: Path, run_cli: Callable[..., Ran]) -> str:
    """A conversation of two turns; its id."""
    first = run_cli("ask", QUESTION, "--json").json
    run_cli("ask", "-c", "Who is named as the holder?", "--json")
    return str(first["conversation"])
