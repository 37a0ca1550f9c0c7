"""Whoever searches notices that documents changed since they were indexed."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ragcli.agents.service import AgentService
from ragcli.index import freshness
from ragcli.index.ingest.planning import ingest_plan
from ragcli.index.report import NoProgress
from ragcli.runtime import Runtime
from tests.cli.conftest import QUESTION
from tests.conftest import Ran

LINE = "ragcli: documents changed since they were indexed: ragcli docs sync\n"
OLD = 1_700_000_000
"""When the documents were written: their times are old enough to be believed."""


@pytest.fixture
def aged(
    notes: Path, run_cli: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Documents in step with the index, and a note of that."""
    from ragcli.index.ingest.planning import unchanged

    monkeypatch.setattr(unchanged, "RACY_NS", -(10**12))  # inodes have just changed
    (notes / ".gitignore").write_text("*.tmp\n")
    for place in notes.iterdir():
        os.utime(place, (OLD, OLD))
    assert run_cli("docs", "add", "notes").code == 0
    return notes


def _changed(notes: Path) -> None:
    (notes / "locks.md").write_text("# Locks\n\nA commit lock waits ninety seconds.\n")


def _added(notes: Path) -> None:
    (notes / "bees.md").write_text("# Bees\n\nBees live in a hive.\n")


def _removed(notes: Path) -> None:
    (notes / "almanac.md").unlink()


def _touched(notes: Path) -> None:
    os.utime(notes / "almanac.md", (OLD + 1, OLD + 1))


def _renamed(notes: Path) -> None:
    (notes / "almanac.md").rename(notes / "yearbook.md")


@pytest.mark.parametrize("change", [_changed, _added, _removed, _renamed, _touched])
def test_a_change_is_told_until_it_is_synced(
    aged: Path, run_cli: Callable[..., Ran], change: Callable[[Path], object]
) -> None:
    assert run_cli("search", "lock").err == ""
    change(aged)

    assert run_cli("search", "lock").err == LINE
    assert LINE in run_cli("ask", QUESTION).err
    assert run_cli("search", "lock", "--quiet").err == ""
    assert LINE not in run_cli("ask", QUESTION, "--stateless").err
    assert LINE not in run_cli("ask", QUESTION, "--docs", "notes").err
    assert run_cli("docs", "sync").code == 0
    assert run_cli("search", "lock").err == ""
    (aged / "more.md").write_text("# More\n\nThere is always more.\n")
    assert run_cli("search", "lock").err == LINE  # that sync left a note as well


def test_what_is_left_out_may_change(aged: Path, run_cli: Callable[..., Ran]) -> None:
    (aged / "scratch.tmp").write_text("nobody's document")
    assert run_cli("search", "lock").err == ""


def test_nothing_is_told_where_nothing_tells(
    aged: Path, run_cli: Callable[..., Ran]
) -> None:
    """In a profile without documents, or when it is not wanted."""
    assert run_cli("profile", "create", "empty").code == 0
    assert LINE not in run_cli("search", "lock", "-p", "empty").err
    _changed(aged)
    run_cli("profile", "set", "documents.refresh", "off")
    assert run_cli("search", "lock").err == ""


