"""Any provider that LangChain knows, with a package that stands in for a real one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from ragcli.config import Settings
from ragcli.errors import ModelFailed, ModelNotFound, ServerBusy
from ragcli.models.base import Ended, Prompt, Source
from ragcli.models.langchain.providers import (
    DEFAULT_WINDOW,
    EXTRAS,
    PACKAGES,
    LangChainEmbedder,
    LangChainModel,
)
from ragcli.models.transport.embedding_batches import BATCH

PROMPT = Prompt(
    "What is a lock?",
    "lock",
    (Source(1, "A lock is a file.", "locks.md:1", "prose", 0.9),),
    boundary="b0",
)


class RateLimitError(Exception):
    __module__ = "openai"
    status_code = 429


class NotFoundError(Exception):
    __module__ = "openai"
    status_code = 404


class ChatOpenAI(BaseChatModel):
    """Answers in three pieces, or fails as its model's name says."""

    model: str
    temperature: float | None = None
    timeout: float | None = None
    max_retries: int = 9
    max_tokens: int = 0

    @property
    def _llm_type(self) -> str:
        return "stand-in"

    def _generate(self, *args: Any, **kwargs: Any) -> ChatResult:
        raise NotImplementedError

    def _stream(
        self, messages: list[BaseMessage], *args: Any, **kwargs: Any
    ) -> Iterator[ChatGenerationChunk]:
        if self.model == "limited":
            raise RateLimitError("slow down")
        if self.model == "missing":
            raise NotFoundError("no such model")
        said.append(messages)
        for piece in ("A lock", " is a file", " [1]."):
            yield ChatGenerationChunk(message=AIMessageChunk(content=piece))
        if self.model == "breaks":
            raise ConnectionResetError("reset by peer")


class CountingChat(ChatOpenAI):
    """Would count its tokens itself, as those do that download a table for it."""

    def get_token_ids(self, text: str) -> list[int]:
        pytest.fail("something was fetched to count with")


class OpenAIEmbeddings(Embeddings):
    def __init__(
        self, model: str, *, check_embedding_ctx_length: bool = True, **given: Any
    ) -> None:
        assert given == {"timeout": 120, "max_retries": 0, "chunk_size": BATCH}
        assert not check_embedding_ctx_length, "token ids would be sent"
        self.model = model
        self.openai_api_base = "https://user:secret@models.example/v1/"

    def embed_query(self, text: str) -> list[float]:
        return [float(len(text)), 1.0]

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        if self.model == "limited":
            raise RateLimitError("slow down")
        return [self.embed_query(text) for text in texts]


