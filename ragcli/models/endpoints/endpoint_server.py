"""One server that speaks OpenAI's protocol, over plain HTTP."""

from __future__ import annotations

import re
import socket
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ragcli.config.endpoints import EndpointSettings
from ragcli.errors import ModelFailed, ModelUnavailable, ServerUnreachable
from ragcli.models.endpoints import api_keys
from ragcli.models.foreign_json import parsed
from ragcli.models.transport.error_translation import ErrorTranslation
from ragcli.models.transport.limits import (
    LARGEST_BODY,
    AnswerTooLargeError,
    SilenceClock,
)
from ragcli.models.transport.locality import is_here
from ragcli.models.transport.plain_http import PlainConnection
from ragcli.models.transport.refusals import (
    LONGEST,
    Endpoint,
    reason_in_body,
    refusal,
)

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
        with self._answer("GET", path, None, "", root=root) as (connection, response):
            return self._parsed(connection.body(response), ""), _headers(response)

    def post(
        self, path: str, body: Mapping[str, Any], model: str, *, root: bool = False
    ) -> Any:
        """Returns the JSON that a request is answered with.

        Raises:
            ModelUnavailable: There is none.
        """
        with self._answer("POST", path, body, model, root=root) as answer:
            connection, response = answer
            return self._parsed(connection.body(response), model)

    def events(
        self, path: str, body: Mapping[str, Any], model: str
    ) -> Generator[dict[str, Any], None, None]:
        """Yields the events of a streamed answer; closing hangs up.

        A server that does not stream gives its whole answer as the only event. {} is
        yielded where something came that is none: a comment, a piece of a line.

        Raises:
            ModelUnavailable: The server refuses, breaks off, or sends something else.
        """
        with self._answer("POST", path, body, model) as (connection, response):
            if response.headers.get_content_type() == "application/json":
                yield self._whole(connection.body(response), model)
                return
            lines = connection.lines(response)
            has_begun = False
            for raw in lines:
                if not has_begun and raw.lstrip().startswith((b"{", b"[")):
                    # JSON by another name; its lines are one answer.
                    yield self._whole(self._joined(raw, lines), model)
                    return
                has_begun = has_begun or bool(raw.strip())
                line = raw.decode("utf-8", "replace").strip("\ufeff \t\r")
                event = self._event(line, model)
                if event is None:
                    return
                yield event

    def _joined(self, first: bytes, lines: Iterator[bytes]) -> bytes:
        """Returns the lines of one answer.

        Raises:
            AnswerOverdueError: They do not end in time.
            AnswerTooLargeError: They are more than any answer has.
        """
        clock = SilenceClock(self._silence)
        held, size = [first], len(first)
        for line in lines:
            size += len(line) + 1
            if size > LARGEST_BODY:
                raise AnswerTooLargeError
            clock.check()
            held.append(line)
        return b"\n".join(held)

    def _whole(self, content: bytes, model: str) -> dict[str, Any]:
        """Returns an answer in one piece."""
        answer = self._parsed(content, model)
        if not isinstance(answer, dict):
            reason = reason_in_body(answer) or "no object"
            raise self._unreadable(model, reason)
        return answer

    def _event(self, line: str, model: str) -> dict[str, Any] | None:
        """Returns the event of a line, {} where it has none, None at the end.

        Raises:
            ModelUnavailable: It tells an error, or is of no such stream.
        """
        field, _, data = line.partition(":")
        data = data.strip()
        if field == "error":
            raise refusal(self.endpoint(model), 0, reason_in_body(data))
        if field.startswith("<"):
            raise self._unreadable(model, "an HTML page")
        if field != "data":
            return {}
        if data == "[DONE]":
            return None
        event = self._parsed(data.encode(), model)
        return event if isinstance(event, dict) else {}

    @contextmanager
    def _answer(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        model: str,
        *,
        root: bool = False,
    ) -> Iterator[tuple[PlainConnection, http.client.HTTPResponse]]:
        """Gives an answer of status 200 and its connection, to be read in the block."""
        endpoint = self.endpoint(model)
        key = api_keys.key_of(self.settings)
        with ErrorTranslation(endpoint):
            connection = self._connected(endpoint)
            try:
                target = self._path(path, root=root)
                headers = self._request_headers(key)
                response = connection.request(method, target, body, headers)
                if response.status != 200:
                    reason = reason_in_body(connection.body(response))
                    raise refusal(endpoint, response.status, reason, _headers(response))
                yield connection, response
            finally:
                connection.close()

    def _connected(self, endpoint: Endpoint) -> PlainConnection:
        """Opens a connection, through the environment's proxy if one is meant."""
        import urllib.request

        parts = urlsplit(self.url)
        secure = parts.scheme == "https"
        host, port = parts.hostname or "", parts.port or (443 if secure else 80)
        proxy = "" if is_here(host) else _proxy(parts.scheme, host, urllib.request)
        try:
            return PlainConnection(
                host,
                port,
                secure=secure,
                connect=self._connect_seconds,
                silence=self._silence,
                proxy=proxy,
            )
        except TimeoutError:
            what = "does not answer"
            if secure and _accepts(host, port):
                what = "is silent when asked for TLS; write http:// if it speaks none"
            raise ServerUnreachable(
                f"{endpoint.name} {what}", endpoint.unreachable
            ) from None

    def _request_headers(self, key: str) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "Accept": "*/*"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        return headers | dict(self.settings.headers)

    def _path(self, path: str, *, root: bool) -> str:
        below = urlsplit(self.url).path
        if root:
            below = _VERSION.split(below)[0]
        return below + path

    def _parsed(self, raw: bytes, model: str) -> Any:
        """Returns what JSON says.

        Raises:
            ModelUnavailable: It tells an error, or is no JSON.
        """
        try:
            value = parsed(raw)
        except ValueError:
            reason = reason_in_body(raw) or "nothing"
            raise self._unreadable(model, reason[:LONGEST]) from None
        if isinstance(value, dict) and value.get("error"):
            raise refusal(self.endpoint(model), 0, reason_in_body(value))
        return value

    def _unreadable(self, model: str, reason: str) -> ModelUnavailable:
        return ModelFailed(
            f"{self.endpoint(model).name} sent something that is no answer: {reason}",
            "check the address: it must be a model server's, mostly ending in /v1",
        )


def base_url(url: str) -> str:
    """Returns an address as requests are made below it: with its version."""
    text = url.rstrip("/")
    return text if _VERSION.search(urlsplit(text).path) else f"{text}/v1"


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
