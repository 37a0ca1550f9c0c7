"""`ragcli ask`: one question, one cited answer."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ragcli.chat.events import AskRequest
from ragcli.cli.input import question_options, standard_input
from ragcli.cli.input.options import Invocation, examples, number, paths
from ragcli.cli.output.answers import AnswerPrinter, Style
from ragcli.errors import DocumentNotFound, UsageError
from ragcli.sessions.records.record_types import ONE_SHOT


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
    since: question_options.SinceOption = None,
    until: question_options.UntilOption = None,
    types: question_options.TypeOption = None,
    stateless: question_options.StatelessOption = False,
    new: question_options.NewOption = False,
    continue_: question_options.ContinueOption = False,
    conversation: question_options.ConversationOption = None,
    jsonl: question_options.EventsOption = False,
    no_stream: question_options.WholeOption = False,
    no_docs: question_options.NoDocsOption = False,
    strict: question_options.StrictOption = False,
    require_model: question_options.RequireModelOption = None,
    show_prompt: question_options.ShowPromptOption = False,
    batch: question_options.BatchOption = None,
    timeout: question_options.TimeoutOption = None,
    sources: question_options.SourcesOption = False,
    answer_only: question_options.AnswerOnlyOption = False,
    no_stdin: question_options.NoStdinOption = False,
    raw: question_options.RawOption = False,
    expect_seq: question_options.ExpectSeqOption = None,
) -> int:
    """Answer one question from your documents, with citations.

    Without QUESTION, the question is read from stdin. With one, piped text is a
    document for this question: searched, cited as stdin:12-20, never stored. `-`
    waits for stdin as long as it takes.

    A question starts a conversation, each one of --batch as well; -c goes on with the
    latest one, --conversation with the one that it names.
    """
    _refuse_mixes(
        {
            "--json": call.shared.json,
            "--jsonl": jsonl,
            "--batch": batch is not None,
            "--new": new,
            "--continue": continue_,
            "--conversation": bool(conversation),
            "--answer-only": answer_only,
            "--sources": sources,
            "--no-docs": no_docs,
            "--docs": bool(docs),
            "--no-stdin": no_stdin,
            "QUESTION": bool(question),
            "-": question == [standard_input.FORCE],
        }
    )
    where = question_options.wanted_documents(inside, outside, tag, since, until, types)
    if where and no_docs:
        raise UsageError(f"--no-docs and {where} exclude each other")
    call.flags |= {"model": model, "timeout": timeout, "require_model": require_model}
    call.output.raw = raw
    call.output.quiet = call.output.quiet or answer_only
    call.output.as_json = call.as_json or jsonl or batch is not None
    wanted = AskRequest(
        question="",
        limit=number("-k", limit) or 0,
        use_documents=not no_docs,
        where=where,
        record=not stateless,
        strict=strict,
        origin=ONE_SHOT,
        expect_seq=expect_seq,
    )
    style = Style(not no_stream, jsonl, sources, show_prompt, answer_only)
    with call.runtime.open(stateless=stateless, expires=not stateless) as workspace:
        going_on = conversation or (workspace.history.latest() if continue_ else "")
        wanted = replace(wanted, conversation=going_on, new=not going_on)
        answering = AnswerPrinter(call.output, workspace, paths(docs), style)
        if batch is not None:
            if not (docs or no_docs) and (outdated := workspace.freshness.settle()):
                call.output.note(outdated)
            return answering.batch(_each(call, wanted, batch))
        words = question or []
        if no_stdin:
            return answering.one(replace(wanted, question=" ".join(words)))
        return answering.one(_typed_or_piped(call, wanted, words))


_EXCLUDING = (
    ("--json", "--jsonl"),
    ("--new", "--continue"),
    ("--new", "--conversation"),
    ("--continue", "--conversation"),
    ("--answer-only", "--json"),
    ("--answer-only", "--jsonl"),
    ("--answer-only", "--sources"),
    ("--answer-only", "--batch"),
    ("--batch", "QUESTION"),
    ("--batch", "--sources"),
    ("--no-docs", "--docs"),
    ("--no-stdin", "-"),
)
"""What cannot be meant together; one of each two would be silently ignored."""


def _refuse_mixes(typed: Mapping[str, bool]) -> None:
    """Refuses options of which one would be ignored.

    Raises:
        UsageError: Two exclude each other, or there is no question at all.
    """
    for option, other in _EXCLUDING:
        if typed[option] and typed[other]:
            raise UsageError(f"{option} and {other} exclude each other")
    if typed["--no-stdin"] and not typed["QUESTION"] and not typed["--batch"]:
        raise UsageError("there is no question", 'try: ragcli ask "How …?"')


def _each(call: Invocation, wanted: AskRequest, source: str) -> list[AskRequest]:
    """Returns one request for each question of a batch."""
    return [replace(wanted, question=text) for text in _questions(call, source)]


def _typed_or_piped(
    call: Invocation, wanted: AskRequest, words: list[str]
) -> AskRequest:
    """Returns the request with its question and what was piped along with it."""
    _expect_no_file(words)
    asked = standard_input.question_and_document(words, call.output, limit=_limit(call))
    return replace(wanted, question=asked.question, attachment=asked.attachment)


def _expect_no_file(words: list[str]) -> None:
    """Refuses files behind a question of its own: they were meant as documents.

    Raises:
        UsageError: Such a file is there.
    """
    question, *others = words or [""]
    files = [word for word in others if os.path.exists(word)]
    asked = " " in question or question.endswith("?")
    if asked and files and len(files) == len(others):
        import shlex

        quoted, named = shlex.quote(question), shlex.join(files)
        raise UsageError(
            f"{files[0]} is a file: is it to be searched?",
            f"ragcli ask {quoted} --docs {named}",
        )


def _questions(call: Invocation, source: str) -> list[str]:
    """Returns the questions of a batch, empty lines left out.

    Raises:
        DocumentNotFound: There is no such file.
        UsageError: It is not text.
    """
    if source == standard_input.FORCE:
        lines = standard_input.lines(call.output, limit=_limit(call))
    else:
        try:
            lines = Path(source).read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            raise DocumentNotFound(f"--batch: there is no file {source}") from None
        except UnicodeDecodeError:
            raise UsageError(f"--batch: {source} is not UTF-8 text") from None
        except OSError as error:
            raise UsageError(f"--batch: {source}: {error.strerror}") from None
    return [line.strip() for line in lines if line.strip()]


def _limit(call: Invocation) -> int:
    from ragcli.config import size

    return size(call.runtime.settings.max_file_size)


COMMANDS = {"ask": ask}
