"""Teach a coding agent this command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ragcli.agents import skill
from ragcli.cli.input.options import Invocation, YesOption, examples


@examples(
    "ragcli skill install claude",
    "ragcli skill install codex --project",
    "ragcli skill install opencode --mcp",
)
def install(
    call: Invocation,
    agent: Annotated[
        str,
        typer.Argument(metavar="AGENT", autocompletion=lambda: list(skill.PLACES)),
    ] = "claude",
    *,
    project: Annotated[
        bool, typer.Option("--project", help="In this directory, not in your home.")
    ] = False,
    mcp: Annotated[
        bool, typer.Option("--mcp", help="Print what adds the server of tools as well.")
    ] = False,
    yes: YesOption = False,
) -> None:
    """Write a short skill file where an agent finds it.

    AGENT is claude, codex, opencode, or agents for any that reads .agents/skills.
    A file of yours is not written over without asking.
    """
    root = Path.cwd() if project else Path.home()
    file = skill.place(agent, root, project=project)
    state = skill.state(file)
    if state == "other":
        call.confirm(f"{file} says something else. Write over it?", yes=yes)
    if state != "same":
        skill.write(file)
    entry = skill.server_entry(agent) if mcp else ""
    call.tell(
        {"agent": agent, "path": str(file), "changed": state != "same", "mcp": entry},
        line=str(file),
        note="it was there already" if state == "same" else "",
    )
    if entry and not call.as_json:
        call.output.note("the server of tools is added by:")
        call.output.text(entry)


@examples("ragcli skill show", "ragcli skill show > SKILL.md")
def show(call: Invocation) -> None:
    """Print the skill file."""
    if call.as_json:
        call.output.document({"text": skill.TEXT})
        return
    call.output.text(skill.TEXT.rstrip("\n"))


COMMANDS = {"install": install, "show": show}
