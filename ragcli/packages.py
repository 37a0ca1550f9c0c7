"""The packages that some parts need, and the commands that install them here.

What installs them depends on how ragcli itself was installed: pipx and `uv tool` keep
it in an environment of its own, which a plain `pip` does not reach.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

PROGRAM = "ragcli"

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

_RECEIPT = "uv-receipt.toml"
"""What `uv tool` keeps in an environment of what it was asked for."""


def of_extra(name: str, *, prefix: str = "") -> str:
    """Returns the command that installs what an extra holds."""
    return installation(*EXTRAS[name], prefix=prefix)


def installation(*packages: str, prefix: str = "") -> str:
    """Returns the command that adds packages to the environment that this runs in.

    Args:
        packages: What pip is to be told, versions included.
        prefix: Of the environment; the present one by default.
    """
    environment = Path(prefix or sys.prefix)
    match _keeper(environment):
        case "pipx":
            return _typed(["pipx", "inject", PROGRAM, *packages])
        case "uv tool":
            return _uv_tool(environment, packages)
        case "uvx":
            return _typed(["uvx", *_with(packages), PROGRAM])
        case _:
            return _pip(environment, *packages)


def upgrade(*, prefix: str = "") -> str:
    """Returns the command that brings the newest ragcli."""
    environment = Path(prefix or sys.prefix)
    return _UPGRADES.get(_keeper(environment)) or _pip(environment, "-U", PROGRAM)


def reinstallation(package: str, *, prefix: str = "") -> str:
    """Returns the command that installs a package of ragcli's anew, files and all."""
    environment = Path(prefix or sys.prefix)
    command = _REINSTALLATIONS.get(_keeper(environment))
    return command or _pip(environment, "--force-reinstall", package)


_UPGRADES = {
    "pipx": f"pipx upgrade {PROGRAM}",
    "uv tool": f"uv tool upgrade {PROGRAM}",
    "uvx": f"uvx {PROGRAM}@latest",
}
_REINSTALLATIONS = {
    "pipx": f"pipx reinstall {PROGRAM}",
    "uv tool": f"uv tool upgrade --reinstall {PROGRAM}",
    "uvx": f"uvx --reinstall {PROGRAM}",
}


def _keeper(environment: Path) -> str:
    """Returns what keeps an environment for ragcli alone; "" if it is anybody's."""
    path = environment.as_posix()
    if (environment / "pipx_metadata.json").is_file() or "/pipx/venvs/" in path:
        return "pipx"
    if (environment / _RECEIPT).is_file() or "/uv/tools/" in path:
        return "uv tool"
    return "uvx" if "/archive-v" in path else ""


def _pip(environment: Path, *words: str) -> str:
    """Returns a call of the pip of an environment, as it is to be typed here.

    A plain `pip` is another one where the environment is not on the PATH, and one
    that uv made has none.
    """
    own = environment / "bin" / "pip"
    command = ["pip", "install"]
    if own.exists():
        import shutil

        on_path = shutil.which("pip")
        if not on_path or not os.path.samefile(on_path, own):
            command = [str(own), "install"]
    elif _is_of_uv(environment):
        command = ["uv", "pip", "install"]
        if os.environ.get("VIRTUAL_ENV") != str(environment):
            command += ["--python", str(environment / "bin" / "python")]
    return _typed([*command, *words])


def _typed(words: list[str]) -> str:
    """Returns words as a shell takes them."""
    import shlex  # not for every command: `storage` imports this module

    return shlex.join(words)


def _is_of_uv(environment: Path) -> bool:
    try:
        return (
            "\nuv = " in f"\n{(environment / 'pyvenv.cfg').read_text(encoding='utf-8')}"
        )
    except (OSError, ValueError):
        return False


def _with(packages: tuple[str, ...] | list[str]) -> list[str]:
    return [word for package in packages for word in ("--with", package)]


def _uv_tool(environment: Path, added: tuple[str, ...]) -> str:
    """Returns the command of `uv tool`, which makes the environment anew.

    What it does not name again is removed: what was added before stands in it as well,
    and the place that ragcli itself came from.
    """
    required = _receipt(environment / _RECEIPT)
    ours = next((entry for entry in required if entry.get("name") == PROGRAM), {})
    before = [entry for entry in required if entry.get("name") != PROGRAM]
    requirements = list(dict.fromkeys([*map(_requirement, before), *added]))
    words = ["uv", "tool", "install", *_with(requirements)]
    if "editable" in ours:
        words.append("--editable")
    return _typed([*words, _requirement(ours or {"name": PROGRAM})])


def _requirement(entry: dict[str, Any]) -> str:
    """Returns one entry of uv's receipt as its command line takes it."""
    extras = ",".join(entry.get("extras", ()))
    chosen = f"[{extras}]" if extras else ""
    for origin in ("directory", "editable", "path"):
        if origin in entry:
            return f"{entry[origin]}{chosen}"
    requirement = f"{entry['name']}{chosen}"
    if "url" in entry:
        return f"{requirement} @ {entry['url']}"
    if "git" in entry:
        return f"{requirement} @ git+{entry['git']}".replace("?rev=", "@")
    return f"{requirement}{entry.get('specifier', '')}"


def _receipt(file: Path) -> list[dict[str, Any]]:
    """Returns what uv keeps of the packages that a tool was installed with."""
    import tomllib

    try:
        receipt = tomllib.loads(file.read_text(encoding="utf-8"))
        entries = [dict(entry) for entry in receipt["tool"]["requirements"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [entry for entry in entries if isinstance(entry.get("name"), str)]
