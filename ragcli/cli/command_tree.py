"""The tree of commands, built branch by branch as it is walked.

Typer needs a command's signature to build it. `ragcli profile list` should
not pay for the signatures of forty other commands, nor for the modules they
are in, so a group holds stand-ins that know their name and one sentence; the
one that is chosen is built.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from ragcli import __version__
from ragcli.cli.completion import PROGRAM
from ragcli.cli.input.options import AppContext, Invocation, Shared, started_by
from ragcli.dependency_patches.typer import without_pydantic
from ragcli.errors import UsageError
from ragcli.text import safe_line

GROUPS = "ragcli.cli.commands"

COMMANDS = {
    "ask": ("ask", "Answer one question from your documents, with citations."),
    "chat": ("chat", "Open the chat."),
    "search": ("search", "Find passages without answering."),
    "get": ("get", "Print the text of a document, or some of its lines."),
    "open": ("open", "Open the Nth source of the last answer at its line."),
    "docs": ("docs", "The documents of a profile."),
    "profile": (
        "profiles.profile",
        "Profiles: documents, history and settings kept apart.",
    ),
    "history": ("history", "What was asked and answered."),
    "audit": ("audit", "Who did what to a profile, and proof of it."),
    "models": ("installation.models", "The models that can answer."),
    "config": ("installation.config", "Settings, and where each comes from."),
    "mcp": (
        "agents.mcp",
        "Serve your documents to coding agents (MCP).",
    ),
    "skill": ("agents.skill", "Teach a coding agent this command line."),
    "eval": ("evaluate", "Measure retrieval and answers on your own questions."),
    "doctor": ("installation.doctor", "Check what works here and what does not."),
}
"""Command → its module and its sentence; a module is imported when it is used."""

ALIASES = {
    "ls": ("list", "show"),
    "list": ("show",),
    "rm": ("delete", "remove", "unset"),
    "remove": ("delete", "unset"),
    "delete": ("remove", "unset"),
}
"""Words that people try, and which command of a group each stands for."""

_LEAST_WORDS = 3
"""So many words, the first of which is near to no command, are a question."""

_NEAR = 0.8
"""How alike what was typed and a command are, at least, to be one mistyped."""

_BACKWARDS = r"-([1-9]\d{0,5})"

EXIT_CODES = """\b
Exit codes:
  0    answered, done                   6    some inputs failed, the rest is done
  1    nothing relevant found           70   a bug of ragcli
  2    usage or configuration           74   disk full, read-only, I/O error
  3    model or server unavailable      75   locked: try again
  4    profile or index damaged         77   not permitted: mode, owner, passphrase
  5    no such profile, document, ...   130  interrupted"""
"""What ends the help of `ragcli` itself."""

WITH_DOCS = {"ask", "search", "eval"}
"""Commands with an option `--docs PATH…`."""


class Command(TyperCommand):
    """A command whose arguments are converted without loading pydantic."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Returns the parameters, each with a light conversion."""
        return without_pydantic(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parses arguments; `-1` for a conversation is the last one, not an option."""
        if any(
            param.param_type_name == "argument"
            and param.name in {"conversation", "conversations"}
            for param in self.params
        ):
            args = _no_options(args, self.params)
        with _complaints_about(ctx):
            return super().parse_args(ctx, args)


@contextmanager
def _complaints_about(ctx: Any) -> Iterator[None]:
    """Lets a complaint about the command line know which command it is about."""
    try:
        yield
    except typer.TyperException as error:
        if getattr(error, "ctx", ctx) is None:
            vars(error)["ctx"] = ctx
        raise


def _no_options(args: Sequence[str], params: Iterable[Any]) -> list[str]:
    """Returns a command line whose `-1`, `-2`, … no parser takes for options."""
    takes = _taking_values(params)
    words: list[str] = []
    for number, arg in enumerate(args):
        if arg == "--":
            return [*words, *args[number:]]
        is_value = bool(number) and args[number - 1] in takes
        counts = not is_value and arg.startswith("-")
        back = re.fullmatch(_BACKWARDS, arg) if counts else None
        words.append(f"last-{int(back[1]) - 1}" if back else arg)
    return words


def _taking_values(params: Iterable[Any]) -> set[str]:
    """Returns the options that a value follows."""
    return {
        name
        for param in params
        if param.param_type_name == "option" and not param.is_flag
        for name in param.opts
    }


class DocsCommand(Command):
    """A command whose `--docs` takes several paths as a shell's `*` gives them."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parses arguments after every path behind `--docs` has got its own."""
        from ragcli.cli.input.path_lists import spread_paths

        return super().parse_args(ctx, spread_paths(args, "--docs"))


class LazyCommand(TyperCommand):
    """A command that is not built yet.

    Args:
        name: As typed.
        summary: The sentence that lists and completions show.
        build: Makes the real one.
    """

    def __init__(
        self, name: str, summary: str, build: Callable[[], TyperCommand | TyperGroup]
    ) -> None:
        super().__init__(name, help=summary, rich_markup_mode=None)
        self.build = build


class Group(TyperGroup):
    """A group that builds a command only when it is chosen."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Returns the parameters, each with a light conversion."""
        return without_pydantic(super().get_params(ctx))

    def resolve_command(
        self, ctx: Any, args: list[str]
    ) -> tuple[str | None, Any, list[str]]:
        """Returns the chosen command's name, itself, and what is left of `args`.

        Raises:
            UsageError: The command line is a question, and `ask` was left out.
        """
        if args and args[0] not in self.commands:
            if self.name == PROGRAM:
                self._refuse_question(args)
            also = ALIASES.get(args[0], ())
            args = [next((n for n in also if n in self.commands), args[0]), *args[1:]]
        name, command, rest = super().resolve_command(ctx, args)
        if isinstance(command, LazyCommand):
            command = command.build()
        return name, command, rest

    def _built(self, name: str) -> Any:
        """Returns a command as it is when it is chosen."""
        command = self.commands[name]
        return command.build() if isinstance(command, LazyCommand) else command

    def _refuse_question(self, args: Sequence[str]) -> None:
        """Refuses a question in front of which `ask` was left out."""
        import shlex
        from difflib import get_close_matches

        words, options = _without_options(args, self._built("ask").params)
        if not words or not _is_question(words):
            return
        if get_close_matches(words[0], self.commands, 1, _NEAR):
            return
        for near in get_close_matches(words[0], self.commands, 1):
            group = self._built(near)
            known = {*group.commands, *ALIASES} if isinstance(group, Group) else set()
            if known.intersection(words[1:2]):
                return
        raise UsageError(
            f"there is no command {safe_line(words[0])!r}",
            f"did you mean: ragcli ask {shlex.join([' '.join(words), *options])}",
        )


def _is_question(words: Sequence[str]) -> bool:
    """Tells whether what was typed reads like a question, not like a command."""
    return (
        len(words) >= _LEAST_WORDS or " " in words[0].strip() or words[-1].endswith("?")
    )


def _without_options(
    args: Sequence[str], params: Iterable[Any]
) -> tuple[list[str], list[str]]:
    """Returns the words of a command line, and its options with their values."""
    takes = _taking_values(params)
    words: list[str] = []
    options: list[str] = []
    for number, arg in enumerate(args):
        is_value = bool(number) and args[number - 1] in takes
        (options if is_value or arg.startswith("-") else words).append(arg)
    return words, options


def root() -> Group:
    """Returns `ragcli` itself."""
    commands = {
        name: LazyCommand(name, summary, _builder(name, module))
        for name, (module, summary) in COMMANDS.items()
    }
    group = _group("ragcli", _root_callback, commands)
    group.epilog = EXIT_CODES
    return group


def _builder(name: str, module: str) -> Callable[[], TyperCommand | TyperGroup]:
    def build() -> TyperCommand | TyperGroup:
        loaded = importlib.import_module(f"{GROUPS}.{module}")
        functions: Mapping[str, Callable[..., int | None]] = loaded.COMMANDS
        if list(functions) == [name]:
            return leaf(name, functions[name])
        return branch(name, functions, loaded.__doc__ or "")

    return build


def branch(
    name: str, functions: Mapping[str, Callable[..., int | None]], about: str
) -> Group:
    """Returns the group `name` of `functions`, none of them built yet."""

    def build(child: str, function: Callable[..., int | None]) -> LazyCommand:
        summary = (function.__doc__ or "").split("\n\n")[0]
        return LazyCommand(
            child, " ".join(summary.split()), lambda: leaf(child, function)
        )

    commands = {child: build(child, function) for child, function in functions.items()}
    return _group(name, _group_callback, commands, about)


def leaf(name: str, function: Callable[..., int | None]) -> TyperCommand:
    """Returns the command that calls `function`."""
    app = _app()
    shown = getattr(function, "examples", ())
    epilog = "\n".join(["\b", "Examples:", *(f"  {line}" for line in shown)])
    kind = DocsCommand if name in WITH_DOCS else Command
    app.command(name, cls=kind, epilog=epilog)(_with_shared(function))
    built = get_command(app)
    assert isinstance(built, TyperCommand)  # noqa: S101 - a fact about Typer
    return built


def _group(
    name: str,
    callback: Callable[..., None],
    commands: Mapping[str, LazyCommand],
    about: str = "",
) -> Group:
    app = _app()
    app.callback(cls=Group, invoke_without_command=True)(callback)
    built = get_command(app)
    assert isinstance(built, Group)  # noqa: S101 - a fact about Typer
    built.name = name
    built.help = about or built.help
    built.commands.update(commands)
    return built


def _app() -> typer.Typer:
    return typer.Typer(
        add_completion=False,  # ours gives no name to `eval`
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": []},  # ours is `_HELP`
    )


def _with_shared(function: Callable[..., int | None]) -> Callable[..., Any]:
    """Returns `function` with the shared options behind its own parameters."""

    def call(ctx: typer.Context, **arguments: Any) -> int | None:
        del arguments["help_"]
        typed = Shared(**{name: arguments.pop(name) for name in _SHARED})
        started = started_by(ctx)
        invocation = Invocation(typed.over(started.shared), started.output)
        try:
            return function(invocation, **arguments)
        finally:
            invocation.tell_notices()

    _, *own = inspect.signature(function, eval_str=True).parameters.values()
    _sign(call, [*own, *_SHARED.values(), _HELP])
    call.__doc__ = function.__doc__
    return call


def _group_callback(ctx: typer.Context, **arguments: Any) -> None:
    del arguments["help_"]
    started = started_by(ctx)
    started.shared = Shared(**arguments).over(started.shared)
    if ctx.invoked_subcommand is None:
        started.output.text(ctx.get_help())


def _root_callback(
    ctx: typer.Context,
    *,
    version: bool,
    man: bool,
    install_completion: bool,
    show_completion: bool,
    **arguments: Any,
) -> None:
    """Talk to your own documents: cited answers, sessions that are never lost."""
    if install_completion or show_completion:
        _completion(started_by(ctx), install=install_completion)
        raise typer.Exit
    if man:
        from ragcli.cli import manual

        started_by(ctx).output.part(manual.page(root(), EXIT_CODES))
        raise typer.Exit
    if version:
        output = started_by(ctx).output
        if output.as_json:
            output.document({"version": __version__})
        else:
            output.line(f"{PROGRAM} {__version__}")
        raise typer.Exit
    _group_callback(ctx, **arguments)


def _completion(started: AppContext, *, install: bool) -> None:
    """Installs or prints what makes the shell complete."""
    from ragcli.cli.completion import scripts

    shell = scripts.current_shell()
    if not install:
        started.output.text(scripts.script(shell).rstrip("\n"))
        return
    file = scripts.install(shell)
    started.output.note(f"{shell} completes ragcli once it starts anew ({file})")


def _sign(
    function: Callable[..., Any], parameters: Iterable[inspect.Parameter]
) -> None:
    """Tells Typer which parameters `function` takes behind its context."""
    context = inspect.Parameter(
        "ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context
    )
    named = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for parameter in parameters
    ]
    vars(function)["__signature__"] = inspect.Signature([context, *named])


