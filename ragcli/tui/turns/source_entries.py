"""What the sources pane shows: the passages behind one answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from ragcli.chat.citing.staleness import is_as_indexed
from ragcli.chat.presentation.lines import copies
from ragcli.index import stored_passages
from ragcli.index.passages import Passage
from ragcli.language import markers
from ragcli.language.units import Unit
from ragcli.paths import shown
from ragcli.sessions.records.record_types import Citation, Turn
from ragcli.text import safe_name


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """One passage, and how an answer uses it."""

    marker: int
    """Its number in the answer."""
    path: str
    text: str
    """The passage, verbatim."""
    score: float
    page: int | None = None
    lines: tuple[int, int] | None = None
    heading: str = ""
    quotes: tuple[str, ...] = ()
    """What the answer takes from it, in reading order."""
    cited: bool = False
    verified: bool = True
    """Whether the quotation was found in the passage."""
    attached: bool = False
    """Whether the program put its marker there, not the model."""
    stale: bool = False
    """Whether the file has changed since it was indexed."""
    origin: str = ""
    """The mount that it comes from; "" for the profile's own documents."""
    digest: str = ""
    """SHA-256 (hex) of the file when it was indexed, or ""."""
    copies: int = 0
    """How many other files have the very same passage."""
    units: tuple[Unit, ...] = ()
    """What of the passage is prose, code or a table; () when nobody told."""
    part: str = ""
    """The document inside the file that it is of, such as an attachment, or ""; pages
    and lines are those of that one."""

    @property
    def shown_marker(self) -> str:
        """Its marker, as it stands in the answer."""
        return markers.attached([self.marker]) if self.attached else f"[{self.marker}]"

    @property
    def doubt(self) -> str:
        """What is to be known of it as a source, or ""."""
        if self.attached:
            return "attached, unverified"
        return "" if self.verified else "unverified"

    @property
    def place(self) -> str:
        """Where it stands, for a narrow pane: `locks.md:12-20`, `faq.pdf p. 3`."""
        name = safe_name(shown(PurePath(self.path).name, self.part))
        origin = safe_name(PurePath(self.origin).name)
        return _placed(name, self.page, self.lines, origin) + copies(self.copies)

    @property
    def full_place(self) -> str:
        """The same with the whole path."""
        origin = safe_name(shown(self.origin)) if self.origin else ""
        name = safe_name(shown(self.path, self.part))
        where = _placed(name, self.page, self.lines, origin)
        return where + copies(self.copies)

    @property
    def is_file(self) -> bool:
        """Whether its file can be opened here.

        That of a mount's document only when it is the very one that was indexed:
        a file of the reader's own may have the same path.
        """
        if self.origin:
            return is_as_indexed(self.path, self.digest)
        return self.path != "stdin"

    @property
    def file_lines(self) -> tuple[int, int] | None:
        """Its lines in the file; None where they are those of a part of it."""
        return None if self.part else self.lines


def _placed(
    name: str, page: int | None, lines: tuple[int, int] | None, origin: str
) -> str:
    if lines:
        first, last = lines
        name += f":{first}" if first == last else f":{first}-{last}"
    elif page:
        name += f" p. {page}"
    return f"{name} in {origin}" if origin else name


def from_passages(passages: Sequence[Passage], used: int) -> list[SourceEntry]:
    """Returns the sources of an answer that is still being written."""
    return [
        SourceEntry(
            marker=number,
            path=passage.path,
            text=passage.text,
            score=passage.score,
            page=passage.page,
            lines=passage.lines,
            heading=" / ".join(passage.heading),
            origin=passage.source,
            digest=passage.digest,
            copies=len(passage.copies),
            units=passage.units,
            part=passage.part,
        )
        for number, passage in enumerate(passages[:used], 1)
    ]


def from_turn(turn: Turn, stale: frozenset[int] = frozenset()) -> list[SourceEntry]:
    """Returns the sources of a recorded turn: cited ones first, each by its marker."""
    citations = {citation.marker: citation for citation in turn.citations}
    sources = [
        _remembered(number, item, citations.pop(number, None), stale)
        for number, item in enumerate(turn.retrieved, 1)
    ]
    sources += [_cited(citation, stale) for citation in citations.values()]
    return sorted(sources, key=lambda source: (not source.cited, source.marker))


def _remembered(
    number: int,
    item: Mapping[str, Any],
    citation: Citation | None,
    stale: frozenset[int],
) -> SourceEntry:
    lines, units = item.get("lines"), item.get("units")
    return SourceEntry(
        marker=number,
        path=str(item.get("path", "")),
        text=str(item.get("text", "")),
        score=float(item.get("score") or 0),
        page=item.get("page"),
        lines=(int(lines[0]), int(lines[1])) if lines else None,
        heading=str(item.get("heading") or "").replace(" > ", " / "),
        quotes=_quotes(citation) if citation else (),
        cited=citation is not None,
        verified=citation.verified if citation else True,
        attached=citation.attached if citation else False,
        stale=number in stale,
        origin=str(item.get("source") or ""),
        digest=str(item.get("digest") or ""),
        copies=citation.copies if citation else 0,
        units=stored_passages.units({"units": units}) if units else (),
        part=str(item.get("part") or ""),
    )


def _cited(citation: Citation, stale: frozenset[int]) -> SourceEntry:
    return SourceEntry(
        marker=citation.marker,
        path=citation.path,
        text="\n…\n".join(_quotes(citation)),
        score=citation.score,
        page=citation.page,
        lines=citation.lines,
        heading=citation.heading,
        quotes=_quotes(citation),
        cited=True,
        verified=citation.verified,
        attached=citation.attached,
        stale=citation.marker in stale,
        origin=citation.source,
        digest=citation.digest,
        copies=citation.copies,
        part=citation.part,
    )


def _quotes(citation: Citation) -> tuple[str, ...]:
    return tuple(quoted_place.text for quoted_place in citation.places)


def quoted_spans(text: str, quotes: Sequence[str]) -> list[tuple[int, int]]:
    """Returns where those of `quotes` stand that are in `text`, in order."""
    located = (quoted_span(text, quote) for quote in quotes)
    return sorted(span for span in located if span)


def quoted_span(text: str, quote: str) -> tuple[int, int] | None:
    """Returns where `quote` stands in `text`, whatever the line breaks; or None."""
    words = quote.split()
    if not words:
        return None
    pattern = r"\s+".join(re.escape(word) for word in words)
    match = re.search(pattern, text)
    return match.span() if match else None
