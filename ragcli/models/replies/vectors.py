"""From the lists of numbers that providers return to unit vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ragcli.errors import ModelFailed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def normalised(
    rows: Sequence[Sequence[float]], count: int, dimension: int, name: str
) -> NDArray[np.float32]:
    """Returns `rows` as L2-normalised float32 in C order; zero rows stay zero.

    Args:
        rows: One list of numbers a text.
        count: How many texts were sent.
        dimension: The length that vectors of this model had so far; 0 for unknown.
        name: The embedder's id, for messages.

    Raises:
        ModelFailed: Too few or too many rows, rows that are empty, of unequal or of
            another length than before, or no finite numbers.
    """
    import numpy as np

    if any(isinstance(row, str | dict) or not hasattr(row, "__len__") for row in rows):
        raise _failed(name, "gave something else than lists of numbers")
    if len(rows) != count:
        raise _failed(name, f"gave {len(rows)} vectors for {count} texts")
    lengths = {len(row) for row in rows}
    if len(lengths) > 1:
        raise _failed(name, "gave vectors of different lengths")
    length = lengths.pop() if lengths else dimension
    if dimension and length != dimension:
        raise _failed(
            name, f"gave vectors of {length} numbers, and of {dimension} before"
        )
    if rows and not length:
        raise _failed(name, "gave vectors without numbers")
    try:
        vectors = np.array(rows, dtype=np.float64).reshape(count, length)
    except (TypeError, ValueError, OverflowError):
        raise _failed(name, "gave something else than lists of numbers") from None
    if not np.isfinite(vectors).all():
        raise _failed(name, "gave vectors with numbers that are not finite")
    # Scaled first: the square of a large number has no place in a float.
    largest = np.abs(vectors).max(axis=1, keepdims=True, initial=0)
    largest[largest == 0] = 1
    vectors /= largest
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    norms[norms == 0] = 1
    vectors /= norms
    return vectors.astype(np.float32)


def _failed(name: str, why: str) -> ModelFailed:
    return ModelFailed(f"{name} {why}", "was the model replaced while it was in use?")
