"""Conversations as files for people and programs: Markdown, HTML, JSON.

Stored texts are other people's bytes. In HTML everything is escaped and nothing is
loaded or run. In Markdown, titles, questions and sources are escaped whole. Answers
are Markdown themselves; what loads or runs something when the file is opened or
clicked is escaped in them: raw HTML, images, link definitions, and links to anything
but web pages, mail addresses and files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

from ragcli.language.markers import (
    Piece,
    is_attached,
    literal,
    numbers,
    pieces,
    unescaped,
)
from ragcli.paths import PART_MARK
from ragcli.sessions.history import versions
from ragcli.sessions.records.record_types import Citation, Conversation, Turn
from ragcli.text import labelled, safe_line, safe_text

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

Thread = tuple[Conversation, Sequence[Turn]]
"""A conversation and its turns, oldest first."""

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~])")
_PARAGRAPH = re.compile(r"\n\s*\n")
_ACTIVE = re.compile(
    r"<|(?P<before>!)\[|\](?=:)"
    r"|\](?=\((?!(?:https?://|mailto:)[^\s&\\]|[\w./#%-]+\)))"
)
"""Where an answer opens HTML, an image, a definition, or a link that may run."""
_NUMBER = re.compile(r"\d+")
_NOTES = {
    "nothing_found": "Nothing relevant was found.",
    "interrupted": "The answer was interrupted.",
    "truncated": "The answer is not whole.",
    "failed": "The answer failed.",
}
_UNSUPPORTED = "Not found in the documents:"
_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8882; --dim: #777; }
body { font: 16px/1.6 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto;
       padding: 0 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.3; }
section { border-top: 1px solid var(--line); padding: 1rem 0; }
h2 { font-size: 1.05rem; margin: 0 0 .5rem; white-space: pre-wrap; }
p { margin: .6rem 0; white-space: pre-wrap; }
pre { background: var(--soft); padding: .7rem; border-radius: 6px; overflow-x: auto; }
blockquote { margin: .2rem 0 .6rem; padding-left: .8rem; color: var(--dim);
             border-left: 3px solid var(--line); white-space: pre-wrap; }
ol, ul { padding-left: 1.6rem; font-size: .9rem; }
.meta, .note { color: var(--dim); font-size: .85rem; }
.note { font-style: italic; }
a { color: inherit; }
"""
ARTICLE_TAIL = "</article>\n"
PAGE_TAIL = "</body>\n</html>\n"
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def to_json(profile: str, threads: Iterable[Thread]) -> dict[str, Any]:
    """Returns everything that is stored of some conversations, ids included."""
    return {
        "schema": 1,
        "profile": profile,
        "conversations": [
            {**asdict(conversation), "turns": [asdict(turn) for turn in turns]}
            for conversation, turns in threads
        ],
    }


def to_markdown(conversation: Conversation, turns: Sequence[Turn]) -> str:
    """Returns a conversation as Markdown: questions as headings, sources below."""
    return "\n".join([markdown_head(conversation), *map(markdown_turn, turns)])


def markdown_head(conversation: Conversation) -> str:
    """Returns what stands over a conversation as Markdown."""
    return f"# {_escaped(conversation.title)}\n\n*{_dates(conversation)}*\n"


def markdown_turn(turn: Turn) -> str:
    """Returns a turn as Markdown, its question as a heading."""
    return "\n\n".join(_turn_as_markdown(turn)) + "\n"


def to_html(conversation: Conversation, turns: Sequence[Turn]) -> str:
    """Returns a conversation as one page that needs nothing else."""
    return pages_to_html([(conversation, turns)])


def pages_to_html(threads: Sequence[Thread]) -> str:
    """Returns several conversations as one page."""
    parts = [page_head([conversation.title for conversation, _ in threads])]
    for conversation, turns in threads:
        parts += [article_head(conversation), *map(section, turns), ARTICLE_TAIL]
    return "".join([*parts, PAGE_TAIL])


