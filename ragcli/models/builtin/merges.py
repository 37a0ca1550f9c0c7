"""Byte-pair encoding from a prepared table: a query's tokens without the tokenizer.

Reading the tokenizer's 1.8 MB of JSON costs several times what a question costs.
Its merges, as sorted arrays that are mapped and searched, cost nothing to open.
The table is made once from the JSON and kept in the private cache; the tokens are
the same as the tokenizer's.
"""

from __future__ import annotations

import json
import mmap
import os
import zlib
from array import array
from bisect import bisect_left
from contextlib import suppress
from heapq import heapify, heappop, heappush
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from ragcli.errors import NotPermitted, StorageFailed
from ragcli.storage.files import Directory

_MAGIC: Final = b"ragcli bpe 1\n"
_BYTE_TOKEN_BASE = 3
"""Id of `<0x00>`: characters without a token become their UTF-8 bytes."""
_HEAD: Final = len(_MAGIC) + 4 + 8
"""Magic, CRC-32 of the rest, number of merges, number of characters."""


class MergeTable:
    """The merges of one tokenizer, mapped from a prepared file.

    Args:
        data: The file's content, checked.
    """

    def __init__(self, data: memoryview) -> None:
        sizes = data[_HEAD - 8 : _HEAD].cast("I")
        merges, characters = sizes[0], sizes[1]
        body = data[_HEAD:]
        pairs, body = _take(body, "I", merges)
        known, body = _take(body, "I", characters)
        made, body = _take(body, "H", merges)
        ranks, body = _take(body, "H", merges)
        tokens, _ = _take(body, "H", characters)
        self._merges = _Merges(pairs, ranks, made)
        self._spelled = _Spelled(known, tokens)

    def encode(self, word: str) -> list[int]:
        """Returns the tokens of a word, spaces written as `▁`.

        Merges the neighbours of the lowest rank, leftmost first, until none is left
        (Sennrich et al., 2016, as SentencePiece and `tokenizers` do it).
        """
        symbols = [token for character in word for token in self._spelled[character]]
        merges = self._merges
        waiting = [
            (merge, at, left, right)
            for at, (left, right) in enumerate(pairwise(symbols))
            if (merge := merges[left << 16 | right]) != _NEVER
        ]
        heapify(waiting)
        # Neighbours by position; one whose symbol was merged away holds `_GONE`. So
        # long a word takes n log n steps: it may be a whole file without a space.
        after = [*range(1, len(symbols)), -1]
        before = [*range(-1, len(symbols) - 1)]
        while waiting:
            merge, at, left, right = heappop(waiting)
            following = after[at]
            if symbols[at] != left or following < 0 or symbols[following] != right:
                continue  # one of the two was merged meanwhile
            symbols[at], symbols[following] = merge & _TOKEN, _GONE
            after[at] = after[following]
            if after[at] >= 0:
                before[after[at]] = at
            for first in (before[at], at):
                if first >= 0 and after[first] >= 0:
                    pair = symbols[first], symbols[after[first]]
                    made = merges[pair[0] << 16 | pair[1]]
                    if made != _NEVER:
                        heappush(waiting, (made, first, *pair))
        return [symbol for symbol in symbols if symbol != _GONE]


class _Spelled(dict[str, list[int]]):
    """The token of each character that was looked up, or those of its bytes."""

    def __init__(self, characters: Any, tokens: Any) -> None:
        super().__init__()
        self._characters, self._tokens = characters, tokens

    def __missing__(self, character: str) -> list[int]:
        at = bisect_left(self._characters, ord(character))
        if at < len(self._characters) and self._characters[at] == ord(character):
            self[character] = [self._tokens[at]]
        else:
            self[character] = [_BYTE_TOKEN_BASE + byte for byte in character.encode()]
        return self[character]


class _Merges(dict[int, int]):
    """Each pair that was looked up, two tokens in one number: its merge.

    A merge is its rank above the token that is made; `_NEVER` where there is none.
    """

    def __init__(self, pairs: Any, ranks: Any, made: Any) -> None:
        super().__init__()
        self._pairs, self._ranks, self._made = pairs, ranks, made

    def __missing__(self, pair: int) -> int:
        at = bisect_left(self._pairs, pair)
        found = at < len(self._pairs) and self._pairs[at] == pair
        self[pair] = self._ranks[at] << 16 | self._made[at] if found else _NEVER
        return self[pair]


_TOKEN: Final = (1 << 16) - 1
_NEVER: Final = 1 << 32
_GONE: Final = -1


def _take(data: memoryview, code: Any, count: int) -> tuple[Any, memoryview]:
    """Returns the next `count` numbers of `data`, and what follows them."""
    size = count * array(code).itemsize
    return data[:size].cast(code), data[size:]


def table_file(cache: Path, tokenizer: Path) -> Path:
    """Returns where the prepared table of this very tokenizer file is kept."""
    status = tokenizer.stat()
    return cache / f"merges-{status.st_size:x}-{status.st_mtime_ns:x}.bin"


def open_table(path: Path) -> MergeTable | None:
    """Returns a prepared table; None when there is none, or it is not whole."""
    try:
        with Directory.open(path.parent) as cache:
            descriptor = cache.open_file(path.name)
    except (FileNotFoundError, NotPermitted, StorageFailed):
        return None
    with os.fdopen(descriptor, "rb") as file:
        if os.fstat(file.fileno()).st_size < _HEAD:
            return None
        data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    checksum = int.from_bytes(data[len(_MAGIC) : len(_MAGIC) + 4], "little")
    whole = zlib.crc32(data[len(_MAGIC) + 4 :]) == checksum
    return MergeTable(data) if whole and bytes(data[: len(_MAGIC)]) == _MAGIC else None


def prepare(tokenizer: Path) -> bytes:
    """Returns the prepared table of a tokenizer's JSON file."""
    model = json.loads(tokenizer.read_text(encoding="utf-8"))["model"]
    ids: dict[str, int] = model["vocab"]
    rows = []
    for rank, merge in enumerate(model["merges"]):
        left, right = merge.split(" ") if isinstance(merge, str) else merge
        rows.append((ids[left] << 16 | ids[right], ids[left + right], rank))
    rows.sort()
    characters = sorted(
        (ord(token), id_) for token, id_ in ids.items() if len(token) == 1
    )
    body = b"".join(
        (
            array("I", (len(rows), len(characters))).tobytes(),
            array("I", (row[0] for row in rows)).tobytes(),
            array("I", (row[0] for row in characters)).tobytes(),
            array("H", (row[1] for row in rows)).tobytes(),
            array("H", (row[2] for row in rows)).tobytes(),
            array("H", (row[1] for row in characters)).tobytes(),
        )
    )
    return _MAGIC + zlib.crc32(body).to_bytes(4, "little") + body


def keep(path: Path, data: bytes) -> None:
    """Writes a prepared table, whole or not at all.

    It only saves time: a disk that is full or read-only is no reason to fail.
    """
    with (
        suppress(StorageFailed, NotPermitted),
        Directory.open(path.parent, create=True) as cache,
    ):
        cache.replace(path.name, data)
