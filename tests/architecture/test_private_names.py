"""Tests use what is public: a private name may change without a test noticing."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.architecture.sources import MODULES, nodes_of

TESTS = sorted(Path(__file__).parents[1].rglob("*.py"))

THEIRS = {
    "_exit": "of `os`, and of a Textual app",
    "_p": "of python-docx, which has no other way to a paragraph's XML",
    "_replace": "of named tuples, where it is public",
    "_compositor": "of Textual: what stands on the screen",
    "_notifications": "of a Textual app: its notices",
    "_getframe": "of `sys`: who asked for a sync",
    "_default": "of Textual's reactives: nothing blinks in a test",
}
"""Private names of others that tests may use, and why."""


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name != "_"


@cache
def private_names() -> frozenset[str]:
    """Returns the private names that ragcli gives to anything but a local."""
    return frozenset(name for path in MODULES for name in _bound(path))


def _bound(path: Path) -> Iterator[str]:
    for node in nodes_of(path):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


@pytest.mark.slow
def test_no_test_touches_a_private_name_of_ours() -> None:
    ours = {name for name in private_names() if is_private(name)} - THEIRS.keys()

    used = [(path, line, name) for path in TESTS for line, name in uses(path)]
    touched = [f"{p.name}:{line}: {name}" for p, line, name in used if name in ours]

    assert len(ours) > 1000
    assert touched == []
    assert THEIRS.keys() <= {name for _, _, name in used}


def uses(path: Path) -> Iterator[tuple[int, str]]:
    """Yields the names that a test imports, reads off an object, or patches."""
    for node in nodes_of(path):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
            "ragcli"
        ):
            for item in node.names:
                yield node.lineno, item.name
        elif isinstance(node, ast.Attribute):
            owner = node.value
            if not (isinstance(owner, ast.Name) and owner.id in {"self", "cls"}):
                yield node.lineno, node.attr
        elif isinstance(node, ast.Call):
            for value in (*node.args, *(item.value for item in node.keywords)):
                if not isinstance(value, ast.Constant):
                    continue
                text = value.value
                if isinstance(text, str) and (
                    text.isidentifier() or text.startswith("ragcli.")
                ):
                    yield value.lineno, text.replace(":", ".").rpartition(".")[2]
