"""`ragcli search`: retrieval without an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ragcli.cli.input.options import Invocation, choice, examples, number, paths
from ragcli.cli.input.question_options import (
    DocsOption,
    ExplainOption,
    LimitOption,
    ModeOption,
)
from ragcli.cli.output.answer_documents import path_document, place, ranges
from ragcli.errors import ExitCode, UsageError
from ragcli.language import question

if TYPE_CHECKING:
    from ragcli.index.passages import Passage


@examples(
    'ragcli search "lock holder"',
    "ragcli search -k 3 --mode bm25 --json 'exit code 75' | jq '.hits[0].path'",
)
def search(
    call: Invocation,
    query: Annotated[list[str], typer.Argument(metavar="QUERY")],
    limit: LimitOption = None,
    docs: DocsOption = None,
    mode: ModeOption = None,
    explain: ExplainOption = False,
) -> int:
    """Find passages without answering: path:line, score, passage.

    Exit code 1 means that nothing was found.
    """
    from ragcli.index.passages import SearchRequest

    number("-k", limit)
    if mode is not None:
        call.flags["retrieval.mode"] = choice("--mode", mode, *MODES)
    text = " ".join(query)
    if not text.strip():
        raise UsageError("the query is empty", 'try: ragcli search "words"')
    question.check(text)
    documents = paths(docs)
    with call.open() as workspace, call.progress() as progress:
        retriever = workspace.retriever(documents=documents, progress=progress)
        settings = workspace.settings
        passages: tuple[Passage, ...] = ()
        searched = text
        if retriever is not None:
            request = SearchRequest(
                question=text,
                limit=limit or settings.retrieval_k,
                mode=settings.retrieval_mode,
            )
            found = retriever.search(request)
            passages, searched = found.passages, found.query
    if call.as_json:
        hits = [_hit(passage, explain=explain) for passage in passages]
        call.output.document({"query": searched, "hits": hits})
    else:
        _print(call, passages, explain=explain)
    if not passages:
        call.output.note("nothing found")
    return int(ExitCode.ANSWERED if passages else ExitCode.NOTHING_FOUND)


MODES = ("hybrid", "bm25", "vectors")


def _hit(passage: Passage, *, explain: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        **path_document(passage.path),
        "page": passage.page,
        "lines": passage.lines,
        "heading": " > ".join(passage.heading),
        "score": round(passage.score, 4),
        "source": passage.source,
        "text": passage.text,
    }
    if explain:
        told["details"] = passage.details
    return told


def _print(call: Invocation, passages: tuple[Passage, ...], *, explain: bool) -> None:
    for at, passage in enumerate(passages):
        if at:
            call.output.line()
        where = place(passage.path, passage.page, ranges(passage.lines), passage.source)
        heading = f"  {' > '.join(passage.heading)}" if passage.heading else ""
        call.output.line(f"{where}  {passage.score:.2f}{heading}", style="bold")
        if explain:
            scores = (f"{name} {value:.3f}" for name, value in passage.details.items())
            call.output.line("  ".join(scores), style="dim")
        call.output.text(passage.text.rstrip("\n"))


COMMANDS = {"search": search}
