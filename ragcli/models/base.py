"""What the engine asks of a model: one prompt in, a stream of text out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from ragcli.frozen import frozen
from ragcli.language.units import Table, Unit


@frozen
class Source:
    """One passage as a model sees it."""

    marker: int
    """The number n of its citation `[n]`, counted from 1."""

    text: str
    """The passage, as indexed."""

    label: str
    """Where it stands, for people: `docs/locks.md:12-20 (Locks)`."""

    kind: str
    """`prose`, `code` or `table`."""

    score: float
    """Relevance in [0, 1], from retrieval."""

    attached: bool = False
    """Whether its document came with the question."""

    units: tuple[Unit, ...] = ()
    """What of it can be quoted, in order."""

    tables: tuple[Table, ...] = ()
    """The tables that it has rows of; units name them by their place here."""

    above: tuple[str, ...] = ()
    """Its document's title and the headings above it, outermost first."""


@frozen
class Quotation:
    """A stretch of a source that a model gives as it is, and whose it is.

    Apart from text, so that nothing in it can pass for the model's own marker.
    """

    text: str
    """What is quoted: one line of prose, or lines of code."""

    marker: int
    """The number of its source."""

    kind: str = "line"
    """`line` or `code`."""

    span: tuple[int, int] = (0, 0)
    """Where it stands in the source's text: offsets; (0, 0) when it is not told."""

    confidence: float = 1.0
    """How sure the model is that it answers, in [0, 1]."""


Piece = str | Quotation
"""What an answer comes in: text, whose markers are to be read, and quotations."""


@frozen
class Exchange:
    """An earlier question and its answer."""

    question: str
    answer: str
    quoted: bool = False
    """Whether the answer is quotations: words of documents, not of an assistant."""


def only_quotes(spec: str) -> bool:
    """Tells whether the answers of a model, by its `spec`, are quotations."""
    return spec.startswith("builtin:")


@frozen
class Prompt:
    """Everything a model may use for one answer, already fitted to its window."""

    question: str
    """What the user asked, verbatim."""

    query: str
    """What was searched: the question, or its history-aware form."""

    sources: tuple[Source, ...]
    """Passages, best first; empty with `--no-docs`."""

    history: tuple[Exchange, ...] = ()
    """Earlier turns, oldest first."""

    summary: str = ""
    """What the turns before `history` were about, or ""."""

    begun: str = ""
    """The beginning of this very answer, which broke off, or ""."""

    instructions: str = ""
    """The user's own system prompt, added to ours, or ""."""

    boundary: str = ""
    """A random mark, new for each request, that delimits the passages."""

    grounded: bool = True
    """Whether the answer must come from `sources` alone."""

    threshold: float = 0.5
    """Least confidence, in [0, 1], with which the built-in model quotes something."""


class ChatModel(Protocol):
    """A model that can answer.

    Every method raises only `ModelUnavailable` and its leaves.
    """

    spec: str
    """Its name in commands and JSON: `builtin:extractive`, `ollama:llama3.2`."""

    generates: bool
    """False for the built-in model, which only quotes."""

    @property
    def remote(self) -> str:
        """Address of the other machine that reads every prompt; "" when none does."""

    def window(self) -> int:
        """Returns the context window in tokens; 0 when the model has none."""

    def count_tokens(self, text: str) -> int:
        """Returns the number of the model's tokens in `text`, or a safe estimate."""

    def stream(self, prompt: Prompt) -> Iterator[Piece]:
        """Yields the answer piece by piece; closing the iterator cancels it."""

    def complete(self, instruction: str, text: str) -> str:
        """Returns a short completion: a rewritten query, a summary, a title.

        The built-in model returns "": it never writes text of its own.
        """


@runtime_checkable
class Stoppable(Protocol):
    """A chat model whose answer can be ended while its server is silent."""

    def stop(self) -> None:
        """Ends the present answer from another thread; its reader meets an error."""
