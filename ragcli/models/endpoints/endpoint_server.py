"""One server that speaks OpenAI's protocol, over plain HTTP."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ragcli.config.endpoints import EndpointSettings
from ragcli.errors import ModelFailed, ModelUnavailable, ServerUnreachable
from ragcli.models.endpoints import api_keys
from ragcli.models.transport.error_translation import ErrorTranslation
from ragcli.models.transport.locality import is_here
from ragcli.models.transport.refusals import LONGEST, Endpoint, refusal, told

if TYPE_CHECKING:
    import http.client

CONNECT_SECONDS = 5.0
"""How long a server may take to accept a connection, and to agree on TLS."""

_VERSION = re.compile(r"/v\d\w*(/|$)")


class EndpointServer:
    """A server at an address.

    Args:
        settings: The endpoint, as the user describes it.
        silence: Seconds without a byte after which a request fails; 0 for no limit.
        connect: Seconds that a connection may take.
    """

    def __init__(
        self,
        settings: EndpointSettings,
        silence: float,
        connect: float = CONNECT_SECONDS,
    ) -> None:
        self.settings = settings
        self.url = base_url(settings.url)
        self._silence = silence
        self._connect_seconds = connect

    def endpoint(self, model: str = "") -> Endpoint:
        """Returns what error messages call this server."""
        name = self.settings.name
        return Endpoint(
            name=f"{name} at {self.url}",
            model=model,
            silence=self._silence,
            unreachable=f"start the server, or check endpoints.{name}.url",
            missing="`ragcli models list` shows what it has",
            credentials=api_keys.where(self.settings),
        )

    def get(self, path: str, *, root: bool = False) -> tuple[Any, Mapping[str, str]]:
        """Returns the JSON of a path, and the headers it came with.

        Args:
            path: Below the server's address: `/models`.
            root: Below its host instead; what is no part of OpenAI's protocol.

        Raises:
            ModelUnavailable: It cannot be had.
        """
        with self._answer("GET", path, None, "", root=root) as response:
            return self._parsed(response.read(), ""), _headers(response)

    def post(
        self, path: str, body: Mapping[str, Any], model: str, *, root: bool = False
    ) -> Any:
        """Returns the JSON that a request is answered with.

        Raises:
            ModelUnavailable: There is none.
        """
        with self._answer("POST", path, body, model, root=root) as response:
            return self._parsed(response.read(), model)

    def events(
        self, path: str, body: Mapping[str, Any], model: str
    ) -> Generator[dict[str, Any], None, None]:
        """Yields the events of a streamed answer; closing hangs up.

        A server that does not stream gives its whole answer as the only event.

        Raises:
            ModelUnavailable: The server refuses, breaks off, or sends something else.
        """
        with self._answer("POST", path, body, model) as response:
            kind = response.headers.get_content_type()
            if kind == "application/json":
                whole = self._parsed(response.read(), model)
                if isinstance(whole, dict):
                    yield whole
                return
            for line in _lines(response):
                found = self._event(line.decode("utf-8", "replace").strip(), model)
                if found is None:
                    return
                if found:
                    yield found

    def _event(self, line: str, model: str) -> dict[str, Any] | None:
        """Returns the event of a line, {} where it has none, None at the end.

        Raises:
            ModelUnavailable: It tells an error, or is of no such stream.
        """
        field, _, data = line.partition(":")
        data = data.strip()
        if field == "error":
            raise refusal(self.endpoint(model), 0, told(data))
        if field.startswith("<"):
            raise self._unreadable(model, "an HTML page")
        if field != "data":
            return {}
        if data == "[DONE]":
            return None
        found = self._parsed(data.encode(), model)
        if not isinstance(found, dict):
            return {}
        if found.get("error"):
            raise refusal(self.endpoint(model), 0, told(found))
        return found

    @contextmanager
    def _answer(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        model: str,
        *,
        root: bool = False,
    ) -> Iterator[http.client.HTTPResponse]:
        """Gives an answer of status 200, to be read in the block."""
        endpoint = self.endpoint(model)
        key = api_keys.key_of(self.settings)
        with ErrorTranslation(endpoint):
            connection = self._connected(endpoint)
            try:
                self._send(connection, method, self._path(path, root=root), body, key)
                response = connection.getresponse()
                if response.status != 200:
                    reason = told(response.read())
                    raise refusal(endpoint, response.status, reason, _headers(response))
                yield response
            finally:
                connection.close()

    def _connected(self, endpoint: Endpoint) -> http.client.HTTPConnection:
        """Opens a connection, through the environment's proxy if one is meant."""
        import http.client
        import urllib.request

        parts = urlsplit(self.url)
        secure = parts.scheme == "https"
        host, port = parts.hostname or "", parts.port or (443 if secure else 80)
        proxy = "" if is_here(host) else _proxy(parts.scheme, host, urllib.request)
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        if proxy:
            via = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
            connection = kind(
                via.hostname or "", via.port or 80, timeout=self._connect_seconds
            )
            connection.set_tunnel(host, port)
        else:
            connection = kind(host, port, timeout=self._connect_seconds)
        try:
            connection.connect()
        except TimeoutError:
            what = "does not answer"
            if secure and _accepts(host, port):
                what = "is silent when asked for TLS; write http:// if it speaks none"
            raise ServerUnreachable(
                f"{endpoint.name} {what}", endpoint.unreachable
            ) from None
        connection.sock.settimeout(self._silence or None)
        return connection

    def _send(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        key: str,
    ) -> None:
        headers = {"Content-Type": "application/json", "Accept": "*/*"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        headers |= dict(self.settings.headers)
        content = None if body is None else json.dumps(body).encode()
        connection.request(method, path, content, headers)

    def _path(self, path: str, *, root: bool) -> str:
        below = urlsplit(self.url).path
        if root:
            below = _VERSION.split(below)[0]
        return below + path

    def _parsed(self, raw: bytes, model: str) -> Any:
        """Returns what JSON says; raises `ModelFailed` for anything else."""
        try:
            return json.loads(raw)
        except ValueError:
            found = told(raw) or "nothing"
            raise self._unreadable(model, found[:LONGEST]) from None

    def _unreadable(self, model: str, found: str) -> ModelUnavailable:
        return ModelFailed(
            f"{self.endpoint(model).name} sent something that is no answer: {found}",
            "check the address: it must be a model server's, mostly ending in /v1",
        )


def base_url(url: str) -> str:
    """Returns an address as requests are made below it: with its version."""
    text = url.rstrip("/")
    return text if _VERSION.search(urlsplit(text).path) else f"{text}/v1"


def _lines(response: http.client.HTTPResponse) -> Iterator[bytes]:
    """Yields the lines of an answer; raises `IncompleteRead` where it is cut off.

    Iterating over the response would take a lost connection for its end.
    """
    held = b""
    while piece := response.read1(1 << 16):
        *lines, held = (held + piece).split(b"\n")
        yield from lines
    if held:
        yield held


def _proxy(scheme: str, host: str, request: Any) -> str:
    if request.proxy_bypass(host):
        return ""
    return str(request.getproxies().get(scheme, ""))


def _accepts(host: str, port: int) -> bool:
    """Tells whether something accepts connections there."""
    try:
        socket.create_connection((host, port), CONNECT_SECONDS).close()
    except OSError:
        return False
    return True


def _headers(response: http.client.HTTPResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.getheaders()}
