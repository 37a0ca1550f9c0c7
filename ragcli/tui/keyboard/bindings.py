"""How a key of the chat is declared."""

from __future__ import annotations

from textual.binding import Binding


def key(
    name: str,
    keys: str,
    action: str,
    meaning: str,
    *,
    footer: str = "",
    priority: bool = False,
) -> Binding:
    """Declares a binding that users can change.

    Args:
        name: Its stable id, `place.what`; `keys.<name>` in the settings.
        keys: Default keys, separated by commas, as Textual names them.
        action: What it does.
        meaning: One sentence without a full stop, for the help page.
        footer: What the footer says; "" leaves it out there.
        priority: Whether it comes before the focused widget's own keys.
    """
    return Binding(
        keys,
        action,
        footer or meaning,
        show=bool(footer),
        priority=priority,
        tooltip=meaning,
        id=name,
    )
