"""Chat models and embedders of any provider that LangChain knows.

`init_chat_model` and `init_embeddings` find the provider's class; its package is an
extra of ours, or one to install beside. Credentials come from the environment, by
the provider's own rules.
"""

from __future__ import annotations

import difflib
import importlib.util
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ragcli.config import Settings, seconds
from ragcli.errors import ConfigError, ModelUnavailable, ProviderMissing
from ragcli.models.background import Background
from ragcli.models.base import Prompt
from ragcli.models.error_translation import Endpoint, ErrorTranslation
from ragcli.models.langchain import offline
from ragcli.models.langchain.lean_imports import lean
from ragcli.models.langchain.reasoning import without_reasoning
from ragcli.models.langchain.rendering import messages
from ragcli.models.reach import address_of, elsewhere
from ragcli.models.tokens import estimate

if TYPE_CHECKING:
    import numpy as np
    from langchain_core.embeddings import Embeddings
    from langchain_core.language_models import BaseChatModel
    from numpy.typing import NDArray

EXTRAS = {
    "openai": "openai",
    "azure_openai": "openai",
    "anthropic": "anthropic",
    "google_genai": "google",
    "mistralai": "mistral",
}
"""Provider → the extra of ours that carries its package."""

PACKAGES = {
    "anthropic": "langchain_anthropic",
    "anthropic_bedrock": "langchain_aws",
    "azure_ai": "langchain_azure_ai",
    "azure_openai": "langchain_openai",
    "baseten": "langchain_baseten",
    "bedrock": "langchain_aws",
    "bedrock_converse": "langchain_aws",
    "cohere": "langchain_cohere",
    "deepseek": "langchain_deepseek",
    "fireworks": "langchain_fireworks",
    "google_anthropic_vertex": "langchain_google_vertexai",
    "google_genai": "langchain_google_genai",
    "google_vertexai": "langchain_google_vertexai",
    "groq": "langchain_groq",
    "huggingface": "langchain_huggingface",
    "ibm": "langchain_ibm",
    "litellm": "langchain_litellm",
    "mistralai": "langchain_mistralai",
    "nvidia": "langchain_nvidia_ai_endpoints",
    "openai": "langchain_openai",
    "openrouter": "langchain_openrouter",
    "perplexity": "langchain_perplexity",
    "together": "langchain_together",
    "upstage": "langchain_upstage",
    "xai": "langchain_xai",
}
"""Provider as LangChain spells it → the package of its classes."""

DEFAULT_WINDOW = 8192
"""Tokens of context where neither the settings nor LangChain's profile say it."""

_BATCH = 128


def check(provider: str) -> None:
    """Makes sure that a provider can be used, without importing anything of it.

    Raises:
        ConfigError: LangChain knows no such provider; the nearest is named.
        ProviderMissing: Its package is not installed.
    """
    package = PACKAGES.get(provider)
    if package is None:
        near = difflib.get_close_matches(provider, [*PACKAGES, "ollama"], 1, 0.5)
        hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(PACKAGES)}"
        raise ConfigError(f"there is no provider {provider!r}", hint)
    if importlib.util.find_spec(package) is None:
        extra = EXTRAS.get(provider)
        wanted = f"'ragcli[{extra}]'" if extra else package.replace("_", "-")
        raise ProviderMissing(
            f"models of {provider} need the package {package.replace('_', '-')}",
            f"pip install {wanted}",
        )


