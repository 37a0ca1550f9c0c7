"""Chat models and embedders of any provider that LangChain knows.

`init_chat_model` and `init_embeddings` find the provider's class; its package is an
extra of ours, or one to install beside. Credentials come from the environment, by
the provider's own rules.
"""

from __future__ import annotations

import difflib
import importlib.util
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ragcli import packages
from ragcli.config import Settings, seconds
from ragcli.dependency_patches.langchain import lean
from ragcli.errors import ConfigError, ModelFailed, ModelUnavailable, ProviderMissing
from ragcli.models.base import Ended, Sign, Thought
from ragcli.models.langchain import offline
from ragcli.models.prompt_messages import Message
from ragcli.models.remote import RemoteChatModel, RemoteEmbedder
from ragcli.models.replies.finish_reasons import (
    STOP,
    added,
    langchain_usage,
    reason_in,
    reason_of,
)
from ragcli.models.transport.background import Background
from ragcli.models.transport.embedding_batches import BATCH
from ragcli.models.transport.error_translation import Endpoint, ErrorTranslation
from ragcli.models.transport.locality import address_of, elsewhere
from ragcli.models.transport.refusals import refused_parameter

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings
    from langchain_core.language_models import BaseChatModel

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

KEYS = {
    "anthropic": "ANTHROPIC_API_KEY",
    "azure_openai": "AZURE_OPENAI_API_KEY",
    "cohere": "COHERE_API_KEY",
    "deepseek": "DEEPSEEK_API_KEY",
    "fireworks": "FIREWORKS_API_KEY",
    "google_genai": "GOOGLE_API_KEY",
    "groq": "GROQ_API_KEY",
    "mistralai": "MISTRAL_API_KEY",
    "nvidia": "NVIDIA_API_KEY",
    "openai": "OPENAI_API_KEY",
    "openrouter": "OPENROUTER_API_KEY",
    "perplexity": "PPLX_API_KEY",
    "together": "TOGETHER_API_KEY",
    "upstage": "UPSTAGE_API_KEY",
    "xai": "XAI_API_KEY",
}
"""Provider → the variable that its library reads the key from."""

DEFAULT_WINDOW = 8192
"""Tokens of context where neither the settings nor LangChain's profile say it."""

_SAYS_HOW_IT_ENDED = frozenset(
    {
        "anthropic", "azure_openai", "deepseek", "google_genai", "groq", "mistralai",
        "openai", "xai",
    }
)  # fmt: skip
"""Providers whose streams always name a reason for their end."""
_ATTEMPTS = {"google_genai": 1, "mistralai": 1}
"""Requests that a library makes where it must make at least one; else it counts those
that come after the first. Waiting is ours: it is told, and can be stopped."""


def _how_to_name(provider: str) -> str:
    known = ", ".join(PACKAGES)
    setting = f"endpoints.{provider}.url"
    return f"a server of yours: ragcli config set {setting} URL; providers: {known}"


def check(provider: str, endpoints: Sequence[str] = ()) -> None:
    """Makes sure that a provider can be used, without importing anything of it.

    Args:
        provider: As LangChain spells it.
        endpoints: Names that the user may have meant instead.

    Raises:
        ConfigError: LangChain knows no such provider; the nearest is named.
        ProviderMissing: Its package is not installed.
    """
    package = PACKAGES.get(provider)
    if package is None:
        near = difflib.get_close_matches(
            provider, [*PACKAGES, "ollama", *endpoints], 1, 0.5
        )
        hint = f"did you mean {near[0]}?" if near else _how_to_name(provider)
        raise ConfigError(f"there is no provider {provider!r}", hint)
    if importlib.util.find_spec(package) is None:
        extra = EXTRAS.get(provider)
        wanted = package.replace("_", "-")
        install = packages.of_extra(extra) if extra else packages.installation(wanted)
        raise ProviderMissing(
            f"models of {provider} need the package {package.replace('_', '-')}",
            install,
        )


