"""What models of all servers do alike, whatever library or protocol reaches them.

A reply is asked for, waited for while a server is busy, and its reasoning set apart;
texts are embedded in batches. Each provider says only how one reply, or one batch, is
asked for.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

from ragcli.config import Settings, seconds
from ragcli.models.base import Ended, Prompt, Sign, Thought
from ragcli.models.foreign_json import valid_unicode
from ragcli.models.prompt_messages import Message, messages, requests
from ragcli.models.replies.finish_reasons import LENGTH
from ragcli.models.replies.reasoning import apart, may_open_itself
from ragcli.models.replies.short_completions import collected
from ragcli.models.token_estimate import estimate
from ragcli.models.transport.embedding_batches import BATCH, in_batches
from ragcli.models.transport.retry_after import patiently

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


_LONGEST_TOKEN = 32
"""Characters that no token has on the average: above as many a token, a server pays no
heed to the limit that it was told."""
SHORT_COMPLETION = 1024
"""Tokens, reasoning included, after which a query or a title is not waited for."""


class RemoteChatModel(ABC):
    """A chat model of a server: all of `ChatModel` but its window and its address.

    Args:
        spec: Its name in commands and JSON, `PROVIDER:MODEL`.
        name: The model, as its server calls it.
        settings: Sampling, limits and longest silence.
    """

    generates = True

    def __init__(self, spec: str, name: str, settings: Settings) -> None:
        self.spec = spec
        self._name = name
        self._settings = settings
        self._silence = float(seconds(settings.timeout))

    @abstractmethod
    def _reply(
        self, rendered: Sequence[Message], *, is_short: bool
    ) -> Generator[str | Sign, None, None]:
        """Asks for one reply, and yields it as the server sends it.

        Args:
            rendered: What the model reads.
            is_short: Whether it is a query or a title: a few words, the likeliest.

        Raises:
            ModelUnavailable: It does not come, or breaks off.
        """

    def count_tokens(self, text: str) -> int:
        """Returns an upper estimate.

        Servers have no call that counts, and the counters of libraries download a
        table, or send the text away.
        """
        return estimate(text)

    def stream(self, prompt: Prompt) -> Iterator[str | Sign]:
        """Yields the answer and its signs; closing the iterator hangs up.

        Raises:
            ModelUnavailable: It does not come, or breaks off.
        """
        with closing(self._waited_for(messages(prompt), is_short=False)) as pieces:
            yield from apart(pieces, held_back=may_open_itself(self._name))

    def complete(
        self,
        instruction: str,
        text: str,
        after: Prompt | None = None,
        *,
        one_line: bool = False,
    ) -> str:
        """Returns a short completion; see `ChatModel`.

        Raises:
            ModelUnavailable: As `stream`.
        """
        rendered = requests(instruction, text, after)
        pieces = self._waited_for(rendered, is_short=True)
        split = apart(pieces, held_back=may_open_itself(self._name))
        return collected(split, one_line=one_line)

    def _waited_for(
        self, rendered: Sequence[Message], *, is_short: bool
    ) -> Generator[str | Sign, None, None]:
        ask = partial(self._reply, rendered, is_short=is_short)
        tokens = SHORT_COMPLETION if is_short else self._settings.max_tokens
        return _limited(patiently(ask, self._silence), tokens)


def _limited(
    pieces: Generator[str | Sign, None, None], tokens: int
) -> Generator[str | Sign, None, None]:
    """Yields a reply, ended where it is longer than it can be; its text is Unicode.

    Args:
        pieces: As the server sends them.
        tokens: Most tokens of the reply; 0 for no limit.
    """
    left = tokens * _LONGEST_TOKEN
    with closing(pieces):
        for piece in pieces:
            match piece:
                case str():
                    left -= len(piece)
                    yield valid_unicode(piece)
                case Thought(thought):
                    left -= len(thought)
                    yield Thought(valid_unicode(thought))
                case _:
                    yield piece
            if tokens and left < 0:
                yield Ended(LENGTH)
                return


class RemoteEmbedder(ABC):
    """An embedding model of a server: all of `Embedder` but its address.

    Args:
        spec: Its name in commands and in an index, `PROVIDER:MODEL`.
        name: The model, as its server calls it.
        settings: Longest silence.
    """

    batch = BATCH
    """Texts of one request: callers that tell progress ask for no more at once."""

    def __init__(self, spec: str, name: str, settings: Settings) -> None:
        self.id = spec
        self.dimension = 0
        self._name = name
        self._settings = settings
        self._silence = float(seconds(settings.timeout))

    @abstractmethod
    def _rows(self, texts: list[str]) -> list[list[float]]:
        """Asks for the vectors of at most `batch` texts, in their order.

        Raises:
            ModelUnavailable: They do not come.
        """

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Returns one normalised row a text; the dimension is known afterwards.

        Raises:
            ModelUnavailable: They do not come; also when the model gives vectors of
                another length than before.
        """
        from ragcli.models.replies.vectors import normalised

        rows = in_batches(texts, self._rows, self._silence)
        vectors = normalised(rows, len(texts), self.dimension, self.id)
        self.dimension = vectors.shape[1]
        return vectors
