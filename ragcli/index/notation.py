"""In which notation a passage is written, as the name of its document tells."""

from __future__ import annotations

import os

from ragcli.index.documents.formats import format_of
from ragcli.index.passages import Passage
from ragcli.paths import PART_MARK


def notation_of(passage: Passage) -> str:
    """Returns the format of the document that a passage is of, or ""."""
    inner = passage.part.split(PART_MARK)[-1]
    return format_of(os.path.basename(inner or passage.path))
