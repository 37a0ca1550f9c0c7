"""Chat models and embedders of an Ollama server, through `langchain_ollama`.

Its import takes as long as a short answer (see `lean_imports`), and a server may have
to read the model from disk first. `prepare` begins both in the background, while the
question is still being searched.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ragcli.config import Settings, seconds
from ragcli.errors import ModelFailed
from ragcli.models.background import Background
from ragcli.models.base import Prompt
from ragcli.models.error_translation import Endpoint, ErrorTranslation
from ragcli.models.langchain.lean_imports import lean_ollama
from ragcli.models.langchain.reasoning import without_reasoning
from ragcli.models.langchain.rendering import messages
from ragcli.models.ollama.abort import RequestAbort
from ragcli.models.ollama.api import Installed, OllamaServer, PullProgress, Shown
from ragcli.models.tokens import estimate

if TYPE_CHECKING:
    import numpy as np
    from langchain_ollama import ChatOllama, OllamaEmbeddings
    from numpy.typing import NDArray

SENSIBLE_WINDOW = 8192
"""Most tokens of context that are asked for by default: a model made for 128k would
take many GB of memory for its cache, and a prompt of ours needs about 4k."""

_SHORT_ANSWER = 256
"""Most tokens of a rewritten query or a title."""

_BATCH = 64
"""Texts in one request for embeddings."""


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


class OllamaModel:
    """A chat model of an Ollama server; satisfies `ChatModel`.

    Args:
        name: As the server lists it; without a tag, `:latest` is meant.
        settings: Address, temperature, window and longest silence.
    """

    generates = True

    def __init__(self, name: str, settings: Settings) -> None:
        self.spec = f"ollama:{name}"
        self._name = name
        self._settings = settings
        self._server = server(settings)
        self._lock = threading.Lock()
        self._shown: Shown | None = None
        self._abort = RequestAbort()
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

    def stop(self) -> None:
        """Ends an answer from another thread, also while the server is silent.

        The thread that reads it meets `ModelFailed`.
        """
        self._abort.now()

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

    def count_tokens(self, text: str) -> int:
        """Returns an upper estimate: the server has no call that counts."""
        return estimate(text)

    def stream(self, prompt: Prompt) -> Iterator[str]:
        """Yields the answer; closing the iterator closes the connection.

        Raises:
            ModelUnavailable: See `error_translation`; also when the answer
                stops half-way.
        """
        rendered = [(message.role, message.text) for message in messages(prompt)]
        with closing(self._ask(rendered, {})) as pieces:
            yield from without_reasoning(pieces)

    def complete(self, instruction: str, text: str) -> str:
        """Returns a short completion, "" if the model says nothing.

        Raises:
            ModelUnavailable: As `stream`.
        """
        rendered = [("system", instruction), ("human", text)]
        options = {**self._options(), "num_predict": _SHORT_ANSWER, "temperature": 0.0}
        with closing(self._ask(rendered, {"options": options})) as pieces:
            return "".join(without_reasoning(pieces)).strip()

    def _ask(
        self, rendered: list[tuple[str, str]], extra: dict[str, Any]
    ) -> Generator[str, None, None]:
        finished = False
        with ErrorTranslation(self._endpoint, also=(ValueError,)):
            for chunk in self._chat.result().stream(rendered, **extra):
                finished = finished or bool(chunk.response_metadata.get("done"))
                if chunk.text:
                    yield str(chunk.text)
        if not finished:
            raise ModelFailed(
                f"{self._endpoint.name} broke off in the middle of its answer",
                "see the server's log, then retry",
            )

    def _load_on_server(self) -> None:
        self._server.load(self._name, self._options())

    def _options(self) -> dict[str, Any]:
        return {"num_ctx": self.window(), "temperature": self._settings.temperature}

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
                sync_client_kwargs={"event_hooks": self._abort.hooks},
                reasoning=False if thinks else None,
                **self._options(),
            )


class OllamaEmbedder:
    """An embedding model of an Ollama server; satisfies `Embedder`.

    Args:
        name: As the server lists it.
        settings: Address and longest silence.
    """

    def __init__(self, name: str, settings: Settings) -> None:
        self.id = f"ollama:{name}"
        self.dimension = 0
        self._name = name
        self._settings = settings
        self._server = server(settings)

    @property
    def remote(self) -> str:
        """The other machine that reads every text; "" when this one embeds.

        Raises:
            ModelUnavailable: As `OllamaServer.show`.
        """
        return self._server.reaches(self._server.show(self._name))

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Returns one normalised row a text; the dimension is known afterwards.

        Raises:
            ModelUnavailable: As `OllamaModel.stream`; also when the model gives
                vectors of another length than before.
        """
        from ragcli.models.langchain.vectors import normalised

        rows: list[list[float]] = []
        with ErrorTranslation(self._server.endpoint(self._name)):
            for start in range(0, len(texts), _BATCH):
                batch = [text or " " for text in texts[start : start + _BATCH]]
                rows += self._client.embed_documents(batch)
        found = normalised(rows, len(texts), self.dimension, self.id)
        self.dimension = found.shape[1]
        return found

    @cached_property
    def _client(self) -> OllamaEmbeddings:
        with lean_ollama(with_tracing=self._settings.tracing):
            from langchain_ollama import OllamaEmbeddings
        return OllamaEmbeddings(
            model=self._name,
            base_url=self._server.address.url,
            client_kwargs=_client_options(self._server),
        )


def _client_options(endpoint: OllamaServer) -> dict[str, Any]:
    """Returns what the HTTP client is made with: limits, credentials, no proxies.

    A proxy of the environment would carry a prompt for this machine's own server
    out of it; certificates of the environment count, as OpenSSL reads them.
    """
    import ssl

    import httpx

    if endpoint.address.secure:
        trusted = ssl.create_default_context()
    else:  # trusts nobody: reading certificates takes a tenth of the first token's time
        trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return {
        "timeout": httpx.Timeout(endpoint.silence or None, connect=5.0),
        "headers": endpoint.address.headers(),
        "trust_env": False,
        "verify": trusted,
        # No socket outlives its answer.
        "limits": httpx.Limits(max_keepalive_connections=0),
    }
