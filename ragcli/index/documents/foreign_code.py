"""Code in languages whose definitions `outline` does not know, but LangChain does.

`langchain_text_splitters` has lists of separators by language. Importing it takes
half a second, so only files of these languages pay for it.
"""

from __future__ import annotations

from collections.abc import Iterator

from ragcli.index.documents.cutting import Block, pieces

LANGUAGES = {"cobol": "cobol", "powershell": "powershell"}
"""Format → the library's name of the language."""


def separated(text: str, format_name: str, limit: int) -> Iterator[Block]:
    """Yields blocks of at most `limit` characters that tile the text.

    Args:
        text: A source file.
        format_name: One of `LANGUAGES`.
        limit: Longest block in characters.
    """
    from langchain_text_splitters import Language, RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter.from_language(
        Language(LANGUAGES[format_name]),
        chunk_size=limit,
        chunk_overlap=0,
        strip_whitespace=False,
    )
    start = 0
    for piece in splitter.split_text(text):
        end = start + len(piece)
        yield from pieces(text, Block(start, end, "code"), limit)
        start = end
    if start < len(text):
        yield from pieces(text, Block(start, len(text), "code"), limit)
