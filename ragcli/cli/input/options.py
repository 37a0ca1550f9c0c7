"""The options that every command takes, and what a command is called with."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from ragcli.cli.input import live_names
from ragcli.cli.output.writer import Output
from ragcli.errors import ConfigError, UsageError
from ragcli.paths import checked_path, is_address
from ragcli.text import safe_name

if TYPE_CHECKING:
    from ragcli.cli.output.progress import ProgressDisplay
    from ragcli.runtime import Runtime
    from ragcli.workspace import Workspace

_Command = TypeVar("_Command", bound=Callable[..., Any])

ProfileOption = Annotated[
    str | None,
    typer.Option(
        "--profile",
        "-p",
        metavar="NAME",
        help="Use this profile.",
        autocompletion=live_names.profiles,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
WaitOption = Annotated[
    str | None,
    typer.Option("--wait", metavar="SECONDS", help="Wait so long for a lock (30, 5m)."),
]
QuietOption = Annotated[
    bool, typer.Option("--quiet", "-q", help="Only data, warnings and errors.")
]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Tell more.")]
PassphraseOption = Annotated[
    int | None,
    typer.Option(
        "--passphrase-fd",
        metavar="FD",
        help="Read the passphrase of an encrypted profile from this descriptor.",
    ),
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@dataclass(frozen=True, slots=True)
class Shared:
    """The options that every command takes."""

    profile: ProfileOption = None
    """`-p`: which profile; None asks the environment, the project, then the user."""

    json: JsonOption = False
    """`--json`: one document on stdout."""

    wait: WaitOption = None
    """`--wait`: a time span that locks are waited for."""

    quiet: QuietOption = False
    """`--quiet`: no notes."""

    verbose: VerboseOption = False
    """`--verbose`: more notes."""

    passphrase_fd: PassphraseOption = None
    """`--passphrase-fd`: where the passphrase is read from."""

    def over(self, outer: Shared) -> Shared:
        """Returns these options, with those typed before the command's name."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        typed = {
            name: value
            for name, value in values.items()
            if value is not None and value is not False  # a descriptor may be 0
        }
        return replace(outer, **typed)


@dataclass(slots=True, repr=False, eq=False)  # what is left out takes time to make
class AppContext:
    """What `main` hands to the command that it starts."""

    output: Output
    """Where it writes."""

    shared: Shared = field(default_factory=Shared)
    """The options typed before the command's name."""


def started_by(ctx: typer.Context) -> AppContext:
    """Returns what `main` started this command with."""
    started = ctx.find_object(AppContext)
    assert started is not None  # noqa: S101 - `main` is the only way in
    return started


