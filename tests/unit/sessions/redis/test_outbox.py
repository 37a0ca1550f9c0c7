"""What waits for a server is sent as it was kept, or is damage that is named."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from ragcli.errors import HistoryDamaged
from ragcli.sessions.records.record_lines import PlainLines
from ragcli.sessions.records.record_types import Draft, Record
from ragcli.sessions.redis.history.outbox import Outbox

CODEC = PlainLines()


def test_what_is_kept_together_is_sent_together(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, "owner")
    start = Draft("conversation", {"title": "Locks"}, "c")
    turn = Draft("turn", {"conversation": "c", "question": "q"}, "t")
    outbox.keep(CODEC, [start, turn], 7)
    outbox.keep(CODEC, [turn], 8)  # it waits already
    sent: list[tuple[Sequence[Draft], int]] = []

    count = outbox.deliver(CODEC, lambda drafts, parent: sent.append((drafts, parent)))

    assert count == 2
    assert sent == [([start, turn], 7)]
    assert not outbox.waiting


@pytest.mark.parametrize("body", [{}, {"draft": "text", "batch": 1}, {"draft": {}}])
def test_a_sound_line_that_holds_no_draft_is_damage(
    tmp_path: Path, body: dict[str, object]
) -> None:
    outbox = Outbox(tmp_path, "owner")
    outbox.keep(CODEC, [Draft("turn", {"question": "q"}, "t")], 0)
    file = outbox.path / outbox.name
    line = CODEC.encode(Record(1, "t", 0, "2026-01-01T00:00:00.000Z", "turn", body))
    file.write_bytes(line)

    with pytest.raises(HistoryDamaged, match=f"{outbox.name}: record 1 holds no draft"):
        outbox.deliver(CODEC, lambda *_: pytest.fail("it was sent"))

    assert file.read_bytes() == line
