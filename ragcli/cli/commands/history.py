"""What was asked and answered: the conversations of a profile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from ragcli.cli.input import live_names
from ragcli.cli.input.conversation_argument import (
    Conversation,
    OptionalConversation,
    resolved,
)
from ragcli.cli.input.options import Invocation, YesOption, examples, number
from ragcli.cli.output.formatting import moment
from ragcli.errors import ExitCode, UsageError
from ragcli.frozen import frozen
from ragcli.text import counted

if TYPE_CHECKING:
    from ragcli.sessions.history.writer import History
    from ragcli.sessions.records.record_types import Turn

_AGES = "write 30d, 2w, 12h or 45m"
"""How `--older-than` is written."""


@examples(
    "ragcli history list", "ragcli history list --json | jq -r '.conversations[0].id'"
)
def list_(
    call: Invocation,
    limit: Annotated[
        int | None, typer.Option("-n", "--limit", metavar="N", help="So many.")
    ] = None,
) -> None:
    """List the conversations, newest first."""
    number("--limit", limit)
    with call.open() as workspace:
        conversations = workspace.history.conversations()[:limit]
        name = workspace.name
    if call.as_json:
        documents = [asdict(conversation) for conversation in conversations]
        call.output.document({"profile": name, "conversations": documents})
        return
    rows = [
        (item.id, moment(item.updated), counted(item.turns, "turn"), item.title)
        for item in conversations
    ]
    call.output.table(("id", "updated", "turns", "title"), rows)
    if not conversations:
        call.output.note(f"profile {name} has no conversations yet")


@examples("ragcli history show", "ragcli history show 'Lock timeouts' --last 3")
def show(
    call: Invocation,
    conversation: OptionalConversation = "",
    last: Annotated[
        int | None, typer.Option("--last", metavar="N", help="Only the last N turns.")
    ] = None,
    reasoning: Annotated[
        bool,
        typer.Option("--reasoning", help="What the model said to itself as well."),
    ] = False,
) -> None:
    """Show a conversation with its sources, and what its answers cost."""
    number("--last", last)
    with call.open() as workspace:
        history = workspace.history
        wanted = resolved(history, conversation)
        listed = history.conversation(wanted)
        turns = history.transcript(wanted, limit=last)
    if call.as_json:
        from ragcli.chat.presentation.turns import recorded_document

        documents = [recorded_document(turn) for turn in turns]
        call.output.document({"conversation": asdict(listed), "turns": documents})
        return
    call.output.line(f"{listed.title}  {listed.id}", style="bold")
    for turn in turns:
        _print_turn(call, turn, reasoning=reasoning)


@examples("ragcli history usage", "ragcli history usage --json | jq '.usage[].prompt'")
def usage(call: Invocation) -> None:
    """Sum up the tokens that servers counted, by day and model."""
    with call.open(create=False) as workspace:
        sums = summed(workspace.history.stored_since(0))
    if call.as_json:
        call.output.document({"usage": [asdict(spent) for spent in sums]})
        return
    rows = [
        (
            sum_of_model.day,
            sum_of_model.model,
            counted(sum_of_model.turns, "turn"),
            *(
                f"{tokens:,}"
                for tokens in (
                    sum_of_model.prompt,
                    sum_of_model.cached,
                    sum_of_model.completion,
                )
            ),
        )
        for sum_of_model in sums
    ]
    call.output.table(("day", "model", "turns", "prompt", "cached", "completion"), rows)
    if not sums:
        call.output.note("no server has counted any tokens yet")


@frozen
class Spent:
    """What the answers of one model cost on one day, in tokens."""

    day: str
    """UTC: `2026-01-31`."""
    model: str
    turns: int = 0
    prompt: int = 0
    completion: int = 0
    cached: int = 0
    """Of the prompt's, those that the server had read already."""


def summed(turns: Iterable[Turn]) -> list[Spent]:
    """Returns what turns cost, by day and model; replaced turns cost as well."""
    sums: dict[tuple[str, str], Spent] = {}
    for turn in turns:
        if not turn.usage:
            continue
        key = (turn.ts[:10], turn.model)
        spent = sums.get(key) or Spent(*key)
        sums[key] = Spent(
            *key,
            spent.turns + 1,
            spent.prompt + turn.usage.get("prompt", 0),
            spent.completion + turn.usage.get("completion", 0),
            spent.cached + turn.usage.get("cached", 0),
        )
    return [sums[key] for key in sorted(sums)]


