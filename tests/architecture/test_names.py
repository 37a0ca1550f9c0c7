"""One name, one thing: a search for a class or a module finds the one that is meant."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.sources import MODULES, PACKAGE, nodes_of, tree_of

NAME = r"`(?:ragcli\.)?([a-z_]+(?:\.[a-z_]+)*)`"
"""A module or package as a docstring names it."""

SAID_TWICE = {"Snapshots"}
"""A protocol of `sessions` and of `index`: neither imports the other, so each says what
it asks of the same object. `workspace` hands it on."""

SAME_ROLE = {
    "answers": "presented, and written",
    "audit": "a command, and the log of one store",
    "building": "a new profile, of each store",
    "columns": "of a terminal: counted, and lined up",
    "copying": "a profile, of each store",
    "embedder": "of each provider",
    "generations": "of each store, and on their way",
    "log": "of each store",
    "packages": "of Python, and of an office document",
    "passages": "found, and presented",
    "protocols": "of each layer",
    "retriever": "ours, and behind LangChain's interface",
    "rewriting": "a log, of each store",
    "search": "a command, and a screen",
    "session": "of each store",
    "settings": "in force, and on a screen",
    "skill": "what agents read, and its command",
    "snapshots": "on the disk, and shared",
    "store": "of each store",
    "turns": "recorded, and presented",
    "verification": "of each store, and what they share",
    "watching": "files, and the command that does",
    "writer": "of the history, and of the terminal",
}
"""Names that modules of several packages share, and in what each is the package's."""


def dotted(path: Path) -> str:
    """Returns a module's name below `ragcli`; a package's for its `__init__`."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def classes(path: Path) -> Iterator[str]:
    """Yields the classes of a module; what stands inside one is named with it."""
    for node in nodes_of(path):
        if not isinstance(node, ast.ClassDef):
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.ClassDef):
                    yield child.name


def test_no_class_name_is_defined_twice() -> None:
    places = defaultdict(set)
    for path in MODULES:
        for name in classes(path):
            places[name].add(dotted(path))

    twice = {name: where for name, where in places.items() if len(where) > 1}

    assert len(places) > 300
    assert set(twice) == SAID_TWICE, twice


def test_modules_of_one_name_have_one_role() -> None:
    packages = defaultdict(set)
    for path in MODULES:
        if path.stem != "__init__":
            packages[path.stem].add(dotted(path.parent / "__init__.py"))

    shared = {name for name, where in packages.items() if len(where) > 1}

    assert shared == SAME_ROLE.keys()


def test_no_module_has_the_name_of_its_package() -> None:
    same = [path for path in MODULES if path.stem == path.parent.name]

    assert same == []


def test_no_import_renames_what_is_ours() -> None:
    renamed = [
        f"{dotted(path)}: {item.name} as {item.asname}"
        for path in MODULES
        for node in nodes_of(path)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ragcli")
        for item in node.names
        if item.asname
    ]

    assert renamed == []


def in_sight(package: str, name: str, known: set[str]) -> bool:
    """Tells whether a name leads to a module from a package, or from one around it."""
    around = package.split(".") if package else []
    return any(
        ".".join([*around[:depth], name]) in known for depth in range(len(around) + 1)
    )


def test_a_package_names_modules_that_are_there() -> None:
    known = {dotted(path) for path in MODULES}
    words = {word for name in known for word in name.split(".")}
    named = [
        (dotted(path), name)
        for path in MODULES
        if path.name == "__init__.py"
        for name in re.findall(NAME, ast.get_docstring(tree_of(path)) or "")
        if "." not in name or name.split(".")[0] in words
    ]

    gone = [
        (package, name) for package, name in named if not in_sight(package, name, known)
    ]

    assert len(named) > 150
    assert gone == []


def test_a_package_says_where_to_start_reading() -> None:
    packages = [path for path in MODULES if path.name == "__init__.py"]

    silent = [
        dotted(path)
        for path in packages
        if not re.search(
            r"\b[Ss]tart\b|\bstart there", ast.get_docstring(tree_of(path)) or ""
        )
    ]

    assert silent == []
