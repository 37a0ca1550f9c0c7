"""Which model answers and which embeds: from a setting to an object.

Nothing of LangChain is imported here; a model that needs it begins to load it in
the background as soon as it is chosen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ragcli.config import Settings
from ragcli.errors import ConfigError, ModelUnavailable, ServerUnreachable
from ragcli.frozen import frozen
from ragcli.models.base import ChatModel
from ragcli.models.reach import elsewhere

if TYPE_CHECKING:
    from ragcli.models.builtin.embedder import BuiltinEmbedder
    from ragcli.models.langchain.providers import LangChainEmbedder
    from ragcli.models.ollama.api import Installed, OllamaServer
    from ragcli.models.ollama.models import OllamaEmbedder, OllamaModel

AUTO = "auto"
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
    spec = settings.model
    if spec == AUTO:
        return _automatic(settings)
    if spec in BUILTIN:
        return _builtin("the setting")
    provider, name = _parts(spec, "model")
    if provider == "ollama":
        return ChosenModel(_checked(_ollama(name, settings)), "the setting")
    from ragcli.models.langchain.providers import LangChainModel

    model = LangChainModel(provider, name, settings)
    model.prepare()
    return ChosenModel(model, "the setting")


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
            spec = f"ollama:{model.name}"
            remote = model.remote or elsewhere(server.address.url)
            found.append(ModelInfo(spec, kind, model.size, note, bool(remote), remote))
    return found


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
    for found in installed:
        if found.embeds or found.remote:
            continue
        model = _ollama(found.name, settings)
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
    from ragcli.models.ollama.models import OllamaModel

    return OllamaModel(name, settings)


def _server(settings: Settings) -> OllamaServer:
    from ragcli.models.ollama.models import server

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
            f"write builtin, ollama:{spec.strip(':') or 'NAME'} or provider:NAME",
        )
    if provider == "builtin":
        raise ConfigError(f"{key}: there is no {spec!r}", "write builtin")
    return provider, name
