"""An Ollama server, without its client library: what it has, and pulling more.

Over plain HTTP, because this is asked before every answer. Protocol:
github.com/ollama/ollama, docs/api.md.
"""

from __future__ import annotations

import difflib
import json
import socket
from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ragcli.errors import (
    ModelFailed,
    ModelNotFound,
    ModelUnavailable,
    ServerUnreachable,
)
from ragcli.frozen import frozen
from ragcli.models.foreign_json import (
    count,
    mapping,
    mappings,
    parameter_values,
    parsed,
    text,
    window,
    window_parameter,
)
from ragcli.models.ollama.address import OllamaAddress
from ragcli.models.transport.error_translation import Endpoint, ErrorTranslation
from ragcli.models.transport.locality import elsewhere
from ragcli.models.transport.plain_http import PlainConnection
from ragcli.models.transport.refusals import reason_in_body, refusal

if TYPE_CHECKING:
    from http.client import HTTPResponse

PROBE_SECONDS = 0.4
"""How long a server may take to accept a connection before `auto` goes without."""
CONNECT_SECONDS = 5.0
"""How long it may take for any other request."""

CLOUD = "https://ollama.com"
"""Where Ollama's cloud models run. A server passes them on, or this one is asked."""

_EMBEDDING_FAMILIES = ("bert", "nomic-bert", "xlm-roberta")
_START = "start it with `ollama serve`, or set OLLAMA_HOST; `-m builtin` needs none"


@frozen
class Installed:
    """A model that the server has."""

    name: str
    """With its tag: `llama3.2:latest`."""
    size: int
    """Bytes on the server's disk."""
    family: str
    """Architecture: `llama`, `nomic-bert`."""
    parameters: str
    """As the server says it: `3.2B`, or ""."""
    remote: str = ""
    """Address of the other server to which this one passes prompts on; "" for none."""

    @property
    def embeds(self) -> bool:
        """Whether it looks like a model for embeddings only."""
        return self.family in _EMBEDDING_FAMILIES or "embed" in self.name


@frozen
class Shown:
    """What the server says about one model."""

    window: int
    """The longest context it was made for, in tokens; 0 when it does not say."""
    num_ctx: int
    """The context that its Modelfile sets; 0 for none."""
    dimension: int
    """Length of its embeddings; 0 when it does not say."""
    capabilities: frozenset[str]
    """`completion`, `embedding`, `thinking`, …; empty from old servers."""
    remote: str = ""
    """As `Installed.remote`."""
    stops: tuple[str, ...] = ()
    """Where its answers end, by its Modelfile."""


@frozen
class PullProgress:
    """A step of a download."""

    status: str
    """As the server says it: `pulling 6a0746a1ec1a`, `success`."""
    completed: int = 0
    """Bytes of the present layer that are there."""
    total: int = 0
    """Bytes of the present layer; 0 in steps that are no download."""


