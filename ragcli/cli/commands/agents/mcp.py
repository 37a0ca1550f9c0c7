"""`ragcli mcp`: the tools of coding agents."""

from __future__ import annotations

import gc
import os
import secrets
from pathlib import Path
from typing import Annotated

import typer

from ragcli import packages
from ragcli.cli.input import live_names
from ragcli.cli.input.options import Invocation, examples, number
from ragcli.errors import ProviderMissing, UsageError

TOKEN_VARIABLE = "RAGCLI_MCP_TOKEN"  # noqa: S105 - its name, not a secret
DEFAULT_PORT = 8765


@examples(
    "ragcli mcp",
    "ragcli mcp work handbook",
    "ragcli mcp --http --port 8765",
    "claude mcp add ragcli -- ragcli mcp -p work",
)
def mcp(
    call: Invocation,
    profiles: Annotated[
        list[str] | None,
        typer.Argument(metavar="PROFILE", autocompletion=live_names.profiles),
    ] = None,
    http: Annotated[
        bool, typer.Option("--http", help="HTTP on loopback instead of stdio.")
    ] = False,
    port: Annotated[
        int | None,
        typer.Option(
            "--port", metavar="N", help=f"With --http; default {DEFAULT_PORT}, 0: any."
        ),
    ] = None,
    allow_add: Annotated[
        bool,
        typer.Option("--allow-add", help="Agents may add files below this directory."),
    ] = False,
) -> None:
    """Serve your documents to coding agents (MCP).

    The tools are search, ask, get, outline and documents. Over stdin and stdout, or
    over HTTP on 127.0.0.1 with a bearer token, which is taken from RAGCLI_MCP_TOKEN or
    made and printed on stderr. The tools only read, unless --allow-add is given.
    Questions join the history, each as a conversation of its own, and every call is
    audited. Needs the extra `mcp`.
    """
    if port is not None and not http:
        raise UsageError("--port is for --http")
    wanted = number("--port", port, least=0, most=65_535)
    if call.as_json:
        raise UsageError("mcp has no --json: it speaks its protocol")
    names = list(dict.fromkeys(profiles or [call.runtime.profile_name()]))
    try:
        from ragcli.agents.server import HOST, AgentServer
    except ImportError as error:
        if error.name and error.name.split(".")[0] not in {"mcp", "mcp_types"}:
            raise
        raise ProviderMissing(
            "the package for MCP is not installed", packages.of_extra("mcp")
        ) from None
    from ragcli.agents.service import AgentService

    runtime = call.runtime
    service = AgentService(runtime, names, Path.cwd() if allow_add else None)
    try:
        service.open()
        gc.collect()
        gc.freeze()  # what was loaded stays: no search waits until it is looked through
        with runtime.unattended():
            server = AgentServer(service)
            if not http:
                server.serve_stdio()
                return
            given = os.environ.get(TOKEN_VARIABLE, "").strip()
            token = given or secrets.token_urlsafe(32)

            def listening(bound: int) -> None:
                shown = "" if given else f"; token: {token}"
                call.output.note(f"listening on http://{HOST}:{bound}/mcp{shown}")

            chosen = DEFAULT_PORT if wanted is None else wanted
            try:
                server.serve_http(chosen, token, listening)
            except OSError as error:
                raise UsageError(
                    f"port {chosen}: {error.strerror}", "choose another: --port N"
                ) from None
    finally:
        service.close()


COMMANDS = {"mcp": mcp}
