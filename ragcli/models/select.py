"""Which model answers and which embeds: from a setting to an object.

Nothing of LangChain is imported here; a model that needs it begins to load it in
the background as soon as it is chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ragcli.config import Settings
from ragcli.errors import (
    ConfigError,
    ModelUnavailable,
    RagcliError,
    ServerUnreachable,
)
from ragcli.frozen import frozen
from ragcli.models.base import ChatModel
from ragcli.models.transport.background import Background
from ragcli.models.transport.locality import elsewhere

if TYPE_CHECKING:
    from ragcli.config.endpoints import EndpointSettings
    from ragcli.models.builtin.embedder import BuiltinEmbedder
    from ragcli.models.endpoints.chat_model import EndpointModel
    from ragcli.models.endpoints.embedder import EndpointEmbedder
    from ragcli.models.langchain.providers import LangChainEmbedder
    from ragcli.models.ollama.api import Installed, OllamaServer
    from ragcli.models.ollama.ollama_models import OllamaEmbedder, OllamaModel

AUTO = "auto"
LISTING_SECONDS = 3.0
"""How long a server may take to say which models it has."""
BUILTIN = frozenset({"builtin", "builtin:extractive"})
BUILTIN_EMBEDDERS = frozenset({"builtin", "builtin:wordllama-256"})


@frozen
class ChosenModel:
    """A chat model, and why it is the one."""

    model: ChatModel
    reason: str
    """For people: `the setting`, `first chat model of Ollama at …`."""


@frozen
class ModelInfo:
    """A model that could be used here and now."""

    spec: str
    """As `--model` or the setting `embedder` takes it."""
    kind: str
    """`chat` or `embedding`."""
    size: int
    """Bytes on disk; 0 for the built-in ones."""
    note: str
    """For people: architecture and parameters."""
    remote: bool = False
    """Whether what it is asked leaves this machine."""
    remote_host: str = ""
    """The address that reads it then; "" for none."""
    window: int = 0
    """Tokens of context; 0 when nobody says."""

    @property
    def about(self) -> str:
        """For people: where it runs if not here, and the note."""
        where = f"remote: {self.remote_host}" if self.remote else ""
        return ", ".join(filter(None, (where, self.note)))


def choose_model(settings: Settings) -> ChosenModel:
    """Returns the chat model that the settings mean, its library being loaded.

    `auto` takes the first chat model that a reachable Ollama runs itself, else the
    built-in one; what an Ollama passes on to another server has to be named.

    Raises:
        ConfigError: Not a model's name, or no such provider.
        ProviderMissing: The provider's package is not installed.
        ModelNotFound: Ollama does not have the model; the nearest is named.
        ServerUnreachable: Nothing listens at Ollama's address, and it was asked for
            (or `auto` was, with `require_model`).
        ModelUnavailable: The server fails.
    """
    spec = settings.meant(settings.model)
    if spec == AUTO:
        return _automatic(settings)
    if spec in BUILTIN:
        return _builtin("the setting")
    provider, name = _parts(spec, "model")
    if provider == "ollama":
        return ChosenModel(_checked(_ollama(name, settings)), "the setting")
    endpoint = settings.endpoint(provider)
    if endpoint is not None:
        return ChosenModel(_of_endpoint(endpoint, name, settings), "the setting")
    from ragcli.models.langchain.providers import LangChainModel

    model = LangChainModel(provider, name, settings)
    model.prepare()
    return ChosenModel(model, "the setting")


def choose_embedder(
    settings: Settings, cache: Path | None = None, *, write: bool = True
) -> BuiltinEmbedder | OllamaEmbedder | LangChainEmbedder | EndpointEmbedder:
    """Returns the embedder that the settings mean.

    Args:
        settings: Their `embedder`.
        cache: Private directory that the built-in embedder starts faster with.
        write: Whether it may put something there.

    Raises:
        ConfigError: Not an embedder's name, or no such provider.
        ProviderMissing: The provider's package is not installed.
    """
    spec = settings.meant(settings.embedder)
    if spec in BUILTIN_EMBEDDERS:
        from ragcli.models.builtin.embedder import BuiltinEmbedder

        return BuiltinEmbedder(cache, write=write)
    provider, name = _parts(spec, "embedder")
    if provider == "ollama":
        from ragcli.models.ollama.ollama_models import OllamaEmbedder

        return OllamaEmbedder(name, settings)
    endpoint = settings.endpoint(provider)
    if endpoint is not None:
        return _embedder_of(endpoint, name, settings)
    from ragcli.models.langchain.providers import LangChainEmbedder

    return LangChainEmbedder(provider, name, settings)


@frozen
class ServerListing:
    """A server that was asked which models it has."""

    name: str
    """`ollama`, or the endpoint's."""
    address: str
    models: tuple[ModelInfo, ...] = ()
    error: RagcliError | None = None
    """Why its models are unknown; "" when they are known."""
    version: str = ""
    """As the server says it, or ""."""
    expected: bool = True
    """Whether the settings name it; a default Ollama may be absent."""


