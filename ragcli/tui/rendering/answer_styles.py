"""The styles that an answer is drawn with, taken from the theme in force."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

from textual.style import Style


@dataclass(frozen=True, slots=True)
class Palette:
    """One style for each role; all partial, laid over the widget's own."""

    text: Style
    """What everything else is laid over."""
    strong: Style
    em: Style
    strike: Style
    code: Style
    """Code inside a line."""
    block: Style
    """The background of a block of code."""
    label: Style
    """The line above a block of code: its language and `copy`."""
    heading: Style
    marker: Style
    """A citation marker, `[1]`."""
    attached: Style
    """A marker that the model did not write, `[~1]`."""
    unsupported: Style
    """The mark after a sentence that was not found in the documents."""
    chosen: Style
    """The marker whose source is selected."""
    link: Style
    muted: Style
    """Bullets, rules, quotation bars, link targets."""
    found: Style
    """What the find bar looks for."""

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Returns the roles, which are also the widget's component classes."""
        return tuple(item.name for item in fields(cls))

    @classmethod
    def collect(cls, style_of: Callable[[str], Style]) -> Palette:
        """Builds a palette from a function of the role's name."""
        return cls(**{name: style_of(name) for name in cls.names()})