def _show_help(ctx: typer.Context, value: bool) -> None:
    """Prints the help through our output, which knows what a closed pipe means."""
    if value and not ctx.resilient_parsing:
        started_by(ctx).output.text(ctx.get_help())
        raise typer.Exit


_HELP = inspect.Parameter(
    "help_",
    inspect.Parameter.KEYWORD_ONLY,
    default=False,
    annotation=Annotated[
        bool,
        typer.Option(
            "--help",
            "-h",
            is_eager=True,
            callback=_show_help,
            help="Show this and end.",
        ),
    ],
)
_MAN = inspect.Parameter(
    "man",
    inspect.Parameter.KEYWORD_ONLY,
    default=False,
    annotation=Annotated[
        bool, typer.Option("--man", help="Print the manual page: | man -l -")
    ],
)
_VERSION = inspect.Parameter(
    "version",
    inspect.Parameter.KEYWORD_ONLY,
    default=False,
    annotation=Annotated[bool, typer.Option("--version", help="Print the version.")],
)
_INSTALL_COMPLETION, _SHOW_COMPLETION = (
    inspect.Parameter(
        f"{verb}_completion",
        inspect.Parameter.KEYWORD_ONLY,
        default=False,
        annotation=Annotated[bool, typer.Option(f"--{verb}-completion", help=told)],
    )
    for verb, told in (
        ("install", "Make the shell that runs this complete."),
        ("show", "Print what that shell would load."),
    )
)
_SHARED = inspect.signature(Shared, eval_str=True).parameters
_sign(_group_callback, [*_SHARED.values(), _HELP])
_sign(
    _root_callback,
    [_VERSION, _MAN, *_SHARED.values(), _HELP, _INSTALL_COMPLETION, _SHOW_COMPLETION],
)
