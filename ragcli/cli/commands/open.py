"""`ragcli open`: a source of the last answer, in the editor."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from ragcli.chat.presentation import editors
from ragcli.chat.presentation.lines import place
from ragcli.cli.input import live_names
from ragcli.cli.input.options import Invocation, examples
from ragcli.errors import DocumentNotFound, UsageError

if TYPE_CHECKING:
    from ragcli.sessions.records.record_types import Citation, Turn


@examples("ragcli open", "ragcli open 2", "ragcli open 1 --print")
def open_(
    call: Invocation,
    number: Annotated[int, typer.Argument(metavar="N")] = 1,
    conversation: Annotated[
        str,
        typer.Option(
            "--conversation",
            metavar="ID",
            help="Of its last answer.",
            autocompletion=live_names.conversations,
        ),
    ] = "",
    print_only: Annotated[
        bool, typer.Option("--print", help="Print the command; run nothing.")
    ] = False,
) -> int:
    """Open the Nth source of the last answer at its line.

    An attachment's is the mail that it came with.

    `open_command` says what opens it, such as `code -g {path}:{line}`; else $VISUAL,
    $EDITOR or vi, and for a format without lines the desktop.
    """
    with call.open(create=False) as workspace:
        history = workspace.history
        turns = (
            reversed(history.transcript(history.resolve(conversation)))
            if conversation
            else history.newest_turns()
        )
        turn = _last_answer(turns)
        chosen = workspace.settings.open_command
    citation = _source(turn, number)
    line = citation.lines[0] if citation.lines and not citation.part else None
    words = editors.command(citation.path, line, chosen=chosen)
    if call.as_json or print_only:
        call.tell(
            {"path": citation.path, "line": line, "command": list(words)},
            line=shlex.join(words),
        )
        return 0
    if editors.needs_terminal(words) and not (
        sys.stdin.isatty() and sys.stdout.isatty()
    ):
        raise UsageError(
            f"there is no terminal for {words[0]}",
            "--print prints the command; open_command may name an editor with a window",
        )
    opened = place(citation.path, citation.page, citation.ranges, part=citation.part)
    call.output.note(opened)
    call.output.flush()
    try:
        return subprocess.run(words, check=False).returncode  # noqa: S603 - the user's own editor
    except OSError as error:
        raise UsageError(
            f"{words[0]}: {error.strerror}", "set $EDITOR or open_command"
        ) from None


def _last_answer(turns: Iterable[Turn]) -> Turn:
    """Returns the first turn that has sources.

    Raises:
        DocumentNotFound: None has.
    """
    for turn in turns:
        if turn.citations:
            return turn
    raise DocumentNotFound("no answer here has a source", 'ragcli ask "question"')


def _source(turn: Turn, number: int) -> Citation:
    """Returns the source with this marker.

    Raises:
        DocumentNotFound: The answer has none of this number.
        UsageError: It came with a bundle or a pipe, and is no file here.
    """
    for citation in turn.citations:
        if citation.marker != number:
            continue
        if citation.source or citation.path == "stdin":
            where = place(citation.path, None, source=citation.source)
            raise UsageError(f"{where} is no file here", "ragcli search shows passages")
        return citation
    known = ", ".join(f"[{citation.marker}]" for citation in turn.citations)
    raise DocumentNotFound(
        f"the last answer has no source {number}",
        f"it has {known}; its question was: {turn.question[:60]}",
    )


COMMANDS = {"open": open_}
