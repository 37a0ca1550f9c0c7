"""The two data files of the wordllama wheel: word vectors and their tokenizer.

The package itself is never imported: it is slow, and its loader tries the network.
Version 0.2.2.post0 is pure Python and carries, under the MIT licence, 32,000 static
vectors of 256 dimensions trained from Llama 2's input embeddings
(https://github.com/dleemiller/WordLlama).
"""

from __future__ import annotations

import importlib.util
import json
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ragcli import packages
from ragcli.errors import ProviderMissing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

VOCABULARY = 32_000
DIMENSION = 256
_WEIGHTS = "weights/l2_supercat_256.safetensors"
_TOKENIZER = "tokenizers/l2_supercat_tokenizer_config.json"
_TENSOR = "embedding.weight"
_LONGEST_HEADER = 1 << 16
_PACKAGE = "wordllama==0.2.2.post0"


def tokenizer_file() -> Path:
    """Returns the tokenizer's JSON file.

    Raises:
        ProviderMissing: The wheel, or the file in it, is not installed.
    """
    return _file(_TOKENIZER)


@cache
def token_vectors() -> NDArray[np.float16]:
    """Returns the table of vectors, VOCABULARY by DIMENSION, mapped, not read.

    Raises:
        ProviderMissing: The wheel is not installed or holds another table.
    """
    import numpy as np  # 0.09 s

    path = _file(_WEIGHTS)
    return np.memmap(
        path, "<f2", "r", offset=_table_offset(path), shape=(VOCABULARY, DIMENSION)
    )


def _table_offset(path: Path) -> int:
    """Returns where the table starts in a safetensors file.

    The format: eight bytes of header length, a JSON header, the tensors
    (https://huggingface.co/docs/safetensors).
    """
    expected = {
        "dtype": "F16",
        "shape": [VOCABULARY, DIMENSION],
        "data_offsets": [0, VOCABULARY * DIMENSION * 2],
    }
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        head = file.read(length) if length < _LONGEST_HEADER else b""
        end = os.fstat(file.fileno()).st_size
    try:
        entry = json.loads(head).get(_TENSOR)
    except (ValueError, AttributeError):
        entry = None
    if entry != expected or end < 8 + length + VOCABULARY * DIMENSION * 2:
        raise ProviderMissing(f"{path}: not the table of word vectors", _repair())
    return 8 + length


def _file(name: str) -> Path:
    """Returns a file of the wheel."""
    package = importlib.util.find_spec("wordllama")
    for directory in (package.submodule_search_locations if package else None) or ():
        path = Path(directory, name)
        if path.is_file():
            return path
    raise ProviderMissing(f"the word vectors are missing ({name})", _repair())


def _repair() -> str:
    return f"install it again: {packages.reinstallation(_PACKAGE)}"
