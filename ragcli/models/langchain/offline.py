"""Providers' libraries, kept from fetching what they would count or embed with.

Some load a table of tokens, a tokeniser or a list of prices from the internet before
they send anything: beside a server on this machine that is a call nobody asked for,
and behind a silent proxy a minute's wait. What counts here is estimated (`tokens`),
and what embeds is sent as text, so nothing of that is needed.
"""

from __future__ import annotations

import os
from typing import Any

SWITCHES = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
}
"""Variables by which libraries are told to use what they have."""

_HERE = ("localhost", "127.0.0.1", "::1")
_HOSTED = frozenset({"huggingface"})
"""Providers whose answers come through the very client that `SWITCHES` would stop."""


def prepare(provider: str, *, chat: bool) -> None:
    """Sets environment variables before a provider's package is imported.

    What the user set stays in force. A proxy of the environment is not used for
    servers on this machine: it would carry prompts out of it.

    Args:
        provider: As LangChain spells it.
        chat: A chat model; otherwise an embedder.

    Note:
        As a side effect, sets variables of `os.environ`.
    """
    if not (chat and provider in _HOSTED):
        for name, value in SWITCHES.items():
            os.environ.setdefault(name, value)
    listed = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    hosts = [host.strip() for host in listed.split(",") if host.strip()]
    wanted = ",".join([*hosts, *(host for host in _HERE if host not in hosts)])
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = wanted


def embedding_options(provider: str) -> dict[str, Any]:
    """Returns what makes a provider's embedder send texts as they are, uncounted."""
    if provider in {"openai", "azure_openai"}:
        # Or it sends the numbers of OpenAI's own tokens, which others do not have.
        return {"check_embedding_ctx_length": False}
    if provider == "mistralai":
        # Its chat model asks this address; its embedder would ask Mistral's own.
        address = os.environ.get("MISTRAL_BASE_URL")
        named = {"endpoint": address} if address else {}
        return {"tokenizer": _three_letters(), **named}
    return {}


def _three_letters() -> Any:
    """Returns a tokenizer that takes three characters for a token: it makes batches."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel({"?": 0}, unk_token="?"))  # noqa: S106
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]{1,3}"), "isolated")
    return tokenizer
