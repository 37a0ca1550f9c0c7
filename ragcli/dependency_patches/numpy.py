"""NumPy: loaded without the texts of its help and without its types of annotations.

Changes: While NumPy is imported, empty modules stand in `sys.modules` for the two that
write docstrings to what is made in C, and one for its types, which has only the one
that NumPy itself annotates four results with and loads the real ones for any other.

Gain: CPU time of `import numpy` 98 instead of 114 ms, 24.5 instead of 25 MB of memory:
of a `ragcli ask` with built-in answers one part in twenty-five. The price is the text
that `help` shows of what is made in C; where somebody types at Python, NumPy is loaded
whole.

Upstream: Read with NumPy 2.4.6, which has no docstrings either under `python -OO`. With
another one whose modules have other names it is loaded whole. SciPy 1.17, pandas 3.1,
scikit-learn, Matplotlib, xarray, Dask, Numba, Astropy, statsmodels and pyarrow load
and compute in a process that has loaded it so.
`tests/unit/dependency_patches/test_numpy.py` fails when the modules are loaded all the
same, and when what is left does not work.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from types import ModuleType
from typing import Any

_DOCSTRINGS = ("numpy._core._add_newdocs", "numpy._core._add_newdocs_scalars")
_TYPES = "numpy._typing"


class _Array:
    """Stands in for `NDArray` in annotations that nobody reads."""

    def __class_getitem__(cls, _: object) -> type[_Array]:
        return cls


class _Types(ModuleType):
    """The module of types, until more than `NDArray` is asked of it."""

    NDArray = _Array

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        _remove(self)
        return getattr(importlib.import_module(self.__name__), name)


def load_lean() -> None:
    """Imports NumPy at less cost; whole where it is loaded or Python is interactive.

    Raises:
        ImportError: It is not installed.
    """
    if "numpy" in sys.modules or hasattr(sys, "ps1"):
        return
    spec = importlib.util.find_spec("numpy")
    places = spec.submodule_search_locations if spec else None
    types = _Types(_TYPES)
    types.__path__ = [os.path.join(place, "_typing") for place in places or ()]
    sys.modules.setdefault(_TYPES, types)
    for name in _DOCSTRINGS:
        sys.modules.setdefault(name, ModuleType(name))
    try:
        importlib.import_module("numpy")
    finally:
        _remove(types)


def _remove(types: ModuleType) -> None:
    if sys.modules.get(types.__name__) is types:
        del sys.modules[types.__name__]
