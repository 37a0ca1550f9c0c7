"""Conversations written as the log is read: once, from its start to its end.

The one that ends next is written turn by turn. Of those that end later, what was
written so far waits, as text; so they come out by when they ended.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from textwrap import indent
from typing import Any, Protocol

from ragcli.frozen import frozen
from ragcli.sessions.history import export
from ragcli.sessions.records.record_types import Conversation, Turn


@frozen
class Transcripts:
    """Conversations, and their turns as the log has them."""

    conversations: tuple[Conversation, ...]
    """By when they ended."""
    ends: Mapping[str, int]
    """Seq of the last turn of each, by its id."""
    turns: Iterator[Turn]
    """Oldest first, of each the version shown; read while it is iterated over."""


class ExportForm(Protocol):
    """How conversations are written."""

    tail: str
    """What comes last."""

    def head(self, titles: Sequence[str]) -> str:
        """Returns what comes first, given the titles of all conversations."""

    def opening(self, conversation: Conversation, *, first: bool) -> str:
        """Returns what stands before a conversation's turns."""

    def turn(self, turn: Turn, *, first: bool) -> str:
        """Returns a turn; `first` of its conversation or not."""

    def closing(self) -> str:
        """Returns what stands after a conversation's turns."""


class MarkdownForm:
    """One heading a conversation."""

    tail = ""

    def head(self, titles: Sequence[str]) -> str:  # noqa: ARG002 - see `ExportForm`
        """Returns nothing."""
        return ""

    def opening(self, conversation: Conversation, *, first: bool) -> str:
        """Returns title and dates; see `ExportForm`."""
        return ("" if first else "\n") + export.markdown_head(conversation)

    def turn(self, turn: Turn, *, first: bool) -> str:  # noqa: ARG002 - see `ExportForm`
        """Returns a turn below its question; see `ExportForm`."""
        return "\n" + export.markdown_turn(turn)

    def closing(self) -> str:
        """Returns nothing."""
        return ""


class PageForm:
    """One page that needs nothing else, one article a conversation."""

    tail = export.PAGE_TAIL

    def head(self, titles: Sequence[str]) -> str:
        """Returns the start of a page; see `ExportForm`."""
        return export.page_head(titles)

    def opening(self, conversation: Conversation, *, first: bool) -> str:  # noqa: ARG002
        """Returns the start of an article; see `ExportForm`."""
        return export.article_head(conversation)

    def turn(self, turn: Turn, *, first: bool) -> str:  # noqa: ARG002 - see `ExportForm`
        """Returns a section; see `ExportForm`."""
        return export.section(turn)

    def closing(self) -> str:
        """Returns the end of an article."""
        return export.ARTICLE_TAIL


class JsonForm:
    """Everything that is stored, ids included, as one document.

    Args:
        profile: The profile's name.
        indented: Whether it is laid out for people: a turn a line.
    """

    def __init__(self, profile: str, *, indented: bool) -> None:
        self._profile = profile
        self._indented = indented
        self.tail = self._line("]", 2) + self._line("}", 0) + "\n"

    def head(self, titles: Sequence[str]) -> str:  # noqa: ARG002 - see `ExportForm`
        """Returns the document up to its conversations."""
        return self._text_of(export.to_json(self._profile, ()), 0).strip("]} \n")

    def opening(self, conversation: Conversation, *, first: bool) -> str:
        """Returns a conversation up to its turns; see `ExportForm`."""
        body = asdict(conversation)
        del body["turns"]  # their number; here they come last, themselves
        text = self._text_of({**body, "turns": []}, 4).rstrip("]} \n")
        return ("" if first else self._comma) + text

    def turn(self, turn: Turn, *, first: bool) -> str:
        """Returns a turn, whole; see `ExportForm`."""
        body = {field.name: getattr(turn, field.name) for field in fields(turn)}
        text = json.dumps(body, default=_plain)
        return ("" if first else self._comma) + self._line(text, 8)

    def closing(self) -> str:
        """Returns the end of a conversation."""
        return self._line("]", 6) + self._line("}", 4)

    @property
    def _comma(self) -> str:
        return "," if self._indented else ", "

    def _text_of(self, value: Mapping[str, Any], depth: int) -> str:
        text = json.dumps(value, indent=2 if self._indented else None)
        return "\n" + indent(text, " " * depth) if self._indented else text

    def _line(self, text: str, depth: int) -> str:
        return f"\n{' ' * depth}{text}" if self._indented else text


def _plain(value: Any) -> Any:
    """Returns what JSON has for a value that is none of its own."""
    return asdict(value) if hasattr(value, "__dataclass_fields__") else list(value)


def written(form: ExportForm, transcripts: Transcripts) -> Iterator[str]:
    """Yields the pieces of a text as they are known; each ends where a line does."""
    queue = _Unended(form, transcripts)
    yield form.head([conversation.title for conversation in transcripts.conversations])
    yield from queue.passed(0)
    for turn in transcripts.turns:
        yield from queue.added(turn)
        yield from queue.passed(turn.seq)
    yield from queue.passed(None)
    yield form.tail


class _Unended:
    """Conversations that are not at their end yet, the next one to end first."""

    def __init__(self, form: ExportForm, transcripts: Transcripts) -> None:
        self._form = form
        self._ends = transcripts.ends
        self._next = iter(transcripts.conversations)
        self._waiting: dict[str, list[str]] = {}
        self._begun: set[str] = set()
        self._head: Conversation | None = None
        self._is_first = True

    def added(self, turn: Turn) -> Iterable[str]:
        """Returns what can be written of a turn now."""
        owner = turn.conversation
        if turn.seq > self._ends[owner]:
            return ()  # it came while this was written
        text = self._form.turn(turn, first=owner not in self._begun)
        self._begun.add(owner)
        if self._head and owner == self._head.id:
            return (text,)
        self._waiting.setdefault(owner, []).append(text)
        return ()

    def passed(self, seq: int | None) -> Iterator[str]:
        """Yields what can be written once a record was read; None for all of them."""
        while True:
            if self._head is None:
                self._head = next(self._next, None)
                if self._head is None:
                    return
                yield self._form.opening(self._head, first=self._is_first)
                self._is_first = False
                yield from self._waiting.pop(self._head.id, ())
            if seq is not None and seq < self._ends[self._head.id]:
                return
            yield self._form.closing()
            self._begun.discard(self._head.id)
            self._head = None
