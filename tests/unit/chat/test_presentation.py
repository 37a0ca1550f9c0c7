"""What the core's results are for every front end, and what one call leaves behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ragcli.chat.events import AskRequest, Finished, Retrieved
from ragcli.chat.presentation.answers import (
    error_event,
    event_document,
    prompt_document,
    whole_answer,
)
from ragcli.chat.presentation.envelope import encoded, encoded_list
from ragcli.chat.presentation.passages import contents_document, search_document
from ragcli.errors import Locked
from ragcli.index.report import NoProgress
from ragcli.runtime import Runtime

QUESTION = "How long is a lock held?"


@pytest.fixture
def notes(home: Path, tmp_path: Path) -> Path:
    """A profile with one document: a heading and two sentences."""
    place = tmp_path / "locks.md"
    place.write_text("# Locks\n\nA lock is held for 5 seconds. Readers take none.\n")
    with Runtime().open("default") as workspace:
        workspace.library.add([place], NoProgress())
    return place


def test_a_front_end_needs_no_command_line(
    notes: Path, run_cli: Callable[..., Any]
) -> None:
    request = AskRequest(QUESTION, record=False)
    with Runtime().open(stateless=True) as workspace:
        ours = json.loads(encoded(whole_answer("default", workspace.ask(request))))
        hits = json.loads(encoded(search_document(workspace.search(QUESTION))))
        known = contents_document(*workspace.library.document(notes))

    shown = run_cli("docs", "show", str(notes), "--json").json
    typed = run_cli("ask", "--stateless", "--json", QUESTION).json

    for passing in ("turn", "conversation", "timings"):
        del ours[passing], typed[passing]
    assert ours == typed
    assert ours["answer"] == "A lock is held for 5 seconds. [1]"
    assert ours["citations"][0]["lines"] == [3, 3]
    assert hits == run_cli("search", "--json", QUESTION).json
    assert json.loads(encoded(known)) == shown


def test_each_event_is_a_document_or_nothing(notes: Path) -> None:
    request = AskRequest(QUESTION, record=False)
    with Runtime().open(stateless=True) as workspace:
        events = list(workspace.ask(request))
    documents = [event_document("default", event, show_prompt=True) for event in events]
    told = [document for document in documents if document is not None]

    found = next(event for event in events if isinstance(event, Retrieved))
    assert {document["event"] for document in told} == {
        "retrieved",
        "token",
        "finished",
    }
    assert isinstance(events[-1], Finished)
    assert told[-1]["event"] == "finished"
    prompt = prompt_document(found.prompt, found.model)
    assert told[0]["prompt"] == prompt["prompt"]
    assert (
        "".join(d["text"] for d in told if d["event"] == "token")
        == (told[-1]["answer"])
    )
    assert error_event(Locked("held", "wait")) == {
        "event": "error",
        "error": {"code": 75, "kind": "locked", "message": "held", "hint": "wait"},
    }


def test_documents_of_a_call_are_read_for_each_call(
    notes: Path, tmp_path: Path
) -> None:
    """A process that answers for long sees a file as it is when it is asked."""
    place = tmp_path / "ports.md"
    request = AskRequest("Which port is open?", record=False)
    with Runtime().open("default") as workspace:
        place.write_text("Port 80 is open.\n")
        first = whole_answer("default", workspace.ask(request, [place]))
        place.write_text("Port 8080 is open.\n")
        second = whole_answer("default", workspace.ask(request, [place]))

    assert "80 is" in first["answer"]
    assert "8080 is" in second["answer"]


def test_nobody_is_asked_inside_a_block_and_somebody_after_it(home: Path) -> None:
    asked: list[str] = []

    def prompt(profile: str) -> str:
        asked.append(profile)
        return "correct horse"

    runtime = Runtime(prompt=prompt)
    with runtime.unattended():
        assert runtime.passphrase("work") is None
    assert runtime.passphrase("work") == "correct horse"
    assert asked == ["work"]


def test_a_search_says_that_it_reads_an_older_generation(
    notes: Path, tmp_path: Path, home: Path, run_cli: Callable[..., Any]
) -> None:
    more = tmp_path / "ports.md"
    more.write_text("Port 80 is open.\n")
    with Runtime().open("default") as workspace:
        workspace.library.add([more], NoProgress())
    newest = max((home / "profiles/default/index").glob("gen-*"))
    manifest = newest / "manifest.json"
    manifest.write_bytes(manifest.read_bytes()[:-20])

    found = run_cli("search", QUESTION, "--json")

    assert found.code == 0, found.err
    assert "searching gen-" in found.err
    assert found.json["hits"]


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_list_item_by_item_is_the_whole_document(
    indent: int | None, count: int
) -> None:
    item = {"path": 'a "[\n] b', "none": [], "facts": {"tags": ("x", "y"), "é": {}}}
    items, others = [item] * count, {"mounts": ["m"], "more": {"a": 1}}
    parts = encoded_list("documents", iter(items), others, indent=indent)
    assert "".join(parts) == encoded({"documents": items, **others}, indent=indent)