@examples("ragcli history search 'exit code'", "ragcli history search locks --json")
def search(
    call: Invocation,
    text: Annotated[list[str], typer.Argument(metavar="TEXT")],
    limit: Annotated[
        int, typer.Option("-n", "--limit", metavar="N", help="At most so many.")
    ] = 50,
) -> int:
    """Find turns by words of the question or the answer.

    Exit code 1 means that nothing was found.
    """
    number("--limit", limit)
    with call.open() as workspace:
        turns = workspace.history.search(" ".join(text), limit=limit)
    if call.as_json:
        from ragcli.chat.presentation.turns import recorded_document

        call.output.document({"turns": [recorded_document(turn) for turn in turns]})
    else:
        rows = [(turn.conversation, moment(turn.ts), turn.question) for turn in turns]
        call.output.table(("conversation", "when", "question"), rows)
    if not turns:
        call.output.note("nothing found")
    return int(ExitCode.ANSWERED if turns else ExitCode.NOTHING_FOUND)


@examples(
    "ragcli history export > talk.md",
    "ragcli history export --all --html -o history.html",
    "ragcli history export --json > backup.json",
)
def export(
    call: Invocation,
    conversation: OptionalConversation = "",
    everything: Annotated[
        bool, typer.Option("--all", help="The whole profile.")
    ] = False,
    html: Annotated[bool, typer.Option("--html", help="HTML, in one file.")] = False,
    target: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="Instead of stdout."),
    ] = None,
) -> None:
    """Write conversations as Markdown, HTML or JSON.

    JSON (--json) holds whole records, ids included; without CONVERSATION it
    holds the whole profile. Conversations come by when they ended, the oldest first.
    """
    from ragcli.cli import conversation_files
    from ragcli.sessions.history.transcripts import written

    if conversation and everything:
        raise UsageError("CONVERSATION and --all exclude each other")
    if html and call.as_json:
        raise UsageError("--html and --json exclude each other")
    with call.open() as workspace:
        history, wanted = workspace.history, ""
        if not everything and (conversation or not call.as_json):
            wanted = resolved(history, conversation)
        form = conversation_files.form(
            call, workspace.name, html=html, to_file=target is not None
        )
        conversation_files.write(
            call, written(form, history.transcripts(wanted)), target
        )


@examples("ragcli history fork", "ragcli history fork 0199a4 --at 0199a6 --title Anew")
def fork(
    call: Invocation,
    conversation: OptionalConversation = "",
    at: Annotated[
        str, typer.Option("--at", metavar="TURN", help="Up to and with this turn.")
    ] = "",
    title: Annotated[
        str, typer.Option("--title", metavar="TEXT", help="Title of the new one.")
    ] = "",
) -> None:
    """Go on from an earlier turn in a new conversation."""
    with call.open(expires=True) as workspace:
        history = workspace.history
        forked = history.fork(resolved(history, conversation), at=at, title=title)
    call.tell({"conversation": forked}, line=forked)


@examples("ragcli history rename 0199a4 'Lock timeouts'")
def rename(
    call: Invocation,
    conversation: Conversation,
    title: Annotated[str, typer.Argument(metavar="TITLE")],
) -> None:
    """Give a conversation another title."""
    if not title.strip():
        raise UsageError("the title is empty")
    with call.open(expires=True) as workspace:
        wanted = resolved(workspace.history, conversation)
        workspace.history.rename(wanted, title)
    call.tell({"conversation": wanted, "title": title})


@examples(
    "ragcli history delete 0199a4 --yes",
    "ragcli history delete last --yes",
    "ragcli history delete --turn 0199a6",
    "ragcli history delete --older-than 30d",
)
def delete(
    call: Invocation,
    conversations: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="CONVERSATION",
            help="Each by its id, the start of it, its title, or last.",
            autocompletion=live_names.conversations,
        ),
    ] = None,
    *,
    turn: Annotated[
        str, typer.Option("--turn", metavar="TURN", help="Only this turn.")
    ] = "",
    older_than: Annotated[
        str | None,
        typer.Option(
            "--older-than", metavar="SPAN", help="All unused for so long: 30d, 12h."
        ),
    ] = None,
    this_version: Annotated[
        bool,
        typer.Option(
            "--this-version",
            help="With --turn: not the other versions of its answer.",
        ),
    ] = False,
    yes: YesOption = False,
) -> None:
    """Delete conversations or one turn, for good.

    A turn that was asked again goes with all versions of its answer; the id of a
    version that is not shown stands for this one alone.
    """
    if this_version and not turn:
        raise UsageError("--this-version needs --turn TURN")
    ways = (bool(conversations), bool(turn), older_than is not None)
    if sum(ways) != 1:
        raise UsageError(
            "say which" if not any(ways) else "these exclude each other",
            "CONVERSATION…, --turn TURN, or --older-than SPAN",
        )
    wanted: str | list[str]
    with call.open(expires=True) as workspace:
        history = workspace.history
        if turn:
            recorded = history.turn(turn)
            wanted = recorded.id
            several = "" if this_version else _other_versions(history, recorded)
            call.confirm(f"Delete this turn{several}?", yes=yes)
            history.delete_turn(recorded.id, alone=this_version)
            deleted = 1
        else:
            chosen = (
                [resolved(history, named) for named in conversations]
                if conversations
                else _unused(history, older_than or "")
            )
            chosen = list(dict.fromkeys(chosen))
            if not chosen:
                call.tell({"deleted": [], "turns": 0}, note="nothing is that old")
                return
            call.confirm(_question(history, chosen), yes=yes)
            deleted = sum(map(history.delete_conversation, chosen))
            wanted = chosen if len(chosen) > 1 or older_than else chosen[0]
    call.tell(
        {"deleted": wanted, "turns": deleted},
        note=f"{counted(deleted, 'turn')} deleted",
    )


