"""What the name of a file says of it: a question may go by that.

`minutes-2024-03.odt` goes by `minutes 2024 03 odt document`, `backup.service` by
`backup service`: the suffix is a word too, and people have others for some formats.
Names that every directory has, such as `README`, go by the name of their directory too:
`kiln/README.md` by `kiln README md`.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache

from ragcli.index.documents import formats

_PART = re.compile(r"[^\W\d_]+|\d+")
_WORDS = {
    name: words
    for names, words in (
        ("eml mbox msg", "mail email message letter"),
        ("subtitles", "subtitles film video"),
        ("csv tsv xlsx xls xlsb ods", "table spreadsheet"),
        ("pptx odp", "presentation slides"),
        ("docx odt rtf pdf", "document"),
        ("epub", "book ebook"),
    )
    for name in names.split()
}
"""Format \u2192 what people call its files."""
_EVERYWHERE = frozenset((
    "readme", "index", "main", "about", "overview", "introduction", "intro", "manual",
    "guide", "usage", "install", "changelog", "changes", "news", "history", "release",
    "releases", "todo", "faq", "security", "support", "notes", "license", "licence",
    "licenses", "licences", "copying", "copyright", "notice", "authors", "credits",
    "contributors", "contributing", "maintainers",
))  # fmt: skip
"""What files are called for their part in a directory, not for what they are about."""


@lru_cache(maxsize=4096)
def spoken_name(path: str) -> str:
    """Returns the words of a file's name and what such files are called.

    Args:
        path: Of a document. Its other directories say nothing here, nor does a name
            without a letter: it is a number among others.
    """
    directory, name = os.path.split(path)
    if not any(map(str.isalpha, os.path.splitext(name)[0])):
        return ""
    called = _WORDS.get(formats.format_of(name), "")
    is_everywhere = name.split(".", 1)[0].lower() in _EVERYWHERE
    within = _PART.findall(os.path.basename(directory)) if is_everywhere else []
    return " ".join([*within, *_PART.findall(name), called]).strip()
