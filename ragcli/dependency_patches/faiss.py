"""FAISS: its compiled functions without the three hundred classes that wrap them.

Changes: Where FAISS has one compiled part, that part is loaded alone, without the
package around it, and its functions are called with numbers and pointers, as the
methods of the package call them. Where it has several, of which the package picks one
for the processor, or something else is missing, the package is loaded and its compiled
part taken. Who imports FAISS afterwards gets the package, with the same compiled part.

Gain: CPU time of the import 10 instead of 38 ms: of a `ragcli ask` with built-in
answers one part in ten.

Upstream: Read with faiss-cpu 1.15.1, whose `swigfaiss.py` SWIG writes: a method is the
function of its class and name. What a function makes has no class here, so nothing ends
it by itself: each is ended by its own `delete_` function.
`tests/unit/dependency_patches/test_faiss.py` fails when the package is loaded all the
same, when a result differs from the package's, and when something is not ended.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PACKAGE = "faiss"
_COMPILED = "_swigfaiss"
_one_by_one = threading.Lock()
"""Held while the compiled part is loaded, or two threads load it twice."""


class Index:
    """A flat index of vectors in half precision, by inner product.

    Args:
        handle: The pointer to it, which is this object's own from here on.
    """

    def __init__(self, handle: Any) -> None:
        self._faiss = compiled_part()
        self._end: Callable[[Any], None] = self._faiss.delete_Index
        self._handle = handle
        self.count: int = self._faiss.Index_ntotal_get(handle)
        """How many vectors it holds."""
        self.dimension: int = self._faiss.Index_d_get(handle)
        """How many numbers each of them has."""

    def __del__(self) -> None:
        self._end(self._handle)

    def search(
        self,
        queries: NDArray[np.float32],
        limit: int,
        allowed: NDArray[np.uint8] | None,
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Returns inner products and positions, best first, one line a query.

        It computes in the thread that calls: FAISS shares out queries, not vectors.

        Args:
            queries: One a line, of the index's dimension.
            limit: How many to find, at least one; fewer are there, position -1.
            allowed: One bit a position, lowest first: those to find; None for all.
        """
        import numpy as np

        faiss, count = self._faiss, len(queries)
        queries = np.ascontiguousarray(queries, np.float32)
        if queries.shape[1] != self.dimension:
            raise ValueError(f"{queries.shape[1]} numbers, not {self.dimension}")
        scores = np.empty((count, limit), np.float32)
        positions = np.empty((count, limit), np.int64)
        faiss.omp_set_num_threads(1)
        with _choice(faiss, allowed) as chosen:
            faiss.Index_search(
                self._handle, count, faiss.swig_ptr(queries), limit,
                faiss.swig_ptr(scores), faiss.swig_ptr(positions), chosen,
            )  # fmt: skip
        return scores, positions

    def vectors(self, positions: NDArray[np.int64]) -> NDArray[np.float32]:
        """Returns the vectors at these positions, one a line.

        Raises:
            RuntimeError: There is no such position.
        """
        import numpy as np

        positions = np.ascontiguousarray(positions, np.int64)
        found = np.empty((len(positions), self.dimension), np.float32)
        pointers = self._faiss.swig_ptr(positions), self._faiss.swig_ptr(found)
        self._faiss.Index_reconstruct_batch(self._handle, len(positions), *pointers)
        return found


def read(path: Path) -> Index:
    """Maps the file of an index.

    Raises:
        RuntimeError: It is not one, or the system does not open it.
        MemoryError: It asks for more than there is.
    """
    faiss = compiled_part()
    return Index(faiss.read_index(str(path), faiss.cvar.IO_FLAG_MMAP_IFC))


def deserialize(data: memoryview) -> Index:
    """Makes an index of the bytes of its file, which are copied.

    Raises:
        RuntimeError, MemoryError: As `read`.
    """
    import numpy as np

    faiss, stored = compiled_part(), np.frombuffer(data, np.uint8)
    with _made(faiss, "VectorIOReader") as reader:
        copy = faiss.VectorIOReader_data_get(reader)
        faiss.UInt8Vector_resize(copy, len(stored))
        target = faiss.UInt8Vector_data(copy)
        faiss.memcpy(target, faiss.swig_ptr(stored), len(stored))
        return Index(faiss.read_index(reader, 0))


def limit_files(*, vector_bytes: int, loops: int) -> None:
    """Limits what a file may make FAISS allocate, and iterate."""
    faiss = compiled_part()
    faiss.set_deserialization_vector_byte_limit(vector_bytes)
    faiss.set_deserialization_loop_limit(loops)


@contextmanager
def _choice(faiss: Any, allowed: NDArray[np.uint8] | None) -> Iterator[Any]:
    """Gives the parameters of a search, None for those of the index."""
    if allowed is None:
        yield None
        return
    bits = len(allowed), faiss.swig_ptr(allowed)
    with (
        _made(faiss, "IDSelectorBitmap", *bits) as selector,
        _made(faiss, "SearchParameters") as chosen,
    ):
        faiss.SearchParameters_sel_set(chosen, selector)
        yield chosen


@contextmanager
def _made(faiss: Any, kind: str, *given: Any) -> Iterator[Any]:
    """Gives an object of FAISS's, and ends it after the block."""
    made = getattr(faiss, f"new_{kind}")(*given)
    end: Callable[[Any], None] = getattr(faiss, f"delete_{kind}")
    try:
        yield made
    finally:
        end(made)


@cache
def compiled_part() -> Any:
    """Returns the compiled part of FAISS.

    Raises:
        ImportError: It is not installed, or does not work here.
    """
    name = f"{_PACKAGE}.{_COMPILED}"
    with _one_by_one:
        return sys.modules.get(name) or _alone(name) or _of_the_package()


def _alone(name: str) -> Any:
    """Loads the compiled part alone; returns None where only the package can."""
    spec = importlib.util.find_spec(_PACKAGE)
    places = list(spec.submodule_search_locations or ()) if spec else []
    compiled = [file for place in places for file in os.listdir(place)]
    if sum(file.startswith(_COMPILED) for file in compiled) != 1:
        return None
    found = PathFinder.find_spec(name, places)
    if found is None or found.loader is None:
        return None
    module = importlib.util.module_from_spec(found)
    try:
        found.loader.exec_module(module)
    except ImportError:  # a build whose package loads other libraries first
        return None
    sys.modules[name] = module
    return module


def _of_the_package() -> Any:
    """Returns the compiled part that the package picks."""
    package = importlib.import_module(_PACKAGE)
    wrapper = sys.modules[package.Index.__module__]
    return vars(wrapper)[f"_{wrapper.__name__.rpartition('.')[2]}"]
