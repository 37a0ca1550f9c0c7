"""Subtitles: what is said, line by line, with its time and without counters."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import Document, DocumentBuilder, flat

_TIMES = re.compile(
    r"[ \t]*(?P<start>(?:\d{1,3}:)?\d{1,2}:\d\d[.,]\d{1,3})[ \t]*(?:-->|,)[ \t]*"
    r"(?:\d{1,3}:)?\d{1,2}:\d\d[.,]\d{1,3}(?:[ \t].*)?$"
)
_FRAMES = re.compile(r"\{(?P<start>\d+)\}\{\d*\}(?P<said>.*)$")
_VOICE = re.compile(r"<v(?:\.[^ \t>]*)?[ \t]+(?P<who>[^>]+)>")
_TAGS = re.compile(
    r"</?[a-zA-Z][^<>]*>|<\d\d:[\d:.]+>|\{\\[^{}]*\}|\{[a-zA-Z]:[^{}]*\}"
)
_FRAMES_A_SECOND = 25


def subtitles(content: Content) -> Document:
    """Returns the cues as lines of a transcript; a text without any as paragraphs."""
    builder = DocumentBuilder()
    for said, label, lines in (*_frames(content.text), *_cues(content.text)):
        builder.line(_spoken(said), label=label, lines=lines)
    return builder.document()


def _cues(text: str) -> Iterator[tuple[str, str, tuple[int, int]]]:
    """Yields what is said, when, and at which lines."""
    lines = text.split("\n")
    starts = [at for at, line in enumerate(lines) if _TIMES.match(line)]
    for cue, at in enumerate(starts):
        stop = starts[cue + 1] if cue + 1 < len(starts) else len(lines)
        said = []
        for line in lines[at + 1 : stop]:
            if not line.strip():
                break
            said.append(line)
        match = _TIMES.match(lines[at])
        if said and match:
            label = re.split(r"[.,]", match["start"])[0]
            yield "\n".join(said), label, (at + 2, at + 1 + len(said))


def _frames(text: str) -> Iterator[tuple[str, str, tuple[int, int]]]:
    """Yields the cues of a file that counts frames: `{0}{25}words|more words`."""
    for at, line in enumerate(text.split("\n"), 1):
        match = _FRAMES.match(line)
        if match:
            second = int(match["start"][:9]) // _FRAMES_A_SECOND
            label = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
            yield match["said"].replace("|", "\n"), label, (at, at)


def _spoken(said: str) -> str:
    """Returns a cue on one line, without marks; a voice is told by its name."""
    named = _VOICE.sub(lambda match: f"{match['who'].strip()}: ", said)
    return flat(html.unescape(_TAGS.sub("", named)))
