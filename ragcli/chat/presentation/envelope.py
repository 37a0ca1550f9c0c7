"""What is around every JSON document: the version of the contract, and the encoding."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from ragcli.errors import RagcliError

SCHEMA = 1
"""Version of every JSON document; keys are only ever added."""

_AT_ONCE = 256
"""Items of a list that are encoded together: a call costs as much as two or three."""


def encoded(data: Mapping[str, Any], *, indent: int | None = None) -> str:
    """Returns a whole document as text: ASCII, so that no byte of it can act.

    Args:
        data: The document without its version.
        indent: Spaces a level, for people; None for one line.
    """
    return json.dumps({"schema": SCHEMA, **data}, indent=indent, default=list)


def encoded_list(
    name: str,
    items: Iterable[Mapping[str, Any]],
    others: Mapping[str, Any],
    *,
    indent: int | None = None,
) -> Iterator[str]:
    """Yields what `encoded` returns for `{name: [*items], **others}`, in parts.

    Args:
        name: The key of the list.
        items: What is in it.
        others: What comes after it.
        indent: Spaces a level, for people; None for one line.
    """
    mark = json.dumps(name)  # stands for the list until its items are there
    whole = encoded({name: [mark], **others}, indent=indent)
    before, after = whole.split(json.dumps(mark), 1)
    lead = before[before.rindex("[") + 1 :]
    between = f",{lead or ' '}"
    encoder = json.JSONEncoder(indent=indent, default=list)
    left, empty = iter(items), True
    while some := list(islice(left, _AT_ONCE)):
        text = encoder.encode({name: some})
        inner = text[text.index("[") + 1 : text.rindex("]")].strip()
        yield (before if empty else between) + inner
        empty = False
    yield encoded({name: [], **others}, indent=indent) if empty else after


def error_document(error: RagcliError) -> dict[str, Any]:
    """Returns an error as the contract has it in JSON."""
    document = {"code": int(error.code), "kind": error.kind}
    return {"error": document | {"message": error.message, "hint": error.hint}}