class LangChainModel:
    """A chat model of any provider; satisfies `ChatModel`.

    Args:
        provider: As LangChain spells it: `openai`, `anthropic`.
        name: The model, as the provider calls it.
        settings: Temperature, window, longest silence, tracing.

    Raises:
        ConfigError: No such provider.
        ProviderMissing: Its package is not installed.
    """

    generates = True

    def __init__(self, provider: str, name: str, settings: Settings) -> None:
        check(provider)
        self.spec = f"{provider}:{name}"
        self._settings = settings
        self._endpoint = _endpoint(provider, name, settings)
        self._chat = Background(lambda: self._make_chat(provider, name))

    def prepare(self) -> None:
        """Begins to load the provider's library; returns at once."""
        self._chat.start()

    def window(self) -> int:
        """Returns the tokens of context: the setting, else what LangChain knows.

        Raises:
            ModelUnavailable: The model cannot be made.
        """
        if self._settings.context_window:
            return self._settings.context_window
        profile = getattr(self._model(), "profile", None) or {}
        return int(profile.get("max_input_tokens") or DEFAULT_WINDOW)

    @property
    def remote(self) -> str:
        """The other machine that reads every prompt; "" when this one answers.

        The provider's name where its library does not tell an address.
        """
        try:
            return _reaches(self._model(), self._endpoint.name)
        except ModelUnavailable:  # said when it is asked
            return self._endpoint.name

    def count_tokens(self, text: str) -> int:
        """Returns an upper estimate.

        The libraries' own counters download a table, or send the text away to count.
        """
        return estimate(text)

    def stream(self, prompt: Prompt) -> Iterator[str]:
        """Yields the answer; closing the iterator cancels it.

        Raises:
            ModelUnavailable: See `error_translation`.
        """
        rendered = [(message.role, message.text) for message in messages(prompt)]
        with closing(self._ask(rendered)) as pieces:
            yield from without_reasoning(pieces)

    def complete(self, instruction: str, text: str) -> str:
        """Returns a short completion, "" if the model says nothing.

        Raises:
            ModelUnavailable: As `stream`.
        """
        rendered = [("system", instruction), ("human", text)]
        with closing(self._ask(rendered)) as pieces:
            return "".join(without_reasoning(pieces)).strip()

    def _ask(self, rendered: list[tuple[str, str]]) -> Generator[str, None, None]:
        with ErrorTranslation(self._endpoint, also=(ValueError,)):
            for chunk in self._model().stream(rendered):
                if chunk.text:
                    yield str(chunk.text)

    def _model(self) -> BaseChatModel:
        return self._chat.result()

    def _make_chat(self, provider: str, name: str) -> BaseChatModel:
        with (
            ErrorTranslation(self._endpoint, also=(ValueError, TypeError)),
            lean(with_tracing=self._settings.tracing),
        ):
            offline.prepare(provider, chat=True)
            from langchain.chat_models import init_chat_model

            made: BaseChatModel = init_chat_model(
                name,
                model_provider=provider,
                temperature=self._settings.temperature,
                timeout=seconds(self._settings.timeout) or None,
                max_retries=2,
            )
            return made


class LangChainEmbedder:
    """An embedding model of any provider; satisfies `Embedder`.

    Args:
        provider: As LangChain spells it.
        name: The model, as the provider calls it.
        settings: Longest silence, tracing.

    Raises:
        ConfigError: No such provider.
        ProviderMissing: Its package is not installed.
    """

    def __init__(self, provider: str, name: str, settings: Settings) -> None:
        check(provider)
        self.id = f"{provider}:{name}"
        self.dimension = 0
        self._settings = settings
        self._endpoint = _endpoint(provider, name, settings)

    @property
    def remote(self) -> str:
        """The other machine that reads every text; "" when this one embeds.

        The provider's name where its library does not tell an address.
        """
        try:
            return _reaches(self._client, self._endpoint.name)
        except (ModelUnavailable, ConfigError):  # said when it is used
            return self._endpoint.name

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Returns one normalised row a text; the dimension is known afterwards.

        Raises:
            ModelUnavailable: See `error_translation`; also when the model gives
                vectors of another length than before.
        """
        from ragcli.models.langchain.vectors import normalised

        rows: list[list[float]] = []
        with ErrorTranslation(self._endpoint, also=(ValueError,)):
            for start in range(0, len(texts), _BATCH):
                batch = [text or " " for text in texts[start : start + _BATCH]]
                rows += self._client.embed_documents(batch)
        found = normalised(rows, len(texts), self.dimension, self.id)
        self.dimension = found.shape[1]
        return found

    @cached_property
    def _client(self) -> Embeddings:
        with (
            ErrorTranslation(self._endpoint, also=(ValueError, TypeError)),
            lean(with_tracing=self._settings.tracing),
        ):
            provider, _, name = self.id.partition(":")
            offline.prepare(provider, chat=False)
            from langchain.embeddings import init_embeddings

            options = offline.embedding_options(provider)
            made: Any = init_embeddings(name, provider=provider, **options)
            if not hasattr(made, "embed_documents"):
                raise ConfigError(f"{self.id} makes no embeddings", "choose another")
            client: Embeddings = made
            return client


def _reaches(client: Any, provider: str) -> str:
    """Returns the other machine that a client sends to; "" when it is this one."""
    address = address_of(client)
    return elsewhere(address) if address else provider


def _endpoint(provider: str, name: str, settings: Settings) -> Endpoint:
    return Endpoint(
        name=provider,
        model=name,
        silence=seconds(settings.timeout),
        missing=f"see {provider}'s list of models for the exact name",
    )
