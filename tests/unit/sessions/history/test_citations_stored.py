"""Citations are stored with every place, and read by older and newer programs."""

from __future__ import annotations

import json
from dataclasses import replace

from ragcli.sessions.history.turns import from_record, to_draft
from ragcli.sessions.records.record_types import Citation, CitedQuote, Record, Turn

QUOTES = (
    CitedQuote("a row", (10, 10)),
    CitedQuote("another", (11, 12)),
    CitedQuote("a third", (20, 20)),
)
CITATION = Citation(
    1, "/d/a.csv", None, (11, 12), "", 0.5, "another", verified=True, quotes=QUOTES
)


def stored(turn: Turn) -> Record:
    """Returns a turn's record as it comes back from the disk."""
    body = json.loads(json.dumps(to_draft(turn).body))
    return Record(1, turn.id, 0, "", "turn", body)


def test_every_place_comes_back() -> None:
    turn = Turn("t", "c", "q", answer="a [1]", citations=(CITATION,))

    (citation,) = from_record(stored(turn)).citations

    assert citation == CITATION
    assert citation.ranges == ((10, 12), (20, 20))


def test_a_citation_of_one_place_is_stored_as_ever() -> None:
    plain = replace(CITATION, quotes=())
    record = stored(Turn("t", "c", "q", citations=(plain,)))

    (body,) = record.body["citations"]
    (citation,) = from_record(record).citations

    assert set(body) == {
        *("marker", "path", "page", "lines", "heading", "score"),
        *("quote", "verified", "digest", "source"),
    }
    assert citation == plain
    assert citation.places == (CitedQuote("another", (11, 12)),)
    assert citation.ranges == ((11, 12),)