class Invocation:
    """One run of one command: what was typed, where to write, what to work on.

    Args:
        shared: The options that every command takes.
        output: Where the command writes.

    Raises:
        UsageError: Two of the options exclude each other.
    """

    def __init__(self, shared: Shared, output: Output) -> None:
        if shared.quiet and shared.verbose:
            raise UsageError("--quiet and --verbose exclude each other")
        self.shared = shared
        self.output = output
        output.quiet = shared.quiet
        output.verbose = shared.verbose
        output.as_json = output.as_json or shared.json
        self.flags: dict[str, Any] = {}
        if shared.wait is not None:
            self.flags["lock_wait"] = shared.wait

    @property
    def as_json(self) -> bool:
        """Whether the command prints one JSON document."""
        return self.output.as_json

    @property
    def wait(self) -> float:
        """How many seconds a long operation waits for another one; 0 unless typed."""
        if self.shared.wait is None:
            return 0.0
        from ragcli.config import seconds

        try:
            return float(seconds(self.shared.wait))
        except ValueError as error:
            raise UsageError(f"--wait: {error}", "write e.g. --wait 30") from None

    @cached_property
    def runtime(self) -> Runtime:
        """The process's settings and store; flags are complete when it is asked for."""
        from ragcli.runtime import Runtime

        runtime = Runtime(
            self.flags,
            profile=self.shared.profile,
            passphrase_fd=self.shared.passphrase_fd,
            prompt=self.ask_passphrase if somebody_is_there() else None,
            warn=self.output.warn,
        )
        runtime.note = self.output.note
        return runtime

    def open(
        self, name: str | None = None, *, create: bool = True, expires: bool = False
    ) -> Workspace:
        """Opens the profile that is meant, or `name`, and says what happened to it.

        Args:
            name: Which; None for the one that is meant.
            create: Whether `default` may be made.
            expires: Whether what is due may be set aside: not by what only reads.
        """
        workspace = self.runtime.open(name, create=create, expires=expires)
        for notice in workspace.session.notices:
            self.output.warn(notice)
        workspace.session.notices.clear()
        return workspace

    def progress(self) -> ProgressDisplay:
        """Returns a bar on a terminal, plain lines otherwise."""
        from ragcli.cli.output import progress

        return progress.for_output(self.output)

    def tell(
        self, document: Mapping[str, Any], *, line: str = "", note: str = ""
    ) -> None:
        """Says what was done: as a document if that was asked for, else for people.

        Args:
            document: For `--json`.
            line: What is worth piping on, or "".
            note: What only a person wants to know, or "".
        """
        if self.as_json:
            self.output.document(document)
            return
        if line:
            self.output.line(line)
        if note:
            self.output.note(note)

    def tell_notices(self) -> None:
        """Says what the store swept, and what it could not remove."""
        runtime = vars(self).get("runtime")  # made with the first use, or not at all
        store = vars(runtime).get("store") if runtime else None
        for notice in store.notices if store else ():
            self.output.warn(notice)

    def ask_passphrase(self, profile: str) -> str:
        """Asks for a profile's passphrase on the terminal, without showing it."""
        import getpass

        self.output.end_stream()
        return getpass.getpass(f"Passphrase of profile {safe_name(profile)}: ")

    @property
    def may_ask(self) -> bool:
        """Whether somebody is there who can be asked."""
        return _is_terminal(0) and self.output.notes_to_terminal

    def confirm(self, question: str, *, yes: bool) -> None:
        """Goes on only if the user agrees.

        Raises:
            UsageError: They do not, or nobody is there and `--yes` was not typed.
        """
        if yes:
            return
        if not self.may_ask:
            raise UsageError(f"{question} Nobody is there to ask", "add --yes")
        self.output.prompt(f"{question} [y/N]")
        if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
            raise UsageError("not done", "answer y to go on")


def examples(*lines: str) -> Callable[[_Command], _Command]:
    """Gives a command the examples that end its help."""

    def mark(command: _Command) -> _Command:
        vars(command)["examples"] = lines
        return command

    return mark


def somebody_is_there() -> bool:
    """Tells whether a person sits at a terminal who could be asked."""
    return _is_terminal(0) or _is_terminal(2)


def paths(typed: Sequence[str] | None) -> list[Path]:
    """Returns paths as typed.

    Raises:
        UsageError: One is an address, or is relative and the working directory was
            removed.
    """
    checked = [checked_path(path) for path in typed or ()]
    try:
        for path in checked:
            path.absolute()
    except FileNotFoundError:
        raise UsageError(
            "the working directory is gone", "change to another one, or type full paths"
        ) from None
    return checked


def places(typed: Sequence[str]) -> list[Path | str]:
    """Returns paths as typed, and addresses of pages as text.

    Raises:
        UsageError: One can be neither.
    """
    files = iter(paths([item for item in typed if not _is_page(item)]))
    return [item if _is_page(item) else next(files) for item in typed]


def _is_page(typed: str) -> bool:
    return is_address(typed) and not os.path.lexists(typed)


def number(
    option: str, value: int | None, *, least: int = 1, most: int | None = None
) -> int | None:
    """Returns `value` if it is from `least` to `most`.

    Raises:
        UsageError: It is not; `option` is named.
    """
    if value is not None and value < least:
        raise UsageError(f"{option}: {value} is less than {least}")
    if value is not None and most is not None and value > most:
        raise UsageError(f"{option}: {value} is more than {most}")
    return value


def choice(option: str, value: str, *choices: str) -> str:
    """Returns `value` if it is one of `choices`.

    Raises:
        ConfigError: It is not; the nearest is named.
    """
    if value in choices:
        return value
    from difflib import get_close_matches

    near = get_close_matches(value, choices, 1)
    hint = f"did you mean {near[0]}?" if near else ""
    raise ConfigError(f"{option}: {value!r} is not one of {', '.join(choices)}", hint)


def _is_terminal(descriptor: int) -> bool:
    try:
        return os.isatty(descriptor)
    except OSError:
        return False
