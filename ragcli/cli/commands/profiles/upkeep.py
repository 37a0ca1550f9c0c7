"""The upkeep of profiles: `profile verify`, `prune` and `restore`."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ragcli.cli.input.options import Invocation, YesOption, examples
from ragcli.cli.input.profile_argument import ExpiredProfileName, OptionalProfileName
from ragcli.errors import ExitCode
from ragcli.text import counted

if TYPE_CHECKING:
    from ragcli.sessions.findings import Finding
    from ragcli.sessions.protocols import Expired


@examples(
    "ragcli profile verify",
    "ragcli profile verify work --repair",
    "ragcli profile verify --anchor 812:9f31c2ab… --json",
)
def verify(
    call: Invocation,
    name: OptionalProfileName = "",
    repair: Annotated[
        bool, typer.Option("--repair", help="Move damage aside, keep the rest.")
    ] = False,
    anchor: Annotated[
        str,
        typer.Option("--anchor", metavar="SEQ:MAC", help="The audit log must hold it."),
    ] = "",
) -> int:
    """Check history, index, permissions and audit log.

    What is wrong is told in one line each. The exit code is 4 while damage
    remains. --repair moves it to quarantine/; nothing is deleted.
    """
    from ragcli.sessions import findings

    store = call.runtime.store
    wanted = name or call.runtime.profile_name()
    look = store.repair if repair else store.verify
    all_findings = look(wanted, anchor=anchor)
    for notice in store.notices:
        call.output.warn(notice)
    if call.as_json:
        documents = [_finding(finding) for finding in all_findings]
        call.output.document({"profile": wanted, "findings": documents})
    else:
        _print(call, all_findings)
    return int(findings.exit_code(all_findings))


@examples(
    "ragcli profile prune --dry-run",
    "ragcli profile prune",
    "ragcli profile prune --yes",
)
def prune(
    call: Invocation,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what has expired.")
    ] = False,
    yes: YesOption = False,
) -> int:
    """Erase what has expired in all profiles.

    You are told what that is and asked; then it is erased at once and for good, with
    what was set aside before. Where nobody can be asked, what is due is set aside and
    erased after a time of grace, as also happens when a profile is used.
    A profile that cannot be used is named, with what to do; the others are pruned,
    and the exit code is 6.
    """
    grace = not (yes or dry_run or call.may_ask)
    if not grace and not dry_run and not yes:
        due = call.runtime.store.prune(dry_run=True)
        for expired in due:
            if not expired.failed:
                call.output.note(f"{expired.profile}: {_what(expired)}")
        if not all(expired.failed for expired in due):
            call.confirm("Erase this for good?", yes=False)
    done = call.runtime.store.prune(dry_run=dry_run, grace=grace)
    return _pruned(call, done, dry_run=dry_run)


def _pruned(call: Invocation, done: list[Expired], *, dry_run: bool) -> int:
    """Says what was erased, and which profiles could not be looked at."""
    failed = [expired for expired in done if expired.failed]
    if call.as_json:
        documents = [asdict(expired) for expired in done]
        call.output.document({"dry_run": dry_run, "expired": documents})
    else:
        for expired in done:
            if not expired.failed:
                call.output.line(f"{expired.profile}: {_what(expired)}")
        if not done:
            call.output.note("nothing has expired")
    for expired in failed:
        hint = f" ({expired.hint})" if expired.hint else ""
        call.output.warn(f"{expired.failed}; it is left as it is{hint}")
    return int(ExitCode.SOME_FAILED if failed else ExitCode.ANSWERED)


@examples("ragcli profile restore", "ragcli profile restore work")
def restore(
    call: Invocation,
    name: ExpiredProfileName = "",
) -> None:
    """Bring back what has expired and is set aside.

    That is a profile that was not used for its ttl, or turns of one. What is brought
    back counts as used, or written, now.
    """
    wanted = name or call.runtime.profile_name()
    back = replace(call.runtime.store.restore(wanted), aside=False)
    note = f"{wanted}: {_what(back)} brought back" if back.any else "nothing to restore"
    call.tell({"restored": asdict(back)}, note=note)


def _finding(finding: Finding) -> dict[str, Any]:
    return asdict(finding) | {"code": int(finding.code)}


def _print(call: Invocation, findings: list[Finding]) -> None:
    for finding in findings:
        hint = f"; {finding.hint}" if finding.hint else ""
        call.output.line(f"{finding.severity}: {finding.where}: {finding.what}{hint}")
    if not findings:
        call.output.line("everything is sound")


def _what(expired: Expired) -> str:
    what = "the whole profile"
    if not expired.whole:
        turns = counted(expired.turns, "turn")
        what = f"{turns}, {counted(expired.conversations, 'conversation')}"
    return f"{what}, set aside" if expired.aside else what
