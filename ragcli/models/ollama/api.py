"""An Ollama server, without its client library: what it has, and pulling more.

Plain `http.client`, because this is asked before every answer and the libraries
cost 0.2 to 1.3 s to import. Protocol: github.com/ollama/ollama, docs/api.md.
"""

from __future__ import annotations

import difflib
import json
import socket
from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ragcli.errors import ModelFailed, ModelNotFound, ServerUnreachable
from ragcli.frozen import frozen
from ragcli.models.ollama.address import OllamaAddress
from ragcli.models.transport.error_translation import Endpoint, ErrorTranslation
from ragcli.models.transport.locality import elsewhere
from ragcli.models.transport.refusals import refusal, told

if TYPE_CHECKING:
    from http.client import HTTPConnection, HTTPResponse

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
        except OSError:
            return False
        return True

    def version(self) -> str:
        """Returns the server's version; raises `ModelUnavailable`."""
        return str(self._json("GET", "/api/version").get("version", ""))

    def models(self) -> list[Installed]:
        """Returns the installed models in the server's order: newest first.

        Raises:
            ServerUnreachable: Nothing listens there.
            ModelFailed: It is no Ollama, or fails.
        """
        listed = self._json("GET", "/api/tags").get("models") or []
        found = [_installed(entry) for entry in listed if isinstance(entry, dict)]
        return [replace(m, remote=m.remote or self._cloud()) for m in found]

    def show(self, name: str) -> Shown:
        """Returns what is known about a model.

        Raises:
            ModelNotFound: The server does not have it; the nearest name is named.
            ModelUnavailable: As `models`.
        """
        try:
            found = self._json("POST", "/api/show", {"model": name}, model=name)
        except ModelNotFound as error:
            raise ModelNotFound(
                error.message, self._nearest(name, error.hint)
            ) from None
        return replace(_shown(found), remote=_remote(found, name) or self._cloud())

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
                status = str(line.get("status", ""))
                done, total = line.get("completed"), line.get("total")
                yield PullProgress(status, int(done or 0), int(total or 0))
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
                raise refusal(
                    self.endpoint(model), response.status, told(response.read())
                )
            for raw in response:
                line = _object(raw)
                if "error" in line:
                    raise _line_error(self.endpoint(model), str(line["error"]))
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
                content = response.read()
            finally:
                connection.close()
            if response.status != 200:
                raise refusal(self.endpoint(model), response.status, told(content))
            return _object(content)

    def _connect(self) -> HTTPConnection:
        """Opens a connection; afterwards only silence is limited."""
        import http.client  # 25 ms; `is_up` has said that somebody is there

        place = self.address
        kind = (
            http.client.HTTPSConnection if place.secure else http.client.HTTPConnection
        )
        connection = kind(place.host, place.port, timeout=CONNECT_SECONDS)
        try:
            connection.connect()
        except TimeoutError:
            raise ServerUnreachable(
                f"Ollama at {place.url} does not answer", _START
            ) from None
        connection.sock.settimeout(self.silence or None)
        return connection

    def _request(
        self,
        connection: HTTPConnection,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
    ) -> HTTPResponse:
        content = None if body is None else json.dumps(body).encode()
        headers = {**self.address.headers(), "Content-Type": "application/json"}
        connection.request(method, self.address.path + path, content, headers)
        return connection.getresponse()


def _object(raw: bytes) -> dict[str, Any]:
    """Parses one JSON object; raises `ValueError` for anything else."""
    found = json.loads(raw)
    if not isinstance(found, dict):
        raise json.JSONDecodeError("not an object", raw.decode(errors="replace"), 0)
    return found


def _line_error(endpoint: Endpoint, reason: str) -> Exception:
    if "does not exist" in reason or "not found" in reason:
        return ModelNotFound(
            f"there is no model {endpoint.model!r} to pull: {reason}",
            "https://ollama.com/library lists them",
        )
    return ModelFailed(f"{endpoint.name}: {reason}", "see the server's log, then retry")


def _installed(entry: Mapping[str, Any]) -> Installed:
    details = entry.get("details") or {}
    return Installed(
        name=str(entry.get("name") or entry.get("model") or ""),
        size=int(entry.get("size") or 0),
        family=str(details.get("family") or ""),
        parameters=str(details.get("parameter_size") or ""),
        remote=_remote(entry, str(entry.get("name") or entry.get("model") or "")),
    )


def _remote(about: Mapping[str, Any], name: str) -> str:
    """Returns where a model runs that the server only passes on; "" for its own.

    `remote_host` and `remote_model` say so; servers that leave them out still have
    the tag `cloud`, or one that ends in it.
    """
    host = str(about.get("remote_host") or "")
    if host:
        return elsewhere(host) or host
    tag = name.rpartition(":")[2] if ":" in name else ""
    is_cloud = tag == "cloud" or tag.endswith("-cloud")
    return CLOUD if about.get("remote_model") or is_cloud else ""


def _shown(found: Mapping[str, Any]) -> Shown:
    about = found.get("model_info") or {}
    architecture = about.get("general.architecture", "")
    return Shown(
        window=int(about.get(f"{architecture}.context_length") or 0),
        num_ctx=_parameter(str(found.get("parameters") or ""), "num_ctx"),
        dimension=int(about.get(f"{architecture}.embedding_length") or 0),
        capabilities=frozenset(found.get("capabilities") or ()),
        stops=_stops(str(found.get("parameters") or "")),
    )


def _parameter(parameters: str, name: str) -> int:
    """Returns a whole number of a Modelfile's parameters, one a line; 0 if not set."""
    for line in parameters.splitlines():
        key, _, value = line.partition(" ")
        if key == name and value.strip().isdigit():
            return int(value)
    return 0


def _stops(parameters: str) -> tuple[str, ...]:
    """Returns the texts of a Modelfile's `stop` parameters, one a line."""
    found = []
    for line in parameters.splitlines():
        key, _, value = line.partition(" ")
        text = value.strip()
        if key != "stop" or not text:
            continue
        try:
            found.append(str(json.loads(text)) if text[0] == '"' else text)
        except ValueError:
            found.append(text.strip('"'))
    return tuple(found)
