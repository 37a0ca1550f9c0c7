"""Loaders of marked-up text: HTML, EPUB, RTF, Markdown and its like, notebooks.

Each module reads one family. They may import `loaders.layout`, `loaders.structured`
(front matter is settings) and `office.packages` (an EPUB is a ZIP archive). Start at
`lightweight` for plain text, at `hypertext` for the rest.
"""
