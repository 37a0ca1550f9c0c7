"""The documents of a profile: add, list, remove, sync, share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ragcli.chat.presentation.lines import passage_place
from ragcli.chat.presentation.passages import (
    contents_document,
    facts_document,
    heading,
    path_document,
    unit_lines,
)
from ragcli.cli.input import live_names, standard_input
from ragcli.cli.input.options import Invocation, examples, places
from ragcli.cli.output.formatting import moment, size
from ragcli.cli.output.progress import QuietProgress
from ragcli.errors import DocumentNotFound, ExitCode, UsageError
from ragcli.frozen import frozen
from ragcli.index.notation import notation_of
from ragcli.language.units import spoken
from ragcli.paths import shown
from ragcli.storage.name_spelling import as_on_disk
from ragcli.text import counted

if TYPE_CHECKING:
    from ragcli.index.library import DocumentList
    from ragcli.index.passages import Passage
    from ragcli.index.report import GenerationInfo, IngestReport
    from ragcli.language.units import Unit

Explain = Annotated[
    bool, typer.Option("--explain", help="Say why each skipped file was skipped.")
]
Private = Annotated[
    bool,
    typer.Option("--allow-private", help="Ask servers that are not public, too."),
]
Documents = Annotated[
    list[str], typer.Argument(metavar="PATH", autocompletion=live_names.documents)
]


@examples(
    "ragcli docs add notes/ report.pdf",
    "ragcli docs add . --explain",
    "ragcli docs add ~/wiki -p work --wait 60",
    "ragcli docs add src/ --include '*.py' --exclude tests/",
    "git ls-files -z docs | ragcli docs add -0 -",
    "ragcli docs add https://example.org/handbook",
)
def add(
    call: Invocation,
    typed: Annotated[list[str], typer.Argument(metavar="PATH|URL")],
    *,
    explain: Explain = False,
    allow_private: Private = False,
    include: Annotated[
        list[str] | None,
        typer.Option(metavar="GLOB", help="Of directories only what matches."),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(metavar="GLOB", help="Of directories nothing that matches."),
    ] = None,
    null: Annotated[
        bool, typer.Option("--null", "-0", help="Names on stdin end with NUL bytes.")
    ] = False,
    allow_secrets: Annotated[
        bool,
        typer.Option("--allow-secrets", help="Files named here may be secrets."),
    ] = False,
) -> int:
    """Index files, directories and pages on the web.

    Directories are searched through; .gitignore and .ragignore are respected;
    binary, oversized and likely secret files are skipped. Unchanged files cost
    nothing. A file that cannot be read is named, the others are indexed, and the
    exit code is 6.

    A page (https://…) needs the extra `web`. It is kept as it was read: `docs sync`
    asks its server for what changed. Servers that are not on the public Internet are
    asked only with --allow-private.

    `-` reads names from stdin, one a line. Globs are those of .gitignore; later syncs
    keep to them.
    """
    for option, globs in (("--include", include), ("--exclude", exclude)):
        if not all(glob.strip() for glob in globs or ()):
            raise UsageError(f"{option}: a value is empty", "write a GLOB: '*.md'")
    here = places([name for name in typed if name != standard_input.FORCE])
    listed: list[str] = []
    if len(here) < len(typed):
        listed = standard_input.names(call.output, null=null)
    elif null:
        raise UsageError("-0 is about names on stdin", "ragcli docs add -0 -")
    named = [*here, *places(listed)]
    from ragcli.index.report import FileChoice

    with call.open(expires=True) as workspace, call.progress() as progress:
        report = workspace.library.add(
            named,
            progress,
            wait=call.wait,
            allow_private=allow_private,
            choice=FileChoice(
                tuple(include or ()),
                tuple(exclude or ()),
                tuple(here) if allow_secrets else (),
            ),
        )
    return _report(call, report, named, explain=explain)


@examples("ragcli docs sync", "ragcli docs sync --json | jq .changed")
def sync(
    call: Invocation,
    explain: Explain = False,
    force: Annotated[
        bool, typer.Option("--force", help="Forget what is gone, however much it is.")
    ] = False,
    allow_private: Private = False,
) -> int:
    """Index what changed, and forget documents that are gone.

    A directory that is not there, or has lost more than half of its documents, may
    be a volume that is not mounted: it is named, its documents stay, and the exit
    code is 6. So does a page on the web whose server is away, or has it no more. What
    an older version of ragcli read is read again.
    """
    with call.open(expires=True) as workspace, call.progress() as progress:
        report = workspace.library.sync(
            progress, wait=call.wait, force=force, allow_private=allow_private
        )
    return _report(call, report, [], explain=explain)


@examples(
    "ragcli docs watch",
    "ragcli docs watch -p work --quiet",
    "*/10 * * * * ragcli docs watch --once   # in a crontab",
    "ragcli docs watch --systemd > ~/.config/systemd/user/ragcli.service",
)
def watch(
    call: Invocation,
    once: Annotated[
        bool, typer.Option("--once", help="Sync once and end; silent if all is fresh.")
    ] = False,
    systemd: Annotated[
        bool, typer.Option("--systemd", help="Print a unit of systemd that does this.")
    ] = False,
    allow_private: Private = False,
) -> int:
    """Keep the documents fresh: sync at once, and again whenever files change.

    It tells of each change in one line on stderr (--json: a line of JSON on stdout)
    and ends with 0 on Ctrl-C or SIGTERM. While others hold the lock it tries again.
    Servers of pages are asked once, at the beginning. Needs the extra `watch`, but
    not for --once.
    """
    from ragcli.cli import watching

    if once and systemd:
        raise UsageError("--once and --systemd do not go together")
    if systemd:
        own_home = "RAGCLI_HOME" in call.runtime.environ
        home = os.path.abspath(call.runtime.home.data) if own_home else ""
        unit = watching.systemd_unit(call.runtime.profile_name(), home)
        if call.as_json:
            call.output.document({"unit": unit})
        else:
            call.output.text(unit)
        return int(ExitCode.ANSWERED)
    if once:
        with call.open(expires=True) as workspace, QuietProgress(call.output) as quiet:
            report = workspace.library.sync(
                quiet, wait=call.wait, allow_private=allow_private
            )
        if call.as_json or report.tells_of_change:
            _tell_change(call, report)
        failed = bool(report.failed)
        return int(ExitCode.SOME_FAILED if failed else ExitCode.ANSWERED)
    watching.check_installed()
    import signal

    with suppress(KeyboardInterrupt):
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        watching.keep_fresh(
            call, partial(_tell_change, call), allow_private=allow_private
        )
    return int(ExitCode.ANSWERED)


@examples("ragcli docs remove old.md", "ragcli docs remove notes/ --forget")
def remove(
    call: Invocation,
    typed: Documents,
    forget: Annotated[
        bool,
        typer.Option("--forget", help="Drop them at once: no rollback to them."),
    ] = False,
) -> int:
    """Forget documents; the files stay.

    A directory stands for all documents below it. Earlier states of the index hold
    what was removed until later changes push them out, so that `docs rollback` brings
    it back; --forget drops them now and says how much room that gave.
    """
    with call.open(expires=True) as workspace:
        report = workspace.library.remove(places(typed), wait=call.wait, forget=forget)
    return _report(call, report, [], explain=False)


@examples("ragcli docs compact", "ragcli docs compact --json | jq .freed")
def compact(call: Invocation) -> int:
    """Drop for good what was removed or replaced.

    What is left is written anew, and every earlier state of the index goes: there is
    nothing to roll back to afterwards.
    """
    with call.open(expires=True) as workspace:
        report = workspace.library.compact(wait=call.wait)
    if call.as_json:
        call.output.document({"generation": report.generation, "freed": report.freed})
    else:
        call.output.line(f"{size(report.freed)} freed")
    return int(ExitCode.ANSWERED)


@examples("ragcli docs reembed", "ragcli docs reembed -p work")
def reembed(call: Invocation) -> int:
    """Make all vectors anew with the embedder in force.

    The new index is built beside the old one and takes its place at once.
    """
    with call.open(expires=True) as workspace, call.progress() as progress:
        report = workspace.library.reembed(progress)
    return _report(call, report, [], explain=False)


@examples("ragcli docs list", "ragcli docs list --json | jq -r '.documents[].path'")
def list_(call: Invocation) -> None:
    """List the documents, their chunks and sizes."""
    with call.open() as workspace:
        documents = workspace.library.documents()
        mounts = list(workspace.settings.mounts)
    if call.as_json:
        rows = map(facts_document, documents)
        call.output.document_list("documents", rows, {"mounts": mounts})
        return
    columns = ("path", "chunks", "size", "title")
    call.output.table(columns, _DocumentRows(documents))
    if not documents:
        call.output.note("no documents; add some: ragcli docs add PATH")
    for mount in mounts:
        call.output.note(f"also searched: {mount} (mounted)")


@examples("ragcli docs show report.pdf", "ragcli docs show notes.md --json")
def show(
    call: Invocation,
    path: Annotated[
        str, typer.Argument(metavar="PATH", autocompletion=live_names.documents)
    ],
) -> None:
    """Show a document as the program understands it.

    Its chunks, where they stand, and what in them can be quoted: sentences, rows by
    column, fields, items, lines, code.
    """
    with call.open() as workspace:
        passages: list[Passage]
        try:
            document, passages = workspace.library.document(*places([path]))
        except DocumentNotFound as error:
            from ragcli.index import parts

            document, passages, _ = parts.part_named(
                path, lambda name: workspace.library.document(*places([name])), error
            )
    if call.as_json:
        call.output.document(contents_document(document, passages))
        return
    call.output.line(f"{shown(document.path)}  {document.title}", style="bold")
    call.output.line(
        f"{document.format}, {size(document.size)}, {counted(document.chunks, 'chunk')}"
    )
    for name, value in document.facts.items():
        guess = " (a guess)" if name == "encoding" else ""
        line = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        call.output.line(f"{name}: {line}{guess}")
    for passage in passages:
        where = passage_place(passage)
        above = f"  {heading(passage)}" if passage.heading else ""
        call.output.line()
        call.output.line(f"{where}{above}", style="dim")
        for unit in passage.units:
            line = spoken(passage.text, unit, passage.tables, notation_of(passage))
            call.output.text(f"{_unit_place(passage, unit):14}{line}")


@examples("ragcli docs rollback", "ragcli docs rollback gen-00000007")
def rollback(
    call: Invocation,
    generation: Annotated[str, typer.Argument(metavar="GENERATION")] = "",
    list_only: Annotated[
        bool, typer.Option("--list", help="Only list the generations kept.")
    ] = False,
) -> None:
    """Go back to an earlier index.

    Without GENERATION, to the one before the last change.
    """
    with call.open(create=False) as workspace:
        if list_only:
            _generations(call, workspace.library.generations())
            return
        current = workspace.library.rollback(generation)
    if call.as_json:
        call.output.document({"generation": current})
    else:
        call.output.line(current)


@examples("ragcli docs mount ../team.ragcli", "ragcli docs mount work -p mine")
def mount(
    call: Invocation, place_: Annotated[str, typer.Argument(metavar="PATH|PROFILE")]
) -> None:
    """Search another profile or bundle too, read-only.

    The history of both stays private.
    """
    from ragcli import mounts

    with call.open() as workspace:
        added = mounts.checked(place_, workspace.home)
        kept = [mounted for mounted in workspace.settings.mounts if mounted != added]
        workspace.session.change_settings({"documents.mounts": [*kept, added]})
    _mounted(call, [*kept, added])


@examples("ragcli docs unmount ../team.ragcli")
def unmount(
    call: Invocation, place_: Annotated[str, typer.Argument(metavar="PATH|PROFILE")]
) -> None:
    """Search a mounted profile or bundle no longer."""
    from ragcli import mounts
    from ragcli.errors import NotFound

    own = call.runtime.home.profiles / place_
    names = {place_, os.path.abspath(place_), os.fspath(own)}
    with call.open(create=False) as workspace:
        mounted = workspace.settings.mounts
        kept = [name for name in mounted if name not in names]
        if len(kept) == len(mounted):
            raise NotFound(f"{place_} is not mounted", "ragcli docs list shows what is")
        workspace.session.change_settings({"documents.mounts": kept or None})
        for gone in set(mounted) - set(kept):
            mounts.forget(gone, workspace.home)
    _mounted(call, kept)


@frozen
class _DocumentRows:
    """The rows of a table of documents, made each time that they are gone through."""

    documents: DocumentList

    def __iter__(self) -> Iterator[tuple[object, ...]]:
        for document in self.documents:
            yield (
                shown(document.path),
                document.chunks,
                size(document.size),
                document.title,
            )


def _unit_place(passage: Passage, unit: Unit) -> str:
    """Returns what a unit is and where: `field 12`, `row 7`, `line 00:01:20`."""
    first = unit_lines(passage, unit)
    return " ".join([unit.kind, unit.label or (str(first[0]) if first else "")])


def _mounted(call: Invocation, mounts: list[str]) -> None:
    call.tell(
        {"mounts": mounts}, note=f"{counted(len(mounts), 'mount')} in this profile"
    )


def _generations(call: Invocation, kept: list[GenerationInfo]) -> None:
    if call.as_json:
        call.output.document(
            {"generations": [asdict(generation) for generation in kept]}
        )
        return
    rows = [
        (
            generation.name,
            moment(generation.created),
            generation.change,
            counted(generation.documents, "document"),
            counted(generation.chunks, "chunk"),
            generation.damaged or ("*" if generation.current else ""),
        )
        for generation in kept
    ]
    columns = ("generation", "made", "by", "documents", "chunks", "current")
    call.output.table(columns, rows)


def _report(
    call: Invocation, report: IngestReport, named: list[Path | str], *, explain: bool
) -> int:
    """Prints what became of the files; returns 6 if one of them failed.

    A skipped file that the user named counts as failed: it was asked for.
    """
    files = [path for path in named if isinstance(path, Path)]
    wanted = {path.absolute() for path in files}
    wanted |= {Path(as_on_disk(path)) for path in files}
    failed = [(item.path, item.reason) for item in report.failed]
    skipped: list[tuple[str, str]] = []
    for item in report.skipped:
        listed = failed if item.path.absolute() in wanted else skipped
        listed.append((os.fspath(item.path), item.reason))
    for path, reason in failed[len(report.failed) :]:  # progress told the others
        call.output.warn(f"{shown(path)}: {reason}")
    if explain:
        for path, reason in skipped:
            call.output.note(f"skipped {shown(path)}: {reason}")
    if call.as_json:
        call.output.document(_report_document(report, failed, skipped))
    else:
        hint = "" if explain else " (--explain says why)"
        call.output.line(_report_line(report, len(failed), len(skipped), hint))
    return int(ExitCode.SOME_FAILED if failed else ExitCode.ANSWERED)


def _tell_change(call: Invocation, report: IngestReport) -> None:
    """Tells what a sync did that nobody waited for."""
    if call.as_json:
        failed = [(item.path, item.reason) for item in report.failed]
        call.output.event(_report_document(report, failed, []))
    else:
        changes = replace(report, unchanged=0)
        call.output.note(_report_line(changes, len(report.failed), 0, ""))


def _report_document(
    report: IngestReport,
    failed: list[tuple[str, str]],
    skipped: list[tuple[str, str]],
) -> dict[str, Any]:
    return {
        "added": report.added,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "removed": report.removed,
        "reread": report.reread,
        "failed": [path_document(path) | {"reason": why} for path, why in failed],
        "skipped": [path_document(path) | {"reason": why} for path, why in skipped],
        "notices": [
            path_document(item.path) | {"notice": item.reason}
            for item in report.notices
        ],
        "chunks": report.chunks,
        "generation": report.generation,
        "freed": report.freed,
        "seconds": round(report.seconds, 3),
    }


def _report_line(report: IngestReport, failed: int, skipped: int, hint: str) -> str:
    """Returns `12 added, 1 changed; 2 skipped (--explain says why); 340 chunks`."""
    numbers = {
        "added": report.added,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "removed": report.removed,
        "read again": report.reread,
        "failed": failed,
    }
    counts = ", ".join(
        f"{number:,} {word}" for word, number in numbers.items() if number
    )
    parts = [counts or "nothing changed"]
    if skipped:
        parts.append(f"{skipped:,} skipped{hint}")
    if report.freed:
        parts.append(f"{size(report.freed)} freed")
    parts.append(f"{counted(report.chunks, 'chunk')} in {report.seconds:.1f} s")
    return "; ".join(parts)


COMMANDS = {
    "add": add,
    "list": list_,
    "remove": remove,
    "sync": sync,
    "watch": watch,
    "show": show,
    "rollback": rollback,
    "reembed": reembed,
    "compact": compact,
    "mount": mount,
    "unmount": unmount,
}
