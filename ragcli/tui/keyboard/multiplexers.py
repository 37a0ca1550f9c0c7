"""Keys that never arrive: the program that the terminal runs in takes them itself.

tmux and screen wait for their prefix key, and pass it on only when it is typed twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_PREFIXES = {"TMUX": frozenset({"ctrl+b", "ctrl+a"}), "STY": frozenset({"ctrl+a"})}
"""What each of them may wait for, by the variable that it sets inside; tmux for its own
key or, where somebody is used to screen, for that of screen."""


def taken_keys(environ: Mapping[str, str]) -> frozenset[str]:
    """Returns the keys that do not arrive in a terminal with these variables."""
    inside = [keys for variable, keys in _PREFIXES.items() if environ.get(variable)]
    return frozenset().union(*inside)


def arriving_first(keys: Iterable[str], taken: frozenset[str]) -> list[str]:
    """Returns keys that do the same, those that arrive before those that do not."""
    return sorted(keys, key=taken.__contains__)
