"""Keys: the bindings that a user may change, and what help says about them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence

from textual.binding import Binding
from textual.dom import DOMNode
from textual.keys import Keys
from textual.widget import Widget

from ragcli.tui.keyboard.multiplexers import arriving_first

Row = tuple[str, str, str]
"""Key, meaning, and the name to change the key by."""

_MODIFIERS = {"ctrl", "alt", "shift", "super", "meta", "hyper"}
_NAMES = {"prompt": "Prompt", "turn": "Answer", "source": "Source", "chat": "Chat"}
_COMMAND = re.compile(r"command\('(\w+)'\)")
_NAMES |= {"sidebar": "Conversations", "find": "Find", "transcript": "Transcript"}


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


def bindings_of(kind: type[DOMNode]) -> Iterator[Binding]:
    """Yields the bindings with an id that a class declares itself."""
    for binding in kind.__dict__.get("BINDINGS", ()):
        if isinstance(binding, Binding) and binding.id:
            yield binding


def declared(*owners: type[DOMNode]) -> dict[str, Binding]:
    """Returns the bindings that may be changed, by id, of these classes."""
    return {b.id or "": b for owner in owners for b in bindings_of(owner)}


def checked(
    wanted: Mapping[str, str], known: Mapping[str, Binding]
) -> tuple[dict[str, str], list[str]]:
    """Returns the usable part of a user's key map, and what is wrong with the rest.

    Args:
        wanted: Keys by binding id, as the settings have them.
        known: What `declared` returned.
    """
    usable: dict[str, str] = {}
    wrong: list[str] = []
    for name, key in wanted.items():
        if name not in known:
            near = difflib.get_close_matches(name, list(known), 1, 0.5)
            hint = f"; did you mean {near[0]}?" if near else ""
            wrong.append(f"keys.{name}: there is no such key binding{hint}")
        elif bad := [k for k in key.split(",") if not is_key(k.strip())]:
            wrong.append(f"keys.{name}: {bad[0]!r} is not a key; write e.g. ctrl+k")
        else:
            usable[name] = ",".join(k.strip() for k in key.split(","))
    return usable, wrong + _clashes(usable, known)


def is_key(name: str) -> bool:
    """Tells whether `name` is a key as Textual names them."""
    *modifiers, key = name.split("+") if name != "+" else ["+"]
    if not set(modifiers) <= _MODIFIERS:
        return False
    return len(key) == 1 or key in _key_names()


def _key_names() -> set[str]:
    from textual.keys import KEY_TO_UNICODE_NAME

    plain = {key.value.rpartition("+")[2] for key in Keys}
    return plain | set(KEY_TO_UNICODE_NAME) | set(KEY_TO_UNICODE_NAME.values())


def _clashes(usable: Mapping[str, str], known: Mapping[str, Binding]) -> list[str]:
    """Returns a line for each changed key that another binding nearby has already."""
    lines = []
    for name, key in usable.items():
        group = name.partition(".")[0]
        for other, binding in known.items():
            taken = usable.get(other, binding.key)
            if other == name or other.partition(".")[0] != group:
                continue
            both = set(key.split(",")) & set(taken.split(","))
            if both and (other not in usable or other > name):
                lines.append(f"keys.{name} and keys.{other} are both {both.pop()}")
    return lines


def sections(
    focused: Widget | None,
    screen: DOMNode,
    changed: Mapping[str, str],
    taken: frozenset[str] = frozenset(),
) -> Sequence[tuple[str, Sequence[Row]]]:
    """Returns what help shows about keys: those of the focused widget first.

    Args:
        focused: Where the user is.
        screen: The screen, whose keys come last.
        changed: The keys that the user has set, by binding id.
        taken: Keys that do not arrive here; they stand last.
    """
    nodes: list[DOMNode] = [*(focused.ancestors_with_self if focused else ()), screen]
    listed = []
    for node in dict.fromkeys(nodes):
        for kind in type(node).__mro__:
            rows = [
                (_listed(changed.get(b.id or "", b.key), taken), b.tooltip, b.id or "")
                for b in bindings_of(kind)
            ]
            if rows:
                prefix = (next(bindings_of(kind)).id or "").partition(".")[0]
                listed.append((_NAMES.get(prefix, prefix.title()), rows))
    return list({title: (title, rows) for title, rows in listed}.values())


def command_keys(
    screen: DOMNode,
    changed: Mapping[str, str],
    taken: frozenset[str] = frozenset(),
) -> dict[str, str]:
    """Returns the key of each command that has one, as it is shown, by its name.

    Args:
        screen: The screen whose keys run commands.
        changed: The keys that the user has set, by binding id.
        taken: Keys that do not arrive here.
    """
    keys_of = {}
    for binding in bindings_of(type(screen)):
        if command := _COMMAND.fullmatch(binding.action):
            keys = changed.get(binding.id or "", binding.key)
            keys_of[command[1]] = _listed(keys, taken).partition(", ")[0]
    return keys_of


def _listed(keys: str, taken: frozenset[str]) -> str:
    single = (key.strip() for key in keys.split(","))
    return shown_keys(",".join(arriving_first(single, taken)))


def short_key(key: str) -> str:
    """Returns a key as the line of keys shows it: `F1`, `^B`."""
    return shown_keys(key).replace("Ctrl+", "^")


def shown_keys(keys: str) -> str:
    """Returns key names as people write them: `ctrl+j` as `Ctrl+J`."""
    return ", ".join(_shown_key(key.strip()) for key in keys.split(","))


def _shown_key(key: str) -> str:
    names = {"escape": "Esc", "right_square_bracket": "]", "left_square_bracket": "["}
    names |= {"pageup": "PgUp", "pagedown": "PgDn", "underscore": "_"}
    parts = [names.get(part, part.title()) for part in key.split("+")]
    return "+".join(parts) if len(parts) > 1 or len(key) > 1 else key
