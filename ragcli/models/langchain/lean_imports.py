"""Imports LangChain without the parts of it that are never used here.

What dominates the import of `langchain_ollama` (1.3 s on the machine it was measured
on) is not LangChain: LangSmith's client is 0.5 s of it (see `tracing`), httpx's own
command line 0.07 s, requests and YAML, of which LangChain wants two names and
nothing yet, 0.08 s, and the garbage collector, which looks through half a million
new objects and finds nothing, 0.1 s. Without them it takes 0.5 s. Another fifth of
that is what pydantic prepares for classes that one answer does not use, and the
certificates that `ollama` reads for a client of its own, which nobody uses either.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, cast

from ragcli.models.langchain import tracing

_HTTPX_COMMAND = "httpx._main"
_NO_CERTIFICATES = {"SSL_CERT_FILE": "", "SSL_CERT_DIR": os.devnull}
"""Variables by which httpx is told where certificates are."""
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
    tracing.switch(on=with_tracing)
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
        A client that is made without a context of its own while the block runs, in
        any thread, trusts no certificate; the one that `ollama` makes is never used.
    """
    with _one_by_one, lean(with_tracing=with_tracing):
        if "langchain_ollama" in sys.modules:
            yield
            return
        from pydantic import BaseModel

        told, kept = BaseModel.model_config, os.environ.copy()
        told["defer_build"] = True
        os.environ.update(_NO_CERTIFICATES)
        try:
            yield
        finally:
            del told["defer_build"]
            for name in _NO_CERTIFICATES:
                del os.environ[name]
                if name in kept:
                    os.environ[name] = kept[name]


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