said: list[list[BaseMessage]] = []


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits, and the addresses of the examples are not looked at."""
    monkeypatch.setattr(
        "ragcli.models.transport.retry_after.pause", lambda seconds: None
    )
    monkeypatch.setattr(
        "ragcli.models.transport.probe.check", lambda url, endpoint: None
    )


@pytest.fixture(autouse=True)
def package(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """An installed `langchain_openai`."""
    from langchain.chat_models import base as chat
    from langchain.embeddings import base as embeddings

    module = ModuleType("langchain_openai")
    module.__spec__ = ModuleSpec("langchain_openai", None)
    vars(module).update(ChatOpenAI=ChatOpenAI, OpenAIEmbeddings=OpenAIEmbeddings)
    monkeypatch.setitem(sys.modules, "langchain_openai", module)
    said.clear()
    chat._get_chat_model_creator.cache_clear()
    embeddings._get_embeddings_class_creator.cache_clear()
    yield module
    chat._get_chat_model_creator.cache_clear()
    embeddings._get_embeddings_class_creator.cache_clear()


def model(name: str = "gpt", **changes: Any) -> LangChainModel:
    return LangChainModel("openai", name, replace(Settings(), **changes))


def test_an_answer_arrives_piece_by_piece() -> None:
    *pieces, end = model().stream(PROMPT)

    assert pieces == ["A lock", " is a file", " [1]."]
    assert end == Ended("unfinished")  # OpenAI's servers always say how it ended
    assert [message.type for message in said[0]] == ["system", "human"]
    assert "<<passage 1 b0>>" in str(said[0][-1].content)


def test_settings_reach_the_provider() -> None:
    made = model(temperature=0.5, timeout="30s").client()

    assert isinstance(made, ChatOpenAI)
    assert (made.temperature, made.timeout, made.max_retries) == (0.5, 30, 0)
    assert made.max_tokens == Settings().max_tokens


def test_a_completion_is_the_whole_text() -> None:
    assert model().complete("Rewrite.", "it?") == "A lock is a file [1]."


@pytest.mark.parametrize(
    ("name", "expected", "reason"),
    [
        ("limited", ServerBusy, "openai takes no more requests now: slow down"),
        ("missing", ModelNotFound, "openai has no model 'missing'"),
        ("breaks", ModelFailed, "openai broke off: reset by peer"),
    ],
)
def test_what_a_provider_raises_is_ours(
    name: str, expected: type[Exception], reason: str
) -> None:
    with pytest.raises(expected, match=reason):
        list(model(name).stream(PROMPT))


def test_a_provider_that_refuses_its_settings_is_an_error_of_ours(
    package: ModuleType,
) -> None:
    vars(package)["ChatOpenAI"] = lambda **_: int("no key in the environment")

    with pytest.raises(ModelFailed, match="no key in the environment"):
        model().window()


def test_the_window_is_the_setting_or_the_profile_or_a_careful_guess(
    package: ModuleType,
) -> None:
    assert model(context_window=4096).window() == 4096
    assert model().window() == DEFAULT_WINDOW


def test_the_window_of_a_model_that_langchain_knows(package: ModuleType) -> None:
    vars(package)["ChatOpenAI"] = lambda **given: ChatOpenAI(
        **given, profile={"max_input_tokens": 128000}
    )

    assert model().window() == 128000


def test_langchains_own_counter_is_never_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def download(*_: object) -> list[int]:
        pytest.fail("GPT-2's tokeniser would be downloaded")

    monkeypatch.setattr(
        "langchain_core.language_models.base._get_token_ids_default_method", download
    )

    assert 4 <= model().count_tokens("A lock is a file.") <= 12


def test_a_models_own_counter_is_never_asked(package: ModuleType) -> None:
    vars(package)["ChatOpenAI"] = CountingChat

    assert 1 <= model().count_tokens("A lock") <= 4


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://api.openai.com/v1", "https://api.openai.com/v1"),
        (
            "https://key:secret@host.example:8443/v1/?k=s",
            "https://host.example:8443/v1",
        ),
        ("http://192.168.1.7:8080/v1", "http://192.168.1.7:8080/v1"),
        ("http://localhost.example:8080", "http://localhost.example:8080"),
        ("http://localhost:8080/v1", ""),
        ("http://127.0.0.1:8080/v1", ""),
        ("http://[::1]:8080/v1", ""),
        (None, "openai"),
    ],
)
def test_where_prompts_go_is_known(
    package: ModuleType, address: str | None, expected: str
) -> None:
    class Addressed(ChatOpenAI):
        openai_api_base: str | None = address

    vars(package)["ChatOpenAI"] = Addressed

    assert model().remote == expected


def test_where_texts_go_is_known() -> None:
    embedder = LangChainEmbedder("openai", "small", Settings())

    assert embedder.remote == "https://models.example/v1"


def test_embeddings_are_unit_vectors() -> None:
    embedder = LangChainEmbedder("openai", "small", Settings())

    rows = embedder.embed(["abc", "de", ""])

    assert rows.dtype == np.float32
    assert np.allclose(np.linalg.norm(rows, axis=1), 1)
    assert (embedder.id, embedder.dimension) == ("openai:small", 2)


def test_an_embedder_that_fails_is_an_error_of_ours() -> None:
    with pytest.raises(ModelFailed, match="slow down"):
        LangChainEmbedder("openai", "limited", Settings()).embed(["x"])


def test_a_provider_without_embeddings_is_an_error_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: object())

    with pytest.raises(ModelFailed, match="anthropic"):
        LangChainEmbedder("anthropic", "x", Settings()).embed(["x"])


def test_providers_are_spelled_as_langchain_spells_them() -> None:
    from langchain.chat_models.base import _BUILTIN_PROVIDERS

    known = {name: package for name, (package, *_) in _BUILTIN_PROVIDERS.items()}
    for name, package in PACKAGES.items():
        assert known[name].partition(".")[0] == package
    assert EXTRAS.keys() <= PACKAGES.keys()