class LangChainModel(RemoteChatModel):
    """A chat model of any provider; satisfies `ChatModel`.

    Args:
        provider: As LangChain spells it: `openai`, `anthropic`.
        name: The model, as the provider calls it.
        settings: Temperature, window, longest silence, tracing.

    Raises:
        ConfigError: No such provider.
        ProviderMissing: Its package is not installed.
    """

    def __init__(self, provider: str, name: str, settings: Settings) -> None:
        check(provider, [endpoint.name for endpoint in settings.endpoints])
        super().__init__(f"{provider}:{name}", name, settings)
        self._endpoint = _endpoint(provider, name, settings)
        self._was_reached = False
        self._options = _options(provider, settings)
        self._chat = Background(self._make_chat)

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
        profile = getattr(self.client(), "profile", None) or {}
        return int(profile.get("max_input_tokens") or DEFAULT_WINDOW)

    @property
    def remote(self) -> str:
        """The other machine that reads every prompt; "" when this one answers.

        The provider's name where its library does not tell an address.
        """
        try:
            return _reaches(self.client(), self._endpoint.name)
        except ModelUnavailable:  # said when it is asked
            return self._endpoint.name

    def _reply(
        self,
        rendered: Sequence[Message],
        *,
        is_short: bool,  # noqa: ARG002 - the options are the client's, not a request's
    ) -> Generator[str | Sign, None, None]:
        """Yields one reply; leaves out, for good, an option that is refused."""
        while True:
            has_said = False
            try:
                with closing(self._answer(rendered)) as pieces:
                    for piece in pieces:
                        has_said = True
                        yield piece
            except ModelFailed as error:
                named = refused_parameter(error.message, self._options)
                if has_said or not named:
                    raise
                del self._options[named]
                self._chat = Background(self._make_chat)
            else:
                return

    def _answer(self, rendered: Sequence[Message]) -> Generator[str | Sign, None, None]:
        pairs = [(message.role, message.text) for message in rendered]
        reason, usage = "", None
        model = self._reached()
        endpoint = self._addressed(model)
        with ErrorTranslation(endpoint, also=(ValueError,), parses=True):
            for chunk in model.stream(pairs):
                usage = added(usage, langchain_usage(chunk.usage_metadata))
                reason = reason_in(chunk.response_metadata) or reason
                thought = _thought(chunk)
                if thought:
                    yield Thought(thought)
                if chunk.text:
                    yield str(chunk.text)
        provider = self.spec.partition(":")[0]
        ends = reason_of(reason)
        if not reason and provider not in _SAYS_HOW_IT_ENDED:
            ends = STOP
        yield Ended(ends, usage)

    def client(self) -> BaseChatModel:
        """Returns the model of the provider's library, once it is loaded."""
        return self._chat.result()

    def _reached(self) -> BaseChatModel:
        """Returns the model, at whose address somebody was before the first request."""
        model = self.client()
        if not self._was_reached:
            from ragcli.models.transport import probe

            probe.check(address_of(model), self._addressed(model))
            self._was_reached = True
        return model

    def _addressed(self, client: Any) -> Endpoint:
        """Returns whom error messages name: the provider, and the address in force."""
        address = address_of(client)
        if not address:
            return self._endpoint
        shown = elsewhere(address) or address
        return replace(self._endpoint, name=f"{self._endpoint.name} at {shown}")

    def _make_chat(self) -> BaseChatModel:
        provider, _, name = self.spec.partition(":")
        with (
            ErrorTranslation(self._endpoint, also=(ValueError, TypeError)),
            lean(with_tracing=self._settings.tracing),
        ):
            offline.prepare(provider, chat=True)
            from langchain.chat_models import init_chat_model

            model: BaseChatModel = init_chat_model(
                name,
                model_provider=provider,
                timeout=seconds(self._settings.timeout) or None,
                max_retries=_ATTEMPTS.get(provider, 0),
                **self._options,
            )
        return model


class LangChainEmbedder(RemoteEmbedder):
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
        check(provider, [endpoint.name for endpoint in settings.endpoints])
        super().__init__(f"{provider}:{name}", name, settings)
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

    def _rows(self, texts: list[str]) -> list[list[float]]:
        client = self._client
        with ErrorTranslation(self._endpoint, also=(ValueError,), parses=True):
            return client.embed_documents(texts)

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
            options |= _patience(provider, self._settings)
            client: Any = init_embeddings(name, provider=provider, **options)
            if not hasattr(client, "embed_documents"):
                raise ConfigError(f"{self.id} makes no embeddings", "choose another")
            embeddings: Embeddings = client
            return embeddings


def _options(provider: str, settings: Settings) -> dict[str, Any]:
    """Returns what an answer is sampled and limited with, as every class takes it.

    Only the fields that every provider's class has go to all of them.
    """
    options: dict[str, Any] = {"temperature": settings.temperature}
    if settings.max_tokens:
        options["max_tokens"] = settings.max_tokens
    if settings.top_p:
        options["top_p"] = settings.top_p
    if settings.seed and provider in {"openai", "azure_openai", "deepseek", "xai"}:
        options["seed"] = settings.seed
    if provider in {"openai", "azure_openai"}:
        options["stream_usage"] = True  # left out by itself at addresses of one's own
    return options


def _patience(provider: str, settings: Settings) -> dict[str, Any]:
    """Returns the limits of an embedder's requests, where its class has them."""
    longest = seconds(settings.timeout) or None
    if provider in {"openai", "azure_openai"}:
        return {"timeout": longest, "max_retries": 0, "chunk_size": BATCH}
    if provider == "mistralai":
        return {"timeout": longest, "max_retries": 1} if longest else {}
    return {}


def _thought(chunk: Any) -> str:
    """Returns what a chunk holds of the model's reasoning, as LangChain tells it."""
    reasoning = chunk.additional_kwargs.get("reasoning_content")
    if isinstance(reasoning, str) and reasoning:
        return reasoning
    if not isinstance(chunk.content, list):
        return ""
    return "".join(
        str(part.get("thinking") or part.get("reasoning") or "")
        for part in chunk.content
        if isinstance(part, dict)
    )


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
        credentials=f"check its key: export {KEYS[provider]}=…"
        if provider in KEYS
        else f"check the key of {provider} in your environment",
    )
