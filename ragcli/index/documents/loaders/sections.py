"""Gathers paragraphs and tables of a rich document into parts, one a heading."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ragcli.index.documents.loaders.parts import Part, one_line, well_formed


class Sections:
    """Takes a document's blocks in order; `parts` has the result."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.title = ""
        self._path: list[tuple[int, str]] = []
        self._blocks: list[str] = []
        self._page: int | None = None

    def page(self, number: int) -> None:
        """Begins a page or slide; headings start anew."""
        self.close()
        self._path = []
        self._page = number

    def heading(self, level: int, text: str) -> None:
        """Begins a section; level 1 is the outermost."""
        self.close()
        while self._path and self._path[-1][0] >= level:
            self._path.pop()
        title = one_line(well_formed(text))
        if title:
            self._path.append((level, title))
            self.title = self.title or title

    def paragraph(self, text: str) -> None:
        """Adds a paragraph."""
        if text.strip():
            self._blocks.append(well_formed(text.strip()))

    def item(self, text: str) -> None:
        """Adds an item of a list."""
        if text.strip():
            line = f"- {well_formed(text.strip())}"
            if self._blocks and self._blocks[-1].startswith("- "):
                self._blocks[-1] += f"\n{line}"
            else:
                self._blocks.append(line)

    def table(self, rows: Iterable[Sequence[str]]) -> None:
        """Adds a table; its first row has the columns' names."""
        lines = [" | ".join(one_line(cell) for cell in row) for row in rows if row]
        if len(lines) > 1:
            lines.insert(1, " | ".join(["---"] * (lines[0].count(" | ") + 1)))
        if lines:
            self._blocks.append(well_formed("\n".join(lines)))

    def close(self) -> list[Part]:
        """Ends the section and returns all parts so far."""
        if self._blocks:
            path = tuple(title for _, title in self._path)
            self.parts.append(Part("\n\n".join(self._blocks), path, self._page))
            self._blocks = []
        return self.parts
