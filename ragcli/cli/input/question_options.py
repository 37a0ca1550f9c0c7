"""What may be typed behind `ask`, `chat`, `search` and `eval`, each by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ragcli.cli.input import live_names
from ragcli.errors import UsageError

if TYPE_CHECKING:
    from ragcli.index.document_filter import DocumentFilter

QuestionArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="QUESTION", help="The question; - waits for stdin."),
]
ModelOption = Annotated[
    str | None,
    typer.Option(
        "--model",
        "-m",
        metavar="SPEC",
        help="auto, builtin, ollama:NAME, ENDPOINT:NAME or provider:NAME; by default "
        "the setting model.",
        autocompletion=live_names.models,
    ),
]
LimitOption = Annotated[
    int | None,
    typer.Option(
        "-k",
        metavar="N",
        help="Retrieve so many passages; by default the setting retrieval.k.",
    ),
]
DocsOption = Annotated[
    list[str] | None,
    typer.Option("--docs", metavar="PATH…", help="Search these, for this call."),
]
InsideOption = Annotated[
    list[str] | None,
    typer.Option(
        "--in",
        metavar="PATH|GLOB",
        help="Search only documents there.",
        autocompletion=live_names.places,
    ),
]
OutsideOption = Annotated[
    list[str] | None,
    typer.Option(
        "--not-in",
        metavar="PATH|GLOB",
        help="Leave out documents there.",
        autocompletion=live_names.places,
    ),
]
TagOption = Annotated[
    list[str] | None,
    typer.Option(
        "--tag",
        metavar="TAG",
        help="Search only documents with this tag.",
        autocompletion=live_names.tags,
    ),
]
SinceOption = Annotated[
    str | None,
    typer.Option("--since", metavar="DATE", help="Only since then: 2024-03, 30d."),
]
UntilOption = Annotated[
    str | None, typer.Option("--until", metavar="DATE", help="Only until then.")
]
TypeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--type",
        metavar="FORMAT",
        help="Only markdown, pdf, docx, …",
        autocompletion=live_names.formats,
    ),
]


def wanted_documents(
    inside: list[str] | None,
    outside: list[str] | None,
    tags: list[str] | None,
    since: str | None,
    until: str | None,
    types: list[str] | None,
) -> DocumentFilter | None:
    """Returns the filter that these options make; None where none was typed.

    Raises:
        UsageError: A date is none, a type is unknown, or a value is empty.
    """
    if not (inside or outside or tags or types) and since is None and until is None:
        return None  # as for most questions, which load no filter
    from ragcli.index.search.typed_filter import parsed

    return parsed(
        inside=inside,
        outside=outside,
        tags=tags,
        since=since,
        until=until,
        types=types,
    )


def _named(typed: str | None) -> str | None:
    """Refuses a name that is empty, as of a variable of a script that is not set."""
    if typed is not None and not typed.strip():
        raise UsageError("--conversation: the value is empty", "ragcli history list")
    return typed


ConversationOption = Annotated[
    str | None,
    typer.Option(
        "--conversation",
        callback=_named,
        metavar="ID",
        help="Go on with this one (id, its start, title, or last).",
        autocompletion=live_names.conversations,
    ),
]
NewOption = Annotated[bool, typer.Option("--new", help="Start a conversation.")]
ContinueOption = Annotated[
    bool,
    typer.Option("--continue", "-c", help="Go on with the latest conversation."),
]
NoStdinOption = Annotated[
    bool, typer.Option("--no-stdin", help="Leave standard input alone.")
]
AnswerOnlyOption = Annotated[
    bool, typer.Option("--answer-only", help="No sources and no notes.")
]
StatelessOption = Annotated[
    bool, typer.Option("--stateless", help="Write nothing at all.")
]
EventsOption = Annotated[
    bool, typer.Option("--jsonl", help="One JSON event a line, as it happens.")
]
WholeOption = Annotated[
    bool, typer.Option("--no-stream", help="Print the answer when it is whole.")
]
NoDocsOption = Annotated[
    bool, typer.Option("--no-docs", help="Let the model answer by itself.")
]
StrictOption = Annotated[
    bool, typer.Option("--strict", help="Fail if a citation cannot be verified.")
]
RequireModelOption = Annotated[
    bool | None,
    typer.Option("--require-model", help="No fallback to built-in answers."),
]
ShowPromptOption = Annotated[
    bool, typer.Option("--show-prompt", help="Show what the model is given.")
]
BatchOption = Annotated[
    str | None,
    typer.Option(
        "--batch", metavar="FILE|-", help="One question a line; JSON Lines out."
    ),
]
TimeoutOption = Annotated[
    str | None,
    typer.Option(
        "--timeout",
        metavar="SECONDS",
        help="Longest silence of a model; by default the setting timeout.",
    ),
]
SourcesOption = Annotated[
    bool, typer.Option("--sources", help="Print the sources in a pipe, too.")
]
RawOption = Annotated[
    bool, typer.Option("--raw", help="Do not make control characters visible.")
]
ExpectSeqOption = Annotated[
    int | None,
    typer.Option("--expect-seq", metavar="N", help="Fail unless the history is at N."),
]
ModeOption = Annotated[
    str | None,
    typer.Option(
        "--mode",
        metavar="MODE",
        help="hybrid, bm25 or vectors; by default the setting retrieval.mode.",
    ),
]
ExplainOption = Annotated[
    bool, typer.Option("--explain", help="Show the scores of each side.")
]
