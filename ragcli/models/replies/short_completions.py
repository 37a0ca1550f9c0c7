"""Short completions out of the streams that models give."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any, cast

from ragcli.models.base import Restart


def collected(pieces: Iterator[Any], *, one_line: bool) -> str:
    """Returns the text of a stream, without what was thought; "" if there is none.

    Args:
        pieces: Text and signs; closed at the end.
        one_line: Hang up at the end of the first line that is not blank.
    """
    text = ""
    with closing(cast("Any", pieces)):
        for piece in pieces:
            if isinstance(piece, Restart):
                text = ""
            elif isinstance(piece, str):
                text += piece
                first, ended, _ = text.lstrip().partition("\n")
                if one_line and ended:
                    return first.strip()
    return text.strip()
