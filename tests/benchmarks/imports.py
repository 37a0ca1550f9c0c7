"""What the imports of one command cost, by package, as Python itself reports it."""

from __future__ import annotations

import re
import subprocess
from collections import defaultdict
from collections.abc import Mapping, Sequence

from tests.benchmarks.measure import PYTHON, ROOT, environment

_LINE = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)")
_OURS = re.compile(r"ragcli\.\w+|\w+")


def by_package(
    arguments: Sequence[str], environ: Mapping[str, str], runs: int
) -> dict[str, float]:
    """Returns package → milliseconds of its own modules, the dearest first.

    The least of several runs for each module: what disturbs only adds.

    Args:
        arguments: A ragcli command.
        environ: Variables to add.
        runs: How often to run it.
    """
    least: dict[str, int] = {}
    for _ in range(runs):
        told = subprocess.run(
            [PYTHON, "-X", "importtime", "-m", "ragcli", *arguments],
            capture_output=True,
            text=True,
            env=environment(environ),
            cwd=ROOT,
            check=False,
        ).stderr
        for microseconds, module in _LINE.findall(told):
            least[module] = min(least.get(module, 1 << 30), int(microseconds))
    found: dict[str, float] = defaultdict(float)
    for module, microseconds in least.items():
        name = _OURS.match(module)
        found[name[0] if name else module] += microseconds / 1000
    return dict(sorted(found.items(), key=lambda item: -item[1]))
