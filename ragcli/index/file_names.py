"""What the name of a file says of it: a question may go by that.

minutes-2024-03.odt     minutes 2024 03 document
backup.service          backup service
re_order.eml            re order mail message
"""

from __future__ import annotations

import os
import re
from functools import lru_cache

from ragcli.index.documents import formats

_PART = re.compile(r"[^\W\d_]+|\d+")
_CALLED = {
    "mail": ("eml mbox msg", "mail email message letter"),
    "subtitles": ("subtitles", "subtitles film video"),
    "table": ("csv tsv xlsx xls xlsb ods", "table spreadsheet"),
    "slides": ("pptx odp", "presentation slides"),
    "document": ("docx odt rtf pdf", "document"),
    "notebook": ("notebook", "notebook"),
    "book": ("epub", "book ebook"),
}
_WORDS = {name: words for names, words in _CALLED.values() for name in names.split()}
"""What people call the files of a format."""


@lru_cache(maxsize=4096)
def spoken_name(path: str) -> str:
    """Returns the words of a file's name and what such files are called.

    Args:
        path: Of a document. Its directories say nothing here.
    """
    name = os.path.basename(path)
    called = _WORDS.get(formats.format_of(name), "")
    return " ".join([*_PART.findall(name), called]).strip()
