"""What is around every JSON document: the version of the contract, and the encoding."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ragcli.errors import RagcliError

SCHEMA = 1
"""Version of every JSON document; keys are only ever added."""


def encoded(data: Mapping[str, Any], *, indent: int | None = None) -> str:
    """Returns a whole document as text: ASCII, so that no byte of it can act.

    Args:
        data: The document without its version.
        indent: Spaces a level, for people; None for one line.
    """
    return json.dumps({"schema": SCHEMA, **data}, indent=indent, default=list)


def error_document(error: RagcliError) -> dict[str, Any]:
    """Returns an error as the contract has it in JSON."""
    told = {"code": int(error.code), "kind": error.kind}
    return {"error": told | {"message": error.message, "hint": error.hint}}
