"""The process that parses what may be hostile: bounded in memory and time.

It reads requests from its standard input and answers on its standard output,
each a JSON header on one line and then bytes. It ends when its input does.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any, BinaryIO

from ragcli.errors import UnreadableDocument
from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import packed
from ragcli.index.documents.loaders.dispatch import bounds


def serve() -> None:
    """Answers requests until the input ends; the entry point of the process."""
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    # What a library prints must not end up between two answers.
    os.dup2(2, 1)
    bounds.limit_memory()
    while line := requests.readline():
        request = json.loads(line)
        data = requests.read(request["size"])
        bounds.allow_processor_time(request["cpu"])
        content = Content(
            data,
            request["name"],
            request["format"],
            ocr=request["ocr"],
            allow_time=bounds.allow_processor_time,
        )
        content.helpers = request["helpers"]
        _send(answers, _answer(content))


def _answer(content: Content) -> dict[str, Any]:
    """Parses one document; what a parser raises becomes one line."""
    from ragcli.index.documents.loaders.dispatch.parse import parse

    try:
        return {"document": packed(parse(content))}
    except UnreadableDocument as error:
        return {"error": error.message, "hint": error.hint}
    except MemoryError:
        pass  # only after this is what was read let go of, and there is room to say so
    except Exception as error:  # noqa: BLE001 - the bytes are anybody's, and parsers fail on them in any way
        return {"error": bounds.loader_failure(error)}
    return {"error": bounds.too_much(content.format)}


def _send(answers: BinaryIO, answer: dict[str, Any]) -> None:
    body = json.dumps(answer).encode()
    answers.write(b"%d\n" % len(body))
    answers.write(body)
    answers.flush()
