"""Sees to it that nobody is answered from documents that changed without a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragcli.cli.output.progress import QuietProgress
from ragcli.cli.output.writer import Output
from ragcli.errors import RagcliError

if TYPE_CHECKING:
    from ragcli.workspace import Workspace

_MOST = 200
"""Files that a question waits for; with more, the user decides."""


def see_to(workspace: Workspace, output: Output) -> None:
    """Says that documents changed, or syncs, as the setting `documents.refresh` says.

    Servers of pages are not asked.

    Args:
        workspace: The open profile.
        output: Where it is said.
    """
    wanted = workspace.settings.refresh
    if wanted == "off":
        return
    library = workspace.library
    try:
        changed = library.changed_files()
    except RagcliError:  # the search says what is wrong with the index
        return
    if not changed:
        return
    if wanted == "auto" and changed <= _MOST:
        try:
            library.sync(QuietProgress(output), asks_servers=False)
        except RagcliError as error:
            output.detail(f"not synced: {error.message}")
        else:
            return
    output.note("documents changed since they were indexed: ragcli docs sync")
