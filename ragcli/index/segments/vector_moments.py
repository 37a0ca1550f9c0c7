"""Sums over vectors from which mean and variance of every cosine follow exactly.

With S the sum of all vectors v and M the sum of v·vᵀ, the cosines of a unit query q
with all of them have the mean q·S/n and the second moment qᵀ·M·q/n. S and M are
stored once a segment is large; the vectors of small ones are multiplied themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ragcli.index.misreading import damaged_file

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WORTHWHILE = 4
"""Sums are stored from this many times the dimension: they are no larger than the
vectors then."""

_BLOCK = 4096
"""Vectors that are added at once; 4 MB at 256 dimensions."""


def is_worthwhile(count: int, dimension: int) -> bool:
    """Tells whether the sums over `count` vectors are stored."""
    return count >= WORTHWHILE * dimension


class Moments:
    """S and M of some vectors, float64.

    Args:
        sums: S as the first line, M below it.
    """

    def __init__(self, sums: NDArray[np.float64]) -> None:
        self._sums = sums

    @classmethod
    def empty(cls, dimension: int) -> Moments:
        """Returns the sums over no vectors of this length."""
        import numpy as np

        return cls(np.zeros((dimension + 1, dimension)))

    @classmethod
    def over(cls, vectors: NDArray[np.float16]) -> Moments:
        """Returns the sums over vectors, one a line."""
        import numpy as np

        sums = cls.empty(vectors.shape[1])
        for start in range(0, len(vectors), _BLOCK):
            sums.add(vectors[start : start + _BLOCK].astype(np.float32))
        return sums

    @classmethod
    def decode(cls, data: memoryview, dimension: int) -> Moments:
        """Returns stored sums.

        Raises:
            SnapshotDamaged: The file has another size.
        """
        import numpy as np

        if len(data) != (dimension + 1) * dimension * 8:
            raise damaged_file("the sums over vectors are damaged: another size")
        return cls(np.frombuffer(data, "<f8").reshape(dimension + 1, dimension))

    def encode(self) -> bytes:
        """Returns the bytes that `decode` reads."""
        return self._sums.astype("<f8").tobytes()

    def add(self, vectors: NDArray[np.float32], sign: int = 1) -> None:
        """Adds vectors, or takes them out again with sign -1."""
        import numpy as np

        self._sums[0] += sign * vectors.sum(axis=0, dtype=np.float64)
        self._sums[1:] += sign * (vectors.T @ vectors)

    def merge(self, other: Moments) -> None:
        """Adds the sums over other vectors."""
        self._sums = self._sums + other._sums

    def of(self, query: NDArray[np.float32]) -> tuple[float, float]:
        """Returns the sum and the sum of squares of all inner products with `query`."""
        import numpy as np

        exact = query.astype(np.float64)
        return float(self._sums[0] @ exact), float(exact @ self._sums[1:] @ exact)


class CosineMoments:
    """Mean and variance of the cosine over a whole index.

    Args:
        stored: Sums over the vectors of large segments; None where there are none.
        loose: Vectors that no sum counts (weight 1), or counts though they are
            dead (weight -1).
        count: Live vectors in all.
    """

    def __init__(
        self,
        stored: Moments | None,
        loose: Iterable[tuple[NDArray[np.float32], int]],
        count: int,
    ) -> None:
        import numpy as np

        self._stored = stored
        self._count = count
        parts = [(part, weight) for part, weight in loose if len(part)]
        self._loose = np.concatenate([part for part, _ in parts]) if parts else None
        self._weights = np.concatenate(
            [np.full(len(part), weight, np.float64) for part, weight in parts]
            or [np.zeros(0)]
        )

    def of(self, query: NDArray[np.float32]) -> tuple[float, float]:
        """Returns mean and variance; (0, 0) for an index without vectors."""
        if not self._count:
            return 0.0, 0.0
        total, squares = self._stored.of(query) if self._stored else (0.0, 0.0)
        if self._loose is not None:
            cosines = (self._loose @ query).astype("f8")
            total += float(self._weights @ cosines)
            squares += float(self._weights @ cosines**2)
        mean = total / self._count
        return mean, max(0.0, squares / self._count - mean * mean)
