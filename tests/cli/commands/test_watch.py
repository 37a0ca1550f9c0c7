"""`docs watch` keeps the index as a full one would be, whatever becomes of files."""

from __future__ import annotations

import json
import random
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from ragcli.index.report import NoProgress
from ragcli.runtime import Runtime
from tests.cli.conftest import FACTS
from tests.conftest import Ran
from tests.fakes.web import serving
from tests.patience import PATIENCE

FACT = list(FACTS.items())

FEW, MANY = 24, 1000
"""Documents that are watched, and those of `--thorough`."""


def until(holds: Callable[[], bool]) -> None:
    """Waits until something holds."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "it does not come to be so"
        time.sleep(0.3)


def same_in_both(run_cli: Callable[..., Ran], words: str) -> bool:
    """Tells whether the watched profile and the whole one find the same."""
    return found(run_cli, "default", words) == found(run_cli, "whole", words)


def listed(run_cli: Callable[..., Ran], profile: str) -> dict[str, tuple[int, str]]:
    """Returns the chunks and the hash of each document."""
    told = run_cli("docs", "list", "-p", profile, "--json").json["documents"]
    return {item["path"]: (item["chunks"], item["digest"]) for item in told}


def found(
    run_cli: Callable[..., Ran], profile: str, words: str
) -> list[tuple[str, str]]:
    """Returns where some words are found, and the text there."""
    told = run_cli("search", words, "-k", "2000", "-p", profile, "--json").json
    return sorted((hit["path"], hit["text"]) for hit in told["hits"])


@pytest.fixture
def watched(tmp_path: Path, run_cli: Callable[..., Ran]) -> Path:
    """A directory of twenty-four documents, and a single file beside it."""
    return written(tmp_path, run_cli, FEW)


def written(tmp_path: Path, run_cli: Callable[..., Ran], count: int) -> Path:
    """Indexes a directory of so many documents, and a single file beside it."""
    notes = tmp_path / "notes"
    (notes / "deep").mkdir(parents=True)
    for number in range(count):
        title, fact = FACT[number % len(FACT)]
        place = notes / ("deep" if number % 3 else "") / f"{number}.md"
        place.write_text(f"# {title} {number}\n\n{fact}\n")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "alone.md").write_text("# Alone\n\nA single file.\n")
    (tmp_path / "elsewhere" / "other.md").write_text("# Other\n\nNobody added it.\n")
    run_cli("docs", "add", str(notes), str(tmp_path / "elsewhere" / "alone.md"))
    return notes


def save(place: Path, text: str) -> None:
    """Saves as editors do: a new file takes the place of the old one."""
    fresh = place.with_name(f".{place.name}.tmp")
    fresh.write_text(text)
    fresh.replace(place)


def stir(notes: Path, chance: random.Random, count: int) -> None:
    """Edits, saves, renames, adds and deletes files at random, so many times."""
    kinds = ["edit"] * 4 + ["save"] * 6 + ["rename"] * 4 + ["delete"] * 3 + ["new"] * 3
    kinds = (kinds * (count // len(kinds) + 1))[:count]
    chance.shuffle(kinds)
    breaks = (0, 0, 0.05, 0.4) if count < MANY else (*[0] * 15, 0.05, 0.4)
    for number, kind in enumerate(kinds):
        place = chance.choice(sorted(notes.rglob("*.md")))
        title, fact = chance.choice(FACT)
        text = f"# {title} again\n\nOf {kind} {number}: {fact}\n"
        match kind:
            case "edit":
                place.write_text(text)
            case "save":
                save(place, text)
            case "rename":
                place.rename(place.with_name(f"renamed{number}.md"))
            case "delete":
                place.unlink()
            case "new":
                fresh = notes / f"folder{number}"
                fresh.mkdir()
                (fresh / "new.md").write_text(text)
        time.sleep(chance.choice(breaks))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_what_is_watched_is_as_fresh_as_a_full_index(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    start_process: Callable[..., subprocess.Popen[bytes]],
    run_cli: Callable[..., Ran],
) -> None:
    count = MANY if request.config.getoption("--thorough") else FEW
    watched = written(tmp_path, run_cli, count)
    log = tmp_path / "log"
    alone = tmp_path / "elsewhere" / "alone.md"
    with log.open("wb") as stream:
        process = start_process("docs", "watch", stderr=stream)
    until(lambda: "watching 1 folder and 1 file" in log.read_text())
    before = listed(run_cli, "default")

    stir(watched, random.Random(18), count)
    save(alone, "# Alone\n\nA single file that an editor saved in its own way.\n")
    (alone.parent / "other.md").write_text("# Other\n\nStill nobody added it.\n")
    run_cli("profile", "create", "whole")
    run_cli("docs", "add", str(watched), str(alone), "-p", "whole")
    whole = listed(run_cli, "whole")
    assert whole != before
    until(lambda: listed(run_cli, "default") == whole)
    for words in ("again", "a single file that an editor saved", FACT[3][1]):
        until(partial(same_in_both, run_cli, words))

    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=PATIENCE) == 0
    said = log.read_text().splitlines()
    assert any(re.search(r"\d+ changed", line) for line in said)
    assert not [line for line in said if "warning" in line or "Traceback" in line]


@pytest.mark.slow
def test_it_waits_for_others_and_for_a_directory_that_comes_back(
    watched: Path,
    tmp_path: Path,
    start_process: Callable[..., subprocess.Popen[bytes]],
    run_cli: Callable[..., Ran],
) -> None:
    log = tmp_path / "log"
    with log.open("wb") as stream:
        process = start_process("docs", "watch", "--wait", "1", stderr=stream)
    until(lambda: "watching" in log.read_text())
    with Runtime().open() as held, held.session.snapshots.lock(wait=10):
        save(watched / "0.md", "# Bees\n\nBees dance to tell of a meadow.\n")
        until(lambda: "trying again" in log.read_text())
    until(lambda: "1 changed" in log.read_text())
    assert log.read_text().count("trying again") == 1

    watched.rename(tmp_path / "aside")
    until(lambda: "its 24 documents stay" in log.read_text())
    (tmp_path / "aside" / "fresh.md").write_text("# Fresh\n\nIt is back.\n")
    (tmp_path / "aside").rename(watched)
    until(lambda: str(watched / "fresh.md") in listed(run_cli, "default"))
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=PATIENCE) == 0


def test_once_is_silent_unless_something_changed(
    watched: Path, run_cli: Callable[..., Ran]
) -> None:
    quiet = run_cli("docs", "watch", "--once")
    assert (quiet.code, quiet.out, quiet.err) == (0, "", "")

    (watched / "0.md").write_text("# Bees\n\nBees dance to tell of a meadow.\n")
    told = run_cli("docs", "watch", "--once")
    assert (told.code, told.out) == (0, "")
    assert told.err.startswith("ragcli: 1 changed; 1 chunk in")

    (watched / "0.md").unlink()
    [line] = run_cli("docs", "watch", "--once", "--json").lines
    assert json.loads(line)["removed"] == 1


def test_the_unit_starts_this_very_program(
    run_cli: Callable[..., Ran], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAGCLI_HOME", f"{home}/50% of it")
    monkeypatch.setenv("RAGCLI_STORE", "")
    unit = run_cli("docs", "watch", "--systemd", "-p", "work").lines

    [start] = [line for line in unit if line.startswith("ExecStart=")]
    argv = [sys.executable, "-m", "ragcli", "docs", "watch", "--profile", "work"]
    assert shlex.split(start.removeprefix("ExecStart=")) == argv
    assert f'Environment="RAGCLI_HOME={home}/50%% of it"' in unit
    assert not [line for line in unit if "RAGCLI_STORE" in line]
    assert "[Install]" in unit
    assert run_cli("docs", "watch", "--systemd", "--once").code == 2


def test_without_its_package_it_says_what_to_install(
    run_cli: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    from ragcli.cli import watching

    monkeypatch.setattr(watching, "find_spec", lambda _: None)
    ran = run_cli("docs", "watch")
    assert ran.code == 3
    assert "the package for watching is not installed" in ran.err
    assert "watchfiles" in ran.err
    assert "Traceback" not in ran.err


def test_servers_are_not_asked_with_every_change(
    tmp_path: Path, run_cli: Callable[..., Ran]
) -> None:
    """Whoever watches asks once; a file that changed costs no server anything."""
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "bees.md").write_text("# Bees\n\nBees live in a hive.\n")
    with serving() as site:
        page = site.html("/tides", "<main><p>The tide turns at noon.</p></main>")
        added = run_cli("docs", "add", str(notes), page, "--allow-private")
        assert added.code == 0, added.err
        asked = len(site.asked)
        (notes / "bees.md").write_text("# Bees\n\nBees dance in a hive.\n")
        with Runtime().open() as workspace:
            report = workspace.library.sync(NoProgress(), asks_servers=False)
            again = workspace.library.sync(NoProgress(), asks_servers=False)
            kept = {item.path for item in workspace.library.documents()}
        assert len(site.asked) == asked
    assert (report.changed, again.changed) == (1, 0)
    assert page in kept
