"""What a model is shown of a conversation: its summary and its last turns."""

from __future__ import annotations

from ragcli.frozen import frozen
from ragcli.sessions.records.record_types import Turn


@frozen
class Context:
    """The part of a conversation that a model may read."""

    summary: str
    """What the model once wrote about its older turns, or ""."""

    covers: int
    """Seq of the last turn that the summary speaks of; 0 without one."""

    turns: tuple[Turn, ...]
    """The last turns, oldest first; failed ones and replaced ones left out.

    They may be covered by the summary as well."""
