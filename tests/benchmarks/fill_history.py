"""Fills a profile with turns of one conversation: `fill_history PROFILE COUNT`.

The turns are a minute apart, up to now, as somebody might have asked them.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from ragcli.runtime import Runtime
from ragcli.sessions.history.turns import to_draft
from ragcli.sessions.local.history import local_log
from ragcli.sessions.records.record_types import Draft, Turn
from tests.benchmarks import corpus


def fill(profile: str, count: int) -> None:
    """Appends a conversation's start and its turns, many in one write."""
    with Runtime(profile=profile).open(create=False) as workspace:
        history, log = workspace.history, workspace.session.log
        conversation = history.new_conversation_id()
        said = corpus.sentences(1000)
        begun = datetime.now(UTC) - timedelta(minutes=count + 10)
        for first in range(0, count, 500):
            told = (begun + timedelta(minutes=first)).isoformat("T", "milliseconds")
            stamp = told.replace("+00:00", "Z")
            with patch.object(local_log, "now", return_value=stamp):
                if not first:
                    log.append([Draft("conversation", {"title": "long"}, conversation)])
                log.append(
                    [
                        to_draft(
                            Turn(
                                id=history.new_turn_id(),
                                conversation=conversation,
                                question=said[number % 1000],
                                answer=" ".join(said[number % 990 : number % 990 + 3]),
                                model="builtin:extractive",
                            )
                        )
                        for number in range(first, min(first + 500, count))
                    ]
                )


if __name__ == "__main__":
    fill(sys.argv[1], int(sys.argv[2]))
