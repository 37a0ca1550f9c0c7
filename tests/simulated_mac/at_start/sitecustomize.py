"""Python imports this when it starts."""

from __future__ import annotations

import importlib.util
from pathlib import Path

_spec = importlib.util.spec_from_file_location(
    "simulated_mac", Path(__file__).parents[1] / "mac.py"
)
assert _spec
assert _spec.loader
_mac = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_mac)
_mac.become()
