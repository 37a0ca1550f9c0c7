"""Whatever other people's code raises, a user sees one of our errors."""

from __future__ import annotations

import builtins
import http.client
import importlib
import inspect
import json
import socket
import ssl

import httpx
import ollama
import pytest
from langchain_core import exceptions as langchain_exceptions

from ragcli.errors import (
    ModelFailed,
    ModelNotFound,
    ModelUnavailable,
    ProviderMissing,
    ServerUnreachable,
    UsageError,
)
from ragcli.models.transport.error_translation import (
    BY_CLASS,
    BY_PACKAGE,
    Endpoint,
    ErrorTranslation,
    translation_of,
)

PEER = Endpoint("Ollama at http://x:1", model="m", silence=7, missing="pull it")


def exceptions_of(module: object) -> set[type[BaseException]]:
    return {
        value
        for value in vars(module).values()
        if inspect.isclass(value)
        and issubclass(value, Exception)
        and not issubclass(value, Warning)
    }


FOREIGN = (
    exceptions_of(ollama)
    | exceptions_of(httpx)
    | exceptions_of(http.client)
    | exceptions_of(langchain_exceptions)
    | {kind for kind in exceptions_of(builtins) if issubclass(kind, OSError)}
    | {json.JSONDecodeError, UnicodeDecodeError, ImportError, ModuleNotFoundError}
    | {socket.gaierror, socket.herror, ssl.SSLError, ssl.SSLCertVerificationError}
)


def made(kind: type[BaseException]) -> BaseException:
    """Makes an exception without knowing how its class wants to be made."""
    if kind is http.client.IncompleteRead:
        return kind(b"half")
    if kind in {ollama.ResponseError, ollama.RequestError}:
        return kind("the reason\nwith a second line")
    error = kind.__new__(kind)
    error.args = ("the reason\nwith a second line",)
    return error


@pytest.mark.parametrize("kind", sorted(FOREIGN, key=str))
def test_every_exception_of_the_libraries_is_translated(
    kind: type[BaseException],
) -> None:
    error = made(kind)

    with pytest.raises(ModelUnavailable) as met, ErrorTranslation(PEER):
        raise error

    assert type(met.value) is not ModelUnavailable
    assert "Ollama at http://x:1" in met.value.message
    assert "\n" not in met.value.message
    assert met.value.hint
    assert met.value.__suppress_context__


@pytest.mark.parametrize("name", BY_CLASS)
def test_every_name_of_the_table_exists(name: str) -> None:
    module, _, attribute = name.rpartition(".")

    kind = getattr(importlib.import_module(module), attribute)

    assert issubclass(kind, Exception)
    assert f"{kind.__module__}.{kind.__qualname__}" == name
    assert translation_of(kind) is BY_CLASS[name]


@pytest.mark.parametrize("package", BY_PACKAGE)
def test_whatever_a_providers_client_raises_is_translated(package: str) -> None:
    kind = type("RateLimitError", (Exception,), {"__module__": f"{package}.errors"})

    with pytest.raises(ModelFailed, match="slow down"), ErrorTranslation(PEER):
        raise kind("slow down")


@pytest.mark.parametrize(
    ("status", "expected", "hint"),
    [
        (404, ModelNotFound, "pull it"),
        (401, ModelFailed, "API key"),
        (403, ModelFailed, "API key"),
        (429, ModelFailed, "wait"),
        (500, ModelFailed, "log"),
    ],
)
def test_an_answers_status_decides(
    status: int, expected: type[ModelUnavailable], hint: str
) -> None:
    with pytest.raises(expected) as met, ErrorTranslation(PEER):
        raise ollama.ResponseError("no", status)

    assert hint in met.value.hint


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConnectionRefusedError(111, "Connection refused"), ServerUnreachable),
        (socket.gaierror(-2, "Name or service not known"), ServerUnreachable),
        (httpx.ConnectTimeout("too slow"), ServerUnreachable),
        (httpx.ReadTimeout("too slow"), ModelFailed),
        (TimeoutError("timed out"), ModelFailed),
        (ImportError("No module named 'langchain_x'"), ProviderMissing),
    ],
)
def test_what_it_means_decides(
    error: Exception, expected: type[ModelUnavailable]
) -> None:
    with pytest.raises(expected), ErrorTranslation(PEER):
        raise error


def _raise_at_the_border(error: Exception) -> None:
    with ErrorTranslation(PEER):
        raise error


def test_a_servers_own_words_are_shown() -> None:
    error = ollama.ResponseError('{"error": "it requires more system memory"}', 500)

    with pytest.raises(ModelFailed, match="requires more system memory") as met:
        _raise_at_the_border(error)

    assert "smaller" in met.value.hint


@pytest.mark.parametrize(
    "error", [ZeroDivisionError(), KeyError("x"), AttributeError("x"), GeneratorExit()]
)
def test_a_bug_is_not_dressed_up(error: BaseException) -> None:
    with pytest.raises(type(error)), ErrorTranslation(PEER):
        raise error


def test_our_own_errors_pass_as_they_are() -> None:
    mine = UsageError("mine")

    with pytest.raises(UsageError) as met, ErrorTranslation(PEER):
        raise mine

    assert met.value is mine


def test_a_peers_own_builtin_errors_can_be_named() -> None:
    with (
        pytest.raises(ModelFailed, match="no key"),
        ErrorTranslation(PEER, also=(ValueError,)),
    ):
        raise ValueError("no key")
    with pytest.raises(ValueError, match="no key"), ErrorTranslation(PEER):
        raise ValueError("no key")
