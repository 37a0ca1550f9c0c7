"""Translates errors of other people's code: what it raises becomes one of ours.

A foreign exception is known by the names of its classes, so that nothing has to be
imported to recognise it. Whatever is not in the tables is a bug, and passes.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType

from ragcli.errors import (
    ModelFailed,
    ModelNotFound,
    ModelUnavailable,
    ProviderMissing,
    RagcliError,
    ServerUnreachable,
)
from ragcli.frozen import frozen

_LONGEST = 300
"""Characters of a foreign message that are shown."""


@frozen
class Endpoint:
    """Who is on the other side, as error messages name them."""

    name: str
    """`Ollama at http://127.0.0.1:11434`, `openai`."""

    model: str = ""
    """The model that was asked for, or ""."""

    silence: float = 0.0
    """Seconds of silence after which it counts as gone; 0 for no limit."""

    unreachable: str = "check the address and the network"
    """What to do when nothing listens there."""

    missing: str = ""
    """What to do when it does not have the model."""


def _unreachable(endpoint: Endpoint, error: BaseException) -> ModelUnavailable:
    return ServerUnreachable(f"{endpoint.name}: {_reason(error)}", endpoint.unreachable)


def _silent(endpoint: Endpoint, _: BaseException) -> ModelUnavailable:
    return ModelFailed(
        f"{endpoint.name} was silent for {endpoint.silence:g} s",
        "a large model may need longer: ragcli config set timeout 10m",
    )


def _broken(endpoint: Endpoint, error: BaseException) -> ModelUnavailable:
    return ModelFailed(
        f"{endpoint.name} broke off: {_reason(error)}",
        "see the server's log, then retry",
    )


def _unreadable(endpoint: Endpoint, error: BaseException) -> ModelUnavailable:
    return ModelFailed(
        f"{endpoint.name} sent something that cannot be read: {_reason(error)}",
        "check that the address is a model server's",
    )


def _missing(endpoint: Endpoint, _: BaseException) -> ModelUnavailable:
    return ModelNotFound(
        f"{endpoint.name} has no model {endpoint.model!r}", endpoint.missing
    )


def _failed(endpoint: Endpoint, error: BaseException) -> ModelUnavailable:
    return ModelFailed(f"{endpoint.name}: {_reason(error)}", _advice(error))


def _answered(endpoint: Endpoint, error: BaseException) -> ModelUnavailable:
    """Translates an error that came as an answer, by its HTTP status."""
    status = _status(error)
    if status == 404:
        return _missing(endpoint, error)
    if status in {401, 403}:
        return ModelFailed(
            f"{endpoint.name} refused the credentials: {_reason(error)}",
            "check the provider's API key in your environment",
        )
    return _failed(endpoint, error)


def _not_installed(endpoint: Endpoint, error: BaseException) -> ModelUnavailable:
    return ProviderMissing(f"{endpoint.name}: {_reason(error)}", "install its package")


Translation = Callable[[Endpoint, BaseException], ModelUnavailable]

BY_CLASS: dict[str, Translation] = {
    "builtins.ConnectionError": _unreachable,
    "builtins.ConnectionRefusedError": _unreachable,
    "builtins.ConnectionResetError": _broken,
    "builtins.ConnectionAbortedError": _broken,
    "builtins.BrokenPipeError": _broken,
    "builtins.TimeoutError": _silent,
    "builtins.OSError": _unreachable,
    "builtins.UnicodeError": _unreadable,
    "builtins.ImportError": _not_installed,
    "json.decoder.JSONDecodeError": _unreadable,
    "http.client.HTTPException": _broken,
    "http.client.InvalidURL": _unreachable,
    "http.client.RemoteDisconnected": _broken,
    "ssl.SSLError": _unreachable,
    "ollama._types.ResponseError": _answered,
    "ollama._types.RequestError": _failed,
    "httpx.ConnectError": _unreachable,
    "httpx.ConnectTimeout": _unreachable,
    "httpx.ProxyError": _unreachable,
    "httpx.UnsupportedProtocol": _unreachable,
    "httpx.InvalidURL": _unreachable,
    "httpx.TimeoutException": _silent,
    "httpx.DecodingError": _unreadable,
    "httpx.TransportError": _broken,
    "httpx.StreamError": _broken,
    "httpx.HTTPStatusError": _answered,
    "httpx.HTTPError": _failed,
    "httpx.CookieConflict": _failed,
    "pydantic_core._pydantic_core.ValidationError": _unreadable,
    "langchain_core.exceptions.LangChainException": _failed,
}
"""Fully qualified class → translation; the nearest class in the MRO decides."""

BY_PACKAGE: dict[str, Translation] = dict.fromkeys(
    (
        "anthropic", "aiohttp", "azure", "botocore", "cohere", "deepseek", "fireworks",
        "google", "googleapiclient", "groq", "grpc", "httpcore", "httpx2",
        "huggingface_hub", "ibm_watsonx_ai", "langchain_anthropic",
        "langchain_google_genai", "langchain_mistralai", "langchain_openai",
        "mistralai", "openai", "requests", "together", "urllib3", "xai_sdk",
    ),
    _answered,
)  # fmt: skip
"""Top-level package of a provider's client → translation of all that it raises."""


class ErrorTranslation(AbstractContextManager[None]):
    """Turns foreign exceptions that leave its block into leaves of `ModelUnavailable`.

    Args:
        endpoint: Who is spoken to.
        also: Further builtin classes that this peer raises for its own failures
            (LangChain's factories raise `ValueError`).
    """

    def __init__(
        self, endpoint: Endpoint, also: tuple[type[Exception], ...] = ()
    ) -> None:
        self._endpoint = endpoint
        self._also = also

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Raises the translation of `error`; lets ours and unknown ones pass."""
        if error is None or isinstance(error, RagcliError):
            return
        translate = translation_of(type(error))
        if translate is None and isinstance(error, self._also):
            translate = _failed
        if translate:
            raise translate(self._endpoint, error) from None


def translation_of(kind: type[BaseException]) -> Translation | None:
    """Returns how a class of exceptions is translated; None if it is not foreign."""
    for base in kind.__mro__:
        if found := BY_CLASS.get(f"{base.__module__}.{base.__qualname__}"):
            return found
        if found := BY_PACKAGE.get(base.__module__.partition(".")[0]):
            return found
    return None


def _reason(error: BaseException) -> str:
    """Returns the first line of a foreign message, without addresses of objects."""
    text = getattr(error, "error", None) or getattr(error, "strerror", None)
    lines = str(text or error).strip().splitlines()
    return lines[0][:_LONGEST] if lines else type(error).__name__


def _status(error: BaseException) -> int:
    """Returns the HTTP status that an answer came with, 0 where there is none."""
    response = getattr(error, "response", None)
    for holder in (error, response):
        status = getattr(holder, "status_code", None)
        if isinstance(status, int):
            return status
    return 0


def _advice(error: BaseException) -> str:
    if _status(error) == 429:
        return "too many requests, or no credit left; wait, then retry"
    if "memory" in str(error).lower():
        return "take a smaller model, or a smaller window: --context-window 4096"
    return "see the server's log; `ragcli models list` shows other models"
