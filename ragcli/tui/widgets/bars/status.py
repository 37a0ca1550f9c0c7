"""The status line: profile, model, documents, speed and state."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from ragcli.text import safe_line, safe_name


@dataclass(frozen=True, slots=True)
class Status:
    """The contents of the status line."""

    profile: str = ""
    model: str = ""
    documents: int = -1
    """How many; -1 before they were counted."""
    within: str = ""
    """Where alone documents are searched; "" for everywhere."""
    context: tuple[int, int] = (0, 0)
    """Tokens of the last prompt, and of the model's window."""
    rate: float = 0.0
    """Tokens a second."""
    state: str = "ready"
    """`ready`, `searching`, `writing`, …"""
    where: str = ""
    """Shown instead of `ready` while letters are commands; "" while typing."""
    kind: str = ""
    """"" when all is well, `busy`, `warning` or `error`."""


class StatusLine(Widget):
    """Profile, model, documents, context, speed and state, as far as they fit."""

    class StateTold(Message):
        """Another state is shown."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - as Textual
        super().__init__(id=id)
        self.status = Status()

    def say(self, **changes: Any) -> None:
        """Changes what is shown; takes fields of `Status`."""
        status = replace(self.status, **changes)
        if status != self.status:
            if status.state != self.status.state:
                self.post_message(self.StateTold())
            self.status = status
            self.refresh()

    def render(self) -> Content:
        """Returns the line: least important parts left out when it is narrow."""
        parts = self._parts()
        while len(parts) > 2 and _width(parts) > self.size.width:
            parts.pop(-2)
        dot = Content.styled(" · ", "$foreground 40%")
        return dot.join(parts)

    def _parts(self) -> list[Content]:
        status = self.status
        plain = [safe_line(status.model)] if status.model else []
        if status.documents >= 0:
            many = "" if status.documents == 1 else "s"
            plain.append(f"{status.documents:,} document{many}")
        if status.within:
            plain.append(f"in {safe_line(status.within, 40)}")
        used, window = status.context
        if window:
            plain.append(f"context {_thousands(used)} of {_thousands(window)}")
        if status.rate:
            plain.append(f"{status.rate:.0f} tokens/s")
        state, kind = status.state, status.kind
        if status.where and not kind:
            state, kind = status.where, "warning"
        colours = {"busy": "$text-accent", "warning": "$text-warning"}
        colours |= {"error": "$text-error", "": "$text-success"}
        return [
            Content.styled(safe_name(status.profile), "bold"),
            *(Content.styled(text, "$foreground 60%") for text in plain),
            Content.styled(safe_line(state), colours[kind]),
        ]


def _width(parts: list[Content]) -> int:
    return sum(part.cell_length + 3 for part in parts) - 3


def _thousands(count: int) -> str:
    return str(count) if count < 1000 else f"{count / 1000:.1f}k".replace(".0k", "k")
