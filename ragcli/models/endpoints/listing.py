"""What a server says about its models: their names, windows and sizes.

Each server says it in its own way, and some only beside OpenAI's protocol. Asked are,
in this order: the list of models; llama.cpp's `/props`; LM Studio's `/api/v0/models`;
Ollama's `/api/ps` and `/api/show`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ragcli.errors import ModelUnavailable
from ragcli.frozen import frozen
from ragcli.models.endpoints.endpoint_server import EndpointServer

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
    found, headers = server.get("/models")
    listed = found.get("data") if isinstance(found, Mapping) else found
    entries = [item for item in listed or [] if isinstance(item, Mapping)]
    return [_entry(item, headers) for item in entries if item.get("id")]


def about(server: EndpointServer, name: str) -> Served:
    """Returns what can be known of one model; its window is 0 if nobody says it.

    A model that is not listed is asked for all the same: gateways know more than they
    list, and a server of one model takes any name.

    Raises:
        ModelUnavailable: The server cannot be reached, or refuses.
    """
    listed = served(server)
    model = next((one for one in listed if one.name == name), None)
    if model is None and len(listed) == 1:
        model = listed[0]
    model = model or Served(name)
    if model.window:
        return model
    for look in (_props, _lm_studio, _ollama):
        try:
            window = look(server, name)
        except ModelUnavailable:  # it is another kind of server
            continue
        if window:
            return Served(name, window, model.size, model.embeds, model.software)
    return model


def _entry(item: Mapping[str, Any], headers: Mapping[str, str]) -> Served:
    meta = _object(item.get("meta"))
    name = str(item["id"])
    kind = str(item.get("type") or "")
    owner = str(item.get("owned_by") or "").lower()
    if "llama.cpp" in headers.get("server", "").lower():
        owner = "llamacpp"
    return Served(
        name=name,
        window=_window(meta) or _window(item),
        size=_whole(meta.get("size")) or _whole(item.get("size")),
        embeds="embed" in name.lower() or kind.startswith("embed"),
        software=owner,
    )


def _window(said: Mapping[str, Any]) -> int:
    return next(filter(None, (_whole(said.get(key)) for key in _WINDOWS)), 0)


def _props(server: EndpointServer, _: str) -> int:
    """Asks llama.cpp: the context of one slot is what one request may use."""
    found, _headers = server.get("/props", root=True)
    settings = _object(_object(found).get("default_generation_settings"))
    return _whole(settings.get("n_ctx"))


def _lm_studio(server: EndpointServer, name: str) -> int:
    found, _headers = server.get("/api/v0/models", root=True)
    entries = map(_object, _object(found).get("data") or [])
    return next((_window(item) for item in entries if item.get("id") == name), 0)


def _ollama(server: EndpointServer, name: str) -> int:
    """Asks an Ollama behind `/v1`, where the window cannot be chosen."""
    loaded, _headers = server.get("/api/ps", root=True)
    for item in map(_object, _object(loaded).get("models") or []):
        if item.get("name") == name or item.get("model") == name:
            return _whole(item.get("context_length")) or OLLAMA_WINDOW
    shown = _object(server.post("/api/show", {"model": name}, name, root=True))
    for line in str(shown.get("parameters") or "").splitlines():
        key, _, value = line.partition(" ")
        if key == "num_ctx" and value.strip().isdigit():
            return int(value)
    told = _object(shown.get("model_info"))
    architecture = told.get("general.architecture", "")
    made_for = _whole(told.get(f"{architecture}.context_length"))
    return min(made_for or OLLAMA_WINDOW, OLLAMA_WINDOW)


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _whole(value: Any) -> int:
    return int(value) if isinstance(value, int | float) and value > 0 else 0
