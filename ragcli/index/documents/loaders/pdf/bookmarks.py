"""The bookmarks of a document: which headings are on which page."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

from ragcli.index.documents.elements import one_line, well_formed

_DEEPEST = 6
_MOST = 20_000
_NO_WORD = re.compile(r"[\W_]+")


def bookmarks(document: Any) -> dict[int, list[tuple[int, str]]]:
    """Returns level (from 1) and title of the bookmarks that lead to each page.

    Args:
        document: A `pypdfium2.PdfDocument`.
    """
    from pypdfium2 import PdfiumError

    by_page: dict[int, list[tuple[int, str]]] = defaultdict(list)
    try:
        for count, mark in enumerate(document.get_toc(max_depth=_DEEPEST)):
            if count > _MOST:
                break
            target = mark.get_dest()
            page = target.get_index() if target else None
            title = one_line(well_formed(mark.get_title()))
            if page is not None and title:
                by_page[page].append((mark.level + 1, title))
    except (PdfiumError, ValueError, RecursionError):
        return dict(by_page)
    return dict(by_page)


def same(text: str) -> str:
    """Returns a title without what may differ between a bookmark and the page."""
    return _NO_WORD.sub("", text.casefold())
