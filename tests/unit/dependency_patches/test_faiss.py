"""FAISS's compiled part alone stores, finds and frees as the whole package does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ALONE = """
import sys
from pathlib import Path
import numpy as np
from ragcli.dependency_patches import faiss as patch
from ragcli.index.segments.vector_index import build

file = Path(sys.argv[1])
vectors = np.random.default_rng(7).standard_normal((50, 16)).astype(np.float16)
queries = vectors[:3].astype(np.float32)
even = np.packbits(np.arange(50) % 2 == 0, bitorder="little")

def found(index):
    yield index.search(queries, 5, None)
    yield index.search(queries, 40, even)
    yield index.vectors(np.array([49, 0])), index.vectors(np.zeros(0, np.int64))

def mapped():
    return str(file) in Path("/proc/self/maps").read_text()

file.write_bytes(b"".join(build(vectors)))
on_disk, in_memory = patch.read(file), patch.deserialize(memoryview(file.read_bytes()))
ours = [*found(on_disk), *found(in_memory)]
assert (on_disk.count, on_disk.dimension) == (50, 16)
assert "faiss" not in sys.modules
assert mapped()
del on_disk
assert not mapped()

import faiss

index = faiss.read_index(str(file))
chosen = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(even))
theirs = [
    index.search(queries, 5),
    index.search(queries, 40, params=chosen),
    (index.reconstruct_batch([49, 0]), np.zeros((0, 16), np.float32)),
]
for mine, whole in zip(ours, [*theirs, *theirs], strict=True):
    assert [part.tolist() for part in mine] == [part.tolist() for part in whole]
assert (ours[1][1][:, 25:] == -1).all()
assert patch.read(file).search(queries, 5, None)[1].tolist() == ours[0][1].tolist()
del in_memory
try:
    patch.deserialize(memoryview(b"IxSQ"))
except RuntimeError:
    print("done")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells what is mapped")
def test_the_compiled_part_does_what_the_package_does(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ALONE, str(tmp_path / "vectors.faiss")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout, done.stderr) == ("done\n", "")


def test_of_several_compiled_parts_the_package_picks_one(tmp_path: Path) -> None:
    package = tmp_path / "faiss"
    package.mkdir()
    for name in ("_swigfaiss.so", "_swigfaiss_fast.so"):
        (package / name).touch()
    (package / "__init__.py").write_text("from faiss.swigfaiss_fast import Index\n")
    (package / "swigfaiss_fast.py").write_text(
        "_swigfaiss_fast = 'the fast one'\nclass Index: pass\n"
    )
    code = "from ragcli.dependency_patches import faiss; print(faiss.compiled_part())"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, sys.argv[1]); {code}",
         str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip

    assert (done.stdout, done.stderr) == ("the fast one\n", "")
