"""The only writer to standard output and standard error.

stdout is data: the answer, the table, the JSON document. Everything else goes to
stderr. Other people's bytes (answers, paths, names, messages) pass the sanitizer
here, so that no escape sequence reaches a terminal unless we made it.
"""

from __future__ import annotations

import _thread
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TextIO

from ragcli.cli.completion import PROGRAM
from ragcli.errors import RagcliError, StorageFailed
from ragcli.text import SafePieces, safe_line, safe_name, safe_text

if TYPE_CHECKING:
    from ragcli.chat.presentation.wrapping import WordWrap

_BOLD, _DIM, _RED, _YELLOW, _RESET = (
    f"\x1b[{code}m" for code in ("1", "2", "31", "33", "0")
)

_CLEAR = "\r\x1b[K"
"""Back to the beginning of the line, and nothing on it."""


class ReaderGone(Exception):
    """Whoever read stdout has closed it.

    Not an `OSError`: Typer would turn that into exit code 1, our "nothing found".
    """


class Output:
    """Where one command writes.

    Args:
        stdout: Data; None when it was closed before we started.
        stderr: Everything else; likewise.
        as_json: One JSON document instead of text, errors included.
        environ: For `NO_COLOR` (https://no-color.org) and `TERM`.
    """

    def __init__(
        self,
        stdout: TextIO | None,
        stderr: TextIO | None,
        *,
        as_json: bool = False,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        environ = os.environ if environ is None else environ
        self.as_json = as_json
        self.quiet = False
        self.verbose = False
        self.raw = False
        self.profile = ""
        """The profile that was named; commands that hints suggest name it as well."""
        self._stdout = stdout
        self._stderr = stderr
        self._pieces = SafePieces()
        self._line_is_open = False
        self._drawn = False
        self._drawing = _thread.allocate_lock()  # without what `threading` loads
        self._environ = environ
        self._wrap: WordWrap | None = None
        self._plain = bool(environ.get("NO_COLOR")) or environ.get("TERM") == "dumb"

    @property
    def to_terminal(self) -> bool:
        """Whether a person reads stdout."""
        return _is_terminal(self._stdout)

    @property
    def notes_to_terminal(self) -> bool:
        """Whether a person reads stderr."""
        return _is_terminal(self._stderr)

    @property
    def plain(self) -> bool:
        """Whether colour and cursor movement are unwanted."""
        return self._plain

    def piece(self, text: str) -> None:
        """Writes a piece of a stream at once, without a newline of its own."""
        shown = text if self.raw else self._pieces.add(text)
        self._write(self._wrapped(shown))
        self.flush()
        if text:
            self._line_is_open = not text.endswith("\n")

    def end_line(self) -> None:
        """Ends what was streamed, and its last line unless that has ended."""
        self.end_stream()
        if self._line_is_open:
            self._line_is_open = False
            self._write("\n")

    def prose(self, text: str) -> None:
        """Writes a whole answer, and a newline."""
        self.piece(text)
        self.end_stream()
        self._line_is_open = False
        self._write("\n")

    def _wrapped(self, shown: str) -> str:
        """Returns a piece broken between words, where a person reads it."""
        if not self.to_terminal:
            return shown
        if self._wrap is None:
            import shutil

            from ragcli.chat.presentation.wrapping import WordWrap

            self._wrap = WordWrap(shutil.get_terminal_size().columns)
        return self._wrap.add(shown)

    def place(self, text: str, path: str, *, style: str = "") -> None:
        """Writes one line about a place, as a link where the terminal knows them.

        Args:
            text: What is seen, whatever it holds.
            path: Absolute path of the file that the link opens.
            style: `bold` or `dim` on a terminal.
        """
        shown = safe_name(text)
        if self.to_terminal and not self._plain and not self.raw:
            from ragcli.chat.presentation import links

            if links.are_known(self._environ):
                shown = links.linked(shown, path)
        self._styled(shown, style)

    def line(self, text: str = "", *, style: str = "") -> None:
        """Writes one line, whatever `text` holds: a name cannot make a second one.

        `style` is `bold` or `dim` on a terminal.
        """
        self._styled(text if self.raw else safe_name(text), style)

    def text(self, text: str, *, style: str = "") -> None:
        """Writes text that may have several lines, and a newline."""
        self._styled(text if self.raw else safe_text(text), style)

    def part(self, text: str) -> None:
        """Writes whole lines of a text that comes in parts, and nothing besides."""
        self._write(text if self.raw else safe_text(text))

    def _styled(self, shown: str, style: str) -> None:
        if self._wrap is not None:  # the last word of what was streamed comes first
            self.end_stream()
        codes = {"bold": _BOLD, "dim": _DIM}
        if style and self.to_terminal and not self._plain:
            shown = f"{codes[style]}{shown}{_RESET}"
        self._write(f"{shown}\n")

    def verbatim(self, data: bytes) -> None:
        """Writes bytes that were made safe for the program that reads them."""
        if self._stdout is not None:
            self.flush()
            try:
                self._stdout.buffer.write(data)
            except OSError as error:
                raise _translated(error) from error

    def document(self, data: Mapping[str, Any]) -> None:
        """Writes one JSON document, indented for people."""
        from ragcli.chat.presentation.envelope import encoded

        self._write(encoded(data, indent=2 if self.to_terminal else None) + "\n")

    def document_list(
        self,
        name: str,
        items: Iterable[Mapping[str, Any]],
        others: Mapping[str, Any],
    ) -> None:
        """Writes one JSON document with a long list first, as its items come."""
        from ragcli.chat.presentation.envelope import encoded_list

        indent = 2 if self.to_terminal else None
        for part in encoded_list(name, items, others, indent=indent):
            self._write(part)
        self._write("\n")

    def event(self, data: Mapping[str, Any]) -> None:
        """Writes one line of JSON Lines, at once."""
        from ragcli.chat.presentation.envelope import encoded

        self._write(encoded(data) + "\n")
        self.flush()

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Writes aligned columns to a terminal, tab-separated lines to a pipe.

        Args:
            columns: Their names.
            rows: The cells of each; gone through twice for a terminal, which is how
                the widths are known before the first is written.
        """
        if not self.to_terminal:
            for row in rows:
                self._write("\t".join(_safe_cells(row)) + "\n")
            return
        from ragcli.chat.presentation.columns import width

        header = [column.upper() for column in columns]
        sizes = (map(width, _safe_cells(row)) for row in rows)
        widest: list[int] = []
        for row_sizes in sizes:
            widest = list(map(max, widest, row_sizes)) if widest else list(row_sizes)
        if not widest:
            return
        widths = list(map(max, widest, map(width, header)))
        import shutil  # 5 ms: it loads every kind of compression

        limit = shutil.get_terminal_size().columns
        self.line(_aligned(header, widths, limit), style="bold")
        for row in rows:
            self._write(_aligned(_safe_cells(row), widths, limit) + "\n")

    def note(self, message: str) -> None:
        """Tells something on stderr; `--quiet` silences it."""
        if not self.quiet:
            self._note("ragcli: ", message, "")

    def aside(self, message: str) -> None:
        """Tells something that only somebody who reads along wants to know."""
        if self.to_terminal and self.notes_to_terminal and not self.quiet:
            self._note("ragcli: ", message, _DIM)

    def detail(self, message: str) -> None:
        """Tells something that only `--verbose` asks for."""
        if self.verbose:
            self._note("ragcli: ", message, _DIM)

    def warn(self, message: str) -> None:
        """Warns on stderr, also with `--quiet`."""
        self._note("ragcli: warning: ", message, _YELLOW)

    @property
    def may_redraw(self) -> bool:
        """Whether a line of stderr may be drawn over."""
        return self.notes_to_terminal and not self._plain and not self.as_json

    def status(self, message: str) -> None:
        """Draws over the present line of stderr, where `may_redraw`."""
        import shutil

        limit = shutil.get_terminal_size().columns
        shown = safe_line(message, max(limit - 1, 1))
        if self._stderr is not None:
            with self._drawing, suppress(OSError):
                self._stderr.write(f"{_CLEAR}{_DIM}{shown}{_RESET}")
                self._stderr.flush()
                self._drawn = True

    def clear_status(self) -> None:
        """Takes away what `status` drew."""
        if self._stderr is not None and self._drawn:
            with self._drawing, suppress(OSError):
                self._stderr.write(_CLEAR)
                self._stderr.flush()
                self._drawn = False

    def block(self, text: str) -> None:
        """Writes several lines to stderr as they are, but safe."""
        self._write_error(safe_text(text).rstrip("\n") + "\n")

    def prompt(self, text: str) -> None:
        """Writes a question to stderr and leaves the cursor after it."""
        self._write_error(safe_line(text) + " ")

    def failure(self, error: RagcliError) -> int:
        """Reports an error in one line and a hint; returns its exit code."""
        error.hint = for_profile(error.hint, self.profile)
        if self.as_json:
            from ragcli.chat.presentation.envelope import error_document

            self.document(error_document(error))
            return int(error.code)
        with suppress(ReaderGone, StorageFailed):
            self.end_line()
        self._note("ragcli: ", error.message, _RED)
        if error.hint:
            self._note("hint: ", error.hint, "")
        return int(error.code)

    def end_stream(self) -> None:
        """Writes out what was held back before others write."""
        with suppress(ReaderGone):
            held = self._wrapped(self._pieces.end())
            if self._wrap is not None:
                held += self._wrap.end()
                self._wrap = None
            if held:
                self._write(held)
            self.flush()

    def flush(self) -> None:
        """Hands everything written to the operating system.

        Raises:
            ReaderGone: Nobody reads any more.
            StorageFailed: stdout is a file on a disk that is full.
        """
        if self._stdout is not None:
            try:
                self._stdout.flush()
            except OSError as error:
                raise _translated(error) from error

    def abandon(self) -> None:
        """Makes sure that nothing is written to a closed pipe, not even at exit."""
        with suppress(OSError, ValueError, AttributeError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, sys.__stdout__.fileno())  # type: ignore[union-attr]
            os.close(nowhere)

    def _write(self, text: str) -> None:
        if self._stdout is not None:
            try:
                self._stdout.write(text)
            except OSError as error:
                raise _translated(error) from error

    def _note(self, lead: str, message: str, colour: str) -> None:
        text = f"{lead}{safe_line(for_profile(message, self.profile))}"
        if colour and self.notes_to_terminal and not self._plain:
            text = f"{colour}{text}{_RESET}"
        self._write_error(text + "\n")

    def _write_error(self, text: str) -> None:
        """Writes to stderr after stdout is out, so that a terminal shows both in order.

        A stderr that cannot be written is no reason to fail.
        """
        self.end_stream()
        self.clear_status()
        if self._stderr is not None:
            with suppress(OSError):
                self._stderr.write(text)
                self._stderr.flush()


def for_profile(told: str, profile: str) -> str:
    """Returns a hint whose commands are about the profile that was named.

    Args:
        told: One line that may suggest commands.
        profile: "" for none.
    """
    if not profile or f"{PROGRAM} " not in told:
        return told
    import re
    import shlex

    def named(match: re.Match[str]) -> str:
        if re.search(r" (-p|--profile)\b", match["rest"]):
            return match[0]
        return f"{match['command']} -p {shlex.quote(profile)}{match['rest']}"

    alone, groups = "ask|chat|search|get|open|eval|mcp", "docs|history|audit"
    command = rf"\b{PROGRAM} (?:(?:{alone})|(?:{groups})(?: [a-z]+)?)\b"
    return re.sub(rf"(?P<command>{command})(?P<rest>[^`]*)", named, told)


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and not stream.closed and stream.isatty()


def _translated(error: OSError) -> ReaderGone | StorageFailed:
    """Returns what a failed write to stdout means."""
    if isinstance(error, BrokenPipeError):
        return ReaderGone()
    return StorageFailed(
        f"standard output: {error.strerror}", "what was stored is whole"
    )


def _safe_cells(row: Sequence[object]) -> list[str]:
    return [safe_name(str(cell)) for cell in row]


def _aligned(cells: Sequence[str], widths: Sequence[int], limit: int) -> str:
    """Returns one row, its last column cut at the edge of the terminal."""
    from ragcli.chat.presentation.columns import width

    *first, last = (
        cell + " " * (size - width(cell))
        for cell, size in zip(cells, widths, strict=True)
    )
    lead = "  ".join([*first, ""])
    room = limit - width(lead)
    last = last.rstrip()
    if 1 < room < width(last):
        last = safe_line(last, room)
    return (lead + last).rstrip()
