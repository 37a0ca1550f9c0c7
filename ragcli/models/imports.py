"""Imports LangChain without the parts of it that are never used here.

What dominates the import of `langchain_ollama` (1.3 s on the machine it was measured
on) is not LangChain: LangSmith's client is 0.5 s of it (see `tracing`), httpx's own
command line 0.07 s, and the garbage collector, which looks through half a million
new objects and finds nothing, 0.1 s. Without the three it takes 0.55 s.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import cast

from ragcli.models import tracing

_HTTPX_COMMAND = "httpx._main"


@contextmanager
def lean(*, with_tracing: bool) -> Iterator[None]:
    """Makes imports of LangChain in its block cost less.

    Args:
        with_tracing: The user asked for LangSmith: it is loaded like the rest.

    Note:
        While the block runs, the garbage collector rests in all threads, and httpx
        is loaded as it would be without its command-line extra.
    """
    tracing.switch(on=with_tracing)
    leave_out = _HTTPX_COMMAND not in sys.modules and "httpx" not in sys.modules
    if leave_out:
        sys.modules[_HTTPX_COMMAND] = cast("ModuleType", None)  # "do not look for it"
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
        if leave_out and sys.modules.get(_HTTPX_COMMAND, gc) is None:
            del sys.modules[_HTTPX_COMMAND]
