"""NumPy is loaded without docstrings and types, and works as it does with them."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

LEAN = """
import sys
from ragcli.dependency_patches import numpy as patch
patch.load_lean()
assert "numpy" in sys.modules
import numpy as np

assert not np.ndarray.shape.__doc__ and not np.ndarray.sum.__doc__
assert not [name for name in sys.modules if name.startswith("numpy._typing.")]
found = np.linalg.eigh(np.diag([3.0, 1.0]))
assert found.eigenvalues.tolist() == [1.0, 3.0]
assert np.linalg.svd(np.eye(2)).S.tolist() == [1.0, 1.0]

{afterwards}

import numpy.ma, numpy.random, numpy.testing
from numpy.typing import ArrayLike, NDArray
from numpy._typing._array_like import _ArrayLike
assert "ragcli" not in repr([NDArray, ArrayLike, _ArrayLike])
assert NDArray is sys.modules["numpy._typing"].NDArray
patch.load_lean()
assert NDArray is sys.modules["numpy._typing"].NDArray
print("done")
"""


@pytest.mark.parametrize(
    "afterwards",
    ["", "from numpy._typing._array_like import NDArray", "import faiss, tantivy"],
    ids=["types", "a part of them", "faiss"],
)
def test_what_is_left_out_is_there_for_whoever_asks(afterwards: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LEAN.format(afterwards=afterwards)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout, done.stderr) == ("done\n", "")


def test_who_types_at_python_can_read_its_help() -> None:
    code = """
import sys
sys.ps1 = ">>> "  # as an interactive Python, IPython and a notebook have it
from ragcli.dependency_patches.numpy import load_lean
load_lean()
import numpy
print(numpy.ndarray.sum.__doc__ is None)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )

    assert (done.stdout, done.stderr) == ("False\n", "")
