"""Answers as lines of cells: Markdown in, styled strips out, no widget a block.

It imports nothing else of `tui`. Start reading at `rendered_answer` and
`block_layout`.
"""
