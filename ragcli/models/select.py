"""Which model answers and which embeds: from a setting to an object.

Nothing of LangChain is imported here; a model that needs it begins to load it in
the background as soon as it is chosen.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ragcli.config import Settings
from ragcli.errors import ConfigError, ModelUnavailable, ServerUnreachable
from ragcli.frozen import frozen
from ragcli.models.base import ChatModel

if TYPE_CHECKING:
    from ragcli.models.builtin.embedder import BuiltinEmbedder
    from ragcli.models.langchain.providers import LangChainEmbedder
    from ragcli.models.ollama.api import OllamaServer
    from ragcli.models.ollama.models import OllamaEmbedder, OllamaModel

AUTO = "auto"
BUILTIN = frozenset({"builtin", "builtin:extractive"})
BUILTIN_EMBEDDERS = frozenset({"builtin", "builtin:wordllama-256"})


@frozen
class Choice:
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


def choose_model(settings: Settings) -> Choice:
    """Returns the chat model that the settings mean, its library being loaded.

    `auto` takes the first chat model of a reachable Ollama, else the built-in one.

    Raises:
        ConfigError: Not a model's name, or no such provider.
        ProviderMissing: The provider's package is not installed.
        ModelNotFound: Ollama does not have the model; the nearest is named.
        ServerUnreachable: Nothing listens at Ollama's address, and it was asked for
            (or `auto` was, with `require_model`).
        ModelUnavailable: The server fails.
    """
    spec = settings.model
    if spec == AUTO:
        return _automatic(settings)
    if spec in BUILTIN:
        return _builtin("the setting")
    provider, name = _parts(spec, "model")
    if provider == "ollama":
        return Choice(_checked(_ollama(name, settings)), "the setting")
    from ragcli.models.langchain.providers import LangChainModel

    model = LangChainModel(provider, name, settings)
    model.prepare()
    return Choice(model, "the setting")


def choose_embedder(
    settings: Settings, cache: Path | None = None, *, write: bool = True
) -> BuiltinEmbedder | OllamaEmbedder | LangChainEmbedder:
    """Returns the embedder that the settings mean.

    Args:
        settings: Their `embedder`.
        cache: Private directory that the built-in embedder starts faster with.
        write: Whether it may put something there.

    Raises:
        ConfigError: Not an embedder's name, or no such provider.
        ProviderMissing: The provider's package is not installed.
    """
    spec = settings.embedder
    if spec in BUILTIN_EMBEDDERS:
        from ragcli.models.builtin.embedder import BuiltinEmbedder

        return BuiltinEmbedder(cache, write=write)
    provider, name = _parts(spec, "embedder")
    if provider == "ollama":
        from ragcli.models.ollama.models import OllamaEmbedder

        return OllamaEmbedder(name, settings)
    from ragcli.models.langchain.providers import LangChainEmbedder

    return LangChainEmbedder(provider, name, settings)


def available(settings: Settings) -> list[ModelInfo]:
    """Returns the models that can be used without a key: built-in, then Ollama's.

    An Ollama that is not there has none.

    Raises:
        ModelUnavailable: It is there, and fails.
    """
    found = [
        ModelInfo("builtin", "chat", 0, "quotes sentences; no model needed"),
        ModelInfo("builtin", "embedding", 0, "256-dimensional word vectors"),
    ]
    server = _server(settings)
    if server.is_up():
        for model in server.models():
            kind = "embedding" if model.embeds else "chat"
            note = " ".join(filter(None, (model.family, model.parameters)))
            found.append(ModelInfo(f"ollama:{model.name}", kind, model.size, note))
    return found


def _automatic(settings: Settings) -> Choice:
    server = _server(settings)
    where = f"Ollama at {server.address.url}"
    reason = f"no {where}"
    if server.is_up():
        try:
            for model in _chat_models(server, settings):
                return Choice(_checked(model), f"first chat model of {where}")
            reason = f"{where} has no chat model"
        except ModelUnavailable as error:
            if settings.require_model:
                raise
            reason = error.message
    if settings.require_model:
        raise ServerUnreachable(
            reason, "start it with `ollama serve`, or name another model with -m"
        )
    return _builtin(reason)


def _chat_models(server: OllamaServer, settings: Settings) -> Iterator[OllamaModel]:
    """Yields the server's models that can chat, in its order."""
    for installed in server.models():
        if installed.embeds:
            continue
        model = _ollama(installed.name, settings)
        capabilities = model.shown.capabilities
        if not capabilities or "completion" in capabilities:
            yield model


def _checked(model: OllamaModel) -> OllamaModel:
    """Returns a model that the server has, its library being loaded."""
    model.prepare()
    model.window()
    return model


def _ollama(name: str, settings: Settings) -> OllamaModel:
    from ragcli.models.ollama.models import OllamaModel

    return OllamaModel(name, settings)


def _server(settings: Settings) -> OllamaServer:
    from ragcli.models.ollama.models import server

    return server(settings)


def _builtin(reason: str) -> Choice:
    from ragcli.models.builtin.extractive import ExtractiveModel

    return Choice(ExtractiveModel(), reason)


def _parts(spec: str, key: str) -> tuple[str, str]:
    """Splits `provider:NAME`; the name may hold further colons."""
    provider, colon, name = spec.partition(":")
    if not (provider and colon and name):
        raise ConfigError(
            f"{key}: {spec!r} is not a model's name",
            f"write builtin, ollama:{spec.strip(':') or 'NAME'} or provider:NAME",
        )
    if provider == "builtin":
        raise ConfigError(f"{key}: there is no {spec!r}", "write builtin")
    return provider, name
