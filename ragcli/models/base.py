"""What the engine asks of a model: one prompt in, a stream of text out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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

    origin: str = ""
    """"" for one's own documents, else the mount that it comes from."""

    name: str = ""
    """What its file's name says, in words."""

    notation: str = ""
    """The format of its file, whose marks are shown as a page shows them; "" for none.
    """


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
    """`line`, `code`, or `computed`: the model's own result of what stands there."""

    span: tuple[int, int] = (0, 0)
    """Where it stands in the source's text: offsets; (0, 0) when it is not told."""

    confidence: float = 1.0
    """How sure the model is that it answers, in [0, 1]."""


@frozen
class WholeDocument:
    """A document of which a model can read all, not only what was retrieved."""

    name: str
    """Its file's name."""

    title: str
    """Its title, or ""."""

    count: int
    """How many pieces it has."""

    piece: Callable[[int], Source]
    """Returns one of them by its number, counted from 1, which is its marker."""

    retrieved: tuple[int, ...] = ()
    """The numbers of the pieces that were retrieved, best first."""

    is_chosen: bool = False
    """Whether nothing else can be meant: it came with the question, or it is the only
    document there is."""

    def read(self) -> Iterator[Source]:
        """Yields its pieces in reading order, one at a time."""
        return (self.piece(number) for number in range(1, self.count + 1))


@frozen
class Stretch:
    """A stretch of a whole document: from a place in one piece to one in another."""

    document: int
    """Which of the documents, counted from 0."""

    first: int
    """The marker of the piece in which it begins."""

    start: int
    """Offset of its first character there."""

    last: int
    """The marker of the piece in which it ends."""

    end: int
    """Offset after its last character there."""


@frozen
class ComputedStatement:
    """A statement computed from whole documents, and the stretches it comes from."""

    text: str
    """One line: a row, a heading, a sentence, or a result."""

    stretches: tuple[Stretch, ...]
    """Where it stands, or what else it is computed from; all of one document."""

    computed: bool = False
    """Whether it is the model's own result: of its stretches and of those of all the
    other statements, not their words."""


@frozen
class Drawn:
    """An answer drawn from whole documents, or why there is none."""

    statements: tuple[ComputedStatement, ...] = ()
    """In the order of the answer; () when nothing could be drawn."""

    reason: str = ""
    """Why nothing could be, in one line; "" when the question asks for no such."""

    is_unknown: bool = False
    """Whether the reason is a word that the table does not know: no row has it."""


Piece = str | Quotation
"""A piece of an answer: text whose markers are read, or a quotation."""


@frozen
class Usage:
    """Tokens of one request, as the server counts them."""

    prompt: int = 0
    completion: int = 0
    cached: int = 0
    """How many of the prompt's the server had already."""


@frozen
class Thought:
    """A piece of what a model says to itself; no part of its answer."""

    text: str


@frozen
class Reading:
    """How far a server is with reading the prompt, in tokens."""

    done: int
    total: int


@frozen
class Waiting:
    """A server asked for time before it takes the request."""

    seconds: float
    """Seconds until it is asked again."""
    why: str
    """One phrase: `it is loading the model`."""


@frozen
class Restart:
    """All text so far was thought: the answer begins only now."""


@frozen
class Ended:
    """How an answer ended, and its usage; the last item of a stream."""

    reason: str
    """`stop`, `length`, `filter`, `tools`, or `unfinished` where nothing was said."""
    usage: Usage | None = None


Sign = Thought | Reading | Waiting | Restart | Ended
"""What a stream yields besides the text of the answer."""


@frozen
class Exchange:
    """An earlier question and its answer."""

    question: str
    answer: str
    quoted: bool = False
    """Whether the answer is quotations: words of documents, not of an assistant."""
    sources: tuple[Source, ...] = ()
    """Passages that were sent with the question, and not before."""
    focus: tuple[int, ...] = ()
    """Numbers of all passages found for it, best first; () where it stands without
    them. The markers of the answer are such numbers then."""


def only_quotes(spec: str) -> bool:
    """Tells whether the answers of a model, by its `spec`, are quotations."""
    return spec.startswith("builtin:")


@frozen
class Prompt:
    """Everything that a model reads for one answer, fitted to its window."""

    question: str
    """What the user asked, verbatim."""

    query: str
    """What was searched: the question, or its history-aware form."""

    sources: tuple[Source, ...]
    """Passages, best first, without those of `history`; empty with `--no-docs`."""

    history: tuple[Exchange, ...] = ()
    """Earlier turns, oldest first."""

    summary: str = ""
    """What the turns before `history` were about, or ""."""

    begun: str = ""
    """The beginning of this very answer, which broke off, or ""."""

    instructions: str = ""
    """The user's own system prompt, added to ours, or ""."""

    boundary: str = ""
    """A random mark, made for this conversation, that delimits the passages."""

    focus: tuple[int, ...] = ()
    """Numbers of the passages found for the question, best first; () where they are
    just `sources`."""

    grounded: bool = True
    """Whether the answer must come from `sources` alone."""

    drawn: tuple[Quotation, ...] = ()
    """What `DrawsFromWhole` drew for the question, from the first of `sources`; the
    model gives it as it is."""

    rows_answer: bool = True
    """False where a count over a table failed at a word that none of its rows has."""

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

    def stream(self, prompt: Prompt) -> Iterator[Piece | Sign]:
        """Yields the answer piece by piece; closing the iterator cancels it."""

    def complete(
        self,
        instruction: str,
        text: str,
        after: Prompt | None = None,
        *,
        one_line: bool = False,
    ) -> str:
        """Returns a short completion: a rewritten query, a summary, a title.

        The built-in model returns "": it never writes text of its own.

        Args:
            instruction: What to do.
            text: What to do it with.
            after: Asked as the next message of this prompt's conversation, whose
                tokens the server has read already; None for a request of its own.
            one_line: Only the first line is wanted; the rest is not waited for.
        """


@runtime_checkable
class DrawsFromWhole(Protocol):
    """A chat model that computes, lists and sums up over whole documents."""

    def wants_whole(self, question: str) -> bool:
        """Tells whether a question asks for such an answer."""

    def draw(self, question: str, documents: Sequence[WholeDocument]) -> Drawn:
        """Returns what it draws for such a question.

        Args:
            question: The question, verbatim.
            documents: Those of the retrieved passages, the likeliest first.
        """
