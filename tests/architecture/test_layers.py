"""The layers point down, and nobody writes where only one module may."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "ragcli").rglob("*.py"))


def name_of(path: Path) -> str:
    """Returns a module's path below the repository."""
    return str(path.relative_to(ROOT))


def test_import_contracts_hold():
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_modules_and_functions_stay_small(path):
    source = path.read_text()
    tree = ast.parse(source)
    code = code_lines(source, tree)

    assert len(code) <= 300, f"{len(code)} lines of code"
    for function in functions(tree):
        first = function.body[0].end_lineno if has_docstring(function) else 0
        own = [
            line
            for line in code
            if max(function.lineno, first or 0) < line <= (function.end_lineno or 0)
        ]
        assert len(own) <= 50, f"{function.name}: {len(own)} lines"


def test_only_one_module_writes_to_the_terminal():
    writers = {
        name_of(path)
        for path in MODULES
        if "tui" not in path.parts
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and writes(node)
    }

    assert writers == set()


def writes(call: ast.Call) -> bool:
    """Tells whether a call is `print` or `sys.stdout.write`."""
    if isinstance(call.func, ast.Name):
        return call.func.id == "print"
    target = ast.unparse(call.func)
    return target in {"sys.stdout.write", "sys.stderr.write"}


def test_nothing_is_done_on_import():
    """Importing every module creates no file and opens no socket."""
    code = (
        "import importlib, pkgutil, sys, ragcli\n"
        "def refuse(event, args):\n"
        "    if event in {'os.mkdir', 'os.rename', 'socket.connect', 'os.remove'}:\n"
        "        raise RuntimeError(event)\n"
        "sys.addaudithook(refuse)\n"
        "sys.dont_write_bytecode = True\n"
        "for found in pkgutil.walk_packages(ragcli.__path__, 'ragcli.'):\n"
        "    if not found.name.endswith('__main__'):\n"
        "        importlib.import_module(found.name)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr


def code_lines(source: str, tree: ast.Module) -> list[int]:
    """Returns the numbers of lines that are neither blank, comment nor long text.

    Long text is docstrings, and scripts in other languages.
    """
    prose: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
            prose |= set(lines) if "\n" in node.value and len(lines) > 2 else set()
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            prose.add(node.lineno)
    return [
        number
        for number, line in enumerate(source.splitlines(), 1)
        if line.strip() and not line.strip().startswith("#") and number not in prose
    ]


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yields every function and method."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def has_docstring(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Tells whether a function begins with its docstring."""
    return ast.get_docstring(function, clean=False) is not None