def available(settings: Settings, *, local: bool = False) -> list[ModelInfo]:
    """Returns the models that can be used: built-in, then those of every server.

    A server that is not there, or fails, has none; `ask_servers` says why.

    Args:
        settings: Which servers there are.
        local: Ask no endpoint that is on another machine.
    """
    if local:
        here = tuple(
            endpoint for endpoint in settings.endpoints if not elsewhere(endpoint.url)
        )
        settings = replace(settings, endpoints=here)
    models = built_in()
    for asked in ask_servers(settings):
        models += asked.models
    return models


def built_in() -> list[ModelInfo]:
    """Returns the built-in models."""
    return [
        ModelInfo("builtin", "chat", 0, "quotes sentences; no model needed"),
        ModelInfo("builtin", "embedding", 0, "256-dimensional word vectors"),
    ]


def ask_servers(settings: Settings) -> list[ServerListing]:
    """Asks Ollama and every endpoint for its models, all at the same time.

    Each has a few seconds: who lists models does not wait for a machine that is off.
    """
    wanted: list[Callable[[], ServerListing]] = [partial(_ask_ollama, settings)]
    wanted += [
        partial(_ask_endpoint, endpoint, settings) for endpoint in settings.endpoints
    ]
    answers = [Background(ask) for ask in wanted]
    for answer in answers:
        answer.start()
    return [answer.result() for answer in answers]


def _ask_ollama(settings: Settings) -> ServerListing:
    server = _server(settings)
    name, address = "ollama", server.address.url
    if not server.is_up():
        why = ServerUnreachable(f"Ollama is not at {address}", "`ollama serve`")
        return ServerListing(name, address, error=why, expected=False)
    server.silence = LISTING_SECONDS
    try:
        models = tuple(_ollama_models(server, name))
        return ServerListing(name, address, models, version=server.version())
    except ModelUnavailable as error:
        return ServerListing(name, address, error=error)


def _ollama_models(server: OllamaServer, name: str) -> Iterator[ModelInfo]:
    for model in server.models():
        note = " ".join(filter(None, (model.family, model.parameters)))
        remote = model.remote or elsewhere(server.address.url)
        yield ModelInfo(
            spec=f"{name}:{model.name}",
            kind="embedding" if model.embeds else "chat",
            size=model.size,
            note=note,
            remote=bool(remote),
            remote_host=remote,
        )


def _ask_endpoint(endpoint: EndpointSettings, settings: Settings) -> ServerListing:
    try:
        if endpoint.api == "ollama":
            from ragcli.models.ollama.ollama_models import server_of

            ollama = server_of(endpoint, settings)
            ollama.silence = LISTING_SECONDS
            models = tuple(_ollama_models(ollama, endpoint.name))
            return ServerListing(
                endpoint.name, endpoint.url, models, version=ollama.version()
            )
        return ServerListing(endpoint.name, endpoint.url, tuple(_served(endpoint)))
    except ModelUnavailable as error:
        return ServerListing(endpoint.name, endpoint.url, error=error)


