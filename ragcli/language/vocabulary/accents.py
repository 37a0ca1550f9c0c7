"""Words with and without their accents, which people leave out when they ask."""

from __future__ import annotations

import unicodedata

from ragcli.language.patterns import deferred

_LATIN = deferred("[A-Za-z]")


def unaccented(text: str) -> str:
    """Returns a text without its accents: `caf\u00e9` is `cafe`.

    One without a Latin letter stays as it is: elsewhere a mark is no accent.
    """
    if text.isascii() or not _LATIN.search(text):
        return text
    parts = unicodedata.normalize("NFKD", text)
    return "".join(part for part in parts if not unicodedata.combining(part))
