"""LangChain's retriever over a ragcli profile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

# LangChain itself takes a second to load; whoever imports this module wants it.
from langchain_core.documents import Document  # noqa: TID253
from langchain_core.retrievers import BaseRetriever  # noqa: TID253

from ragcli.chat.presentation.passages import heading, unit_lines
from ragcli.index.passages import Passage
from ragcli.paths import shown
from ragcli.runtime import Runtime

if TYPE_CHECKING:
    from langchain_core.callbacks import CallbackManagerForRetrieverRun


class RagcliRetriever(BaseRetriever):
    """LangChain's retriever over a ragcli profile: hybrid search, ranked, cited.

    Raises:
        ProfileNotFound: There is no such profile.
    """

    profile: str | None = None
    """The profile; None for the one that `ragcli` itself would use."""

    k: int = 4
    """How many documents to return at most."""

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002 - LangChain's name
        **kwargs: Any,
    ) -> list[Document]:
        with Runtime(profile=self.profile).open(create=False) as workspace:
            result = workspace.search(query, limit=int(kwargs.get("k", self.k)))
            return [_cited(passage) for passage in result.passages]


def _cited(passage: Passage) -> Document:
    """Returns a passage with where it stands: its whole text, and each part of it.

    `path`, `shown`, `quote` and `quotes` are those of a citation in `ask --json`.
    """
    metadata = {
        "source": passage.path,
        "path": passage.path,
        "shown": shown(passage.path, passage.part),
        "quote": passage.text,
        "quotes": [
            {
                "text": passage.text[unit.start : unit.end],
                "lines": list(lines) if (lines := unit_lines(passage, unit)) else None,
                "page": passage.page,
            }
            for unit in passage.units
            if unit.kind not in {"heading", "columns"}
        ],
        "part": passage.part,
        "page": passage.page,
        "lines": list(passage.lines) if passage.lines else None,
        "heading": heading(passage),
        "score": passage.score,
        "origin": passage.source,
    }
    return Document(id=passage.id, page_content=passage.text, metadata=metadata)
