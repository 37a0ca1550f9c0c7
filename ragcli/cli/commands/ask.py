"""`ragcli ask`: one question, one cited answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ragcli.chat.events import AskRequest
from ragcli.cli.input import question_options, standard_input
from ragcli.cli.input.options import Invocation, examples, number, paths
from ragcli.cli.output.answers import AnswerPrinter, Style
from ragcli.errors import DocumentNotFound, UsageError
from ragcli.index.search import typed_filter


@examples(
    'ragcli ask "How long are locks held?"',
    "ragcli ask --docs notes/ 'Who wrote the report?'",
    'ragcli ask --in minutes/ --since 2024-03 "Who leads the project?"',
    'git diff | ragcli ask "What changed, in one sentence?"',
    'ragcli ask --json "Which ports are open?" | jq -r .answer',
    "ragcli ask --batch questions.txt > answers.jsonl",
)
def ask(
    call: Invocation,
    question: question_options.QuestionArgument = None,
    *,
    model: question_options.ModelOption = None,
    limit: question_options.LimitOption = None,
    docs: question_options.DocsOption = None,
    inside: question_options.InsideOption = None,
    outside: question_options.OutsideOption = None,
    tag: question_options.TagOption = None,
    since: question_options.SinceOption = "",
    until: question_options.UntilOption = "",
    types: question_options.TypeOption = None,
    stateless: question_options.StatelessOption = False,
    new: question_options.NewOption = False,
    conversation: question_options.ConversationOption = "",
    jsonl: question_options.EventsOption = False,
    no_stream: question_options.WholeOption = False,
    no_docs: question_options.NoDocsOption = False,
    strict: question_options.StrictOption = False,
    require_model: question_options.RequireModelOption = None,
    show_prompt: question_options.ShowPromptOption = False,
    batch: question_options.BatchOption = None,
    timeout: question_options.TimeoutOption = None,
    sources: question_options.SourcesOption = False,
    raw: question_options.RawOption = False,
    expect_seq: question_options.ExpectSeqOption = None,
) -> int:
    """Answer one question from your documents, with citations.

    Without QUESTION, the question is read from stdin. With one, piped text is a
    document for this question: searched, cited as stdin:12-20, never stored. `-`
    waits for stdin as long as it takes.

    Each question of --batch is a conversation of its own, unless --conversation
    says which one they belong to.
    """
    where = typed_filter.parsed(
        inside=inside or (),
        outside=outside or (),
        tags=tag or (),
        since=since,
        until=until,
        types=types or (),
    )
    if where and no_docs:
        raise UsageError(f"--no-docs and {where} exclude each other")
    call.flags |= {"model": model, "timeout": timeout, "require_model": require_model}
    call.output.raw = raw
    call.output.as_json = call.as_json or jsonl or batch is not None
    wanted = AskRequest(
        question="",
        conversation=conversation,
        new=new or (batch is not None and not conversation),
        limit=number("-k", limit) or 0,
        use_documents=not no_docs,
        where=where,
        record=not stateless,
        strict=strict,
        expect_seq=expect_seq,
    )
    style = Style(not no_stream, jsonl, sources, show_prompt)
    with call.runtime.open(stateless=stateless, expires=not stateless) as workspace:
        answering = AnswerPrinter(call.output, workspace, paths(docs), style)
        if batch is not None:
            return answering.batch(_each(call, wanted, batch))
        return answering.one(_typed_or_piped(call, wanted, question or []))


def _each(call: Invocation, wanted: AskRequest, source: str) -> list[AskRequest]:
    """Returns one request for each question of a batch."""
    return [replace(wanted, question=text) for text in _questions(call, source)]


def _typed_or_piped(
    call: Invocation, wanted: AskRequest, words: list[str]
) -> AskRequest:
    """Returns the request with its question and what was piped along with it."""
    asked = standard_input.question_and_document(words, call.output, limit=_limit(call))
    return replace(wanted, question=asked.question, attachment=asked.attachment)


def _questions(call: Invocation, source: str) -> list[str]:
    """Returns the questions of a batch, empty lines left out.

    Raises:
        DocumentNotFound: There is no such file.
        UsageError: It is not text.
    """
    if source == standard_input.FORCE:
        found = standard_input.lines(call.output, limit=_limit(call))
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
