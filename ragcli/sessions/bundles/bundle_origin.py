"""What a bundle says about the profile it was made from, and what of it is believed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ragcli import config
from ragcli.errors import BundleRefused, ConfigError
from ragcli.frozen import frozen
from ragcli.sessions.bundles import archive
from ragcli.sessions.bundles.archive import Member
from ragcli.sessions.profile_layout import KEYS
from ragcli.sessions.transfer.contents import PLACE_SETTINGS
from ragcli.storage.format_versions import BUNDLE

FORMAT = BUNDLE.version
KIND = "ragcli profile"
HISTORY = "history.jsonl"
INDEX = "index"
HINT = "nothing of it was used; export it again where it comes from"
"""What to do about a bundle that is refused."""

HARMLESS = frozenset(
    {
        *("audit", "context_window", "memory", "memory_turns"),
        *("require_model", "temperature", "timeout", "tui.sidebar", "tui.sources"),
        *("ttl", "ttl_absolute"),
    }
)
"""Settings that anybody's bundle may choose, beside those of any project file.

They keep or show what is in the profile itself. What sends, reads or runs something
is not among them: who made a bundle must not decide which model is asked, what that
is told, or what else is searched; nor what of later turns is masked (`redact`), which
could be all of it, or a pattern that takes for ever.
"""

_ALLOWED = re.compile(
    r"history\.jsonl|keys/[0-9a-f]{16}\.json|"
    r"index/(text/)?(?!.*\.(pkl|pickle)$)\.?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*"
)


@frozen
class BundleOrigin:
    """What a bundle says about the profile it was made from, checked."""

    name: str
    id: str
    anchor: str
    """Where its audit log stood."""
    encrypted: bool
    settings: Mapping[str, Any]
    left_out: tuple[str, ...]
    """Settings that are not taken over."""


def origin_of(reader: archive.ArchiveReader, *, trusted: bool) -> BundleOrigin:
    """Returns what the manifest says about the profile.

    Args:
        reader: The bundle.
        trusted: Take settings that send, read or run something as well.

    Raises:
        NewerFormat: Written by a newer ragcli.
        BundleRefused: It is not what ragcli writes, or lists what it may not.
    """
    manifest = reader.manifest
    if type(manifest.get("format")) is int:
        BUNDLE.check(manifest["format"], "this bundle")
    profile = manifest.get("profile")
    if manifest.get("kind") != KIND or not isinstance(profile, dict):
        raise BundleRefused("this is not a bundle of a profile", HINT)
    texts = [profile.get(key) for key in ("name", "id", "anchor")]
    settings, encrypted = profile.get("settings"), profile.get("encrypted")
    sound = all(isinstance(text, str) for text in texts) and isinstance(settings, dict)
    if not sound or not isinstance(encrypted, bool):
        raise BundleRefused("its manifest lacks what every profile has", HINT)
    _check_names(reader.members, encrypted=encrypted)
    name, origin_id, anchor = map(str, texts)
    kept, left_out = _checked_settings(dict(settings or {}), trusted=trusted)
    return BundleOrigin(name, origin_id, anchor, encrypted, kept, left_out)


def _checked_settings(
    settings: Mapping[str, Any], *, trusted: bool
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Returns the settings to keep, and the names of those to leave out."""
    try:
        sound = {
            key: config.checked(key, value, "the bundle")
            if config.is_known(key)
            else value
            for key, value in settings.items()
        }
    except ConfigError as error:
        raise BundleRefused(error.message, HINT) from None
    kept = {
        key: value
        for key, value in sound.items()
        if key not in PLACE_SETTINGS and (trusted or _is_harmless(key, value))
    }
    return kept, tuple(sorted(set(settings) - set(kept)))


def _is_harmless(key: str, value: Any) -> bool:
    """Tells whether anybody's bundle may choose this; never what is unknown here."""
    return config.is_known(key) and (key in HARMLESS or config.is_harmless(key, value))


def _check_names(members: list[Member], *, encrypted: bool) -> None:
    """Refuses every name that is not on the list; raises `BundleRefused`."""
    names = [member.name for member in members]
    for name in names:
        if not _ALLOWED.fullmatch(name):
            raise BundleRefused(f"it holds {name[:80]!r}, which no bundle has", HINT)
    if encrypted != any(name.startswith(f"{KEYS}/") for name in names):
        raise BundleRefused("its keys do not fit its manifest", HINT)
    files = [name for name in names if name.startswith(f"{INDEX}/")]
    if files and f"{INDEX}/{archive.MANIFEST}" not in files:
        raise BundleRefused("its index has no manifest", HINT)
