"""Markdown's syntax, as far as several places need it: code, comments, rows, links."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ragcli.language.patterns import deferred

FENCE = deferred(r"^ {0,3}(?P<mark>`{3,}|~{3,})(?P<info>[^\n]*)$", re.MULTILINE)
"""A line that opens or closes a block of code."""
_LONGEST_FENCE = 10
"""Tildes of a fence in plain text; more of them draw a line across the page."""

HEADING = deferred(r" {0,3}#{1,6}(?:[ \t]|$)")
"""What a heading begins with that its marks make."""

_EDGES = deferred(r"\A\s*(?:```+|~~~+)[^\n]*\n?|\n?[ \t]*(?:```+|~~~+)\s*\Z")
_EMPHASIS = deferred(r"`+|(?<!\w)[*_]+|[*_]+(?!\w)")
_CELL = deferred(r"(?<!\\)\|")

_COMMENT = deferred(r"^ {0,3}<!--.*?-->[ \t]*$\n?", re.MULTILINE | re.DOTALL)
_WIKI_LINK = deferred(
    r"(?P<code>`[^`\n]*`)|!?\[\[(?=\S)(?P<target>[^\[\]|\n]*[^\W\d_][^\[\]|\n]*)"
    r"(?:\\?\|(?P<alias>[^\[\]|\n]+))?(?<=\S)\]\]"
)


def comments(text: str, start: int = 0) -> list[tuple[int, int]]:
    """Returns the comments that have lines of their own, outside of fenced code."""
    if "<!--" not in text:
        return []
    code = list(fenced(text, start))
    spans = (match.span() for match in _COMMENT.finditer(text, start))
    return [(a, b) for a, b in spans if not any(c <= a < d for c, d in code)]


def without_emphasis(text: str) -> str:
    """Returns a text without `*`, `_` and backticks around words.

    What stands inside a word stays: `KILN_HEAT` and `2*3` are no emphasis.
    """
    return _EMPHASIS.sub("", text) if _EMPHASIS.search(text) else text


def without_wiki_links(text: str) -> str:
    """Returns a text with links as wikis write them replaced by what they show.

    `[[Note]]` shows `Note`, `[[Note#Part|alias]]` shows `alias`.
    """
    if "[[" not in text:
        return text
    return _WIKI_LINK.sub(
        lambda link: link["code"] or (link["alias"] or link["target"]).strip(), text
    )


def fenced(
    text: str, start: int = 0, end: int | None = None, *, are_rules: bool = False
) -> Iterator[tuple[int, int]]:
    """Yields the fenced stretches, fences included; an open one lasts to the end.

    Args:
        text: Any text.
        start: Offset from which to read.
        end: Offset up to which to read; None reads all.
        are_rules: Whether long lines of tildes rule a page rather than fence code, as
            they do in plain text.
    """
    end = len(text) if end is None else end
    if text.find("```", start, end) < 0 and text.find("~~~", start, end) < 0:
        return
    opened: re.Match[str] | None = None
    for match in FENCE.finditer(text, start, end):
        if (
            are_rules
            and match["mark"][0] == "~"
            and len(match["mark"]) > _LONGEST_FENCE
        ):
            continue
        if opened is None:
            if match["mark"][0] == "~" or "`" not in match["info"]:
                opened = match
        elif closes(opened["mark"], match["mark"], match["info"]):
            yield opened.start(), match.end()
            opened = None
    if opened is not None:
        yield opened.start(), end


def closes(opening: str, mark: str, info: str) -> bool:
    """Tells whether a fence line closes a block that `opening` opened."""
    return mark[0] == opening[0] and len(mark) >= len(opening) and not info.strip()


def unfenced(code: str) -> str:
    """Returns a block of code without its fences."""
    is_fenced = "```" in code or "~~~" in code
    return _EDGES.sub("", code) if is_fenced else code


def cells(line: str) -> tuple[str, ...]:
    r"""Returns the cells of a table's row; `\|` is a bar inside a cell."""
    line = line.strip()
    inner = line.removeprefix("|")
    if inner.endswith("|") and not inner.endswith("\\|"):
        inner = inner[:-1]
    if "\\" not in inner:
        return tuple(map(str.strip, inner.split("|")))
    return tuple(cell.strip().replace("\\|", "|") for cell in _CELL.split(inner))