def page_head(titles: Sequence[str]) -> str:
    """Returns the start of a page, up to its first article."""
    title = _text(titles[0]) if len(titles) == 1 else "Conversations"
    return (
        "<!doctype html>\n"
        '<html lang="">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
    )


def _turn_as_markdown(turn: Turn) -> list[str]:
    parts = [f"## {_escaped(turn.asked)}"]
    if turn.answer:
        parts.append(_inert(safe_text(_linked(turn))))
    if turn.status in _NOTES:
        parts.append(f"*{_NOTES[turn.status]}*")
    if turn.unsupported:
        unsupported = (f"- {_escaped(text)}" for text in turn.unsupported)
        parts += [f"*{_UNSUPPORTED}*", "\n".join(unsupported)]
    if turn.citations:
        parts.append("\n".join(_source_as_markdown(turn, c) for c in turn.citations))
    parts.append(f"<sub>{_escaped(_meta(turn))}</sub>")
    return parts


def _linked(turn: Turn) -> str:
    """Returns a turn's answer with its markers as links to its sources."""
    return "".join(_piece_as_markdown(turn, piece) for piece in pieces(turn.answer))


def _inert(answer: str) -> str:
    """Returns an answer as Markdown in which nothing loads or runs.

    Fenced blocks of code stay as they are, as CommonMark sees them; one that is not
    closed would swallow what follows it in the file.
    """
    parser = _parser()
    lines = answer.splitlines(keepends=True)
    parts, at = [], 0
    for token in parser.parse(answer):
        if token.type != "fence" or not token.map:
            continue
        first, end = token.map
        parts.append(_ACTIVE.sub(_defused, "".join(lines[at:first])))
        parts += lines[first:end]
        at = end
        closed = end - first > 1 and lines[end - 1].lstrip().startswith(token.markup)
        if token.level == 0 and not closed:
            parts.append(f"\n{token.markup}")
    return "".join([*parts, _ACTIVE.sub(_defused, "".join(lines[at:]))])


@cache
def _parser() -> MarkdownIt:
    """Returns what sees the blocks of an answer."""
    from markdown_it import MarkdownIt  # 20 ms that only an export needs

    return MarkdownIt("commonmark", {"html": False}).disable("reference")


def _defused(match: re.Match[str]) -> str:
    if match[0] == "<":
        return "&lt;"
    return "!\\[" if match["before"] else "]\\"


def _piece_as_markdown(turn: Turn, piece: Piece) -> str:
    """Returns a stretch of an answer; markers as links to the sources of this turn.

    No text of a document can be such a link, which holds the turn's id.
    """
    if piece.kind != "marker":
        return literal(piece)
    markers = {citation.marker for citation in turn.citations}
    numbers_here = numbers(piece.text)
    if not markers.issuperset(numbers_here):
        return literal(piece)
    sign = "~" if is_attached(piece.text) else ""
    return "".join(f"[[{sign}{n}]](#{_anchor(turn, n)})" for n in numbers_here)


def _source_as_markdown(turn: Turn, citation: Citation) -> str:
    anchor = f'<a id="{_anchor(turn, citation.marker)}"></a>'
    line = f"{citation.marker}. {_escaped(_location(citation))}{anchor}"
    quotes = (f"   > {_escaped(quote.text)}" for quote in citation.places)
    return "\n".join([line, "\n   >\n".join(quotes)]).rstrip("\n")


def article_head(conversation: Conversation) -> str:
    """Returns the start of a conversation's article, up to its first section."""
    return (
        f'<article id="{_text(conversation.id)}">\n<h1>{_text(conversation.title)}</h1>'
        f'\n<p class="meta">{_text(_dates(conversation))}</p>\n'
    )


