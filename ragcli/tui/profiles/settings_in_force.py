"""The settings in force, as the chat lists and changes them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ragcli import config
from ragcli.errors import NotFound, UsageError
from ragcli.text import safe_line
from ragcli.tui.ports import ProfilePort

_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]*(?=@)|(?<=password=)[^&\s]*")
"""What an address says beside where it leads: who asks, and a password."""

_HIDDEN = "(hidden)"

_AT_START = frozenset(
    {"store", "user", "durability", "audit", "allow_network_fs", "lock_wait"}
)
"""Settings that a profile is opened with."""


@dataclass(frozen=True, slots=True)
class SettingEntry:
    """One setting, as it is listed."""

    key: str
    value: str
    """As one types it, on one line; secrets are hidden."""
    source: str
    """Where it comes from: `default`, a file, `profile NAME`, a variable, an option."""
    help: str
    """One sentence."""
    choices: tuple[str, ...] = ()
    """What it may be; () where that cannot be listed."""


@dataclass(frozen=True, slots=True)
class SettingWanted:
    """What the argument of `/settings` asks for."""

    key: str = ""
    """"" for all of them."""
    text: str | None = None
    """What it is to be; None to look at it."""
    unset: bool = False
    """Whether the profile's own value is to go."""


def wanted(argument: str) -> SettingWanted:
    """Returns what `[KEY [VALUE]]`, `KEY=VALUE` or `unset KEY` asks for.

    Raises:
        UsageError: `unset` without a key.
    """
    word, _, rest = argument.strip().partition(" ")
    rest = rest.strip()
    if word == "unset":
        if not rest:
            raise UsageError("/settings unset needs KEY", "write /settings unset model")
        return SettingWanted(rest, unset=True)
    key, equals, value = argument.strip().partition("=")
    if equals and " " not in key.strip():
        return SettingWanted(key.strip(), _unquoted(value.strip()))
    return SettingWanted(word, _unquoted(rest) if rest else None)


def _unquoted(text: str) -> str:
    is_quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
    return text[1:-1] if is_quoted else text


def entries(profile: ProfilePort) -> list[SettingEntry]:
    """Returns every setting in force with its origin, key bindings among them."""
    resolved = profile.resolved
    bound = [resolved.origin(config.KEYS_TABLE + name) for name in resolved.bindings()]
    return [_entry(profile, origin) for origin in (*resolved.origins(), *bound)]


def entry(profile: ProfilePort, key: str) -> SettingEntry:
    """Returns one setting in force.

    Raises:
        ConfigError: There is no such key; the nearest is named.
    """
    return _entry(profile, profile.resolved.origin(key))


def _entry(profile: ProfilePort, origin: config.Origin) -> SettingEntry:
    value, source = config.value_text(origin.value), origin.source
    model = profile.settings.model
    if origin.key == "model" and model != profile.resolved.settings.model:
        value, source = model, "/model"
    return SettingEntry(
        origin.key,
        safe_line(_CREDENTIALS.sub(_HIDDEN, value)),
        safe_line(source),
        origin.help,
        config.choices_of(origin.key),
    )


def change(profile: ProfilePort, key: str, text: str | None) -> str:
    """Changes a setting of the profile for the next question; may block.

    Args:
        profile: Whose own setting it becomes.
        key: Which.
        text: What it is to be, as it was typed; None takes the profile's own away.

    Returns:
        One line that says what is in force now, and from where.

    Raises:
        RagcliError: As `ragcli profile set` and `unset`; nothing is changed.
    """
    if text is not None:
        profile.change_settings({key: config.for_profile(key, text, "settings")})
    elif key not in profile.own_settings():
        profile.resolved.origin(key)  # names the nearest
        raise NotFound(
            f"profile {profile.name} does not set {key}",
            "/settings tells where it comes from",
        )
    else:
        profile.change_settings({key: None})
    changed = entry(profile, key)
    line = f"{key} = {changed.value or 'nothing'}"
    if text is not None and changed.source != f"profile {profile.name}":
        return f"{changed.source} is stronger: {line}"
    if text is None:
        line = f"{line}, from {changed.source}"
    is_late = key in _AT_START or key.startswith(config.KEYS_TABLE)
    return f"{line}, once the profile is opened again" if is_late else line
