"""`ragcli get`: the text of a document, as it is indexed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ragcli.chat.presentation.document_texts import (
    document_text,
    found_place,
    numbered,
    text_document,
)
from ragcli.cli.input import live_names
from ragcli.cli.input.options import Invocation, examples

if TYPE_CHECKING:
    from ragcli.chat.presentation.document_texts import DocumentText
    from ragcli.workspace import Workspace


@examples(
    "ragcli get docs/locks.md:12-20",
    "ragcli get handbook.pdf:3 --json",
    "ragcli get 'docs/locks.md#Holders'",
    "ragcli get 'offer.eml!price.xlsx'",
    "ragcli get --no-numbers notes.md > copy.md",
)
def get(
    call: Invocation,
    where: Annotated[
        str,
        typer.Argument(
            metavar="PATH[:FROM[-TO]|#HEADING]", autocompletion=live_names.documents
        ),
    ],
    no_numbers: Annotated[
        bool, typer.Option("--no-numbers", help="Only the text.")
    ] = False,
) -> None:
    """Print the text of a document, or some of its lines.

    Each line stands behind its number, a heading without one. It comes from the
    index, also when the file is gone. PATH may be the end of a path. In a format
    without lines, such as PDF, FROM and TO are pages. #HEADING is what stands below
    that heading. An attachment is named behind its mail: MAIL!NAME.
    """
    with call.open() as workspace:
        text = _found(workspace, where)
        notices = workspace.notices()
    for notice in notices:
        call.output.warn(notice)
    if call.as_json:
        call.output.document(text_document(text))
        return
    for line in text.lines:
        call.output.line(line.text if no_numbers else numbered(line, text.width))


def _found(workspace: Workspace, where: str) -> DocumentText:
    path, passages, part, ranges = found_place(where, workspace.document)
    return document_text(path, passages, ranges, part)


COMMANDS = {"get": get}
