"""Passages stand at the width of the pane, and quotations on the very sentence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ragcli.chat.events import AskRequest, Retrieved
from ragcli.index.documents.text_structure import elements
from ragcli.index.report import NoProgress
from ragcli.language.units import Unit
from ragcli.runtime import Runtime
from ragcli.tui.app import ChatApp
from ragcli.tui.rendering.reflow import reflowed
from ragcli.tui.turns.source_entries import SourceEntry, from_passages, from_turn
from ragcli.tui.widgets.panes.sources import SourceCard
from tests.tui.conftest import SIZE, until

HARBOUR = """# Harbour

The ferry to the island sails at nine in the morning
and at noon, and in the summer months there is a third
one at six in the evening.

- ropes hang in the red shed, behind the
  crane of the harbour master
- the pump runs at night

| pump | hours |
|------|-------|
| old  | 2     |

```sh
pump --start 01:00 \\
     --hours 2
```
"""


def units(text: str) -> list[Unit]:
    return [Unit(e.kind, e.start, e.end) for e in elements(text, "markdown", [])]


def test_paragraphs_and_items_are_joined_code_and_tables_are_kept() -> None:
    flow = reflowed(HARBOUR, units(HARBOUR))

    assert "sails at nine in the morning and at noon, and in the" in flow.text
    assert "- ropes hang in the red shed, behind the crane of" in flow.text
    assert "\n- the pump runs at night\n\n| pump | hours |\n|------|" in flow.text
    assert "pump --start 01:00 \\\n     --hours 2\n```" in flow.text
    for word in HARBOUR.split():
        at = HARBOUR.index(word)
        assert flow.text[flow.at(at) :].startswith(word)


@pytest.mark.parametrize("kept", ["end  \nnext", "end\\\nnext", "no\n\nunits"])
def test_breaks_that_are_meant_are_kept(kept: str) -> None:
    given = [] if "units" in kept else [Unit("prose", 0, len(kept))]

    assert reflowed(kept, given).text == kept


def marked(card: SourceCard) -> str:
    content = card.passage_text()
    return "\n".join(
        content.plain[span.start : span.end]
        for span in content.spans
        if "$warning" in str(span.style)
    )


async def test_the_quotation_is_marked_in_a_new_turn_and_in_one_from_the_history(
    home: Path, tmp_path: Path
) -> None:
    (tmp_path / "harbour.md").write_text(HARBOUR)
    environ = {**os.environ, "RAGCLI_HOME": str(home)}
    runtime = Runtime({"model": "builtin"}, environ)
    quote = (
        "The ferry to the island sails at nine in the morning and at noon, and in the "
        "summer months there is a third one at six in the evening."
    )
    with runtime.open() as workspace:
        workspace.library.add([tmp_path / "harbour.md"], NoProgress())
        events = list(workspace.ask(AskRequest("When does the ferry sail?", new=True)))
        found = next(event for event in events if isinstance(event, Retrieved))
        (fresh,) = from_passages(found.passages, 1)
        turn = workspace.history.transcript(workspace.history.latest())[0]
        (kept,) = from_turn(turn)

    assert kept.units == tuple(
        Unit(unit.kind, unit.start, unit.end) for unit in fresh.units
    )
    app = ChatApp(runtime, runtime.open())
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.chat.sources.cards)
        (card,) = app.chat.sources.cards
        assert marked(card) == quote
        assert "\\\n     --hours" in card.passage_text().plain
    app.chat.desk.profile.close()


def test_what_is_unsafe_in_a_passage_moves_no_mark() -> None:
    text = "\nRed \x1b[31m and\ngreen. The lamp\nis blue.\n"
    entry = SourceEntry(
        1, "/lamp.md", text, 0.5, quotes=("The lamp\nis blue.",), cited=True,
        units=(Unit("prose", 1, len(text) - 1),),
    )  # fmt: skip
    card = SourceCard(entry)

    assert card.passage_text().plain == "Red ␛[31m and green. The lamp is blue."
    assert marked(card) == "The lamp is blue."
