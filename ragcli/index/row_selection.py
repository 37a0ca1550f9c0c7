"""The chunks of some documents, as spans of rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class RowSelection:
    """Which rows of an index a search may find.

    Args:
        documents: First row, number of chunks and key of each document, or of several
            stretches of one.
        is_partial: Whether other rows of a document may not be found.
    """

    def __init__(
        self, documents: Iterable[tuple[int, int, int]], *, is_partial: bool = False
    ) -> None:
        import numpy as np

        spans = sorted(documents)
        self.documents = len({key for _, _, key in spans} if is_partial else spans)
        """How many documents were chosen, those without chunks included."""
        spans = [span for span in spans if span[1]]
        self.keys = list(dict.fromkeys(key for _, _, key in spans))
        """The keys of those that have chunks."""
        self.is_partial = is_partial
        self._starts = np.array([first for first, _, _ in spans], np.int64)
        self._ends = self._starts + np.array([count for _, count, _ in spans], np.int64)

    def holds(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tells of each row whether it was chosen."""
        import numpy as np

        if not len(self._starts):
            return np.zeros(len(rows), bool)
        spans = np.searchsorted(self._starts, rows, "right") - 1
        return (spans >= 0) & (rows < self._ends[spans])
