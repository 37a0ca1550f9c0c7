"""LangSmith, LangChain's tracing client: left out unless the user asks for it.

Changes: With `tracing` off, `langchain_core` finds a stand-in in `sys.modules`, which
says "not tracing". It knows only what that takes; any other name loads the real one.

Gain: It is the one part of LangChain that sends prompts to a third party by itself. Its
import is the larger half of LangChain's: CPU time of `ragcli ask` with a model of
Ollama's is 770 instead of 1,180 ms without it, 109 instead of 127 MB.

Upstream: Read with langchain-core 1.8.3 and langsmith 0.15.1: LangChain imports the
client whether it traces or not, and has no switch for that.
`tests/unit/dependency_patches/test_langsmith.py` fails when LangChain wants a name of
it that the stand-in does not have, because that loads the client.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import os
import sys
from types import ModuleType
from typing import Any

SWITCHES = (
    "LANGSMITH_TRACING",
    "LANGSMITH_TRACING_V2",
    "LANGCHAIN_TRACING",
    "LANGCHAIN_TRACING_V2",
)
"""Variables that turn tracing on behind a program's back."""

_CONTEXT = ("parent", "project_name", "tags", "metadata", "client", "replicas")


def switch(*, on: bool) -> None:
    """Keeps LangSmith out of this process, or leaves everything as it is.

    To be called before anything of LangChain is imported. A process that has loaded
    LangChain or LangSmith already keeps them: only the variables are set there.

    Note:
        As a side effect, sets the variables of `SWITCHES` in `os.environ`.
    """
    if on:
        return
    os.environ.update(dict.fromkeys(SWITCHES, "false"))
    if {"langsmith", "langchain_core"} & sys.modules.keys():
        return
    spec = importlib.util.find_spec("langsmith")
    if spec is not None:
        _install(list(spec.submodule_search_locations or ()))


class Unused:
    """Stands in for a class of LangSmith that is imported but never used."""


def _not_tracing(*_: object, **__: object) -> bool:
    return False


def _no_context(*_: object, **__: object) -> dict[str, Any]:
    return dict.fromkeys(_CONTEXT) | {"enabled": False}


def _nothing(*_: object, **__: object) -> None:
    return None


class _StandIn(ModuleType):
    """A module of LangSmith that is not loaded until it is needed."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(_real(self.__name__), name)


def _install(path: list[str]) -> None:
    package = _stand_in("langsmith", RunTree=Unused, Client=Unused)
    package.__path__ = path
    package.get_tracing_context = _no_context
    package.run_helpers = _stand_in(
        "langsmith.run_helpers",
        get_tracing_context=_no_context,
        _set_tracing_context=_nothing,
    )
    package.utils = _stand_in(
        "langsmith.utils",
        tracing_is_enabled=_not_tracing,
        LangSmithError=RuntimeError,
    )
    package.run_trees = _stand_in("langsmith.run_trees", RunTree=Unused)
    package.address = _stand_in("langsmith.address")


def _stand_in(name: str, **known: Any) -> Any:
    module = _StandIn(name)
    module.__spec__ = importlib.machinery.ModuleSpec(name, None)
    vars(module).update(known)
    sys.modules[name] = module
    return module


def _real(name: str) -> ModuleType:
    """Loads LangSmith after all, in place of the stand-ins."""
    for held in [key for key in sys.modules if key.partition(".")[0] == "langsmith"]:
        if isinstance(sys.modules[held], _StandIn):
            del sys.modules[held]
    return importlib.import_module(name)
