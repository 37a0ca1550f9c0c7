"""Translates the errors of libraries into ragcli's own.

A foreign exception is known by the names of its classes, so that nothing has to be
imported to recognise it. Whatever is not in the tables is a bug, and passes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from types import TracebackType

from ragcli.errors import (
    ModelFailed,
    ModelUnavailable,
    ProviderMissing,
    RagcliError,
    ServerUnreachable,
)
from ragcli.models.foreign_json import parsed
from ragcli.models.transport.refusals import Endpoint, reason_in_body, refusal

__all__ = [
    "BY_CLASS",
    "BY_PACKAGE",
    "Endpoint",
    "ErrorTranslation",
    "overdue",
    "translation_of",
]


def _unreachable(endpoint: Endpoint, error: BaseException) -> ModelUnavailable:
    root = _root(error)
    return ServerUnreachable(
        f"{endpoint.name}: {_cause(root)}", _remedy(root) or endpoint.unreachable
    )


def _silent(endpoint: Endpoint, _: BaseException) -> ModelUnavailable:
    return ModelFailed(
        f"{endpoint.name} was silent for {endpoint.silence:g} s",
        "a large model may need longer: ragcli config set timeout 10m",
    )


def overdue(endpoint: Endpoint, _: BaseException | None = None) -> ModelUnavailable:
    """Returns the error for a server that sends, but never (all of) an answer."""
    return ModelFailed(
        f"{endpoint.name} sent no whole answer within {endpoint.silence:g} s",
        "a large model may need longer: ragcli config set timeout 10m",
    )


def _too_large(endpoint: Endpoint, _: BaseException) -> ModelUnavailable:
    return ModelFailed(
        f"{endpoint.name} sent more than any answer has",
        "check that the address is a model server's",
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


def _failed(endpoint: Endpoint, error: BaseException) -> ModelUnavailable:
    return refusal(endpoint, 0, _reason(error))


def _answered(endpoint: Endpoint, error: BaseException) -> ModelUnavailable:
    """Translates an error that came as an answer, by its HTTP status.

    Clients raise errors of their own for a connection that failed as well; what they
    came from says so.
    """
    status = _status(error)
    root = _root(error)
    if not status and root is not error:
        translate = translation_of(type(root))
        if translate and translate is not _answered:
            return translate(endpoint, root)
    reason = _reason(error)
    return refusal(endpoint, status, reason, _headers(error))


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
    "ragcli.models.transport.limits.AnswerOverdueError": overdue,
    "ragcli.models.transport.limits.AnswerTooLargeError": _too_large,
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


_OF_PARSING = (
    ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError,
)  # fmt: skip
"""What Python raises where a value has another type, form or depth than expected."""


class ErrorTranslation(AbstractContextManager[None]):
    """Turns foreign exceptions that leave its block into leaves of `ModelUnavailable`.

    Args:
        endpoint: Who is spoken to.
        also: Further builtin classes that this peer raises for its own failures
            (LangChain's factories raise `ValueError`).
        parses: The block has a library read an answer and does nothing else: an error
            of Python's there means that the answer has another form than it expects.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        also: tuple[type[Exception], ...] = (),
        *,
        parses: bool = False,
    ) -> None:
        self._endpoint = endpoint
        self._also = also
        self._parses = parses

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
        if translate is None and self._parses and isinstance(error, _OF_PARSING):
            translate = _unreadable
        if translate:
            raise translate(self._endpoint, error) from None


def translation_of(kind: type[BaseException]) -> Translation | None:
    """Returns how a class of exceptions is translated; None if it is not foreign."""
    for base in kind.__mro__:
        if translate := BY_CLASS.get(f"{base.__module__}.{base.__qualname__}"):
            return translate
        if translate := BY_PACKAGE.get(base.__module__.partition(".")[0]):
            return translate
    return None


def _root(error: BaseException) -> BaseException:
    """Returns the error of the network that a client's own error came from."""
    chain: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and at not in chain:
        chain.append(at)
        at = at.__cause__ or at.__context__
    for origin in reversed(chain):
        if isinstance(origin, OSError | ssl_error()):
            return origin
    return error


def ssl_error() -> type[BaseException]:
    """Returns the class of TLS errors; loaded only where something failed."""
    import ssl

    return ssl.SSLError


def _cause(error: BaseException) -> str:
    """Returns why nobody could be reached, in words for people."""
    import socket
    import ssl

    if isinstance(error, socket.gaierror):
        return "no host of that name is known"
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there (connection refused)"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({_reason(error)})"
    if isinstance(error, ssl.SSLError):
        return f"it does not speak TLS ({_reason(error)})"
    return _reason(error)


def _remedy(error: BaseException) -> str:
    """Returns what to do where the cause alone says it; "" otherwise."""
    import socket
    import ssl

    if isinstance(error, socket.gaierror):
        return "check the host's name in the address, and the network"
    if isinstance(error, ssl.SSLCertVerificationError):
        return "name its authority: SSL_CERT_FILE=/path/to/ca.pem"
    if isinstance(error, ssl.SSLError):
        return "write http:// if the server speaks no TLS"
    return ""


def _reason(error: BaseException) -> str:
    """Returns what a foreign error says, on one line."""
    response = getattr(error, "response", None)
    for body in (
        getattr(error, "body", None),
        getattr(error, "error", None),
        _text(response),
        getattr(error, "strerror", None),
        _embedded(str(error)),
    ):
        if body and (reason := reason_in_body(body)):
            return reason
    return type(error).__name__


def _text(response: object) -> str:
    """Returns the body of a response, where it has been read."""
    try:
        return str(getattr(response, "text", "") or "")
    except RuntimeError:  # httpx: it is a stream that nobody read
        return ""


def _embedded(text: str) -> str:
    """Returns the object that a message quotes (`Error code: 400 - {…}`), or it."""
    start = text.find("{")
    if start >= 0:
        import ast

        for read in (parsed, ast.literal_eval):
            try:
                reason = reason_in_body(read(text[start:]))
            except (ValueError, SyntaxError, MemoryError, RecursionError):
                continue
            if reason:
                return reason
    return text


def _status(error: BaseException) -> int:
    """Returns the HTTP status that an answer came with, 0 where there is none."""
    response = getattr(error, "response", None)
    for holder in (error, response):
        for name in ("status_code", "code"):
            status = getattr(holder, name, None)
            if isinstance(status, int) and 100 <= status < 600:
                return status
    return 0


def _headers(error: BaseException) -> Mapping[str, str] | None:
    """Returns the headers of an answer, by names in small letters."""
    headers = getattr(getattr(error, "response", None), "headers", None)
    if not isinstance(headers, Mapping):
        return None
    return {str(name).lower(): str(value) for name, value in headers.items()}
