"""What comes in on standard input: a question, a document, or nothing.

A command started by cron, an editor or another program often inherits a pipe
that nobody will ever write to. Reading it would hang for ever, so only `-`
reads without asking first whether anything is there.
"""

from __future__ import annotations

import os
import select
import stat
from collections.abc import Callable

from ragcli.cli.output.writer import Output
from ragcli.errors import UsageError
from ragcli.frozen import frozen
from ragcli.language import question_limits
from ragcli.text import counted

PATIENCE = 1.0
"""Seconds that a silent pipe is given before the command goes on without it."""

FORCE = "-"
"""The argument that means: read standard input, however long it takes."""

_BLOCK = 1 << 16
_LONGEST_LIST = 64 << 20
STDIN = 0
"""The descriptor that is read."""


@frozen
class AskInput:
    """What `ask` was given."""

    question: str
    """The question, "" if there is none."""

    attachment: str = ""
    """The text of a piped document."""


def question_and_document(words: list[str], output: Output, *, limit: int) -> AskInput:
    """Returns the question and the piped document, by the rules of `ask`.

    Without words, stdin is the question; with words, it is a document. `-` as
    the last word reads it without a time limit.

    Args:
        words: The arguments; several words are one question.
        output: Told about a silent stdin, and asked for a question on a terminal.
        limit: Most bytes of a document that are read; of a question it is `LONGEST`.

    Raises:
        UsageError: Too long a question, too long a document, or a binary one.
    """
    forced = bool(words) and words[-1] == FORCE
    question = " ".join(words[:-1] if forced else words)
    if question or (words and not forced):
        text = _document(output, forced=forced, limit=limit)
        return AskInput(question, text)
    if _kind() == "terminal" and not forced:
        output.prompt("question:")
    data = _read(
        output,
        forced=forced,
        limit=question_limits.LONGEST,
        refusal=question_limits.too_long,
    )
    return AskInput(_text(data, "the question"))


def lines(output: Output, *, limit: int) -> list[str]:
    """Returns all of stdin as lines; waits for it as long as it takes."""
    return _text(_read(output, forced=True, limit=limit), "stdin").splitlines()


def names(output: Output, *, null: bool) -> list[str]:
    """Returns the names of files that stdin lists; waits as long as it takes.

    Args:
        output: Told that it is read.
        null: Whether they end with NUL bytes; else each is a line.
    """
    data = _read(output, forced=True, limit=_LONGEST_LIST)
    parts = data.split(b"\0") if null else data.splitlines()
    return [os.fsdecode(name) for name in parts if name]


def _document(output: Output, *, forced: bool, limit: int) -> str:
    """Returns the piped document; a terminal is only read when forced."""
    if _kind() == "terminal" and not forced:
        return ""
    text = _text(_read(output, forced=forced, limit=limit), "stdin")
    if text:
        lines = text.count("\n") + (not text.endswith("\n"))
        output.note(
            f"stdin is searched as a document: {counted(lines, 'line')} "
            "(--no-stdin leaves it alone)"
        )
    return text


def _read(
    output: Output,
    *,
    forced: bool,
    limit: int,
    refusal: Callable[[], UsageError] | None = None,
) -> bytes:
    """Returns the bytes of stdin, b"" when it has none or stays silent.

    Args:
        output: Told that it stays silent.
        forced: Whether to wait for it.
        limit: Most bytes that are read.
        refusal: Returns what is said of more, if that is not a large document.
    """
    kind = _kind()
    if kind == "nothing":
        return b""
    if kind == "terminal":
        return _line_of_terminal() if not forced else _all(limit, refusal)
    if kind == "stream" and not forced and not _is_ready(PATIENCE):
        output.note(
            f"nothing came on stdin for {PATIENCE:.0f} s; going on without it "
            "(add - to wait for it)"
        )
        return b""
    output.detail("reading stdin")
    return _all(limit, refusal)


def _kind() -> str:
    """Returns what stdin is: `terminal`, `stream`, `file` or `nothing`."""
    try:
        mode = os.fstat(STDIN).st_mode
    except OSError:  # closed before we started
        return "nothing"
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
        return "stream"
    if stat.S_ISCHR(mode) and os.isatty(STDIN):
        return "terminal"
    return "nothing"


def _is_ready(seconds: float) -> bool:
    """Tells whether stdin has data or has ended, within `seconds`."""
    waiting = select.poll()  # `select` itself knows no descriptor above 1,023
    waiting.register(STDIN, select.POLLIN)
    return bool(waiting.poll(seconds * 1000))


def _line_of_terminal() -> bytes:
    """Returns one line as a person types it."""
    return os.read(STDIN, _BLOCK)


def _all(limit: int, refusal: Callable[[], UsageError] | None) -> bytes:
    blocks: list[bytes] = []
    size = 0
    while block := os.read(STDIN, _BLOCK):
        blocks.append(block)
        size += len(block)
        if size > limit and refusal:
            raise refusal()
        if size > limit:
            raise UsageError(
                f"stdin is larger than {limit} bytes",
                "raise documents.max_file_size, or index it: ragcli docs add PATH",
            )
    return b"".join(blocks)


def _text(data: bytes, what: str) -> str:
    """Returns `data` as text; bytes that are no UTF-8 become replacement marks.

    Raises:
        UsageError: It holds NUL bytes: an archive, an image, a program.
    """
    if b"\0" in data:
        raise UsageError(f"{what} is binary, not text", "pipe text, or use --docs FILE")
    return data.decode("utf-8-sig", errors="replace")
