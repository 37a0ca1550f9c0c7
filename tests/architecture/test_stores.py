"""No module knows one store by name but its own folder, the registry and help texts."""

from __future__ import annotations

import ast
import io
import tokenize
from pathlib import Path

from ragcli.sessions.stores import STORES

PACKAGE = Path(__file__).parents[2] / "ragcli"
WORD = "redis"
REGISTRY = "sessions/stores.py"
HELPS = {
    "cli/commands/profiles/bundles.py",
    "cli/commands/profiles/passphrases.py",
    "config/settings.py",
    "packages.py",
    "storage/locking/network_filesystems.py",
}
"""Where people are told of it: in texts alone, never in a name or an import."""


def modules_with_the_word() -> dict[str, str]:
    """Returns the modules outside the store's folder that hold it, and their text."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        text = path.read_text(encoding="utf-8")
        if not name.startswith("sessions/redis/") and WORD in text.lower():
            found[name] = text
    return found


def test_only_the_registry_and_help_texts_name_a_store() -> None:
    assert set(modules_with_the_word()) == HELPS | {REGISTRY}


def test_help_texts_name_it_in_texts_alone() -> None:
    for name, text in modules_with_the_word().items():
        if name == REGISTRY:
            continue
        tokens = tokenize.generate_tokens(io.StringIO(text).readline)
        named = [t for t in tokens if WORD in t.string.lower()]

        assert named
        assert {t.type for t in named} <= {tokenize.STRING}, name


def test_the_registry_imports_a_store_only_where_it_makes_it() -> None:
    tree = ast.parse((PACKAGE / REGISTRY).read_text(encoding="utf-8"))
    imported = [
        node.module or "" for node in tree.body if isinstance(node, ast.ImportFrom)
    ]

    assert not [name for name in imported if name.endswith(".store")]
    assert len(set(STORES.values())) >= 2
