"""What a model server says when it refuses, by its HTTP status and its words.

Every server words its errors in its own JSON, and what stands in front of it in HTML.
Out of each comes one line, and a hint that fits the status.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from datetime import UTC, datetime
from typing import Any

from ragcli.errors import (
    ModelFailed,
    ModelNotFound,
    ModelUnavailable,
    PromptTooLong,
    ServerBusy,
)
from ragcli.frozen import frozen
from ragcli.language.patterns import deferred
from ragcli.models.foreign_json import parsed

LONGEST = 300
"""Characters of a foreign message that are shown."""

_LOG = "see the server's log; `ragcli models list` shows other models"
_KEY = "check the provider's API key in your environment"
_HTML = "an HTML page"
_TOO_LONG = ("context length", "context size", "context window", "exceed_context",
             "maximum context", "too many tokens", "prompt is too long")  # fmt: skip
_WINDOW = deferred(
    r"(?:context[ _](?:length|size|window)|n_ctx)\D{0,40}?(\d{3,8})", re.IGNORECASE
)
_OPTIONAL = (
    "temperature", "stop", "seed", "top_p", "stream_options", "return_progress",
    "max_completion_tokens", "max_tokens",
)  # fmt: skip
"""What a request can do without, where a model refuses it by name."""
_REFUSES = deferred(
    "support|unknown|unrecogni|not allowed|not permitted|extra|unexpected|invalid"
    "|only the default|deprecated|must be",
    re.IGNORECASE,
)
_NO_KEY = deferred(r"api[_ -]?key|credentials", re.IGNORECASE)


def _window_in(reason: str) -> int:
    """Returns the window that a refusal tells, in tokens; 0 for none."""
    match = _WINDOW.search(reason)
    return int(match[1]) if match else 0


@frozen
class Endpoint:
    """A model server, as error messages name it."""

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

    credentials: str = _KEY
    """What to do when it refuses the key."""


def refusal(
    endpoint: Endpoint,
    status: int,
    reason: str,
    headers: Mapping[str, str] | None = None,
) -> ModelUnavailable:
    """Returns the error for a response with an error status.

    Args:
        endpoint: Who answered.
        status: HTTP status; 0 where there was none.
        reason: What it said, as `reason_in_body` returns it.
        headers: Of the answer; `Retry-After` counts.
    """
    why = reason or "without a reason"
    who = endpoint.name
    if 300 <= status < 400:
        return _sent_elsewhere(endpoint, headers)
    if status in {401, 403, 404} or (not status and _NO_KEY.search(reason)):
        return _denied(endpoint, status, reason)
    if status == 413 or any(words in reason.lower() for words in _TOO_LONG):
        return PromptTooLong(
            f"{who} finds the prompt too long: {why}",
            "tell its window: --context-window 2048; or take fewer passages: -k 3",
            _window_in(reason),
        )
    if status == 429:
        return ServerBusy(
            f"{who} takes no more requests now: {why}",
            "too many requests, or no credit left; wait, then retry",
            retry_after(headers),
        )
    if status in {502, 503, 529}:
        return ServerBusy(
            f"{who} is not ready: {why}",
            "it may still be loading the model; retry, or see its log",
            retry_after(headers),
        )
    answered = f" answered {status}" if status else ""
    return ModelFailed(f"{who}{answered}: {why}", _advice(reason))


def _sent_elsewhere(
    endpoint: Endpoint, headers: Mapping[str, str] | None
) -> ModelUnavailable:
    """Returns the error for a redirection: what was asked goes nowhere unasked."""
    target = str((headers or {}).get("location") or "another address")[:LONGEST]
    return ModelFailed(
        f"{endpoint.name} sends every request on to {target}",
        "if it is the server you mean, write that address in the settings",
    )


def _denied(endpoint: Endpoint, status: int, reason: str) -> ModelUnavailable:
    """Returns the error for a key, a path or a model that a server does not take."""
    who = endpoint.name
    if not status:
        return ModelFailed(f"{who} has no key: {reason}", endpoint.credentials)
    if status != 404:
        why = reason or "without a reason"
        return ModelFailed(
            f"{who} refused the credentials: {why}", endpoint.credentials
        )
    if _is_path(reason):
        return ModelFailed(
            f"{who} has no such path",
            "check the address: most servers want one that ends in /v1",
        )
    return ModelNotFound(f"{who} has no model {endpoint.model!r}", endpoint.missing)


def reason_in_body(body: Any) -> str:
    """Returns the reason in the body of an answer, on one line; "" for none.

    Args:
        body: Bytes or text as they came, or what JSON made of them.
    """
    if isinstance(body, bytes):
        body = body.decode("utf-8", "replace")
    if isinstance(body, str):
        return _reason_in_text(body.strip())
    if isinstance(body, Mapping):
        wanted = ("error", "message", "detail", "msg")
        body = [body[key] for key in wanted if body.get(key)]
    if isinstance(body, list | tuple):
        return next(filter(None, map(reason_in_body, body)), "")
    return str(body)[:LONGEST] if isinstance(body, int | float) else ""


def _reason_in_text(text: str) -> str:
    if text[:1] in {"{", "["}:
        try:
            return reason_in_body(parsed(text))
        except (ValueError, RecursionError):
            return "broken JSON"
    if text[:1] == "<":
        return _HTML
    lines = text.splitlines()
    return lines[0][:LONGEST] if lines else ""


def retry_after(headers: Mapping[str, str] | None) -> float:
    """Returns the seconds that `Retry-After` names; 0 for none (RFC 9110, 10.2.3)."""
    value = str((headers or {}).get("retry-after") or "").strip()
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    from email.utils import parsedate_to_datetime  # few answers have one

    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _is_path(reason: str) -> bool:
    """Tells whether a 404 speaks of the address, not of a model."""
    low = reason.lower()
    if "model" in low:
        return False
    return low in {"", "not found", _HTML.lower(), "file not found"} or "page" in low


def _advice(reason: str) -> str:
    low = reason.lower()
    if "memory" in low:
        return "take a smaller model, or a smaller window: --context-window 4096"
    if "https" in low and "http" in low:
        return "it speaks TLS: write https:// in its address"
    return _LOG


def refused_parameter(message: str, options: Container[str]) -> str:
    """Returns which of the `options` a server's message refuses; "" for none.

    It can be left out then: no answer depends on one of them.
    """
    if not _REFUSES.search(message):
        return ""
    for name in _OPTIONAL:
        if name in options and re.search(rf"(?<![\w-]){name}(?![\w-])", message):
            return name
    return ""
