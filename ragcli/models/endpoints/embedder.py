"""An embedding model of a server that the user names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ragcli.config import Settings
from ragcli.config.endpoints import EndpointSettings
from ragcli.errors import ModelFailed
from ragcli.models.endpoints.endpoint_server import EndpointServer
from ragcli.models.foreign_json import count, mapping, mappings
from ragcli.models.remote import RemoteEmbedder
from ragcli.models.transport.locality import elsewhere


class EndpointEmbedder(RemoteEmbedder):
    """An embedding model of a server that the user names; satisfies `Embedder`.

    Args:
        endpoint: The server.
        name: The model, as the server calls it.
        settings: Longest silence.
    """

    def __init__(
        self, endpoint: EndpointSettings, name: str, settings: Settings
    ) -> None:
        super().__init__(f"{endpoint.name}:{name}", name, settings)
        self._server = EndpointServer(endpoint, self._silence)

    @property
    def remote(self) -> str:
        """The other machine that reads every text; "" when this one embeds."""
        return elsewhere(self._server.url)

    def _rows(self, texts: list[str]) -> list[list[float]]:
        body = {"model": self._name, "input": texts, "encoding_format": "float"}
        answer = mapping(self._server.post("/embeddings", body, self._name))
        entries = list(mappings(answer.get("data")))
        if len(entries) != len(texts):
            raise self._strange()
        rows = [_row(entry.get("embedding")) for entry in sorted(entries, key=_index)]
        if not all(rows):
            raise self._strange()
        return rows

    def _strange(self) -> ModelFailed:
        return ModelFailed(
            f"{self._server.endpoint().name} gave no vectors for what it was sent",
            f"is {self._name} a model for embeddings? `ragcli models list` tells",
        )


def _index(entry: Mapping[str, Any]) -> int:
    return count(entry.get("index"))


def _row(embedding: Any) -> list[float]:
    """Returns the vector of one text; the mean where a server gives one a token.

    So do servers of models that were not made for embeddings. [] for anything else.
    """
    if not isinstance(embedding, list):
        return []
    if _are_numbers(embedding):
        return embedding
    if not all(isinstance(token, list) and _are_numbers(token) for token in embedding):
        return []
    if len({len(token) for token in embedding}) > 1:
        return []
    return [sum(numbers) / len(embedding) for numbers in zip(*embedding, strict=True)]


def _are_numbers(values: list[Any]) -> bool:
    return all(isinstance(value, int | float) for value in values)
