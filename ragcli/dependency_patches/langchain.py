"""LangChain: an import without what is never used here.

Changes: While LangChain is imported the garbage collector rests; LangSmith is left out
(see `langsmith`), and so is httpx's own command line; requests and YAML are loaded when
something of them is used; pydantic prepares the classes of `langchain_ollama` when they
are first used (`defer_build`).

Gain: CPU time of the import of `langchain_ollama` 433 instead of 1,446 ms, 51 instead
of 76 MB of memory; of `ragcli ask` with a model of Ollama's 770 instead of 1,450 ms,
109 instead of 134 MB. Of the import LangSmith is 320 ms and 17 MB, the collector, which
looks through half a million new objects and finds nothing, 110 ms, `defer_build` 45 ms
and 2 MB, requests and YAML 45 ms and 5 MB, httpx's command line 40 ms and 5 MB.

Upstream: Read with langchain-core 1.8.3, langchain-ollama 1.1.0, httpx 0.28.1, pydantic
2.14.4. `tests/unit/dependency_patches/test_langchain.py` fails when one of the modules
is loaded all the same, when the names that are taken from requests are no more the two,
and when anything stays changed afterwards.
"""

from __future__ import annotations

import gc
import importlib
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, cast

from ragcli.dependency_patches import langsmith

_HTTPX_COMMAND = "httpx._main"
_one_by_one = threading.Lock()
"""Held during the changes, so that two threads do not restore each other's."""


class _Later(ModuleType):
    """A module that is loaded when something of it is used."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


@contextmanager
def lean(*, with_tracing: bool) -> Iterator[None]:
    """Makes imports of LangChain in its block cost less.

    Args:
        with_tracing: The user asked for LangSmith: it is loaded like the rest.

    Note:
        While the block runs, the garbage collector rests in all threads, and httpx
        is loaded as it would be without its command-line extra.
    """
    langsmith.switch(on=with_tracing)
    left_out = [] if with_tracing else _leave_out()
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.freeze()  # or the next collection looks through all of it at once
            gc.enable()
        for name, instead in left_out:
            if sys.modules.get(name, gc) is instead:
                del sys.modules[name]


@contextmanager
def lean_ollama(*, with_tracing: bool) -> Iterator[None]:
    """Makes the import of `langchain_ollama` in its block cost less than `lean` does.

    Its classes are completed when they are first used (pydantic's `defer_build`).

    Args:
        with_tracing: As for `lean`.

    Note:
        While the block runs, models of pydantic that other threads define are
        completed with their first use as well.
    """
    with _one_by_one, lean(with_tracing=with_tracing):
        if "langchain_ollama" in sys.modules:
            yield
            return
        from pydantic import BaseModel

        BaseModel.model_config["defer_build"] = True
        try:
            yield
        finally:
            del BaseModel.model_config["defer_build"]


def _leave_out() -> list[tuple[str, ModuleType | None]]:
    """Puts something in the place of what need not be loaded; returns what.

    Where LangChain keeps a name of it, that works later as the real one does.
    """
    instead: dict[str, ModuleType | None] = {"yaml": _Later("yaml")}
    instead["requests"] = requests = _Later("requests")
    # The first stands in annotations only; the second is caught, as what it is.
    vars(requests).update(Response=object, HTTPError=OSError)
    if "httpx" not in sys.modules:
        instead[_HTTPX_COMMAND] = None  # "do not look for it"
    fresh = [(name, item) for name, item in instead.items() if name not in sys.modules]
    sys.modules.update(cast("list[tuple[str, ModuleType]]", fresh))
    return fresh
