"""Answers as lines of text: places, sources, and what a model was given."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import starmap
from typing import TYPE_CHECKING

from ragcli.chat.answers.state import THINKING
from ragcli.chat.prompting.prompts import as_text
from ragcli.language.markers import attached
from ragcli.models.base import only_quotes
from ragcli.paths import shown

if TYPE_CHECKING:
    from ragcli.chat.events import Finished, Retrieved, Stage
    from ragcli.index.passages import Passage
    from ragcli.models.base import Prompt
    from ragcli.sessions.records.record_types import Citation, Turn


_STAGES = {
    "choosing": "looking for the model",
    "syncing": "reading what changed",
    "rewriting": "putting the question in context",
    "searching": "searching",
    "reading": "the model reads",
    "thinking": "the model thinks",
    "writing": "the model writes",
}


def place(
    path: str,
    page: int | None,
    ranges: Sequence[Sequence[int]] = (),
    source: str = "",
    part: str = "",
) -> str:
    """Returns where something stands: `a.md:12-20`, `a.md:3,12-20`, `b.pdf p. 3`.

    A document inside another is named behind it: `offer.eml!price.xlsx p. 1`.

    A document of a mount is told from an own one of the same path:
    `a.md:12-20 in team.bundle`.
    """
    named = shown(path, part)
    if ranges:
        named += f":{','.join(starmap(_lines, ranges))}"
    elif page is not None:
        named += f" p. {page}"
    return f"{named} in {shown(source)}" if source else named


def passage_place(passage: Passage) -> str:
    """Returns where a passage stands."""
    lines = ranges(passage.lines)
    return place(passage.path, passage.page, lines, passage.source, passage.part)


def ranges(lines: tuple[int, int] | None) -> tuple[tuple[int, int], ...]:
    """Returns the ranges of what has one, or none."""
    return (lines,) if lines else ()


def _lines(first: int, last: int) -> str:
    return f"{first}" if first == last else f"{first}-{last}"


def source_line(citation: Citation, *, stale: bool = False) -> str:
    """Returns a citation on one line: marker, place, heading, and what is wrong."""
    where = place(
        citation.path, citation.page, citation.ranges, citation.source, citation.part
    )
    where += f" (read {citation.read[:10]})" if citation.read else ""
    heading = f"  {citation.heading}" if citation.heading else ""
    doubt = "" if citation.verified else "  (unverified)"
    marker = f"[{citation.marker}]"
    if citation.attached:
        doubt, marker = "  (attached, unverified)", attached([citation.marker])
    changed = "  (changed since it was indexed)" if stale else ""
    return f"{marker} {where}{copies(citation.copies)}{heading}{doubt}{changed}"


def copies(count: int) -> str:
    """Returns in how many other files a passage stands as well, or ""."""
    return f" and in {count} {'copy' if count == 1 else 'copies'}" if count else ""


def stage_line(stage: Stage) -> str:
    """Returns what is waited for: `the model reads · 512 of 2,048 tokens`."""
    line = _STAGES.get(stage.name, stage.name)
    if stage.total:
        line += f" · {stage.done:,} of {stage.total:,} tokens"
    return line


def thought_line(turn: Turn) -> str:
    """Returns how long the model reasoned, "" when it did not: `thought for 12 s`."""
    spent = turn.timings.get(THINKING)
    if not turn.reasoning:
        return ""
    return "thought" if spent is None else f"thought for {spent / 1000:.0f} s"


def unsupported_lines(turn: Turn) -> list[str]:
    """Returns what of an answer was not found in the documents, a line each."""
    return [f"not found in the documents: {text}" for text in turn.unsupported]


def source_lines(finished: Finished) -> list[str]:
    """Returns the sources of an answer, one line each, after an empty one."""
    lines = [
        source_line(citation, stale=citation.marker in finished.stale)
        for citation in finished.turn.citations
    ]
    return ["", *lines] if lines else []


def shown_prompt(event: Retrieved) -> str:
    """Returns what the model reads: of one that generates, exactly what is sent."""
    if only_quotes(event.model):
        return _parts(event.prompt)
    return as_text(event.prompt)


def _parts(prompt: Prompt) -> str:
    """Returns all that a model is given, for people."""
    parts = [f"query: {prompt.query}"]
    if prompt.instructions:
        parts.append(f"instructions: {prompt.instructions}")
    if prompt.summary:
        parts.append(f"summary: {prompt.summary}")
    parts += [
        f"earlier: {earlier.question}\n{earlier.answer}" for earlier in prompt.history
    ]
    parts += [
        f"[{source.marker}] {source.label} ({source.score:.2f})\n{source.text}"
        for source in prompt.sources
    ]
    parts.append(f"question: {prompt.question}")
    if prompt.begun:
        parts.append(f"answer so far: {prompt.begun}")
    return "\n\n".join(parts)
