"""What changes a library stands in one package, and says what it is good for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.sources import MODULES, ROOT, nodes_of, tree_of

PATCHES = ROOT / "ragcli" / "dependency_patches"

PUBLIC = {"os._exit", "_thread"}
"""Names with an underscore that the library reference describes."""


def is_private(name: str) -> bool:
    """Tells whether a dotted name has a part that is private to its library."""
    parts = name.split(".")
    return any(p.startswith("_") and not p.startswith("__") for p in parts)


def imported(path: Path) -> dict[str, str]:
    """Returns the names that a module binds by importing what is not ragcli's."""
    bound = {}
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            for item in node.names:
                name = item.asname or item.name.partition(".")[0]
                bound[name] = item.name if item.asname else name
        elif isinstance(node, ast.ImportFrom):
            for item in node.names:
                bound[item.asname or item.name] = f"{node.module}.{item.name}"
    return {
        name: whole
        for name, whole in bound.items()
        if not whole.startswith(("ragcli.", "__future__."))
    }


def whole_name(node: ast.expr, bound: dict[str, str]) -> str:
    """Returns the dotted name of what a library has, "" for anything else."""
    if isinstance(node, ast.Attribute):
        owner = whole_name(node.value, bound)
        return f"{owner}.{node.attr}" if owner else ""
    return bound.get(node.id, "") if isinstance(node, ast.Name) else ""


CHANGES = {"update", "setdefault", "pop", "clear"}
"""Methods that change what they are called on."""


def written(node: ast.AST) -> Iterator[ast.expr]:
    """Yields what a statement or a call changes, as far as a reader can tell."""
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
        yield node.value
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
        yield node.value
    if isinstance(node, ast.Call):
        named = node.func
        if ast.unparse(named) in {"setattr", "delattr"}:
            yield node.args[0]
        elif isinstance(named, ast.Attribute) and named.attr in CHANGES:
            yield named.value


def patches(path: Path) -> Iterator[str]:
    """Yields what in a module changes a library or takes something private of it."""
    bound = imported(path)
    for whole in bound.values():
        if is_private(whole) and whole not in PUBLIC:
            yield f"imports {whole}"
    for node in nodes_of(path):
        if isinstance(node, ast.Attribute):
            name = whole_name(node, bound)
            if is_private(name) and name not in PUBLIC and name[0] != "_":
                yield f"uses {name}"
        for target in written(node):
            inner = target
            if isinstance(inner, ast.Call) and ast.unparse(inner.func) == "vars":
                inner = inner.args[0]
            name = whole_name(inner, bound)
            if name and name not in OWN_STATE:
                yield f"changes {name}"


OWN_STATE = {"os.environ"}
"""What a program may change of the standard library: its own surroundings."""


def test_nothing_of_a_library_is_changed_anywhere_else() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {what}"
        for path in MODULES
        if not path.is_relative_to(PATCHES)
        for what in patches(path)
    }

    assert found == set()


def test_the_search_finds_what_is_there() -> None:
    found = {what for path in PATCHES.glob("*.py") for what in patches(path)}

    assert {
        "uses atexit._run_exitfuncs",
        "imports typer._completion_classes",
        "imports textual._xterm_parser.XTermParser",
        "changes sys.modules",
    } <= found


@pytest.mark.parametrize(
    "path", [path for path in sorted(PATCHES.glob("*.py")) if path.stem != "__init__"],
    ids=lambda path: path.stem,
)  # fmt: skip
def test_each_says_what_it_changes_gains_and_was_read_of(path: Path) -> None:
    told = ast.get_docstring(tree_of(path)) or ""

    for part in ("Changes: ", "Gain: ", "Upstream: "):
        assert f"\n\n{part}" in told
    named = re.findall(r"`(tests/[\w/]+\.py)`", told)
    assert f"tests/unit/dependency_patches/test_{path.stem}.py" in named
    assert [name for name in named if not (ROOT / name).exists()] == []
