"""What stands for a record's id on the server."""

from __future__ import annotations

import base64
import hashlib

_BYTES = 12


def id_hash(identifier: str) -> str:
    """Returns what stands for a record's id: short, and without its time."""
    digest = hashlib.sha256(identifier.encode("utf-8", "surrogatepass")).digest()
    return base64.b64encode(digest[:_BYTES]).decode()
