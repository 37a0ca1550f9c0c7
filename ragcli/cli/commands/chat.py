"""`ragcli chat`: the full-screen chat, or a plain one where there is no screen."""

from __future__ import annotations

import gc
import os
import sys
from typing import Annotated

import typer

from ragcli.cli.input.options import Invocation, examples
from ragcli.cli.input.question_options import ConversationOption, ModelOption, NewOption
from ragcli.dependency_patches import interpreter
from ragcli.errors import UsageError


@examples("ragcli chat", "ragcli chat -p work --new", "TERM=dumb ragcli chat")
def chat(
    call: Invocation,
    model: ModelOption = None,
    conversation: ConversationOption = None,
    new: NewOption = False,
    inline: Annotated[
        bool, typer.Option("--inline", help="Below the prompt; answers stay there.")
    ] = False,
) -> int:
    """Open the chat.

    Without a capable terminal (TERM=dumb, or a pipe) it is a plain one: a
    question a line, its answer below.
    """
    if conversation and new:
        raise UsageError("--conversation and --new exclude each other")
    call.flags["model"] = model
    first = conversation or ""
    if _has_screen():
        gc.disable()  # until the first frame is drawn: all that is loaded is kept
        interpreter.collect_as_usual()  # many small rests of the screen, no long one
        from ragcli.tui.app import run_chat

        return run_chat(call.runtime, conversation=first, new=new, inline=inline)
    from ragcli.tui.plain.line_chat import run_plain

    return run_plain(call.runtime, conversation=first, new=new)


def _has_screen() -> bool:
    """Tells whether a terminal is there that can be drawn on."""
    if os.environ.get("TERM", "dumb") in {"dumb", ""}:
        return False
    return sys.stdin.isatty() and sys.stdout.isatty()


COMMANDS = {"chat": chat}
