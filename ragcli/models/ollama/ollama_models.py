"""Chat models and embedders of an Ollama server, through `langchain_ollama`.

Its import takes as long as a short answer (see `dependency_patches/langchain`), and a
server may have to read the model from disk first. `prepare` begins both in the
background, while the question is still being searched.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from ragcli.config import Settings, seconds
from ragcli.config.endpoints import EndpointSettings
from ragcli.dependency_patches.langchain import lean_ollama
from ragcli.errors import ModelFailed
from ragcli.models.base import Ended, Sign, Thought
from ragcli.models.endpoints import api_keys
from ragcli.models.ollama.api import Installed, OllamaServer, PullProgress, Shown
from ragcli.models.prompt_messages import STOPS, Message
from ragcli.models.remote import RemoteChatModel, RemoteEmbedder
from ragcli.models.replies.finish_reasons import langchain_usage, reason_in, reason_of
from ragcli.models.transport.background import Background
from ragcli.models.transport.error_translation import Endpoint, ErrorTranslation
from ragcli.models.transport.limits import SilenceClock

if TYPE_CHECKING:
    from langchain_ollama import ChatOllama, OllamaEmbeddings

SENSIBLE_WINDOW = 8192
"""Most tokens of context that are asked for by default: a model made for 128k would
take many GB of memory for its cache, and a prompt of ours needs about 4k."""

_SHORT = {"num_predict": 256, "temperature": 0.0}
"""Options for a rewritten query or a title: its most tokens, and the likeliest."""


def models(host: str = "") -> list[Installed]:
    """Returns the models of the server at `host`; see `OllamaServer.models`."""
    return OllamaServer(host).models()


def show(host: str, name: str) -> Shown:
    """Returns what the server says about a model; see `OllamaServer.show`."""
    return OllamaServer(host).show(name)


def pull(host: str, name: str) -> Iterator[PullProgress]:
    """Downloads a model and yields the progress; see `OllamaServer.pull`."""
    return OllamaServer(host).pull(name)


def server(settings: Settings) -> OllamaServer:
    """Returns the server that the settings name."""
    return OllamaServer(settings.ollama_host, seconds(settings.timeout))


def server_of(endpoint: EndpointSettings, settings: Settings) -> OllamaServer:
    """Returns the server that an endpoint of the user's names.

    Raises:
        ModelFailed: It should have a key, and there is none.
    """
    key = api_keys.key_of(endpoint)
    headers = (("Authorization", f"Bearer {key}"),) if key else ()
    silence = seconds(settings.timeout)
    return OllamaServer(endpoint.url, silence, headers + endpoint.headers)


class OllamaModel(RemoteChatModel):
    """A chat model of an Ollama server; satisfies `ChatModel`.

    Args:
        name: As the server lists it; without a tag, `:latest` is meant.
        settings: Address, sampling, limits and longest silence.
        endpoint: The server, where it is not the one of the settings.
    """

    def __init__(
        self, name: str, settings: Settings, endpoint: EndpointSettings | None = None
    ) -> None:
        spec = f"{endpoint.name if endpoint else 'ollama'}:{name}"
        super().__init__(spec, name, _with_limits(settings, endpoint))
        self._server = server_of(endpoint, settings) if endpoint else server(settings)
        self._lock = threading.Lock()
        self._shown: Shown | None = None
        self._chat = Background(self._make_chat)
        self._warm_up = Background(self._load_on_server)

    @property
    def _endpoint(self) -> Endpoint:
        return self._server.endpoint(self._name)

    @property
    def shown(self) -> Shown:
        """What the server says about the model, asked once; see `OllamaServer.show`."""
        with self._lock:
            if self._shown is None:
                self._shown = self._server.show(self._name)
            return self._shown

    @property
    def remote(self) -> str:
        """The other machine that reads every prompt; "" when this one answers.

        Raises:
            ModelUnavailable: As `window`.
        """
        return self._server.reaches(self.shown)

    def prepare(self) -> None:
        """Begins to load the client library here and the model there; returns at once.

        What fails is said when the model is used.
        """
        self._chat.start()

    def window(self) -> int:
        """Returns the tokens of context that are asked for (`num_ctx`).

        The setting `context_window` where it is given, else the Modelfile's own
        `num_ctx`, else a sensible size; never more than the model was made for.

        Raises:
            ModelNotFound: The server does not have the model.
            ModelUnavailable: It cannot be asked.
        """
        shown = self.shown
        wanted = self._settings.context_window or shown.num_ctx or SENSIBLE_WINDOW
        return min(wanted, shown.window) if shown.window else wanted

    def _reply(
        self, rendered: Sequence[Message], *, is_short: bool
    ) -> Generator[str | Sign, None, None]:
        extra: dict[str, Any] = {}
        if is_short:
            extra["options"] = self._options() | _SHORT
        ended: Ended | None = None
        chat = self._chat.result()
        clock: SilenceClock | None = None
        with ErrorTranslation(self._endpoint, also=(ValueError,), parses=True):
            pairs = [(message.role, message.text) for message in rendered]
            for chunk in chat.stream(pairs, **extra):
                thought = chunk.additional_kwargs.get("reasoning_content")
                if thought:
                    yield Thought(str(thought))
                if chunk.text:
                    yield str(chunk.text)
                if clock is None or thought or chunk.text:
                    clock = SilenceClock(self._silence)
                clock.check()
                if chunk.response_metadata.get("done"):
                    reason = reason_of(reason_in(chunk.response_metadata) or "stop")
                    ended = Ended(reason, langchain_usage(chunk.usage_metadata))
        if ended is None:
            raise ModelFailed(
                f"{self._endpoint.name} broke off in the middle of its answer",
                "see the server's log, then retry",
            )
        yield ended

    def _load_on_server(self) -> None:
        self._server.load(self._name, self._options())

    def _options(self) -> dict[str, Any]:
        settings = self._settings
        window = self.window()
        options: dict[str, Any] = {
            "num_ctx": window,
            "temperature": settings.temperature,
        }
        if settings.max_tokens:
            options["num_predict"] = settings.max_tokens
        if settings.seed:
            options["seed"] = settings.seed
        if settings.top_p:
            options["top_p"] = settings.top_p
        # Those of the Modelfile hold no more once a request has its own.
        options["stop"] = [*self.shown.stops, *STOPS, *settings.stop]
        return options

    def _make_chat(self) -> ChatOllama:
        self._warm_up.start()
        with lean_ollama(with_tracing=self._settings.tracing):
            from langchain_ollama import ChatOllama
        with ErrorTranslation(self._endpoint):
            thinks = "thinking" in self.shown.capabilities
            return ChatOllama(
                model=self._name,
                base_url=self._server.address.url,
                client_kwargs=_client_options(self._server),
                reasoning=False if thinks else None,
                **self._options(),
            )


class OllamaEmbedder(RemoteEmbedder):
    """An embedding model of an Ollama server; satisfies `Embedder`.

    Args:
        name: As the server lists it.
        settings: Address and longest silence.
        endpoint: The server, where it is not the one of the settings.
    """

    def __init__(
        self, name: str, settings: Settings, endpoint: EndpointSettings | None = None
    ) -> None:
        spec = f"{endpoint.name if endpoint else 'ollama'}:{name}"
        super().__init__(spec, name, settings)
        self._server = server_of(endpoint, settings) if endpoint else server(settings)

    @property
    def remote(self) -> str:
        """The other machine that reads every text; "" when this one embeds.

        Raises:
            ModelUnavailable: As `OllamaServer.show`.
        """
        return self._server.reaches(self._server.show(self._name))

    def _rows(self, texts: list[str]) -> list[list[float]]:
        client = self._client
        with ErrorTranslation(self._server.endpoint(self._name), parses=True):
            return client.embed_documents(texts)

    @cached_property
    def _client(self) -> OllamaEmbeddings:
        with lean_ollama(with_tracing=self._settings.tracing):
            from langchain_ollama import OllamaEmbeddings
        return OllamaEmbeddings(
            model=self._name,
            base_url=self._server.address.url,
            client_kwargs=_client_options(self._server),
        )


def _with_limits(settings: Settings, endpoint: EndpointSettings | None) -> Settings:
    """Returns settings with the limits that an endpoint has of its own."""
    if endpoint is None:
        return settings
    return replace(
        settings,
        context_window=settings.context_window or endpoint.window,
        max_tokens=endpoint.max_tokens or settings.max_tokens,
    )


def _client_options(endpoint: OllamaServer) -> dict[str, Any]:
    """Returns what the HTTP client is made with: limits, credentials, no proxies.

    A proxy of the environment would carry a prompt for this machine's own server
    out of it; certificates of the environment count, as OpenSSL reads them.
    """
    import ssl

    import httpx

    from ragcli.models.ollama.limited_stream import limit_stream

    if endpoint.address.secure:
        trusted = ssl.create_default_context()
    else:  # trusts nobody: reading certificates takes a tenth of the first token's time
        trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return {
        "timeout": httpx.Timeout(endpoint.silence or None, connect=5.0),
        "headers": endpoint.address.headers(),
        "trust_env": False,
        # Or a prompt for this server goes to whichever it names.
        "follow_redirects": False,
        "event_hooks": {"response": [partial(limit_stream, endpoint.silence)]},
        "verify": trusted,
        # No socket outlives its answer.
        "limits": httpx.Limits(max_keepalive_connections=0),
    }
