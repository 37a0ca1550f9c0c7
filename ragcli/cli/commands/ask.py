"""`ragcli ask`: one question, one cited answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ragcli.cli import live_names, reading
from ragcli.cli.answers import Answering, Style
from ragcli.cli.options import Invocation, examples, number, paths
from ragcli.errors import DocumentNotFound, UsageError

if TYPE_CHECKING:
    from ragcli.chat.events import AskRequest


@examples(
    'ragcli ask "How long are locks held?"',
    "ragcli ask --docs notes/ 'Who wrote the report?'",
    'git diff | ragcli ask "What changed, in one sentence?"',
    'ragcli ask --json "Which ports are open?" | jq -r .answer',
    "ragcli ask --batch questions.txt > answers.jsonl",
)
def ask(
    call: Invocation,
    question: Annotated[
        list[str] | None,
        typer.Argument(metavar="QUESTION", help="The question; - waits for stdin."),
    ] = None,
    *,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            "-m",
            metavar="SPEC",
            help="auto, builtin, ollama:NAME or provider:NAME.",
            autocompletion=live_names.models,
        ),
    ] = None,
    limit: Annotated[
        int | None, typer.Option("-k", metavar="N", help="Retrieve so many passages.")
    ] = None,
    docs: Annotated[
        list[str] | None,
        typer.Option("--docs", metavar="PATH…", help="Search these, for this call."),
    ] = None,
    stateless: Annotated[
        bool, typer.Option("--stateless", help="Write nothing at all.")
    ] = False,
    new: Annotated[bool, typer.Option("--new", help="Start a conversation.")] = False,
    conversation: Annotated[
        str | None,
        typer.Option(
            "--conversation",
            metavar="ID",
            help="Go on with this one (id, its start, or title).",
            autocompletion=live_names.conversations,
        ),
    ] = None,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="One JSON event a line, as it happens.")
    ] = False,
    no_stream: Annotated[
        bool, typer.Option("--no-stream", help="Print the answer when it is whole.")
    ] = False,
    no_docs: Annotated[
        bool, typer.Option("--no-docs", help="Let the model answer by itself.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Fail if a citation cannot be verified.")
    ] = False,
    require_model: Annotated[
        bool,
        typer.Option("--require-model", help="No fallback to built-in answers."),
    ] = False,
    show_prompt: Annotated[
        bool, typer.Option("--show-prompt", help="Show what the model is given.")
    ] = False,
    batch: Annotated[
        str | None,
        typer.Option(
            "--batch", metavar="FILE|-", help="One question a line; JSON Lines out."
        ),
    ] = None,
    timeout: Annotated[
        str | None,
        typer.Option(
            "--timeout", metavar="SECONDS", help="Longest silence of a model."
        ),
    ] = None,
    sources: Annotated[
        bool, typer.Option("--sources", help="Print the sources in a pipe, too.")
    ] = False,
    raw: Annotated[
        bool, typer.Option("--raw", help="Do not make control characters visible.")
    ] = False,
    expect_seq: Annotated[
        int | None,
        typer.Option(
            "--expect-seq", metavar="N", help="Fail unless the history is at N."
        ),
    ] = None,
) -> int:
    """Answer one question from your documents, with citations.

    Without QUESTION, the question is read from stdin. With one, piped text is a
    document for this question: searched, cited as stdin:12-20, never stored. `-`
    waits for stdin as long as it takes.

    Each question of --batch is a conversation of its own, unless --conversation
    says which one they belong to.
    """
    call.flags |= {"model": model, "timeout": timeout}
    call.flags |= {"require_model": require_model or None}
    call.output.raw = raw
    number("-k", limit)

    def request(text: str, attachment: str = "") -> AskRequest:
        from ragcli.chat.events import AskRequest

        return AskRequest(
            question=text,
            conversation=conversation or "",
            new=new or (batch is not None and not conversation),
            limit=limit or 0,
            use_documents=not no_docs,
            attachment=attachment,
            record=not stateless,
            strict=strict,
            expect_seq=expect_seq,
        )

    style = Style(
        stream=not no_stream, events=jsonl, sources=sources, show_prompt=show_prompt
    )
    call.output.as_json = call.as_json or jsonl or batch is not None
    with call.open(stateless=stateless) as workspace:
        answering = Answering(call.output, workspace, paths(docs), style)
        if batch is not None:
            return answering.batch([request(text) for text in _questions(call, batch)])
        asked = reading.question_and_document(
            question or [], call.output, limit=_limit(call)
        )
        return answering.one(request(asked.question, asked.attachment))


def _questions(call: Invocation, source: str) -> list[str]:
    """Returns the questions of a batch, empty lines left out.

    Raises:
        DocumentNotFound: There is no such file.
        UsageError: It is not text.
    """
    if source == reading.FORCE:
        found = reading.lines(call.output, limit=_limit(call))
    else:
        try:
            found = Path(source).read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            raise DocumentNotFound(f"--batch: there is no file {source}") from None
        except UnicodeDecodeError:
            raise UsageError(f"--batch: {source} is not UTF-8 text") from None
        except OSError as error:
            raise UsageError(f"--batch: {source}: {error.strerror}") from None
    return [line.strip() for line in found if line.strip()]


def _limit(call: Invocation) -> int:
    from ragcli.config import size

    return size(call.runtime.settings.max_file_size)


COMMANDS = {"ask": ask}
