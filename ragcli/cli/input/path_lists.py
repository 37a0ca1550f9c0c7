"""Options that take several paths, as a shell's `*` gives them."""

from __future__ import annotations

import os


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