def section(turn: Turn) -> str:
    """Returns a turn as a section of its conversation's article."""
    parts = [f'<section id="{_text(turn.id)}">', f"<h2>{_text(turn.asked)}</h2>"]
    parts += _paragraphs(turn)
    if turn.status in _NOTES:
        parts.append(f'<p class="note">{_NOTES[turn.status]}</p>')
    if turn.unsupported:
        unsupported = "\n".join(f"<li>{_text(text)}</li>" for text in turn.unsupported)
        parts.append(f'<p class="note">{_UNSUPPORTED}</p>\n<ul>\n{unsupported}\n</ul>')
    if turn.citations:
        items = "\n".join(_source_as_html(turn, c) for c in turn.citations)
        parts.append(f"<ol>\n{items}\n</ol>")
    parts += [f'<p class="meta">{_text(_meta(turn))}</p>', "</section>\n"]
    return "\n".join(parts)


def _source_as_html(turn: Turn, citation: Citation) -> str:
    name = _anchor(turn, citation.marker)
    quotes = "".join(
        f"<blockquote>{_text(quote.text)}</blockquote>" for quote in citation.places
    )
    return (
        f'<li id="{name}" value="{citation.marker}">{_text(_location(citation))}'
        f"{quotes}</li>"
    )


def _anchor(turn: Turn, marker: int) -> str:
    """Returns the name of a source of a turn within its page."""
    return f"{_text(turn.id)}-{marker}"


def _paragraphs(turn: Turn) -> list[str]:
    """Returns an answer's paragraphs and fenced code as HTML."""
    parts: list[str] = []
    groups = groupby(pieces(turn.answer), key=lambda piece: piece.kind == "fence")
    for is_fence, group in groups:
        if is_fence:
            parts += (f"<pre>{_text(_within_fence(p.text))}</pre>" for p in group)
        else:
            prose = "".join(_piece_as_html(turn, piece) for piece in group)
            paragraphs = (paragraph.strip() for paragraph in _PARAGRAPH.split(prose))
            parts += (f"<p>{paragraph}</p>" for paragraph in paragraphs if paragraph)
    return parts


def _piece_as_html(turn: Turn, piece: Piece) -> str:
    """Returns a stretch of an answer; the numbers of markers lead to their sources."""
    if piece.kind != "marker":
        return _text(unescaped(piece.text) if piece.kind == "text" else piece.text)
    markers = {citation.marker for citation in turn.citations}

    def linked(match: re.Match[str]) -> str:
        number = int(match[0])
        link = f'<a href="#{_anchor(turn, number)}">{number}</a>'
        return link if number in markers else match[0]

    marker = _NUMBER.sub(linked, _text(piece.text))
    return f'<i class="note">{marker}</i>' if is_attached(piece.text) else marker


def _within_fence(block: str) -> str:
    """Returns the code of a fenced block."""
    lines = block.split("\n")[1:]
    if lines and not lines[-1].strip("`~ \t\r>"):
        lines.pop()
    return "\n".join(lines) + "\n"


def _text(text: str) -> str:
    """Returns text for an element or a quoted attribute."""
    import html

    return html.escape(safe_text(text), quote=True)


def _escaped(text: str) -> str:
    """Returns text on one line in which Markdown sees no markup."""
    return _MARKDOWN.sub(r"\\\1", safe_line(text)).replace(r"\<", "&lt;")


def _location(citation: Citation) -> str:
    """Returns where a citation points: `path`, its lines or page, mount, heading."""
    text = citation.path
    if citation.part:
        text += f"{PART_MARK}{citation.part}"
    if citation.ranges:
        text += ":" + ", ".join(f"{first}-{last}" for first, last in citation.ranges)
    elif citation.page is not None:
        text += f", page {citation.page}"
    if citation.source:
        text += f" in {citation.source}"
    if citation.heading:
        text += f" ({citation.heading})"
    if citation.attached:
        return f"{text}, attached, unverified"
    return text if citation.verified else f"{text}, unverified"


def _dates(conversation: Conversation) -> str:
    return f"{_moment(conversation.created)} to {_moment(conversation.updated)} UTC"


def _meta(turn: Turn) -> str:
    model = labelled(turn.model, turn.remote)
    parts = (_moment(turn.ts), model, versions.line(turn))
    return ", ".join(part for part in parts if part)


def _moment(stamp: str) -> str:
    """Returns a record's time to the minute."""
    return stamp[:16].replace("T", " ")
