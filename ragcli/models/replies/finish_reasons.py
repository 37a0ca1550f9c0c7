"""How an answer ended, in one vocabulary for every provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ragcli.models.base import Usage
from ragcli.models.foreign_json import count, mapping

STOP, LENGTH, FILTER, TOOLS, UNFINISHED = (
    "stop",
    "length",
    "filter",
    "tools",
    "unfinished",
)

_REASONS = {
    **dict.fromkeys(
        (
            "length", "max_tokens", "model_length", "max_output_tokens",
            "model_context_window_exceeded",
        ),
        LENGTH,
    ),
    **dict.fromkeys(
        (
            "content_filter", "refusal", "safety", "recitation", "blocklist", "spii",
            "prohibited_content", "language", "content_filtered",
            "guardrail_intervened",
        ),
        FILTER,
    ),
    **dict.fromkeys(
        ("tool_calls", "tool_use", "function_call", "malformed_function_call"), TOOLS
    ),
}  # fmt: skip
_KEYS = ("finish_reason", "stop_reason", "done_reason", "stopReason")


def reason_of(word: str) -> str:
    """Returns what a provider's word for the end of an answer means."""
    return _REASONS.get(word.lower(), STOP) if word else UNFINISHED


def reason_in(metadata: Mapping[str, Any]) -> str:
    """Returns a provider's own word among what LangChain passes on; "" if none."""
    for key in _KEYS:
        if metadata.get(key):
            return str(metadata[key])
    return ""


def openai_usage(usage: Any) -> Usage | None:
    """Returns the tokens that an OpenAI-compatible server counted, if it did."""
    cached = ("prompt_tokens_details", "cached_tokens")
    return _usage(usage, "prompt_tokens", "completion_tokens", cached)


def langchain_usage(usage: Any) -> Usage | None:
    """Returns the tokens of LangChain's `usage_metadata`, if there is any."""
    cached = ("input_token_details", "cache_read")
    return _usage(usage, "input_tokens", "output_tokens", cached)


def _usage(
    usage: Any, prompt: str, completion: str, cached: tuple[str, str]
) -> Usage | None:
    if not isinstance(usage, Mapping):
        return None
    details = usage.get(cached[0])
    return Usage(
        prompt=count(usage.get(prompt)),
        completion=count(usage.get(completion)),
        cached=count(mapping(details).get(cached[1])),
    )


def added(total: Usage | None, piece: Usage | None) -> Usage | None:
    """Returns the sum of what was told in pieces."""
    if total is None or piece is None:
        return total or piece
    return Usage(
        total.prompt + piece.prompt,
        total.completion + piece.completion,
        total.cached + piece.cached,
    )
