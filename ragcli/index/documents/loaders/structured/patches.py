"""Patches: what a commit says is prose, what it changes is code under each file's name.

Unified diffs as `diff -u` and version control write them, with or without the headers
of a mail (`git format-patch`) or of a log (`git log -p`) above them. The text stays as
it stands in the file.
"""

from __future__ import annotations

import re

from ragcli.index.documents import text_structure
from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import (
    Document,
    Element,
    Section,
    TableFacts,
    flat,
    one_line,
    trimmed,
)
from ragcli.index.documents.loaders.structured.source_code import code

_BEGINS = re.compile(
    r"From [0-9a-f]{7,64} |commit [0-9a-f]{7,64}\b|# HG changeset patch"
)
_HEADER = re.compile(
    r"(?P<key>From|Date|Subject|To|Cc|Author|AuthorDate|Commit|CommitDate|Description"
    r"|Origin|Bug(?:-[A-Z]\w+)?|Forwarded|Last-Update|Reviewed-by):[ \t]*"
    r"(?P<value>\S.*)$"
)
_SUBJECT = re.compile(r"(?:\[[^\]\n]{0,60}\][ \t]*)+")
_FILE = re.compile(r"diff (?:--git|--cc|--combined|-[a-zA-Z])|Index: \S|--- \S")
_NAME = re.compile(r"(?:---|\+\+\+) (?P<name>\"[^\"\n]*\"|[^\t\n]+)")
_GIT = re.compile(r"diff --git (?:a/.* b/(?P<new>.*)|\"a/.*\" \"b/(?P<quoted>.*)\")$")
_HUNK = re.compile(r"@@ -\d+(?:,(?P<old>\d{1,7}))? \+\d+(?:,(?P<new>\d{1,7}))? @@")
_SILENT = re.compile(
    r"(?:index [0-9a-f]|diff |Index: |={10}|(?:old|new) mode |similarity index"
    r"|dissimilarity|--- |\+\+\+ |-{3}[ \t]*$|# HG|From [0-9a-f]{7})"
)
"""Lines that only programs read."""

_STATISTICS = re.compile(
    r" (?:\S.{0,300} \|[ ]+(?:\d+|Bin)\b|\d+ files? changed|(?:create|delete) mode"
    r"|rename )"
)
"""What stands below the words of a mailed commit: how much changed in which file."""

_COMBINED = re.compile(r"@@@+ -")
"""Begins a change of a merge, which tells other counts."""

_SIGNATURE = re.compile(r"-- ?$")


def patch(content: Content) -> Document:
    """Reads a patch; a file without a hunk is read as the code that it is."""
    reader = _PatchReader(content.text)
    reader.read()
    if not reader.hunks:
        return code(content)
    return Document(reader.title, tuple(reader.sections), tuple(reader.tables))


