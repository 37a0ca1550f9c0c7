"""What a model is told: passages as data, rules of citing, and the way to say no."""

from __future__ import annotations

import os

from ragcli.index.file_names import spoken_name
from ragcli.index.notation import notation_of
from ragcli.index.passages import Passage, above_of
from ragcli.models.base import Prompt, Source
from ragcli.models.prompt_messages import REFUSAL, messages
from ragcli.paths import shown

__all__ = ["REFUSAL", "ROLES", "as_text", "label", "new_boundary", "source"]

ROLES = {"system": "system", "human": "user", "ai": "assistant"}
"""LangChain's name of a role → the one that servers take."""


def new_boundary() -> str:
    """Returns a mark that no document can know: 64 random bits, in hexadecimal."""
    return os.urandom(8).hex()  # `secrets` would load `random`


def source(marker: int, passage: Passage) -> Source:
    """Returns a passage as a model sees it, under the number of its citation."""
    above = above_of(passage.part, passage.heading)
    return Source(
        marker,
        passage.text,
        label(passage),
        passage.kind,
        passage.score,
        passage.attached,
        passage.units,
        passage.tables,
        tuple(dict.fromkeys(filter(None, (passage.title, *above)))),
        passage.source,
        spoken_name(passage.path),
        notation_of(passage),
    )


def label(passage: Passage) -> str:
    """Returns where a passage stands, for people: `docs/locks.md:12-20 (Locks)`."""
    location = shown(passage.path, passage.part)
    if passage.lines:
        first, last = passage.lines
        location += f":{first}" if first == last else f":{first}-{last}"
    if passage.page is not None:
        location += f", page {passage.page}"
    if passage.source:
        location += f" in {shown(passage.source)}"
    heading = " > ".join(passage.heading) or passage.title
    return f"{location} ({heading})" if heading else location


def as_text(prompt: Prompt) -> str:
    """Returns exactly what a generating model reads, message by message."""
    return "\n\n".join(
        f"--- {ROLES[message.role]} ---\n{message.text}" for message in messages(prompt)
    )
