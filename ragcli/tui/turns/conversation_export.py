"""Writing a conversation to a file: its name, its format, its text."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from ragcli.errors import StorageFailed, UsageError
from ragcli.paths import expanded
from ragcli.sessions.records.record_types import Conversation, Turn
from ragcli.text import safe_name


def file_name(title: str, ending: str) -> str:
    """Returns a name for the file of a conversation."""
    words = re.sub(r"[^\w.-]+", "-", title).strip("-.")[:60]
    return f"{words or 'conversation'}{ending}"


def target(file: str) -> Path:
    """Returns the path that was typed."""
    return expanded(file.strip("\"'")).absolute()


def exported(
    path: Path, profile: str, conversation: Conversation, turns: Sequence[Turn]
) -> str:
    """Returns a conversation in the format that a file's ending names.

    Raises:
        UsageError: It names none.
    """
    from ragcli.sessions.history import export

    ending = path.suffix.lower()
    if ending == ".json":
        text = export.to_json(profile, [(conversation, turns)])
        return json.dumps(text, indent=2, default=list) + "\n"
    if ending in {".html", ".htm"}:
        return export.to_html(conversation, turns)
    if ending in {"", ".md", ".markdown", ".txt"}:
        return export.to_markdown(conversation, turns)
    raise UsageError(
        f"{safe_name(ending)} is no format to export to",
        "end the name in .md, .html or .json",
    )


def write(path: Path, text: str) -> None:
    """Writes the file; raises `StorageFailed`."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StorageFailed(
            f"{safe_name(str(path))}: {error.strerror}", "name another file"
        ) from error
