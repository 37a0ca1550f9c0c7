"""The baseline: retrieval as LangChain's tutorials write it.

RecursiveCharacterTextSplitter, FAISS.save_local and load_local, and
FileChatMessageHistory. The vectors are those that ragcli has, read from the same two
files, so that only the way of working is compared; the code is not ragcli's.
Commands: `ingest DIR STORE`, `ask STORE QUESTION`, `chat STORE HOST MODEL QUESTION`,
and `save STORE`, which saves until it is killed.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from pathlib import Path

warnings.simplefilter("ignore", DeprecationWarning)

import numpy as np  # noqa: E402
from langchain_community.chat_message_histories import (  # noqa: E402
    FileChatMessageHistory,
)
from langchain_community.vectorstores import FAISS  # noqa: E402
from langchain_core.embeddings import Embeddings  # noqa: E402
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage  # noqa: E402
from langchain_text_splitters import RecursiveCharacterTextSplitter  # noqa: E402
from tokenizers import Tokenizer  # noqa: E402

from ragcli.models.builtin import wheel  # noqa: E402

BATCH = 256
"""Texts that are embedded together."""


class Vectors(Embeddings):
    """The word vectors that ragcli has, used plainly: tokenise, look up, average."""

    def __init__(self) -> None:
        self._tokenizer = Tokenizer.from_file(str(wheel.tokenizer_file()))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._table = np.asarray(wheel.token_vectors(), np.float32)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Returns one vector a text."""
        found: list[list[float]] = []
        for start in range(0, len(texts), BATCH):
            batch = texts[start : start + BATCH]
            for encoded in self._tokenizer.encode_batch(
                batch, add_special_tokens=False
            ):
                mean = self._table[encoded.ids].mean(axis=0)
                found.append((mean / np.linalg.norm(mean)).tolist())
        return found

    def embed_query(self, text: str) -> list[float]:
        """Returns the vector of a question."""
        return self.embed_documents([text])[0]


def ingest(directory: str, store: str) -> None:
    """Splits, embeds and saves every file below a directory."""
    splitter = RecursiveCharacterTextSplitter(chunk_size=1200, chunk_overlap=120)
    texts: list[str] = []
    sources: list[dict[str, str]] = []
    for path in sorted(Path(directory).rglob("*.*")):
        pieces = [piece for text in _texts(path) for piece in splitter.split_text(text)]
        texts += pieces
        sources += [{"source": str(path)}] * len(pieces)
    FAISS.from_texts(texts, Vectors(), metadatas=sources).save_local(store)


def _texts(path: Path) -> list[str]:
    """Returns the text of a file; of a PDF that of each page, as `PyPDFLoader` does."""
    if path.suffix != ".pdf":
        return [path.read_text(encoding="utf-8")]
    from pypdf import PdfReader

    return [page.extract_text() for page in PdfReader(path).pages]


def ask(store: str, question: str) -> None:
    """Prints the best passages and keeps the turn."""
    index = FAISS.load_local(store, Vectors(), allow_dangerous_deserialization=True)
    found = index.similarity_search(question, k=6)
    answer = "\n\n".join(document.page_content for document in found)
    _remember(store, question, answer)
    sys.stdout.write(answer)


def chat(store: str, host: str, model: str, question: str) -> None:
    """Streams a generated answer from Ollama."""
    from langchain_ollama import ChatOllama

    index = FAISS.load_local(store, Vectors(), allow_dangerous_deserialization=True)
    found = index.similarity_search(question, k=6)
    context = "\n\n".join(document.page_content for document in found)
    messages = [
        SystemMessage(f"Answer from this context:\n{context}"),
        HumanMessage(question),
    ]
    answer = ""
    for piece in ChatOllama(model=model, base_url=host).stream(messages):
        sys.stdout.write(piece.text)
        sys.stdout.flush()
        answer += piece.text
    _remember(store, question, answer)


def save(store: str) -> None:
    """Saves an index over and over, each time with one text more."""
    index = FAISS.load_local(store, Vectors(), allow_dangerous_deserialization=True)
    print("saving", flush=True)
    while True:
        index.add_texts(["one more text"])
        index.save_local(store)


def _remember(store: str, question: str, answer: str) -> None:
    history = FileChatMessageHistory(f"{store}.history.json")
    history.add_messages([HumanMessage(question), AIMessage(answer)])


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    commands: dict[str, Callable[..., None]] = {
        "ingest": ingest,
        "ask": ask,
        "chat": chat,
        "save": save,
    }
    commands[command](*arguments)
