"""`ragcli search`: retrieval without an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ragcli.chat.presentation.lines import copies, passage_place
from ragcli.chat.presentation.passages import heading, search_document
from ragcli.cli.input.options import Invocation, choice, examples, number, paths
from ragcli.cli.input.question_options import (
    DocsOption,
    ExplainOption,
    InsideOption,
    LimitOption,
    ModeOption,
    OutsideOption,
    SinceOption,
    TagOption,
    TypeOption,
    UntilOption,
    wanted_documents,
)
from ragcli.errors import ExitCode, UsageError
from ragcli.language import question_limits

if TYPE_CHECKING:
    from ragcli.index.passages import Passage


@examples(
    'ragcli search "lock holder"',
    "ragcli search --type pdf --not-in drafts/ 'delivery date'",
    "ragcli search -k 3 --mode bm25 --json 'exit code 75' | jq '.hits[0].path'",
)
def search(
    call: Invocation,
    query: Annotated[list[str], typer.Argument(metavar="QUERY")],
    *,
    limit: LimitOption = None,
    docs: DocsOption = None,
    inside: InsideOption = None,
    outside: OutsideOption = None,
    tag: TagOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    types: TypeOption = None,
    mode: ModeOption = None,
    explain: ExplainOption = False,
) -> int:
    """Find passages without answering: path:line, score, passage.

    Exit code 1 means that nothing was found.
    """
    number("-k", limit)
    if mode is not None:
        call.flags["retrieval.mode"] = choice("--mode", mode, *MODES)
    text = " ".join(query)
    if not text.strip():
        raise UsageError("the query is empty", 'try: ragcli search "words"')
    question_limits.check(text)
    where = wanted_documents(inside, outside, tag, since, until, types)
    documents = paths(docs)
    with call.open() as workspace, call.progress() as progress:
        outdated = ""
        if not documents:
            outdated = workspace.freshness.see_to()
        result = workspace.search(
            text, limit=limit or 0, where=where, documents=documents, progress=progress
        )
        notices = workspace.notices()
    if outdated:
        call.output.note(outdated)
    for notice in notices:
        call.output.warn(notice)
    if call.as_json:
        call.output.document(search_document(result, explain=explain))
    else:
        _print(call, result.passages, explain=explain)
    if not result.passages:
        call.output.note(result.unmatched or "nothing found")
    return int(ExitCode.ANSWERED if result.passages else ExitCode.NOTHING_FOUND)


MODES = ("hybrid", "bm25", "vectors")


def _print(call: Invocation, passages: tuple[Passage, ...], *, explain: bool) -> None:
    for at, passage in enumerate(passages):
        if at:
            call.output.line()
        where = passage_place(passage)
        where += copies(len(passage.copies))
        above = f"  {heading(passage)}" if passage.heading else ""
        line = f"{where}  {passage.score:.2f}{above}"
        if passage.source:
            call.output.line(line, style="bold")
        else:
            call.output.place(line, passage.path, style="bold")
        if explain:
            scores = (f"{name} {value:.3f}" for name, value in passage.details.items())
            call.output.line("  ".join(scores), style="dim")
        call.output.text(_closed(passage.text))


def _closed(text: str) -> str:
    """Returns a passage without blank lines.

    Only between two hits stands one, so that nothing in a passage passes for a hit.
    """
    return "\n".join(line for line in text.split("\n") if line.strip())


COMMANDS = {"search": search}
