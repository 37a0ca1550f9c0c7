"""Conversations as one text or document, and as a file for their owner only."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ragcli.cli.input.options import Invocation
from ragcli.errors import UsageError

if TYPE_CHECKING:
    from ragcli.sessions.history.transcripts import ExportForm


def form(call: Invocation, profile: str, *, html: bool, to_file: bool) -> ExportForm:
    """Returns how an export is written: JSON, HTML or Markdown, as was asked for."""
    from ragcli.sessions.history.transcripts import JsonForm, MarkdownForm, PageForm

    if call.as_json:
        return JsonForm(profile, indented=to_file or call.output.to_terminal)
    return PageForm() if html else MarkdownForm()


def write(call: Invocation, told: Iterator[str], target: str | None) -> None:
    """Writes an export as it is read, to stdout or to a file for its owner only."""
    if target is None:
        for piece in told:
            call.output.part(piece)
        return
    from ragcli.storage.files import disk_errors

    try:
        with (
            disk_errors(target),
            open(target, "wb", opener=_private) as file,
        ):
            for piece in told:
                file.write(piece.encode("utf-8", "surrogatepass"))
    except FileNotFoundError:
        raise UsageError(f"{target}: there is no such directory") from None
    call.output.note(f"written to {target}")


def _private(path: str, flags: int) -> int:
    """Opens a file that only its owner may read, if it is made."""
    return os.open(path, flags, 0o600)
