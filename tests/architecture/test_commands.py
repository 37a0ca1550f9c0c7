"""Every command explains itself: help with an example, and a line in the README."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator

import pytest

from ragcli.cli.command_tree import COMMANDS, GROUPS
from tests.conftest import ROOT, Ran

README = (ROOT / "README.md").read_text()


def commands() -> Iterator[tuple[str, ...]]:
    """Yields every command as it is typed."""
    for name, (module, _) in COMMANDS.items():
        functions = importlib.import_module(f"{GROUPS}.{module}").COMMANDS
        if list(functions) == [name]:
            yield (name,)
        else:
            yield from ((name, child) for child in functions)


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_help_has_examples(
    command: tuple[str, ...], run_cli: Callable[..., Ran]
) -> None:
    ran = run_cli(*command, "--help")

    assert ran.code == 0, ran.err
    assert f"Usage: ragcli {' '.join(command)}" in ran.out
    assert "Examples:" in ran.out
    assert f"ragcli {' '.join(command)}" in ran.out.split("Examples:")[1]
    assert "--profile" in ran.out
    assert "--json" in ran.out


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_help_names_no_python(
    command: tuple[str, ...], run_cli: Callable[..., Ran]
) -> None:
    """A docstring is the help: what is meant for programmers does not belong there."""
    help_ = run_cli(*command, "--help").out

    for word in ("Args:", "Raises:", "Returns", "Yields", "None", "NoneType"):
        assert word not in help_


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_the_readme_has_it(command: tuple[str, ...]) -> None:
    group, *child = command

    assert f"ragcli {group}" in README
    assert (
        not child or f"`{child[0]}`" in README or f"ragcli {group} {child[0]}" in README
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_what_the_module_says(name: str) -> None:
    """The list of commands is written down so that showing it imports nothing."""
    module, summary = COMMANDS[name]
    loaded = importlib.import_module(f"{GROUPS}.{module}")
    functions = loaded.COMMANDS
    about = functions[name].__doc__ if list(functions) == [name] else loaded.__doc__

    assert about is not None
    assert summary.rstrip(".") in " ".join(about.split())


def test_a_group_alone_shows_its_commands(run_cli: Callable[..., Ran]) -> None:
    ran = run_cli("profile")

    assert ran.code == 0
    assert "create" in ran.out
    assert "rename" in ran.out
