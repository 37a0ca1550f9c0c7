"""The last line: the keys that mean something where the user is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.style import Style
from textual.widget import Widget

from ragcli.tui.keyboard.key_bindings import short_key
from ragcli.tui.keyboard.multiplexers import arriving_first

_HELP = "chat.help"
"""The key that stays when nothing else has room."""

_EVERYWHERE = (
    _HELP, "app.palette", "app.quit", "chat.sidebar", "chat.sources", "chat.find",
    "chat.recall",
)  # fmt: skip
"""What stands after the keys of the focused widget, the most wanted first."""

_ESCAPE = "chat.stop"
_BETWEEN = 2
"""Columns between two keys."""


@runtime_checkable
class OffersKeys(Protocol):
    """A widget some of whose keys mean something only at times."""

    def is_offered(self, name: str) -> bool:
        """Tells whether a binding, by its id, does something here."""


@dataclass(frozen=True, slots=True)
class OfferedKey:
    """A key as the line shows it."""

    name: str
    """The id of its binding."""
    key: str
    meaning: str

    @property
    def width(self) -> int:
        """Columns that it takes."""
        return len(f"{short_key(self.key)} {self.meaning}")


class KeyBar(Widget):
    """Keys of the focused widget, then those of the chat, as far as they fit whole.

    Args:
        taken: Keys that do not arrive; another key that does the same is shown.
        escape: Says what Esc does at the moment, "" for nothing.
    """

    ALLOW_SELECT = False

    def __init__(self, taken: frozenset[str], escape: Callable[[], str]) -> None:
        super().__init__()
        self._taken = taken
        self._escape = escape

    def on_mount(self) -> None:
        """Follows the focus."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.refresh())

    def keys(self) -> list[OfferedKey]:
        """Returns all that could be shown, in order."""
        same: dict[str, list[Binding]] = {}
        for node, binding, enabled, _ in self.screen.active_bindings.values():
            name = binding.id or ""
            offered = not isinstance(node, OffersKeys) or node.is_offered(name)
            if enabled and offered and (binding.show or name == _ESCAPE):
                same.setdefault(binding.action, []).append(binding)
        shown_keys = [self._offered(bindings) for bindings in same.values()]
        return sorted((key for key in shown_keys if key.meaning), key=_rank)

    def _offered(self, bindings: Sequence[Binding]) -> OfferedKey:
        first = bindings[0]
        key = arriving_first((binding.key for binding in bindings), self._taken)[0]
        meaning = self._escape() if first.id == _ESCAPE else first.description
        return OfferedKey(first.id or "", key, meaning)

    def render(self) -> Content:
        """Returns the line."""
        parts = [
            Content.assemble(
                (short_key(key.key), "bold $footer-key-foreground"),
                (f" {key.meaning}", "$footer-description-foreground"),
            ).stylize(Style.from_meta({"key": key.key}))
            for key in fitted(self.keys(), self.size.width)
        ]
        return Content(" " * _BETWEEN).join(parts)

    def on_click(self, event: events.Click) -> None:
        """Does what the key does that was clicked."""
        key = event.style.meta.get("key")
        if isinstance(key, str):
            self.app.simulate_key(key)


def _rank(key: OfferedKey) -> int:
    if key.name == _ESCAPE:
        return -2
    return _EVERYWHERE.index(key.name) if key.name in _EVERYWHERE else -1


def fitted(keys: Sequence[OfferedKey], room: int) -> list[OfferedKey]:
    """Returns the keys that fit whole: the last are left out first, help never.

    Args:
        keys: All of them, in order.
        room: Columns there are.
    """
    kept = list(keys)
    while kept and _width(kept) > room:
        at = -2 if kept[-1].name == _HELP and len(kept) > 1 else -1
        kept.pop(at)
    return kept


def _width(keys: Sequence[OfferedKey]) -> int:
    return sum(key.width + _BETWEEN for key in keys) - _BETWEEN
