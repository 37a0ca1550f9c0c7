"""Rarer formats, through the document loaders of `langchain-community`.

This is the only module that imports the package, and only the worker process
does: the import takes a second. Each loader is imported from its own module.
"""

from __future__ import annotations

import tempfile
import warnings
from importlib import import_module
from typing import Any

from ragcli import packages
from ragcli.errors import UnreadableDocument
from ragcli.index.documents import text_structure
from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import Document, TableFacts, one_line, well_formed

_LOADERS: dict[str, tuple[str, str, dict[str, Any], tuple[str, ...]]] = {
    "mhtml": (
        "mhtml",
        "MHTMLLoader",
        {
            "open_encoding": "utf-8",
            "bs_kwargs": {"features": "html.parser"},
            "get_text_separator": "\n",
        },
        ("beautifulsoup4",),
    ),
    "conllu": ("conllu", "CoNLLULoader", {}, ("langchain-community",)),
    "enex": ("evernote", "EverNoteLoader", {}, ("lxml", "html2text")),
    "msg": ("email", "OutlookMessageLoader", {}, ("extract-msg",)),
}
"""Format → module, class, arguments, and the packages that it needs."""

FORMATS = frozenset(_LOADERS)


def community(content: Content) -> Document:
    """Returns title and text as the format's loader gives them.

    Raises:
        UnreadableDocument: The loader's package is missing, or it cannot read this.
    """
    format_name = content.format
    module, name, arguments, needed = _LOADERS[format_name]
    with tempfile.NamedTemporaryFile(suffix=f".{format_name}") as file:
        file.write(content.data)
        file.flush()
        try:
            loader = getattr(_imported(module), name)(file.name, **arguments)
            documents = loader.load()
        except ImportError:
            raise UnreadableDocument(
                f"reading it needs more packages: {packages.installation(*needed)}"
            ) from None
        except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
            what = one_line(str(error)) or type(error).__name__
            raise UnreadableDocument(f"not readable as {format_name}: {what}") from None
    title = next((str(item.metadata.get("title") or "") for item in documents), "")
    texts = [well_formed(item.page_content).strip() for item in documents]
    tables: list[TableFacts] = []
    sections = [text_structure.section(text, tables) for text in texts if text]
    return Document(one_line(title), tuple(sections), tuple(tables))


def _imported(module: str) -> Any:
    with warnings.catch_warnings():
        # The package says on import that it is being sunset; its loaders stay.
        warnings.filterwarnings(
            "ignore", message=".*langchain-community", category=DeprecationWarning
        )
        return import_module(f"langchain_community.document_loaders.{module}")
