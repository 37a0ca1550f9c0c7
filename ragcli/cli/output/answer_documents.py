"""What the command line says of an answer: as JSON, as text, as an exit code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import starmap
from typing import TYPE_CHECKING, Any

from ragcli.chat.prompting.prompts import ROLES, as_text
from ragcli.errors import ExitCode, RagcliError
from ragcli.models.base import only_quotes
from ragcli.models.langchain.rendering import messages
from ragcli.paths import shown

if TYPE_CHECKING:
    from ragcli.chat.events import Finished, Retrieved
    from ragcli.models.base import Prompt
    from ragcli.sessions.records.record_types import Citation, Turn


ANSWERS = frozenset({"answered", "truncated"})
"""Statuses of a turn that was answered, as far as it went."""


def exit_code(status: str) -> int:
    """Returns what the process says for a turn of this status."""
    if status == "interrupted":
        return int(ExitCode.INTERRUPTED)
    return int(ExitCode.ANSWERED if status in ANSWERS else ExitCode.NOTHING_FOUND)


def error_document(error: RagcliError) -> dict[str, Any]:
    """Returns an error as the contract has it in JSON."""
    told = {"code": int(error.code), "kind": error.kind}
    return {"error": told | {"message": error.message, "hint": error.hint}}


def answer_document(profile: str, finished: Finished) -> dict[str, Any]:
    """Returns the JSON of one answered question."""
    turn = finished.turn
    return {
        "profile": profile,
        **turn_document(turn, finished.stale),
        "retrieved": finished.retrieved,
        "used": finished.used,
        "unsupported": finished.unsupported,
    }


def turn_document(turn: Turn, stale: frozenset[int] | None = None) -> dict[str, Any]:
    """Returns the JSON of a turn; citations tell staleness when it is known."""
    return {
        "conversation": turn.conversation,
        "turn": turn.id,
        "question": turn.question,
        "query": turn.query,
        "answer": turn.answer,
        "status": turn.status,
        "model": turn.model,
        **remote_document(turn.remote),
        "snapshot": turn.snapshot,
        "citations": [citation_document(item, stale) for item in turn.citations],
        "timings": dict(turn.timings),
        "usage": dict(turn.usage) or None,
        "reasoning": turn.reasoning,
    }


def remote_document(remote: str) -> dict[str, Any]:
    """Returns whether a prompt left this machine, and for where, as JSON values."""
    return {"remote": bool(remote), "remote_host": remote}


def citation_document(
    citation: Citation, stale: frozenset[int] | None = None
) -> dict[str, Any]:
    """Returns the JSON of one citation."""
    told: dict[str, Any] = {
        "marker": citation.marker,
        **path_document(citation.path),
        "page": citation.page,
        "lines": citation.lines,
        "heading": citation.heading,
        "score": citation.score,
        "quote": citation.quote,
        "quotes": [
            {"text": place.text, "lines": place.lines, "page": place.page}
            for place in citation.places
        ],
        "verified": citation.verified,
        "located": not citation.verified,
        "source": citation.source,
    }
    if stale is not None:
        told["stale"] = citation.marker in stale
    return told


def path_document(path: str) -> dict[str, Any]:
    """Returns a document's path, and as people are shown it, as JSON values."""
    return {"path": path, "shown": shown(path)}


def place(
    path: str,
    page: int | None,
    ranges: Sequence[Sequence[int]] = (),
    source: str = "",
) -> str:
    """Returns where something stands: `a.md:12-20`, `a.md:3,12-20`, `b.pdf p. 3`.

    A document of a mount is told from an own one of the same path:
    `a.md:12-20 in team.bundle`.
    """
    named = shown(path)
    if ranges:
        named += f":{','.join(starmap(_lines, ranges))}"
    elif page is not None:
        named += f" p. {page}"
    return f"{named} in {shown(source)}" if source else named


def ranges(lines: tuple[int, int] | None) -> tuple[tuple[int, int], ...]:
    """Returns the ranges of what has one, or none."""
    return (lines,) if lines else ()


def _lines(first: int, last: int) -> str:
    return f"{first}" if first == last else f"{first}-{last}"


def source_line(citation: Citation, *, stale: bool = False) -> str:
    """Returns a citation on one line: marker, place, heading, and what is wrong."""
    where = place(citation.path, citation.page, citation.ranges, citation.source)
    heading = f"  {citation.heading}" if citation.heading else ""
    unverified = "" if citation.verified else "  (unverified)"
    changed = "  (changed since it was indexed)" if stale else ""
    return f"[{citation.marker}] {where}{heading}{unverified}{changed}"


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
        return prompt_text(event.prompt)
    return as_text(event.prompt)


def prompt_document(event: Retrieved) -> dict[str, Any]:
    """Returns the prompt as JSON values: its parts, and the messages that are sent."""
    sent = [] if only_quotes(event.model) else messages(event.prompt)
    told = [{"role": ROLES[item.role], "content": item.text} for item in sent]
    return {"prompt": asdict(event.prompt), "messages": told}


def prompt_text(prompt: Prompt) -> str:
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
