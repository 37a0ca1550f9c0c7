"""The layers point down, and nobody writes where only one module may."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.architecture.sources import MODULES, ROOT, nodes_of, tree_of


def name_of(path: Path) -> str:
    """Returns a module's path below the repository."""
    return str(path.relative_to(ROOT))


def test_import_contracts_hold() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )

    assert done.returncode == 0, done.stdout


def test_every_package_says_what_lives_there() -> None:
    packages = [path for path in MODULES if path.name == "__init__.py"]

    silent = [
        name_of(path) for path in packages if not ast.get_docstring(tree_of(path))
    ]

    assert packages
    assert silent == []


def test_the_modules_that_contributing_names_are_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    tops = "|".join(p.name for p in (ROOT / "ragcli").iterdir() if p.is_dir())

    named = re.findall(rf"`(?:ragcli/)?((?:{tops})/[\w./]+)`", text)

    gone = [name for name in named if not is_module(ROOT / "ragcli" / name)]
    assert len(named) > 20
    assert gone == []


def test_contributing_draws_the_layers_that_are_enforced() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    drawn = text.partition("## Layers")[2].split("```")[1]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]

    layers = [" ".join(layer.split()) for layer in drawn.split("→")]

    assert layers == next(c["layers"] for c in contracts if c["type"] == "layers")


def test_the_names_on_the_journeys_are_modules() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    journeys = text.partition("## Finding your way")[2].partition("Where something")[0]
    modules = {path.stem for path in MODULES} | {p.parent.name for p in MODULES}

    named = re.findall(r"`([a-z_]+)`", journeys)

    assert "fusion" in named
    assert [name for name in named if name not in modules] == []


def test_the_words_of_the_glossary_are_those_of_the_code() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    glossary = text.partition("## Words")[2].partition("\n## ")[0]
    names = [path.stem for path in MODULES] + [
        node.name
        for path in MODULES
        for node in ast.walk(tree_of(path))
        if isinstance(node, (ast.ClassDef, ast.FunctionDef))
    ]
    used = {
        part.lower().removesuffix("s")
        for name in names
        for part in re.findall(r"[A-Z]?[a-z]+", name)
    }

    terms = re.findall(r"(?<!\*)\*([a-z][a-z ]*)\*(?!\*)", glossary)

    assert len(terms) > 20
    unused = [
        term
        for term in terms
        if any(word.removesuffix("s") not in used for word in term.split())
    ]
    assert unused == []


def test_only_one_module_writes_to_the_terminal() -> None:
    writers = {
        name_of(path)
        for path in MODULES
        if "tui" not in path.parts
        for node in nodes_of(path)
        if isinstance(node, ast.Call) and writes(node)
    }

    assert writers == set()


def is_module(path: Path) -> bool:
    """Tells whether a module, a package or a file stands at a path."""
    return path.exists() or path.with_suffix(".py").exists()


def writes(call: ast.Call) -> bool:
    """Tells whether a call is `print` or `sys.stdout.write`."""
    if isinstance(call.func, ast.Name):
        return call.func.id == "print"
    target = ast.unparse(call.func)
    return target in {"sys.stdout.write", "sys.stderr.write"}


@pytest.mark.slow
def test_nothing_is_done_on_import() -> None:
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


def test_only_one_module_syncs() -> None:
    """Plain fsync stops at the drive's cache on macOS: `storage.durable` knows."""
    syncing = {
        name_of(path)
        for path in MODULES
        for node in nodes_of(path)
        if isinstance(node, ast.Attribute) and node.attr in {"fsync", "fdatasync"}
    }

    assert syncing == {"ragcli/storage/durable.py"}


def test_only_a_path_that_a_user_typed_has_a_tilde() -> None:
    expanding = {
        name_of(path)
        for path in MODULES
        for node in nodes_of(path)
        if isinstance(node, ast.Attribute) and node.attr == "expanduser"
    }

    assert expanding == {"ragcli/paths.py", "ragcli/tui/attachments/mentions.py"}
