"""An embedding model of a server that the user names."""

from __future__ import annotations

from typing import Any

from ragcli.config import Settings
from ragcli.config.endpoints import EndpointSettings
from ragcli.errors import ModelFailed
from ragcli.models.endpoints.endpoint_server import EndpointServer
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
        found = self._server.post("/embeddings", body, self._name)
        entries = found.get("data") if isinstance(found, dict) else None
        if not isinstance(entries, list) or len(entries) != len(texts):
            raise self._strange()
        rows = [_row(item) for item in sorted(entries, key=_place)]
        if not all(rows):
            raise self._strange()
        return rows

    def _strange(self) -> ModelFailed:
        return ModelFailed(
            f"{self._server.endpoint().name} gave no vectors for what it was sent",
            f"is {self._name} a model for embeddings? `ragcli models list` tells",
        )


def _place(item: Any) -> int:
    return int(item.get("index") or 0) if isinstance(item, dict) else 0


def _row(item: Any) -> list[float]:
    """Returns the vector of one text; the mean where a server gives one a token.

    So do servers of models that were not made for embeddings. [] for anything else.
    """
    row = item.get("embedding") if isinstance(item, dict) else None
    if not isinstance(row, list) or not row:
        return []
    if not all(isinstance(token, list) for token in row):
        return row if all(isinstance(number, int | float) for number in row) else []
    if len({len(token) for token in row}) > 1:
        return []
    return [sum(numbers) / len(row) for numbers in zip(*row, strict=True)]