def _other_versions(history: History, turn: Turn) -> str:
    """Returns what goes with a turn: ` with all 3 versions of it`, or ""."""
    count = len(turn.versions)
    if count < 2 or not history.is_shown(turn):
        return ""
    return f" with all {count} versions of it"


def _unused(history: History, span: str) -> list[str]:
    """Returns the conversations that nobody has used for so long.

    Raises:
        UsageError: It is not a time span.
    """
    from datetime import UTC, datetime, timedelta

    from ragcli.config import seconds

    if span.strip().isdigit():  # seconds elsewhere; what is deleted is not guessed
        raise UsageError(f"--older-than: {span!r} has no unit", f"days are {span}d")
    try:
        age = timedelta(seconds=seconds(span))
    except ValueError:
        raise UsageError(f"--older-than: {span!r} is not an age", _AGES) from None
    if not age:
        raise UsageError(f"--older-than: {span!r} would be all of them", _AGES)
    before = datetime.now(UTC) - age
    return [
        conversation.id
        for conversation in history.conversations()
        if datetime.fromisoformat(conversation.updated) < before
    ]


def _question(history: History, chosen: list[str]) -> str:
    """Returns what is asked before conversations are deleted."""
    if len(chosen) == 1:
        return f"Delete the conversation {history.conversation(chosen[0]).title!r}?"
    return f"Delete {len(chosen)} conversations?"


@examples("ragcli history redact --match 'sk-[A-Za-z0-9]+'")
def redact(
    call: Invocation,
    match: Annotated[
        str, typer.Option("--match", metavar="REGEX", help="What is masked.")
    ],
    yes: YesOption = False,
) -> None:
    """Mask text in everything stored, for good."""
    from ragcli.sessions.history import masking

    masking.compiled(match, "--match")  # before anybody is asked
    with call.open(expires=True) as workspace:
        call.confirm(f"Mask {match!r} in the whole history?", yes=yes)
        changed = workspace.history.redact(match)
    call.tell({"changed": changed}, line=f"{counted(changed, 'turn')} redacted")


@examples("ragcli history compact")
def compact(call: Invocation) -> None:
    """Rewrite the log without what is not shown: older versions, titles, summaries."""
    with call.open(expires=True) as workspace:
        changed = workspace.history.compact()
    call.tell({"removed": changed}, line=f"{counted(changed, 'record')} removed")


def _print_turn(call: Invocation, turn: Turn, *, reasoning: bool = False) -> None:
    from ragcli.chat.presentation.lines import source_line, unsupported_lines
    from ragcli.sessions.history import versions

    status = "" if turn.status == "answered" else turn.status
    note = ", ".join(part for part in (status, versions.line(turn)) if part)
    state = f"  ({note})" if note else ""
    call.output.line()
    call.output.text(f"{moment(turn.ts)}  {turn.asked}{state}", style="bold")
    if reasoning and turn.reasoning:
        call.output.text(turn.reasoning, style="dim")
        call.output.line()
    call.output.text(turn.answer or "(no answer)")
    for citation in turn.citations:
        call.output.line(source_line(citation), style="dim")
    for line in unsupported_lines(turn):
        call.output.line(line, style="dim")
    if turn.usage:
        call.output.line(_cost(turn.usage), style="dim")


def _cost(usage: Mapping[str, int]) -> str:
    """Returns tokens for people: `1,204 tokens read (900 cached), 88 written`."""
    cached = f" ({usage['cached']:,} cached)" if usage.get("cached") else ""
    read, written = usage.get("prompt", 0), usage.get("completion", 0)
    return f"{read:,} tokens read{cached}, {written:,} written"


COMMANDS = {
    "list": list_,
    "show": show,
    "usage": usage,
    "search": search,
    "export": export,
    "fork": fork,
    "rename": rename,
    "delete": delete,
    "redact": redact,
    "compact": compact,
}
