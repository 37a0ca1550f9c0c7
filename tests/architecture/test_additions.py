"""What is added is added in the places that CONTRIBUTING names, and nowhere else."""

from __future__ import annotations

import ast
import importlib
import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from ragcli.cli.command_tree import COMMANDS, GROUPS
from ragcli.config import Settings
from ragcli.config.settings import declared
from ragcli.index.documents.formats import FORMATS
from ragcli.models.langchain.providers import EXTRAS, PACKAGES
from ragcli.sessions.stores import STORES
from tests.architecture.sources import MODULES, PACKAGE, ROOT, nodes_of

NOT_DECLARED = {"endpoints", "aliases"}
"""Tables of the user's own names: their keys are not known beforehand."""

LOADERS = PACKAGE / "index" / "documents" / "loaders"


def strings(path: Path) -> set[str]:
    return {
        node.value
        for node in nodes_of(path)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def table() -> dict[str, list[str]]:
    """Returns the rows of the table of additions, by what is added."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    lines = re.findall(r"^\| (an? [a-z ]+) \|(.*)\|$", text, re.MULTILINE)
    return {name: [cell.strip() for cell in row.split("|")] for name, row in lines}


def test_the_table_names_places_that_are_there() -> None:
    rows = table()
    named = re.findall(r"`([^`]+)`", " ".join(" ".join(row) for row in rows.values()))

    gone = [n for n in named if not ((PACKAGE / n).exists() or (ROOT / n).exists())]

    assert set(rows) == {
        "a format", "a store", "a front end", "a provider", "a command", "a setting",
        "a key of the chat",
    }  # fmt: skip
    assert len(named) > 15
    assert gone == []


@pytest.mark.slow
def test_a_format_is_one_entry_and_a_loader() -> None:
    names = [item.name for item in FORMATS]
    loaders = {item.loader for item in FORMATS}
    modules = {(LOADERS / name.split(":")[0].replace(".", "/")) for name in loaders}

    missing = [
        loader
        for loader in loaders
        for module, _, function in [loader.partition(":")]
        if not hasattr(
            importlib.import_module(f"ragcli.index.documents.loaders.{module}"),
            function,
        )
    ]
    elsewhere = {
        path.relative_to(PACKAGE).as_posix()
        for path in MODULES
        if strings(path) & loaders
    }

    assert len(names) == len(set(names))
    assert missing == []
    assert all(module.with_suffix(".py").is_file() for module in modules)
    assert elsewhere == {"index/documents/formats.py"}


def test_a_store_is_one_entry_and_a_package() -> None:
    packages = {path.parent.name for path in (PACKAGE / "sessions").glob("*/store.py")}
    source = (PACKAGE / "sessions" / "stores.py").read_text(encoding="utf-8")

    imported = re.findall(r"from ragcli\.sessions\.(\w+)\.store import", source)

    assert sorted(imported) == sorted(packages)
    assert len(set(STORES.values())) == len(packages)


def test_a_provider_of_ours_is_an_extra_and_an_entry() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"]

    lacking = [
        provider
        for provider, extra in EXTRAS.items()
        for requirement in [f"{PACKAGES[provider].replace('_', '-')}>"]
        if not any(item.startswith(requirement) for item in extras[extra])
    ]

    assert lacking == []


def test_a_command_is_one_entry_and_a_module() -> None:
    top = PACKAGE / "cli" / "commands"
    modules = {
        path.relative_to(top).with_suffix("").as_posix().replace("/", ".")
        for path in top.rglob("*.py")
        if path.name != "__init__.py"
    }
    entries = {module for module, _ in COMMANDS.values()}

    tables = {
        name
        for name in modules
        if hasattr(importlib.import_module(f"{GROUPS}.{name}"), "COMMANDS")
    }

    assert entries == tables


def test_a_setting_is_one_field() -> None:
    declared_fields = {item.name for item in declared().values()}

    assert declared_fields == {item.name for item in fields(Settings)} - NOT_DECLARED
