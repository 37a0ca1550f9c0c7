"""What a package index shows of ragcli: its README and its URLs.

Hatchling runs it when a wheel or an sdist is built.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_PICTURE = re.compile(r"!\[([^\]]*)\]\((?!https?://|#)([^)]+)\)(\n*)")
_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((?!https?://|#)([^)]+)\)")


class PackageIndex(MetadataHookInterface):
    """Gives links and pictures of the README the address of the repository.

    An index shows the README alone, and none of the files that it points to.
    """

    def update(self, metadata: dict[str, Any]) -> None:
        """Adds the README and the URLs to what is known of the project."""
        repository = str(self.config.get("repository", "")).rstrip("/")
        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {
            "content-type": "text/markdown",
            "text": absolute(text, repository),
        }
        if repository:
            metadata["urls"] = {
                "Source": repository,
                "Issues": f"{repository}/issues",
                "Changelog": f"{repository}/blob/HEAD/CHANGELOG.md",
            }


def absolute(text: str, repository: str) -> str:
    """Returns a README whose links hold anywhere.

    Args:
        text: Markdown; its links are relative to the repository.
        repository: Its address without a slash at the end. Without one, pictures go
            and links become their words: a link that leads nowhere helps nobody.
    """
    if not repository:
        return _LINK.sub(r"\1", _PICTURE.sub("", text))
    text = _PICTURE.sub(rf"![\1]({repository}/raw/HEAD/\2)\3", text)
    return _LINK.sub(rf"[\1]({repository}/blob/HEAD/\2)", text)
