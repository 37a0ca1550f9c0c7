"""What a server says about its models: their names, windows and sizes.

Each server says it in its own way, and some only beside OpenAI's protocol. Asked are,
in this order: the list of models; llama.cpp's `/props`; LM Studio's `/api/v0/models`;
Ollama's `/api/ps` and `/api/show`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ragcli.errors import ModelFailed, ModelUnavailable
from ragcli.frozen import frozen
from ragcli.models.endpoints.endpoint_server import EndpointServer
from ragcli.models.foreign_json import (
    count,
    mapping,
    mappings,
    text,
    window,
    window_parameter,
)

_WINDOWS = (
    "n_ctx", "loaded_context_length", "max_model_len", "context_length",
    "context_window", "max_context_length", "max_input_tokens",
)  # fmt: skip
"""Fields in which servers say how many tokens a model may read, the surest first."""
OLLAMA_WINDOW = 4096
"""Tokens that an Ollama gives a model where nobody says otherwise."""


@frozen
class Served:
    """A model that a server has."""

    name: str
    window: int = 0
    """Tokens it may read; 0 when the server does not say."""
    size: int = 0
    """Bytes; 0 when the server does not say."""
    embeds: bool = False
    """Whether it looks like a model for embeddings only."""
    software: str = ""
    """What serves it: `llamacpp`, `vllm`, or ""."""


def served(server: EndpointServer) -> list[Served]:
    """Returns the models of a server, in its order; raises `ModelUnavailable`."""
    answer, headers = server.get("/models")
    listed = answer.get("data") if isinstance(answer, Mapping) else answer
    if not isinstance(listed, list | None):
        raise ModelFailed(
            f"{server.endpoint().name} sent something that is no list of models",
            "check the address: it must be a model server's, mostly ending in /v1",
        )
    return [_entry(item, headers) for item in mappings(listed) if text(item.get("id"))]


def about(server: EndpointServer, name: str) -> Served:
    """Returns what can be known of one model; its window is 0 if nobody says it.

    A model that is not listed is asked for all the same: gateways know more than they
    list, and a server of one model takes any name.

    Raises:
        ModelUnavailable: The server cannot be reached, or refuses.
    """
    listed = served(server)
    model = next((item for item in listed if item.name == name), None)
    if model is None and len(listed) == 1:
        model = listed[0]
    model = model or Served(name)
    if model.window:
        return model
    for look in (_props, _lm_studio, _ollama):
        try:
            tokens = look(server, name)
        except ModelUnavailable:  # it is another kind of server
            continue
        if tokens:
            return Served(name, tokens, model.size, model.embeds, model.software)
    return model


def _entry(item: Mapping[str, Any], headers: Mapping[str, str]) -> Served:
    meta = mapping(item.get("meta"))
    name = text(item.get("id"))
    kind = text(item.get("type"))
    owner = text(item.get("owned_by")).lower()
    if "llama.cpp" in headers.get("server", "").lower():
        owner = "llamacpp"
    return Served(
        name=name,
        window=_window(meta) or _window(item),
        size=count(meta.get("size")) or count(item.get("size")),
        embeds="embed" in name.lower() or kind.startswith("embed"),
        software=owner,
    )


def _window(fields: Mapping[str, Any]) -> int:
    return next(filter(None, (window(fields.get(key)) for key in _WINDOWS)), 0)


def _props(server: EndpointServer, _: str) -> int:
    """Asks llama.cpp: the context of one slot is what one request may use."""
    props, _headers = server.get("/props", root=True)
    slot = mapping(mapping(props).get("default_generation_settings"))
    return window(slot.get("n_ctx"))


def _lm_studio(server: EndpointServer, name: str) -> int:
    answer, _headers = server.get("/api/v0/models", root=True)
    entries = mappings(mapping(answer).get("data"))
    return next((_window(item) for item in entries if item.get("id") == name), 0)


def _ollama(server: EndpointServer, name: str) -> int:
    """Asks an Ollama behind `/v1`, where the window cannot be chosen."""
    loaded, _headers = server.get("/api/ps", root=True)
    for item in mappings(mapping(loaded).get("models")):
        if name in {text(item.get("name")), text(item.get("model"))}:
            return window(item.get("context_length")) or OLLAMA_WINDOW
    shown = mapping(server.post("/api/show", {"model": name}, name, root=True))
    if num_ctx := window_parameter(shown.get("parameters")):
        return num_ctx
    info = mapping(shown.get("model_info"))
    architecture = info.get("general.architecture", "")
    made_for = window(info.get(f"{architecture}.context_length"))
    return min(made_for or OLLAMA_WINDOW, OLLAMA_WINDOW)