def test_auto_syncs_before_it_answers_unless_much_changed(
    aged: Path, run_cli: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    run_cli("profile", "set", "documents.refresh", "auto")
    _changed(aged)
    ran = run_cli("ask", QUESTION)
    assert LINE not in ran.err
    assert "ninety seconds" in ran.out

    monkeypatch.setattr(freshness, "MOST", 1)
    for name in ("one", "two"):
        (aged / f"{name}.md").write_text(f"# {name}\n\nThe harbour opens at {name}.\n")
    ran = run_cli("search", "harbour opens")
    assert ran.err.startswith(LINE)
    assert "one.md" not in ran.out


def test_a_second_directory_keeps_what_is_known_of_the_first(
    aged: Path, tmp_path: Path, run_cli: Callable[..., Ran]
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    _added(other)
    assert run_cli("docs", "add", str(other)).code == 0
    assert run_cli("search", "lock").err == ""
    _changed(aged)
    assert run_cli("search", "lock").err == LINE
    third = tmp_path / "third"
    third.mkdir()
    (third / "late.md").write_text("# Late\n\nIt comes late.\n")
    assert run_cli("docs", "add", str(third)).code == 0
    assert run_cli("docs", "sync", "--json").json["changed"] == 1  # nothing was hidden


def test_what_cannot_be_read_is_told_until_a_sync_tried(
    aged: Path, run_cli: Callable[..., Ran]
) -> None:
    """And a later change is told all the same."""
    (aged / "broken.pdf").write_bytes(b"%PDF-1.4 broken")
    (aged / "blank.md").write_text(" \n")
    assert run_cli("search", "lock").err == LINE
    run_cli("docs", "sync")
    assert run_cli("search", "lock").err == ""
    assert run_cli("docs", "sync").code == 6  # it is tried again all the same
    _changed(aged)
    assert run_cli("search", "lock").err == LINE


def test_without_a_note_all_documents_are_looked_at(
    notes: Path, run_cli: Callable[..., Ran]
) -> None:
    """What was written just before it was indexed is no change; what follows is."""
    assert run_cli("docs", "add", "notes").code == 0
    assert run_cli("search", "lock").err == ""
    _added(notes)
    assert run_cli("search", "lock").err == LINE


def _compares_no_documents(*_: object) -> None:
    raise AssertionError("all documents are compared once more")


@pytest.mark.parametrize("change", [_changed, _added, _removed, _renamed, _touched])
def test_a_change_that_was_found_is_known_until_the_next(
    change: Callable[[Path], None], aged: Path
) -> None:
    with Runtime({}, profile="default").open() as workspace:
        library = workspace.library
        change(aged)
        found = library.changed_files()
        assert found
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ingest_plan, "of_sync", _compares_no_documents)
            assert library.changed_files() == found

        (aged / "wasps.md").write_text("# Wasps\n\nWasps make paper.\n")
        assert library.changed_files() == found + 1
        library.sync(NoProgress(), wait=10)
        assert library.changed_files() == 0


def test_a_file_of_its_own_that_is_back_is_in_step_again(
    aged: Path, run_cli: Callable[..., Ran], tmp_path: Path
) -> None:
    alone, aside = tmp_path / "alone.md", tmp_path / "aside.md"
    alone.write_text("# Alone\n\nIt stands for itself.\n")
    os.utime(alone, (OLD, OLD))
    assert run_cli("docs", "add", str(alone)).code == 0
    with Runtime({}, profile="default").open() as workspace:
        alone.rename(aside)
        assert workspace.library.changed_files() == 1
        aside.rename(alone)
        assert workspace.library.changed_files() == 0


def test_time_runs_out_between_documents_and_what_was_read_stays(
    aged: Path, run_cli: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    run_cli("profile", "set", "documents.refresh", "auto")
    monkeypatch.setattr(freshness, "BUDGET", 1e-9)
    for name in ("one", "two"):
        (aged / f"{name}.md").write_text(f"# {name}\n\nThe harbour opens at {name}.\n")
    assert run_cli("search", "harbour opens").err == LINE
    ran = run_cli("search", "harbour opens")
    assert ran.err == ""
    assert {"one.md", "two.md"} <= {word.split(":")[0][-6:] for word in ran.out.split()}


def test_a_batch_is_told_once(
    aged: Path, run_cli: Callable[..., Ran], tmp_path: Path
) -> None:
    _changed(aged)
    (tmp_path / "asked").write_text(f"{QUESTION}\n{QUESTION}\n")
    assert run_cli("ask", "--batch", str(tmp_path / "asked")).err.count(LINE) == 1


def test_the_plain_chat_says_it_once_until_all_is_in_step(
    aged: Path, run_cli: Callable[..., Ran], home: Path
) -> None:
    """Here the chat's own code runs, as over a pipe."""
    from io import StringIO

    from ragcli.tui.plain.line_chat import Streams, run_plain

    asked = StringIO(f"{QUESTION}\n{QUESTION}\n")
    told = StringIO()
    streams = Streams(asked, StringIO(), told)
    _changed(aged)
    assert run_plain(Runtime(), new=True, streams=streams) == 0
    assert told.getvalue().count(freshness.LINE) == 1

    run_cli("profile", "set", "documents.refresh", "auto")
    heard, told = StringIO(), StringIO()
    again = Streams(StringIO(f"{QUESTION}\n"), heard, told)
    assert run_plain(Runtime(), new=True, streams=again) == 0
    assert "ninety seconds" in heard.getvalue()
    assert freshness.LINE not in told.getvalue()


def test_agents_read_it_with_each_result(
    aged: Path, run_cli: Callable[..., Ran]
) -> None:
    service = AgentService(Runtime(), ["default"])

    def said(tool: str, **arguments: str) -> str:
        return service.call(tool, arguments, "agent", threading.Event())

    calls = {
        "search": {"query": "lock"},
        "get": {"path": "locks.md"},
        "ask": {"question": QUESTION},
    }
    try:
        for tool, arguments in calls.items():
            assert freshness.LINE not in said(tool, **arguments)
        _changed(aged)
        time.sleep(1.1)  # a look is believed for a moment
        for tool, arguments in calls.items():
            assert said(tool, **arguments).endswith(f"\n\n{freshness.LINE}")
    finally:
        service.close()
    run_cli("profile", "set", "documents.refresh", "auto")
    service = AgentService(Runtime(), ["default"])
    try:
        assert "ninety seconds" in said("search", query="commit lock")
    finally:
        service.close()
