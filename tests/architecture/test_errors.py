"""Every error a user can meet has an exit code, a kind of its own, and is raised."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from ragcli import errors
from ragcli.cli import main as cli
from ragcli.cli.output.writer import Output
from ragcli.errors import ExitCode, RagcliError
from tests.architecture.sources import MODULES, nodes_of

DOCUMENTED = {0, 1, 2, 3, 4, 5, 6, 70, 74, 75, 77, 130}


def classes() -> list[type[RagcliError]]:
    """Returns every error class below the base."""
    return [
        value
        for value in vars(errors).values()
        if isinstance(value, type)
        and issubclass(value, RagcliError)
        and value is not RagcliError
    ]


@cache
def raised() -> set[str]:
    """Returns the names of the classes that the package makes instances of."""
    return {
        node.func.id
        for path in MODULES
        for node in nodes_of(path)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }


def test_exit_codes_are_the_documented_ones() -> None:
    assert {int(code) for code in ExitCode} == DOCUMENTED


@pytest.mark.parametrize("error", classes(), ids=lambda error: error.__name__)
def test_every_error_has_a_code_and_a_kind(error: type[RagcliError]) -> None:
    same_kind = [other for other in classes() if other.kind == error.kind]

    assert error.code not in {ExitCode.BUG, ExitCode.ANSWERED, ExitCode.INTERRUPTED}
    assert re.fullmatch("[a-z]+(_[a-z]+)*", error.kind)
    assert same_kind == [error]


@pytest.mark.parametrize("error", classes(), ids=lambda error: error.__name__)
def test_every_error_is_drawn_in_the_tree(error: type[RagcliError]) -> None:
    assert re.search(rf"── {error.__name__} +{int(error.code)}\b", errors.__doc__ or "")


@pytest.mark.parametrize(
    "error",
    [error for error in classes() if not error.__subclasses__()],
    ids=lambda error: error.__name__,
)
def test_every_leaf_is_raised_somewhere(error: type[RagcliError]) -> None:
    assert error.__name__ in raised()


@pytest.mark.parametrize("error", classes(), ids=lambda error: error.__name__)
def test_every_error_ends_in_one_line_and_its_code(
    error: type[RagcliError],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(arguments: list[str], output: Output) -> int:
        raise error("what is\nwrong \x1b[31m", "what to do")

    monkeypatch.setattr(cli, "run_command", fail)

    assert cli.main(["doctor"]) == int(error.code)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "ragcli: what is wrong ␛[31m\nhint: what to do\n"


@pytest.mark.parametrize("error", classes(), ids=lambda error: error.__name__)
def test_every_error_is_json_when_asked(
    error: type[RagcliError],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(arguments: list[str], output: Output) -> int:
        raise error("wrong", "do")

    monkeypatch.setattr(cli, "run_command", fail)

    assert cli.main(["doctor", "--json"]) == int(error.code)
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out == (
        f'{{"schema": 1, "error": {{"code": {int(error.code)}, "kind": "{error.kind}", '
        '"message": "wrong", "hint": "do"}}\n'
    )


def test_a_bug_is_70_with_a_traceback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(arguments: list[str], output: Output) -> int:
        raise ZeroDivisionError("by \x1b zero")

    monkeypatch.setattr(cli, "run_command", fail)

    assert cli.main(["doctor"]) == 70
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert "ragcli: ZeroDivisionError: by ␛ zero\n" in said
    assert "\x1b" not in said


def test_an_interrupt_is_130(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(arguments: list[str], output: Output) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "run_command", fail)

    assert cli.main(["doctor"]) == 130
    assert capsys.readouterr().out == ""