class _PatchReader:
    """One walk over the lines of a patch."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = text.split("\n")
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line) + 1)
        self.sections: list[Section] = []
        self.tables: list[TableFacts] = []
        self.title = ""
        self.hunks = 0
        self._subject = ""
        self._file = ""
        """The file that is changed, "" above the first one."""
        self._first = 0
        """The line that the section begins with."""
        self._elements: list[Element] = []
        """Those of the section; their offsets are those in the file."""

    def read(self) -> None:
        """Reads all lines."""
        at, count = 0, len(self._lines)
        while at < count:
            line = self._lines[at]
            hunk = _HUNK.match(line)
            if _BEGINS.match(line):
                self._end_section(at)
                self._subject = self._file = ""
                at = self._headers(at + 1)
            elif self._begins_file(at):
                self._end_section(at)
                at = self._begin_file(at)
            elif hunk and self._file:
                old, new = (1 if n is None else int(n) for n in hunk.groups())
                at = self._hunk(at, old, new)
            elif self._file and _COMBINED.match(line):
                at = self._hunk(at, count, count)
            elif self._file:
                at = self._remark(line, at)
            else:
                at = self._message(at)
        self._end_section(count)

    def _end_section(self, stop: int) -> None:
        """Adds the section that ends before a line."""
        begin = self._starts[self._first]
        if self._elements:
            text = self._text[begin : self._starts[stop]]
            elements = tuple(
                item._replace(start=item.start - begin, end=item.end - begin)
                for item in self._elements
            )
            heading = tuple(filter(None, (self._subject, self._file)))
            section = Section(text, heading, None, self._first + 1, elements)
            self.sections.append(section)
        self._elements, self._first = [], stop

    def _add(
        self, kind: str, first: int, stop: int, cells: tuple[str, ...] = ()
    ) -> None:
        """Adds lines as an element, without blanks around them."""
        start, end = trimmed(self._text, self._starts[first], self._starts[stop])
        if start < end:
            self._elements.append(Element(kind, start, end, -1, cells))

    def _headers(self, at: int) -> int:
        """Reads who wrote a commit, when and about what."""
        while at < len(self._lines) and self._lines[at].strip():
            match = _HEADER.match(self._lines[at])
            stop = at + 1
            while stop < len(self._lines) and self._lines[stop][:1] in {" ", "\t"}:
                stop += 1
            if match:
                self._header(match, at, stop)
            elif self._begins_file(at):
                return at
            at = stop
        return at

    def _header(self, match: re.Match[str], at: int, stop: int) -> None:
        words = " ".join((match["value"], *self._lines[at + 1 : stop]))
        value = flat(_decoded(words))
        if match["key"] in {"Subject", "Description"} and not self._subject:
            value = _SUBJECT.sub("", value) or value
            self._entitle(value)
        self._add("field", at, stop, (match["key"], value))

    def _entitle(self, subject: str) -> None:
        self._subject = one_line(subject)
        self.title = self.title or self._subject

    def _message(self, at: int) -> int:
        """Reads what a commit says, up to the first file that it changes."""
        if _STATISTICS.match(self._lines[at]):
            self._add("line", at, at + 1)
            return at + 1
        if match := _HEADER.match(self._lines[at]):
            self._header(match, at, at + 1)
            return at + 1
        stop = at
        while stop < len(self._lines) and not (
            self._begins_file(stop) or _BEGINS.match(self._lines[stop])
        ):
            line = self._lines[stop]
            if line.rstrip() == "---" or _HEADER.match(line) or _STATISTICS.match(line):
                break
            stop += 1
        if stop == at:
            return at + 1
        start, end = self._starts[at], self._starts[stop] - 1
        self._elements += text_structure.stretch(
            self._text, "text", self.tables, start, end
        )
        if not self._subject and self._elements:
            subject = next(filter(str.strip, self._lines[at:stop]), "")
            self._entitle(subject.strip())
        return stop

    def _begins_file(self, at: int) -> bool:
        """Tells whether the changes of a file begin at a line."""
        line = self._lines[at]
        if not _FILE.match(line):
            return False
        if not line.startswith("--- "):
            return True
        below = self._lines[at + 1] if at + 1 < len(self._lines) else ""
        return below.startswith("+++ ")

    def _begin_file(self, at: int) -> int:
        """Reads the name of a file, and returns the line of its first change."""
        line = self._lines[at]
        name = ""
        if match := _GIT.match(line):
            name = match["new"] or match["quoted"] or ""
        elif line.startswith("Index: "):
            name = line.removeprefix("Index: ").strip()
        stop = at + 1 if not line.startswith("--- ") else at
        while stop < len(self._lines) and not self._lines[stop].startswith("--- "):
            if self._begins_file(stop) or not _is_about_file(self._lines[stop]):
                break
            self._remark(self._lines[stop], stop)
            stop += 1
        below = self._lines[stop] if stop < len(self._lines) else ""
        if below.startswith("--- ") and self._begins_file(stop):
            name = self._named(stop) or name
            stop += 2
        self._file = one_line(name) or "\u2026"
        return stop

    def _named(self, at: int) -> str:
        """Returns the name of a file before or after its changes, the later one."""
        for line in (self._lines[at + 1], self._lines[at]):
            match = _NAME.match(line)
            name = match["name"].strip('" ') if match else ""
            if name and name != "/dev/null":
                return re.sub(r"^[abiwco]/", "", name)
        return ""

    def _remark(self, line: str, at: int) -> int:
        """Adds a line that is no change: that a file is new, say."""
        if _SIGNATURE.match(line):
            while at < len(self._lines) and not _BEGINS.match(self._lines[at]):
                at += 1
            return at
        if line.strip() and not _SILENT.match(line):
            self._add("line", at, at + 1)
        return at + 1

    def _hunk(self, at: int, old: int, new: int) -> int:
        """Adds a change as code.

        Args:
            at: Its first line.
            old: How many lines it has of the file before.
            new: How many it has of the file after.
        """
        stop = at + 1
        while stop < len(self._lines) and (old > 0 or new > 0):
            sign = self._lines[stop][:1]
            if sign not in {" ", "+", "-", "\\", ""}:
                break
            old -= sign in {" ", "-", ""}
            new -= sign in {" ", "+", ""}
            stop += 1
        if stop < len(self._lines) and self._lines[stop].startswith("\\ "):
            stop += 1
        self._add("code", at, stop)
        self.hunks += 1
        return stop


def _is_about_file(line: str) -> bool:
    """Tells whether a line above the changes of a file is about it."""
    return bool(
        _SILENT.match(line)
        or re.match(r"(?:new|deleted) file |(?:rename|copy) |Binary |GIT binary", line)
    )


def _decoded(words: str) -> str:
    """Returns a header's words, which a mail may have encoded."""
    if "=?" not in words:
        return words
    from email.errors import HeaderParseError
    from email.header import decode_header, make_header

    try:
        return str(make_header(decode_header(words)))
    except (HeaderParseError, LookupError, UnicodeError, ValueError):
        return words
