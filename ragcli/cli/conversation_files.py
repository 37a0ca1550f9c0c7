"""Conversations as one text or document, and as a file for their owner only."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

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
    try:
        with _opened(Path(target)) as writer:
            for piece in told:
                writer.write(piece.encode("utf-8", "surrogatepass"))
    except FileNotFoundError:
        raise UsageError(f"{target}: there is no such directory") from None
    call.output.note(f"written to {target}")


@contextmanager
def _opened(file: Path) -> Iterator[IO[bytes]]:
    """Yields what writes to a file; an older one stays until all of it is written.

    A pipe or a device has nothing to keep, nor has `/dev/stdout`, whatever it is.
    """
    from ragcli.storage.files import disk_errors
    from ragcli.storage.private_files import replacing_file

    if file.is_relative_to("/dev") or (file.exists() and not file.is_file()):
        with disk_errors(file), file.open("wb") as writer:
            yield writer
    else:
        with replacing_file(Path(os.path.realpath(file))) as writer:
            yield writer
