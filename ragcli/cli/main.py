"""The way in, and the only place where an error becomes an exit code."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from itertools import pairwise
from types import FrameType

from ragcli import __version__
from ragcli.cli.completion import PROGRAM, VARIABLE
from ragcli.cli.output.writer import Output, ReaderGone
from ragcli.dependency_patches import interpreter
from ragcli.errors import ExitCode, RagcliError, UsageError
from ragcli.storage.limits import address_space, open_files


def entry_point() -> None:
    """Runs `ragcli` as a process of its own and ends it with the right code."""
    if sys.platform == "win32":
        sys.exit("ragcli: Windows is not supported: it lacks flock; use WSL")
    _prepare_process()
    interpreter.end(main())


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code (see `ragcli.errors`)."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    output = Output(sys.stdout, sys.stderr, as_json=_wants_json(arguments))
    output.profile = _named_profile(arguments)
    try:
        code = run_command(arguments, output)
        output.end_stream()
        output.flush()
    except KeyboardInterrupt:
        output.end_stream()
        return int(ExitCode.INTERRUPTED)
    except ReaderGone:
        output.abandon()
        return 0
    except RagcliError as error:
        return _failed(error, output)
    except BaseException as error:  # the boundary: what nobody foresaw
        # Also a library's own SystemExit, and its panic in Rust: they would end with
        # 1, a code of ours that means something else, and without a word of ours.
        if isinstance(error, SystemExit) and _is_signal(error.code):
            raise
        from ragcli.storage.limits.shortage import shortage

        lacking = shortage(error)
        return _failed(lacking, output) if lacking else _crashed(error, output)
    return code


def run_command(arguments: list[str], output: Output) -> int:
    """Runs one command; returns its exit code, or raises what ended it."""
    arguments = _spelled_out(arguments)
    if arguments == ["--version"]:  # needs nothing that takes time to load
        output.line(f"{PROGRAM} {__version__}")
        return 0
    from ragcli.cli.command_tree import root

    asked = os.environ.get(VARIABLE)
    if asked is not None:
        from ragcli.cli.completion import shell_answers

        output.verbatim(shell_answers.answer(asked, arguments, root))
        return 0
    import typer

    from ragcli.cli.input.options import AppContext

    try:
        code = root().main(
            arguments, PROGRAM, standalone_mode=False, obj=AppContext(output)
        )
    except typer.TyperException as error:
        raise _usage_error(error, arguments) from error
    except typer.Abort:
        raise KeyboardInterrupt from None
    return int(code or 0)


def _spelled_out(arguments: list[str]) -> list[str]:
    """Returns a command line with `help` and `version` as the options they mean."""
    match arguments:
        case ["version", *options]:
            return ["--version", *options]
        case ["help", *command]:
            return [*command, "--help"]
    return arguments


def _usage_error(error: Exception, arguments: Sequence[str]) -> UsageError:
    """Returns Typer's complaint as ours: one line, and where to read on."""
    message = str(getattr(error, "format_message", error.__str__)()).rstrip(".")
    near = getattr(error, "possibilities", None)
    if near:
        message = message.split(" (Possible")[0]
        message += f" (did you mean {' or '.join(sorted(near))}?)"
    context = getattr(error, "ctx", None)
    command = context.command_path if context else PROGRAM
    lowered = message[:1].lower() + message[1:]
    file = _dashed_file(getattr(error, "option_name", ""), arguments)
    hint = f"for the file of that name: ./{file}" if file else f"try: {command} --help"
    return UsageError(" ".join(lowered.split()), hint)


def _dashed_file(option: str, arguments: Sequence[str]) -> str:
    """Returns the file that was taken for an unknown option, "" for none."""
    typed = (item for item in arguments if option and item.startswith(option))
    return next((item for item in typed if os.path.lexists(item)), "")


def _wants_json(arguments: Sequence[str]) -> bool:
    """Tells whether an error found before parsing ends is to be JSON."""
    options = _before_dashes(arguments)
    return "--json" in options or "--jsonl" in options


def _named_profile(arguments: Sequence[str]) -> str:
    """Returns the profile that a command line names, "" for none."""
    options = _before_dashes(arguments)
    for option, value in pairwise([*options, ""]):
        if option in {"-p", "--profile"}:
            return value
        if option.startswith("--profile="):
            return option.removeprefix("--profile=")
        if option.startswith("-p"):
            return option.removeprefix("-p")
    return ""


def _before_dashes(arguments: Sequence[str]) -> Sequence[str]:
    return arguments[: arguments.index("--")] if "--" in arguments else arguments


def _failed(error: RagcliError, output: Output) -> int:
    try:
        code = output.failure(error)
        output.flush()
    except ReaderGone:
        output.abandon()
        return int(error.code)
    except RagcliError as worse:  # stdout itself is what cannot be written
        output.as_json = False
        output.abandon()
        return output.failure(worse)
    return code


def _crashed(error: BaseException, output: Output) -> int:
    """Reports a bug of ours with everything that helps to find it."""
    import traceback  # 4 ms, and hardly ever needed

    output.block("".join(traceback.format_exception(error)))
    crash = RagcliError(
        f"{type(error).__name__}: {error}",
        "this is a bug in ragcli; please report it with the lines above",
    )
    crash.kind = "bug"
    return _failed(crash, output)


def _prepare_process() -> None:
    """Sets what a process starts with: modes, descriptors, signals, encodings."""
    os.umask(0o077)
    interpreter.collect_late()
    # Threads of OpenBLAS wait for each other longer than our small products take.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    _open_missing_descriptors()
    open_files.allow_more()
    address_space.guard()
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="backslashreplace")
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, _end)


def _open_missing_descriptors() -> None:
    """Fills closed standard descriptors, so that no file of ours gets their number."""
    descriptor = os.open(os.devnull, os.O_RDWR)
    while descriptor <= 2:
        descriptor = os.dup(descriptor)
    os.close(descriptor)
    interpreter.make_missing_streams()


def _end(number: int, _frame: FrameType | None) -> None:
    """Ends on a signal the way Ctrl-C does: what was answered so far is kept."""
    sys.exit(128 + number)


def _is_signal(code: object) -> bool:
    """Tells whether an exit code says which signal asked for the end."""
    return isinstance(code, int) and 128 < code < 128 + signal.NSIG
