"""Typer: arguments without pydantic, and the parts of completion that are private.

Changes: Each parameter of a plain type is given a conversion of its own in the place
of Typer's, which is made with pydantic. Completion uses `ShellComplete` of the Click
inside of Typer, the classes that answer the scripts of Typer's own making, and the
function that finds where a shell's script belongs.

Gain: Without pydantic CPU time of `ragcli profile list` is 102 instead of 209 ms, of
`ragcli ask` 404 instead of 527 ms; 20 instead of 34 MB of memory. Of the private parts
of completion there is no public form; they bring shells the names of a tree that is
built branch by branch.

Upstream: Read with Typer 0.29.2. Since 0.29 `TyperOption` and `TyperArgument` make
their conversion in `get_runtime_param`; 0.28 has none and converts without pydantic.
`tests/unit/dependency_patches/test_typer.py` and `tests/architecture/test_startup.py`
fail when a conversion is asked for in another way,
`tests/cli/completion/test_completion.py` when the parts of completion change.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

import typer


def without_pydantic(params: list[Any]) -> list[Any]:
    """Returns parameters, each of a plain type with a conversion of our own.

    Help names an argument as we do, without the Python type that Typer adds to lists.
    """
    for param in params:
        if param.param_type_name == "argument":
            vars(param)["display_type_rich"] = lambda ctx: ""  # noqa: ARG005 - theirs
        conversion = _conversion(param)
        if conversion is not None:
            vars(param)["get_runtime_param"] = conversion
    return params


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


def completions(
    tree: Any, program: str, words: list[str], typed: str
) -> list[tuple[str, str]]:
    """Returns what may stand at the end of a command line, each with its help.

    Args:
        tree: The tree of commands.
        program: The name that is typed for it.
        words: What is typed behind it, without the last word.
        typed: The last word, as far as it is typed.
    """
    from typer._click.shell_completion import ShellComplete

    class Asked(ShellComplete):
        name = program
        source_template = ""

        def source_vars(self) -> dict[str, Any]:
            return {}

        def get_completion_args(self) -> tuple[list[str], str]:
            return words, typed

        def format_completion(self, item: Any) -> str:
            return str(item.value)

    items = Asked(tree, {}, program, "").get_completions(words, typed)
    return [(str(item.value), item.help or "") for item in items]


def answer_own_script(
    shell: str, tree: Any, program: str, variable: str, *, kept: Callable[[str], bool]
) -> str:
    """Returns what a script that Typer made for a shell reads, without any help.

    Args:
        shell: `bash`, `zsh` or `fish`; "" is returned for another.
        tree: The tree of commands.
        program: The name that is typed for it.
        variable: The variable by which the script asks.
        kept: Tells whether a name may be said.
    """
    from typer import _completion_classes as classes

    kinds: dict[str, Any] = {
        "bash": classes.BashComplete,
        "zsh": classes.ZshComplete,
        "fish": classes.FishComplete,
    }
    if shell not in kinds:
        return ""

    class Filtered:
        def get_completions(self, args: list[str], incomplete: str) -> list[Any]:
            items = super().get_completions(args, incomplete)  # type: ignore[misc]
            shown = [item for item in items if kept(str(item.value))]
            for item in shown:
                item.help = None
            return shown

    kind = type("FilteredComplete", (Filtered, kinds[shell]), {})
    completer: Any = kind(tree, {}, program, variable)
    return f"{completer.complete()}\n"


def completion_file(shell: str, program: str, variable: str) -> Path:
    """Returns the file that a shell loads a program's completion from.

    Note:
        As a side effect, a script of Typer's is in the file, and the shell's own
        start-up file loads it.

    Raises:
        RuntimeError: There is no home directory.
        OSError: A file cannot be written.
    """
    from typer._completion_shared import install

    _, file = install(shell=shell, prog_name=program, complete_var=variable)
    return file
