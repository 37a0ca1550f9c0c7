"""Answers as lines of cells: Markdown in, styled strips out, no widget a block."""
