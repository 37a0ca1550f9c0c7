"""The server of the Model Context Protocol: stdio, or HTTP on loopback.

The one module that imports the protocol's SDK. It turns requests into calls of the
service, in threads, and errors into results that an agent can read.
"""

from __future__ import annotations

import hmac
import logging
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

import anyio
import mcp_types as types
from mcp import MCPError
from mcp.server import Server, ServerRequestContext
from mcp.server.stdio import stdio_server

from ragcli import __version__
from ragcli.agents.tools import INSTRUCTIONS, AgentTool, schema
from ragcli.agents.untrusted import LONGEST_TEXT, Quoting
from ragcli.errors import RagcliError, UsageError
from ragcli.text import safe_line

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from ragcli.agents.service import AgentService

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

HOST = "127.0.0.1"
"""The only address that HTTP is served on."""

_PAGE = 100
"""Documents in one answer to `resources/list`."""

_SCHEME = "ragcli"
_LONGEST_CLIENT = 64


class AgentServer:
    """One server.

    Args:
        service: What its tools do.
    """

    def __init__(self, service: AgentService) -> None:
        self._service = service
        self._server: Server[Any] = Server(
            "ragcli",
            version=__version__,
            title="ragcli",
            instructions=INSTRUCTIONS,
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
            on_list_resources=self._list_resources,
            on_read_resource=self._read_resource,
        )

    def serve_stdio(self) -> None:
        """Serves one client over stdin and stdout until it leaves."""
        anyio.run(self._over_stdio)

    def serve_http(
        self, port: int, token: str, listening: Callable[[int], None]
    ) -> None:
        """Serves HTTP on loopback until the process is told to end.

        Args:
            port: 0 for any that is free.
            token: What clients have to send as `Authorization: Bearer TOKEN`.
            listening: Told the port once connections are taken.

        Raises:
            OSError: The port cannot be had.
        """
        import socket

        import uvicorn

        with socket.create_server((HOST, port)) as listener:
            app = OnlyWithToken(self._http_app(), token)
            settings = uvicorn.Config(
                app, log_level="critical", timeout_graceful_shutdown=2
            )
            listening(int(listener.getsockname()[1]))
            uvicorn.Server(settings).run(sockets=[listener])

    async def _over_stdio(self) -> None:
        async with stdio_server() as (requests, replies):
            options = self._server.create_initialization_options()
            await self._server.run(requests, replies, options)

    def _http_app(self) -> Starlette:
        # The SDK tells of every odd request; what is told to people is ours to write.
        logging.getLogger("mcp").setLevel(logging.CRITICAL)
        return self._server.streamable_http_app(host=HOST)

    async def _list_tools(
        self, context: ServerRequestContext[Any], params: object
    ) -> types.ListToolsResult:
        del context, params
        return types.ListToolsResult(
            tools=[_tool(tool) for tool in self._service.tools]
        )

    async def _call_tool(
        self, context: ServerRequestContext[Any], params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        cancel = threading.Event()
        arguments, client = params.arguments or {}, _client(context)

        def called() -> types.CallToolResult:
            try:
                text = self._service.call(params.name, arguments, client, cancel)
            except RagcliError as error:
                return _result(_refusal(error), failed=True)
            return _result(text)

        try:
            return await anyio.to_thread.run_sync(called, abandon_on_cancel=True)
        finally:
            cancel.set()

    async def _list_resources(
        self,
        context: ServerRequestContext[Any],
        params: types.PaginatedRequestParams | None,
    ) -> types.ListResourcesResult:
        del context
        cursor = params.cursor if params else None
        resources = await anyio.to_thread.run_sync(self._resources)
        first = int(cursor) if cursor and cursor.isdecimal() else 0
        following = first + _PAGE if first + _PAGE < len(resources) else None
        return types.ListResourcesResult(
            resources=resources[first : first + _PAGE],
            next_cursor=None if following is None else str(following),
        )

    def _resources(self) -> list[types.Resource]:
        return [
            types.Resource(
                uri=_uri(profile.name, path),
                name=safe_line(path.rsplit("/", 1)[-1]),
                title=safe_line(title) or None,
                mime_type="text/plain",
            )
            for profile in self._service.profiles
            for path, title in profile.listed()
        ]

    async def _read_resource(
        self,
        context: ServerRequestContext[Any],
        params: types.ReadResourceRequestParams,
    ) -> types.ReadResourceResult:
        uri = str(params.uri)
        profile, path = _named_by(uri)
        arguments = {"path": path} | (
            {"profile": profile} if len(self._service.profiles) > 1 else {}
        )
        client = _client(context)

        def read() -> str:
            return self._service.call("get", arguments, client, threading.Event())

        try:
            text = await anyio.to_thread.run_sync(read)
        except RagcliError as error:
            raise MCPError(types.INVALID_PARAMS, error.message) from error
        content = types.TextResourceContents(uri=uri, mime_type="text/plain", text=text)
        return types.ReadResourceResult(contents=[content])


class OnlyWithToken:
    """Lets nobody in who does not send the token.

    Args:
        app: What is behind.
        token: The secret.
    """

    def __init__(self, app: Starlette, token: str) -> None:
        self._app = app
        self._wanted = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one connection (https://asgi.readthedocs.io)."""
        if scope["type"] == "http":
            sent = dict(scope["headers"]).get(b"authorization", b"")
            if not hmac.compare_digest(sent, self._wanted):
                await _refuse(send)
                return
        await self._app(scope, receive, send)


async def _refuse(send: Send) -> None:
    """Answers 401 (RFC 6750)."""
    headers = [(b"www-authenticate", b"Bearer"), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 401, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def _tool(tool: AgentTool) -> types.Tool:
    return types.Tool(
        name=tool.name,
        description=tool.about,
        input_schema=schema(tool),
        annotations=types.ToolAnnotations(
            read_only_hint=not tool.writes,
            destructive_hint=False if tool.writes else None,
        ),
    )


def _result(text: str, *, failed: bool = False) -> types.CallToolResult:
    content = types.TextContent(type="text", text=text)
    return types.CallToolResult(content=[content], is_error=failed)


def _refusal(error: RagcliError) -> str:
    """Returns an error as an agent reads it.

    It may name files that the agent did not name itself, and a name can be a sentence.
    """
    line = f"{error.message} ({error.hint})" if error.hint else error.message
    if isinstance(error, UsageError):  # what the agent sent, and the server's own words
        return f"{error.kind}: {line}"
    quoting = Quoting()
    return f"{error.kind}: {quoting.notice}\n{quoting.quoted(line, LONGEST_TEXT)}"


def _client(context: ServerRequestContext[Any]) -> str:
    """Returns what a client calls itself, "agent" if it does not say."""
    params = context.session.client_params
    name = params.client_info.name if params else ""
    return safe_line(name)[:_LONGEST_CLIENT] or "agent"


def _uri(profile: str, path: str) -> str:
    return f"{_SCHEME}://{profile}{quote(path, errors='surrogateescape')}"


def _named_by(uri: str) -> tuple[str, str]:
    """Returns the profile and the path of a document's address."""
    try:
        parts = urlsplit(uri)
    except ValueError:  # "ragcli://[/"
        parts = urlsplit("")
    if parts.scheme != _SCHEME or not parts.path:
        raise MCPError(types.INVALID_PARAMS, f"{safe_line(uri)} is no document here")
    return parts.netloc, unquote(parts.path, errors="surrogateescape")
