"""Texts to token ids, word by word, each word only once.

The tokenizer (Llama 2's byte-pair encoding) has no token in which a space follows
another character, nor one that holds a newline. So a text falls into pieces of
`spaces + word` or `newline + word` that are encoded each on its own with exactly the
same result, and a piece that was seen before costs one dictionary look-up.
"""

from __future__ import annotations

import os
import re
import threading
from array import array
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ragcli.models.builtin.merges import (
    MergeTable,
    keep,
    open_table,
    prepare,
    table_file,
)
from ragcli.models.builtin.wheel import tokenizer_file

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PIECE = re.compile(" *[^ \n]+| +|\n[^ \n]*")
_SPACE = "▁"
"""What the tokenizer writes for a space."""

_NEWLINE_TOKEN = 13
_REMEMBERED = 1_000_000
"""Tokens of all pieces; beyond, the memory starts afresh (about 40 MB)."""
_JOINED = 2_000
"""Pieces encoded in one call."""
_FEW = 20_000
"""Characters up to which the prepared table costs less than opening the tokenizer."""


class _Memory(dict[str, int]):
    """Piece → number; numbers an unseen piece and puts it on the list to encode."""

    def __init__(self) -> None:
        super().__init__()
        self.unseen: list[str] = []

    def __missing__(self, piece: str) -> int:
        number = len(self)
        self[piece] = number
        self.unseen.append(piece)
        return number


class WordTokens:
    """The tokenizer, with a memory of the pieces it has encoded.

    Args:
        cache: Private directory of the prepared table; None neither reads nor writes.
        write: Whether the table may be made when it is missing.
    """

    def __init__(self, cache: Path | None, *, write: bool) -> None:
        self._cache = cache
        self._write = write
        self._lock = threading.Lock()
        self._tokenizer: Any = None
        self._table: MergeTable | None = None
        self._left_to_table = _FEW
        self._forget()

    def _forget(self) -> None:
        self._memory = _Memory()
        # The tokens of every piece, and a newline between each two: it is the first
        # token of a piece that begins with one.
        self._ids = array("H", (_NEWLINE_TOKEN,))
        self._starts = array("I")
        self._stops = array("I")

    def encode(
        self, texts: Sequence[str]
    ) -> tuple[NDArray[np.uint16], NDArray[np.int64]]:
        """Returns the token ids of all texts one after another, and each one's count.

        Raises:
            ProviderMissing: The wheel is not installed.
        """
        import numpy as np

        pieces = [_pieces(text) for text in texts]
        edges = np.cumsum([0, *map(len, pieces)])
        with self._lock:
            if len(self._ids) > _REMEMBERED:
                self._forget()
            number = self._memory.__getitem__
            every = chain.from_iterable(pieces)
            flat = np.fromiter(map(number, every), np.int32, edges[-1])
            self._learn()
            # Views, and let go of before the lock is: the arrays must be free to grow.
            known = np.frombuffer(self._ids, np.uint16)
            stops = _view(self._stops)[flat]
            lengths = stops - _view(self._starts)[flat]
            shift = np.repeat(stops - np.cumsum(lengths, dtype=np.uint32), lengths)
            shift += np.arange(len(shift), dtype=np.uint32)
            ids = known[shift]
            del known
        totals = np.concatenate(([0], np.cumsum(lengths, dtype=np.int64)))
        return ids, totals[edges[1:]] - totals[edges[:-1]]

    def _learn(self) -> None:
        """Encodes the pieces that are on the list."""
        import numpy as np

        unseen, self._memory.unseen = self._memory.unseen, []
        if not unseen:
            return
        try:
            encoded = self._encode([_spelled(piece) for piece in unseen])
        except BaseException:
            self._forget()
            raise
        ends = np.flatnonzero(encoded == _NEWLINE_TOKEN).astype(np.uint32)
        ends += len(self._ids)
        starts = np.concatenate(([len(self._ids)], ends[:-1] + 1)).astype(np.uint32)
        starts -= np.fromiter((piece.startswith("\n") for piece in unseen), bool)
        self._ids.frombytes(encoded.tobytes())
        self._starts.frombytes(starts.tobytes())
        self._stops.frombytes(ends.tobytes())

    def _encode(self, words: Sequence[str]) -> NDArray[np.uint16]:
        """Returns the tokens of each word, and a newline's, by the cheapest way."""
        import numpy as np

        characters = sum(map(len, words))
        if self._tokenizer is None and characters <= self._left_to_table:
            self._left_to_table -= characters
            self._table = self._table or self._prepared()
            if self._table is not None:
                encoded = [
                    [*self._table.encode(word), _NEWLINE_TOKEN] for word in words
                ]
                return np.array([*chain.from_iterable(encoded)], np.uint16)
        return self._by_tokenizer(words)

    def _prepared(self) -> MergeTable | None:
        """Returns the prepared table, made now if that is allowed."""
        if self._cache is None:
            return None
        path = table_file(self._cache, tokenizer_file())
        table = open_table(path)
        if table is None and self._write:
            data = prepare(tokenizer_file())
            keep(path, data)
            table = MergeTable(memoryview(data))
        return table

    def _by_tokenizer(self, words: Sequence[str]) -> NDArray[np.uint16]:
        """Returns the tokens of each word, and a newline's; encodes many in one call.

        Joined by newlines: the library's batches of several texts run in a thread pool
        of their own, which a later fork of this process would not survive.
        """
        import numpy as np

        if self._tokenizer is None:
            self._tokenizer = open_tokenizer()
        encoded: list[NDArray[np.uint16]] = []
        for start in range(0, len(words), _JOINED):
            joined = "\n".join([*words[start : start + _JOINED], ""])
            (tokens,) = self._tokenizer.encode_batch_fast(
                [joined], add_special_tokens=False
            )
            encoded.append(np.array(tokens.ids, np.uint16))
        return np.concatenate(encoded)


def _view(places: array[int]) -> NDArray[np.uint32]:
    """Returns the numbers of an array that may be empty, not copied."""
    import numpy as np

    return np.frombuffer(places, np.uint32) if places else np.zeros(0, np.uint32)


def _pieces(text: str) -> list[str]:
    """Returns the pieces of a text; of those that begin with a space, what follows it.

    The text has a space before it. What the tokenizer writes for a space is one.
    """
    if not text.isascii():
        text = _encodable(text).replace(_SPACE, " ")
    if "  " in text or text.startswith(" "):
        return [piece.removeprefix(" ") for piece in _PIECE.findall(f" {text}")]
    # Without runs of spaces the pieces are what is between them: several times as fast.
    return text.replace("\n", " \n").split(" ") if text else []


def _spelled(piece: str) -> str:
    """Returns the word of a piece as the tokenizer has it, with its spaces."""
    if piece.startswith("\n"):
        return piece[1:]
    return f"{_SPACE}{piece.replace(' ', _SPACE)}"


def _encodable(text: str) -> str:
    """Returns `text` with a `?` for each lone surrogate, which no token can hold."""
    return text.encode("utf-8", "replace").decode()


def open_tokenizer() -> Any:
    """Returns the tokenizer without truncation, padding or special tokens."""
    from tokenizers import Tokenizer, normalizers  # 0.1 s with the file

    # Nor are threads started for one text.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    tokenizer = Tokenizer.from_file(str(tokenizer_file()))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.normalizer = normalizers.Sequence([])
    tokenizer.encode_special_tokens = True
    return tokenizer
