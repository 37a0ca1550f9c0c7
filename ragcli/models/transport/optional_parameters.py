"""Options of a request that a model may refuse, and which one it refused."""

from __future__ import annotations

import re
from collections.abc import Container

_OPTIONAL = (
    "temperature", "stop", "seed", "top_p", "stream_options", "return_progress",
    "max_completion_tokens", "max_tokens",
)  # fmt: skip
"""What a request can do without, where a model refuses it by name."""
_REFUSES = re.compile(
    "support|unknown|unrecogni|not allowed|not permitted|extra|unexpected|invalid"
    "|only the default|deprecated|must be",
    re.IGNORECASE,
)


def refused(message: str, options: Container[str]) -> str:
    """Returns which of the `options` a server's message refuses; "" for none.

    It can be left out then: no answer depends on one of them.
    """
    if not _REFUSES.search(message):
        return ""
    for name in _OPTIONAL:
        if name in options and re.search(rf"(?<![\w-]){name}(?![\w-])", message):
            return name
    return ""