class OllamaServer:
    """One server.

    Args:
        host: As `OLLAMA_HOST`; see `OllamaAddress.parse`.
        silence: Seconds without a byte after which a request fails; 0 for no limit.
        headers: Of every request, beside the credentials of the address.

    Raises:
        ConfigError: `host` is not an address.
    """

    def __init__(
        self,
        host: str = "",
        silence: float = 120.0,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self.address = replace(OllamaAddress.parse(host), others=headers)
        self.silence = silence

    def endpoint(self, model: str = "") -> Endpoint:
        """Returns what error messages call this server."""
        return Endpoint(
            name=f"Ollama at {self.address.url}",
            model=model,
            silence=self.silence,
            unreachable=_START,
            missing=f"get it with: ragcli models pull {model}",
        )

    def is_up(self, wait: float = PROBE_SECONDS) -> bool:
        """Tells whether something accepts connections; at once when it is refused."""
        try:
            socket.create_connection(
                (self.address.host, self.address.port), wait
            ).close()
        except (OSError, UnicodeError):  # the second: no name of a host
            return False
        return True

    def version(self) -> str:
        """Returns the server's version; raises `ModelUnavailable`."""
        return text(self._json("GET", "/api/version").get("version"))

    def models(self) -> list[Installed]:
        """Returns the installed models in the server's order: newest first.

        Raises:
            ServerUnreachable: Nothing listens there.
            ModelFailed: It is no Ollama, or fails.
        """
        listed = mappings(self._json("GET", "/api/tags").get("models"))
        models = [_installed(entry, name) for entry in listed if (name := _name(entry))]
        return [replace(m, remote=m.remote or self._cloud()) for m in models]

    def show(self, name: str) -> Shown:
        """Returns what is known about a model.

        Raises:
            ModelNotFound: The server does not have it; the nearest name is named.
            ModelUnavailable: As `models`.
        """
        try:
            about = self._json("POST", "/api/show", {"model": name}, model=name)
        except ModelNotFound as error:
            raise ModelNotFound(
                error.message, self._nearest(name, error.hint)
            ) from None
        return replace(_shown(about), remote=_remote(about, name) or self._cloud())

    def passes_on(self, name: str) -> str:
        """Returns where a model runs by its name alone; "" where that says nothing."""
        return _remote({}, name) or self._cloud()

    def reaches(self, shown: Shown) -> str:
        """Returns the other machine that reads what a model is asked; "" for none."""
        return shown.remote or elsewhere(self.address.url)

    def pull(self, name: str) -> Generator[PullProgress, None, None]:
        """Downloads a model; yields its progress. Closing the iterator stops it.

        Raises:
            ModelNotFound: There is no such model in the library.
            ModelUnavailable: As `models`, or the stream broke.
        """
        body = {"model": name, "stream": True}
        status = ""
        with ErrorTranslation(self.endpoint(name)):
            for line in self._lines("/api/pull", body, name):
                status = text(line.get("status"))
                yield PullProgress(
                    status, count(line.get("completed")), count(line.get("total"))
                )
        if status != "success":
            raise ModelFailed(
                f"{self.endpoint().name} broke off while "
                f"{status or 'it began to pull'}",
                f"what is there is kept; go on with: ragcli models pull {name}",
            )

    def load(self, name: str, options: Mapping[str, Any]) -> None:
        """Has the server read a model into memory; returns when it is there."""
        body = {"model": name, "messages": [], "options": dict(options)}
        self._json("POST", "/api/chat", body, model=name)

    def _cloud(self) -> str:
        """Returns this server's own address if it is Ollama's cloud, else ""."""
        host = self.address.host.lower().rstrip(".")
        is_cloud = host == "ollama.com" or host.endswith(".ollama.com")
        return self.address.url if is_cloud else ""

    def _nearest(self, name: str, otherwise: str) -> str:
        names = [model.name for model in self.models()]
        short = {item.partition(":")[0]: item for item in reversed(names)}
        near = difflib.get_close_matches(name, [*names, *short], 1, 0.5)
        if not near:
            return otherwise
        return f"did you mean {short.get(near[0], near[0])}? Otherwise {otherwise}"

    def _lines(
        self, path: str, body: Mapping[str, Any], model: str
    ) -> Iterator[dict[str, Any]]:
        """Yields the objects of an NDJSON answer; an error among them is raised."""
        connection = self._connect()
        try:
            response = self._request(connection, "POST", path, body)
            if response.status != 200:
                raise self._refusal(response, connection.body(response), model)
            for raw in filter(bytes.strip, connection.lines(response)):
                line = _object(raw)
                if reason := reason_in_body(line.get("error")):
                    raise _line_error(self.endpoint(model), reason)
                yield line
        finally:
            connection.close()

    def _json(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        model: str = "",
    ) -> dict[str, Any]:
        with ErrorTranslation(self.endpoint(model)):
            connection = self._connect()
            try:
                response = self._request(connection, method, path, body)
                content = connection.body(response)
            finally:
                connection.close()
            if response.status != 200:
                raise self._refusal(response, content, model)
            answer = _object(content)
            if reason := reason_in_body(answer.get("error")):
                raise refusal(self.endpoint(model), 0, reason)
            return answer

    def _refusal(
        self, response: HTTPResponse, content: bytes, model: str
    ) -> ModelUnavailable:
        return refusal(
            self.endpoint(model),
            response.status,
            reason_in_body(content),
            {name.lower(): value for name, value in response.getheaders()},
        )

    def _connect(self) -> PlainConnection:
        address = self.address
        try:
            return PlainConnection(
                address.host,
                address.port,
                secure=address.secure,
                connect=CONNECT_SECONDS,
                silence=self.silence,
            )
        except TimeoutError:
            raise ServerUnreachable(
                f"Ollama at {address.url} does not answer", _START
            ) from None

    def _request(
        self,
        connection: PlainConnection,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
    ) -> HTTPResponse:
        headers = {**self.address.headers(), "Content-Type": "application/json"}
        return connection.request(method, self.address.path + path, body, headers)


def _object(raw: bytes) -> dict[str, Any]:
    """Parses one JSON object.

    Raises:
        JSONDecodeError: It is anything else.
    """
    try:
        value = parsed(raw)
    except json.JSONDecodeError:
        raise
    except ValueError as error:
        raise json.JSONDecodeError(str(error), "", 0) from None
    if not isinstance(value, dict):
        raise json.JSONDecodeError("not an object", raw.decode(errors="replace"), 0)
    return value


def _line_error(endpoint: Endpoint, reason: str) -> Exception:
    if "does not exist" in reason or "not found" in reason:
        return ModelNotFound(
            f"there is no model {endpoint.model!r} to pull: {reason}",
            "https://ollama.com/library lists them",
        )
    return ModelFailed(f"{endpoint.name}: {reason}", "see the server's log, then retry")


def _name(entry: Mapping[str, Any]) -> str:
    return text(entry.get("name")) or text(entry.get("model"))


def _installed(entry: Mapping[str, Any], name: str) -> Installed:
    details = mapping(entry.get("details"))
    return Installed(
        name=name,
        size=count(entry.get("size")),
        family=text(details.get("family")),
        parameters=text(details.get("parameter_size")),
        remote=_remote(entry, name),
    )


def _remote(about: Mapping[str, Any], name: str) -> str:
    """Returns where a model runs that the server only passes on; "" for its own.

    `remote_host` and `remote_model` say so; servers that leave them out still have
    the tag `cloud`, or one that ends in it.
    """
    host = text(about.get("remote_host"))
    if host:
        return elsewhere(host) or host
    tag = name.rpartition(":")[2] if ":" in name else ""
    is_cloud = tag == "cloud" or tag.endswith("-cloud")
    return CLOUD if about.get("remote_model") or is_cloud else ""


def _shown(about: Mapping[str, Any]) -> Shown:
    info = mapping(about.get("model_info"))
    architecture = info.get("general.architecture", "")
    capabilities = about.get("capabilities")
    return Shown(
        window=window(info.get(f"{architecture}.context_length")),
        num_ctx=window_parameter(about.get("parameters")),
        dimension=count(info.get(f"{architecture}.embedding_length")),
        capabilities=frozenset(
            filter(text, capabilities if isinstance(capabilities, list) else ())
        ),
        stops=tuple(map(_stop, parameter_values(about.get("parameters"), "stop"))),
    )


def _stop(value: str) -> str:
    """Returns the text of a Modelfile's `stop` parameter, with or without quotes."""
    if not value.startswith('"'):
        return value
    try:
        return str(parsed(value))
    except ValueError:
        return value.strip('"')
