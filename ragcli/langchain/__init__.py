"""ragcli's index and embedder behind LangChain's interfaces.

For programs that are built on LangChain and want what ragcli keeps: an index that
survives crashes and concurrent writers, without pickle, and vectors that need no
server.

    from ragcli.langchain import RagcliEmbeddings, RagcliRetriever, RagcliVectorStore

    store = RagcliVectorStore("notes.index", RagcliEmbeddings())
    store.add_texts(["A commit waits ten seconds."])
    RagcliRetriever(profile="work", k=3).invoke("How long does a commit wait?")

Start reading at `vector_store`. Interfaces: https://reference.langchain.com/python/langchain_core/.
"""

from __future__ import annotations

from ragcli.langchain.embeddings import RagcliEmbeddings
from ragcli.langchain.retriever import RagcliRetriever
from ragcli.langchain.vector_store import RagcliVectorStore

__all__ = ["RagcliEmbeddings", "RagcliRetriever", "RagcliVectorStore"]