def _served(endpoint: EndpointSettings) -> Iterator[ModelInfo]:
    from ragcli.models.endpoints.endpoint_server import EndpointServer
    from ragcli.models.endpoints.listing import about, served

    server = EndpointServer(endpoint, LISTING_SECONDS, LISTING_SECONDS)
    remote = elsewhere(server.url)
    listed = served(server)
    if len(listed) == 1:  # a server of one model says more when asked
        listed = [about(server, listed[0].name)]
    for model in listed:
        yield ModelInfo(
            spec=f"{endpoint.name}:{model.name}",
            kind="embedding" if model.embeds else "chat",
            size=model.size,
            note=model.software,
            remote=bool(remote),
            remote_host=remote,
            window=endpoint.window or model.window,
        )


def _of_endpoint(
    endpoint: EndpointSettings, name: str, settings: Settings
) -> OllamaModel | EndpointModel:
    """Returns a model of an endpoint; raises `ModelUnavailable`."""
    if endpoint.api == "ollama":
        from ragcli.models.ollama.ollama_models import OllamaModel

        return _checked(OllamaModel(name, settings, endpoint))
    from ragcli.models.endpoints.chat_model import EndpointModel

    model = EndpointModel(endpoint, name, settings)
    model.window()
    return model


def _embedder_of(
    endpoint: EndpointSettings, name: str, settings: Settings
) -> OllamaEmbedder | EndpointEmbedder:
    if endpoint.api == "ollama":
        from ragcli.models.ollama.ollama_models import OllamaEmbedder

        return OllamaEmbedder(name, settings, endpoint)
    from ragcli.models.endpoints.embedder import EndpointEmbedder

    return EndpointEmbedder(endpoint, name, settings)


def _automatic(settings: Settings) -> ChosenModel:
    server = _server(settings)
    where = f"Ollama at {server.address.url}"
    reason = f"no {where}"
    if server.is_up():
        try:
            installed = server.models()
            for model in _chat_models(installed, settings):
                return ChosenModel(_checked(model), f"first chat model of {where}")
            reason = f"{where} has no chat model" + _only_remote(installed)
        except ModelUnavailable as error:
            if settings.require_model:
                raise
            reason = error.message
    if settings.require_model:
        raise ServerUnreachable(
            reason, "start it with `ollama serve`, or name another model with -m"
        )
    return _builtin(reason)


def _only_remote(installed: Sequence[Installed]) -> str:
    """Returns how to use a model that is passed over, where there is one."""
    for model in installed:
        if model.remote and not model.embeds:
            return f" of its own; -m ollama:{model.name} would ask {model.remote}"
    return ""


def _chat_models(
    installed: Sequence[Installed], settings: Settings
) -> Iterator[OllamaModel]:
    """Yields the models that can chat where the server is, in its order."""
    for entry in installed:
        if entry.embeds or entry.remote:
            continue
        model = _ollama(entry.name, settings)
        if model.shown.remote:  # the list of an older server does not say so
            continue
        capabilities = model.shown.capabilities
        if not capabilities or "completion" in capabilities:
            yield model


def _checked(model: OllamaModel) -> OllamaModel:
    """Returns a model that the server has, its library being loaded."""
    model.prepare()
    model.window()
    return model


def _ollama(name: str, settings: Settings) -> OllamaModel:
    from ragcli.models.ollama.ollama_models import OllamaModel

    return OllamaModel(name, settings)


def _server(settings: Settings) -> OllamaServer:
    from ragcli.models.ollama.ollama_models import server

    return server(settings)


def _builtin(reason: str) -> ChosenModel:
    from ragcli.models.builtin.extractive import ExtractiveModel

    return ChosenModel(ExtractiveModel(), reason)


def _parts(spec: str, key: str) -> tuple[str, str]:
    """Splits `provider:NAME`; the name may hold further colons."""
    provider, colon, name = spec.partition(":")
    if not (provider and colon and name):
        raise ConfigError(
            f"{key}: {spec!r} is not a model's name",
            f"write builtin, ollama:{spec.strip(':') or 'NAME'}, provider:NAME, or "
            "ENDPOINT:NAME of an endpoint of yours",
        )
    if provider == "builtin":
        raise ConfigError(f"{key}: there is no {spec!r}", "write builtin")
    return provider, name
