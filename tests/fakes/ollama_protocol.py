"""What Ollama's answers look like: models, chat lines, pull progress, vectors."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

Message = dict[str, Any]

STAMP = "2025-06-01T12:00:00.000000Z"
FIRST_PASSAGE = re.compile(
    r"^\[1\][^\n]*\n+(.+?[.!?])(?=\s|$)", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class FakeModel:
    """One installed model."""

    name: str
    context_length: int = 8192
    capabilities: tuple[str, ...] = ("completion",)
    family: str = "llama"
    dimension: int = 32
    parameters: str = 'stop                           "<|eot_id|>"'
    remote_host: str = ""
    """Where a cloud model runs: `https://ollama.com`; the server passes it on."""

    def remote(self) -> dict[str, Any]:
        """What the lists and answers of the server say of a cloud model."""
        if not self.remote_host:
            return {}
        model = self.name.removesuffix("-cloud").removesuffix(":cloud")
        return {"remote_model": model, "remote_host": self.remote_host}

    def details(self) -> dict[str, Any]:
        return {
            "parent_model": "",
            "format": "gguf",
            "family": self.family,
            "families": [self.family],
            "parameter_size": "3.2B",
            "quantization_level": "Q4_K_M",
        }

    def listed(self) -> dict[str, Any]:
        digest = hashlib.sha256(self.name.encode()).hexdigest()
        return {
            "name": self.name,
            "model": self.name,
            "modified_at": STAMP,
            "size": 384 if self.remote_host else 2_019_393_189,
            "digest": digest,
            "details": self.details(),
            **self.remote(),
        }

    def shown(self) -> dict[str, Any]:
        return {
            "modelfile": f"FROM {self.name}",
            "parameters": self.parameters,
            "template": "{{ .Prompt }}",
            "details": self.details(),
            "model_info": {
                "general.architecture": self.family,
                "general.parameter_count": 3_212_749_888,
                f"{self.family}.context_length": self.context_length,
                f"{self.family}.embedding_length": self.dimension,
            },
            "capabilities": list(self.capabilities),
            "modified_at": STAMP,
            **self.remote(),
        }


DEFAULT_MODELS = (
    FakeModel(
        "nomic-embed-text:latest",
        context_length=2048,
        capabilities=("embedding",),
        family="nomic-bert",
    ),
    FakeModel("llama3.2:latest", context_length=131072),
    FakeModel(
        "qwen3:8b", context_length=40960, capabilities=("completion", "thinking")
    ),
)


def quote_first_passage(messages: Sequence[Message]) -> str:
    """Answers with the first sentence of the passage marked [1], if there is one."""
    content = str(messages[-1]["content"]) if messages else ""
    passage = FIRST_PASSAGE.search(content)
    if passage:
        sentence = " ".join(passage[1].split())
        return f"{sentence} [1]"
    return "There is nothing to quote."


def pieces_of(text: str) -> list[str]:
    """Splits an answer as a model would stream it: words with their leading space."""
    return re.findall(r"\s*\S+|\s+$", text)


def vector_of(text: str, dimension: int) -> list[float]:
    """A unit vector of hashed words: texts that share words are near."""
    values = [0.0] * dimension
    for word in re.findall(r"\w+", text.lower()):
        digest = hashlib.sha256(word.encode()).digest()
        values[digest[0] % dimension] += 1.0 if digest[1] % 2 else -1.0
    norm = math.sqrt(sum(value * value for value in values)) or 1.0
    return [value / norm for value in values]


def counts(messages: Sequence[Message], pieces: Sequence[str]) -> dict[str, Any]:
    return {
        "done_reason": "stop",
        "done": True,
        "total_duration": 4_883_583_458,
        "load_duration": 1_334_875,
        "prompt_eval_count": sum(len(str(m["content"]).split()) for m in messages),
        "prompt_eval_duration": 342_546_000,
        "eval_count": len(pieces),
        "eval_duration": 4_535_599_000,
    }


def chat_lines(
    base: dict[str, Any],
    pieces: Sequence[str],
    counts: dict[str, Any],
    thought: str = "",
) -> Iterator[dict[str, Any]]:
    for piece in pieces_of(thought):
        message = {"role": "assistant", "content": "", "thinking": piece}
        yield base | {"message": message, "done": False}
    for piece in pieces:
        message = {"role": "assistant", "content": piece}
        yield base | {"message": message, "done": False}
    yield base | {"message": {"role": "assistant", "content": ""}} | counts


def pull_lines() -> Iterator[dict[str, Any]]:
    digest = "sha256:" + "ab" * 32
    yield {"status": "pulling manifest"}
    for done in range(0, 101, 25):
        layer = {"digest": digest, "total": 100_000_000, "completed": done * 1_000_000}
        yield {"status": f"pulling {digest[7:19]}", **layer}
    for status in ("verifying sha256 digest", "writing manifest", "success"):
        yield {"status": status}
