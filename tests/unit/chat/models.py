"""Chat models that are scripted in the process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ragcli.errors import ModelFailed
from ragcli.models.base import Prompt


@dataclass
class Scripted:
    """A model whose window and words are given; a token is a word."""

    size: int = 0
    output: str = ""
    generates: bool = True
    fails: bool = False
    spec: str = "test:model"
    remote: str = ""
    heard: list[tuple[str, str]] = field(default_factory=list)

    def window(self) -> int:
        return self.size

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def stream(self, prompt: Prompt) -> Iterator[str]:
        yield self.output

    def complete(
        self,
        instruction: str,
        text: str,
        after: Prompt | None = None,
        *,
        one_line: bool = False,
    ) -> str:
        self.heard.append((instruction, text))
        if self.fails:
            raise ModelFailed("it broke")
        return self.output
