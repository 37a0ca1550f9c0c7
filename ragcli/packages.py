"""The packages that some parts need, and the command that installs them here.

What installs them depends on how ragcli itself was installed: pipx and `uv tool` keep
it in an environment of its own, which pip does not reach.
"""

from __future__ import annotations

import shlex
import sys

EXTRAS = {
    "redis": ("redis>=6,<9",),
    "keyring": ("keyring>=25,<26",),
    "ocr": ("rapidocr>=3.10,<4", "onnxruntime>=1.20,<2"),
    "web": ("trafilatura>=2,<3", "lxml-html-clean>=0.4"),
    "watch": ("watchfiles>=1,<2",),
    "mcp": ("mcp>=2.3,<3",),
    "openai": ("langchain-openai>=1,<2",),
    "anthropic": ("langchain-anthropic>=1,<2",),
    "google": ("langchain-google-genai>=3,<5",),
    "mistral": ("langchain-mistralai>=1,<2",),
}
"""Extra → what it installs; as in pyproject.toml, which a test compares."""


def installation(*packages: str, prefix: str = "") -> str:
    """Returns the command that adds packages to the environment that this runs in.

    Args:
        packages: What pip is to be told, versions included.
        prefix: Of the environment; the present one by default.
    """
    place = (prefix or sys.prefix).replace("\\", "/")
    named = [package.split(">")[0].split("=")[0].split("<")[0] for package in packages]
    if "/pipx/venvs/" in place:
        return f"pipx inject ragcli {shlex.join(named)}"
    if "/uv/tools/" in place:
        added = " ".join(f"--with {shlex.quote(name)}" for name in named)
        return f"uv tool install {added} ragcli"
    return f"pip install {shlex.join(packages)}"


def of_extra(name: str, *, prefix: str = "") -> str:
    """Returns the command that installs what an extra holds."""
    return installation(*EXTRAS[name], prefix=prefix)
