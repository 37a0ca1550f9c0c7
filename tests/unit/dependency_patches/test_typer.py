"""Typer asks a parameter for its conversion in the way that is changed."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
import typer
from typer.core import TyperArgument, TyperCommand, TyperOption
from typer.main import get_command

from ragcli.dependency_patches.typer import completions, without_pydantic


class Light(TyperCommand):
    def get_params(self, ctx: Any) -> list[Any]:
        return without_pydantic(super().get_params(ctx))


def command() -> tuple[Any, list[Any]]:
    """Returns a command, and a list that is told what it was called with."""
    app = typer.Typer(rich_markup_mode=None)
    called: list[Any] = []

    @app.command(cls=Light)
    def run(
        words: list[str],
        number: Annotated[int | None, typer.Option()] = None,
        share: Annotated[float, typer.Option()] = 0.5,
        loud: Annotated[bool, typer.Option()] = False,
    ) -> None:
        called.extend([words, number, share, loud])

    return get_command(app), called


def test_a_plain_parameter_is_converted_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when Typer builds its own conversion all the same."""

    def refuse(_self: Any) -> Any:
        raise AssertionError("Typer's own conversion was asked for")

    for kind in (TyperOption, TyperArgument):
        monkeypatch.setattr(kind, "get_runtime_param", refuse)
    built, called = command()

    built.main(
        ["a", "b", "--number", "3", "--share", "0.25", "--loud"],
        standalone_mode=False,
    )

    assert [list(called[0]), *called[1:]] == [["a", "b"], 3, 0.25, True]


def test_what_is_no_number_is_said_in_our_words() -> None:
    built, _ = command()

    with pytest.raises(typer.BadParameter, match="'x' is not a whole number"):
        built.main(["a", "--number", "x"], standalone_mode=False)


def test_the_names_that_may_follow_are_those_of_the_tree() -> None:
    built, _ = command()

    named = dict(completions(built, "run", ["a"], "--"))

    assert {"--number", "--share", "--loud"} <= named.keys()
