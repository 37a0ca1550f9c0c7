"""Conversations as one text or document, and as a file for their owner only."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ragcli.cli.input.options import Invocation
from ragcli.errors import UsageError

if TYPE_CHECKING:
    from ragcli.sessions.history.writer import History


def pages(history: History, wanted: list[str], *, html: bool) -> str:
    """Returns the conversations as one Markdown or HTML text."""
    from ragcli.sessions.history import export

    write = export.to_html if html else export.to_markdown
    return "\n".join(
        write(history.conversation(found), history.transcript(found))
        for found in wanted
    )


def records(history: History, profile: str, wanted: list[str]) -> dict[str, Any]:
    """Returns everything that is stored of some conversations."""
    told = [
        {
            **asdict(history.conversation(found)),
            "turns": [asdict(turn) for turn in history.transcript(found)],
        }
        for found in wanted
    ]
    return {"profile": profile, "conversations": told}


def write_json(call: Invocation, told: dict[str, Any], target: str | None) -> None:
    """Writes what `records` returned to a file, or to stdout for None."""
    if target is None:
        call.output.document(told)
        return
    from ragcli.chat.presentation.envelope import encoded

    write_file(call, target, encoded(told, indent=2) + "\n")


def write_file(call: Invocation, target: str, text: str) -> None:
    """Writes an export as it is, for its owner only."""
    from ragcli.storage.files import disk_errors

    try:
        with (
            disk_errors(target),
            open(target, "wb", opener=_private) as file,
        ):
            file.write(text.encode("utf-8", "surrogatepass"))
    except FileNotFoundError:
        raise UsageError(f"{target}: there is no such directory") from None
    call.output.note(f"written to {target}")


def _private(path: str, flags: int) -> int:
    """Opens a file that only its owner may read, if it is made."""
    return os.open(path, flags, 0o600)
