"""The answers that `langchain_ollama` reads, within limits of time and size.

Its client joins what comes until a line, or the body, is whole: without a limit, what
never ends is read for ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import httpx

from ragcli.models.transport.limits import (
    LARGEST_BODY,
    LONGEST_LINE,
    AnswerTooLargeError,
    SilenceClock,
)


class LimitedStream(httpx.SyncByteStream):
    """The body of an answer, whose lines, or which as a whole, end in time.

    Args:
        stream: As it comes.
        silence: Seconds that a line, or the whole, may take; 0 for no limit.
        by_line: Whether it is a stream of lines, as long as it likes.

    Raises:
        AnswerOverdueError: While it is read: it takes longer.
        AnswerTooLargeError: It is larger than any answer.
    """

    def __init__(
        self, stream: httpx.SyncByteStream, silence: float, *, by_line: bool
    ) -> None:
        self._stream = stream
        self._silence = silence
        self._by_line = by_line

    def __iter__(self) -> Iterator[bytes]:
        clock = SilenceClock(self._silence)
        largest = LONGEST_LINE if self._by_line else LARGEST_BODY
        size = 0
        for piece in self._stream:
            size += len(piece)
            if self._by_line and b"\n" in piece:
                size = len(piece) - 1 - piece.rindex(b"\n")
                clock.restart()
            if size > largest:
                raise AnswerTooLargeError
            clock.check()
            yield piece

    def close(self) -> None:
        """Hangs up."""
        self._stream.close()


def limit_stream(silence: float, response: httpx.Response) -> None:
    """Has an answer of a client's end in time; a hook for its responses."""
    kind = response.headers.get("content-type", "")
    stream = cast("httpx.SyncByteStream", response.stream)
    by_line = "ndjson" in kind
    response.stream = LimitedStream(stream, silence, by_line=by_line)
