"""Names in a profile's directory that more than one module knows."""

from __future__ import annotations

KEYS = "keys"
"""The directory of an encrypted profile's key slots."""
HISTORY = "history.jsonl"
"""The file of a profile's turns."""
USED = "used"
"""A file whose modification time is when a profile that can expire was last opened."""
