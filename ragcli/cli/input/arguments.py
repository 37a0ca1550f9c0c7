"""Converts typed arguments to the values that a command gets."""

from __future__ import annotations

import os
from collections.abc import Callable
from types import UnionType
from typing import Any, Union, get_args, get_origin

import typer


def without_pydantic(params: list[Any]) -> list[Any]:
    """Gives each parameter of a plain type a conversion of our own.

    Typer 0.29 converts with pydantic, whose import (100 ms) is longer than most
    of our commands run. Older releases do not, and are left as they are.
    """
    for param in params:
        conversion = _conversion(param)
        if conversion is not None:
            vars(param)["get_runtime_param"] = conversion
    return params


def spread_paths(arguments: list[str], option: str) -> list[str]:
    """Repeats `option` before every existing path that follows its first value.

    So `--docs notes/*.md`, which a shell turns into `--docs a.md b.md`, means what
    it looks like. The first word that is no file or directory ends the list.
    """
    spread: list[str] = []
    within = False
    remaining = iter(arguments)
    for argument in remaining:
        if argument == option:
            spread += [argument, *([value] if (value := next(remaining, None)) else [])]
            within = True
        elif within and not argument.startswith("-") and os.path.lexists(argument):
            spread += [option, argument]
        else:
            within = False
            spread.append(argument)
    return spread


class _Plain:
    """Converts one parameter's value; what Typer calls a runtime parameter.

    Args:
        convert: Makes a value of its text.
        expected: Words for the message when it cannot.
    """

    def __init__(self, convert: Callable[[Any], Any], expected: str) -> None:
        self._convert = convert
        self._expected = expected

    def coerce(self, value: Any, *, param: Any, ctx: Any) -> Any:
        """Returns the converted value, or a list of them."""
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        try:
            if isinstance(value, list | tuple):
                return [self._convert(item) for item in value]
            return self._convert(value)
        except ValueError:
            raise typer.BadParameter(
                f"{value!r} is not {self._expected}", ctx=ctx, param=param
            ) from None


_PLAIN = {
    str: _Plain(str, "text"),
    int: _Plain(int, "a whole number"),
    float: _Plain(float, "a number"),
    bool: _Plain(bool, "a flag"),
}


def _conversion(param: Any) -> Callable[[], _Plain] | None:
    """Returns what gives a parameter's conversion; None when Typer must do it."""
    descriptor = getattr(param, "type_descriptor", None)
    if descriptor is None:
        return None
    plain = _PLAIN.get(_item_type(descriptor.annotation))
    return None if plain is None else lambda: plain


def _item_type(annotation: Any) -> Any:
    """Returns `T` of `T`, `T | None` and `list[T]`."""
    if get_origin(annotation) in {list, Union, UnionType}:
        inner = [item for item in get_args(annotation) if item is not type(None)]
        return _item_type(inner[0]) if len(inner) == 1 else None
    return annotation
