"""Where the time of one `ragcli ask` goes: `stages PROFILE QUESTION`.

Walks through an answer stage by stage, as `ask` does, in a fresh process, and
prints for each the milliseconds of its imports and of its own work (JSON).
"""

from __future__ import annotations

import builtins
import json
import sys
import time
from collections.abc import Callable
from typing import Any


class Stages:
    """Stages with their milliseconds: of imports, and of work besides.

    Args:
        clock: Returns seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.found: dict[str, tuple[float, float]] = {}
        self._clock = clock
        self._importing = 0.0
        self._depth = 0
        self._import = builtins.__import__
        builtins.__import__ = self._counted
        self._mark = (clock(), 0.0)

    def _counted(self, *arguments: Any, **named: Any) -> Any:
        started = self._clock()
        self._depth += 1
        try:
            return self._import(*arguments, **named)
        finally:
            self._depth -= 1
            if not self._depth:
                self._importing += self._clock() - started

    def end(self, name: str) -> None:
        """Ends a stage that began with the end of the last one."""
        now, importing = self._clock(), self._importing
        started, before = self._mark
        imports = importing - before
        self.found[name] = (imports * 1000, (now - started - imports) * 1000)
        self._mark = (now, importing)


def walk(profile: str, question: str, stages: Stages) -> None:
    """Answers a question stage by stage."""
    import typer  # noqa: F401

    import ragcli.cli.commands.ask  # noqa: F401
    from ragcli.cli.command_tree import root

    root()
    stages.end("command line (Typer)")
    from ragcli.runtime import Runtime

    workspace = Runtime(profile=profile).open()
    workspace.history.latest()
    stages.end("profile, settings, newest conversation")
    engine = workspace.engine()
    workspace.choose_model()
    stages.end("chat and built-in model")
    import numpy as np  # noqa: F401

    stages.end("numpy")
    from ragcli.dependency_patches import faiss

    faiss.limit_files(vector_bytes=1 << 30, loops=1 << 20)
    stages.end("FAISS")
    reader = workspace.library.reader()
    assert reader
    reader.document_frequency("section")
    stages.end("open the index")
    workspace.embedder.embed([question])
    stages.end("tokenizer and word vectors")
    _answer(stages, workspace, engine, question)


def _answer(stages: Stages, workspace: Any, engine: Any, question: str) -> None:
    """Adds search, answer and commit."""
    from ragcli.chat.events import AskRequest, Retrieved

    commit = workspace.history.commit

    def watched(*arguments: Any, **named: Any) -> Any:
        stages.end("answer: sentences, citations")
        return commit(*arguments, **named)

    workspace.history.commit = watched
    for event in engine.ask(AskRequest(question, new=True)):
        if isinstance(event, Retrieved):
            stages.end("search and ranking")
    stages.end("commit of the turn")


def main(profile: str, question: str, *options: str) -> None:
    """Prints the stages."""
    by_processor = "--processor-time" in options
    stages = Stages(time.process_time if by_processor else time.perf_counter)
    walk(profile, question, stages)
    print(json.dumps(stages.found))


if __name__ == "__main__":
    main(*sys.argv[1:])
