"""`ragcli chat`: the full-screen chat, or a plain one where there is no screen."""

from __future__ import annotations

import gc
import os
import sys
from typing import Annotated

import typer

from ragcli.cli import live_names
from ragcli.cli.options import Invocation, examples
from ragcli.errors import UsageError


@examples("ragcli chat", "ragcli chat -p work --new", "TERM=dumb ragcli chat")
def chat(
    call: Invocation,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            "-m",
            metavar="SPEC",
            help="auto, builtin, ollama:NAME or provider:NAME.",
            autocompletion=live_names.models,
        ),
    ] = None,
    conversation: Annotated[
        str,
        typer.Option(
            "--conversation",
            metavar="ID",
            help="Go on with this one (id, its start, or title).",
            autocompletion=live_names.conversations,
        ),
    ] = "",
    new: Annotated[bool, typer.Option("--new", help="Start a conversation.")] = False,
    inline: Annotated[
        bool, typer.Option("--inline", help="Below the prompt, not full-screen.")
    ] = False,
) -> int:
    """Open the chat.

    Without a capable terminal (TERM=dumb, or a pipe) it is a plain one: a
    question a line, its answer below.
    """
    if conversation and new:
        raise UsageError("--conversation and --new exclude each other")
    call.flags["model"] = model
    if _has_screen():
        gc.disable()  # until the first frame is drawn: all that is loaded is kept
        from ragcli.tui.app import run as run_screen

        return run_screen(
            call.runtime, conversation=conversation, new=new, inline=inline
        )
    from ragcli.tui.plain import run as run_plain

    return run_plain(call.runtime, conversation=conversation, new=new)


def _has_screen() -> bool:
    """Tells whether a terminal is there that can be drawn on."""
    if os.environ.get("TERM", "dumb") in {"dumb", ""}:
        return False
    return sys.stdin.isatty() and sys.stdout.isatty()


COMMANDS = {"chat": chat}
