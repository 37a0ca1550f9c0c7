"""The process that parses what may be hostile: bounded in memory and time.

It reads requests from its standard input and answers on its standard output,
each a JSON header on one line and then bytes. It ends when its input does.
"""

from __future__ import annotations

import binascii
import json
import os
import struct
import sys
import zipfile
import zlib
from contextlib import suppress
from typing import Any, BinaryIO

from ragcli.errors import UnreadableDocument
from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import packed

MEMORY_LIMIT = 2 << 30
"""Bytes of address space."""

CPU_LIMIT = 60
"""Seconds of processor time a document."""

_PARSER_FAILURES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    ImportError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    binascii.Error,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
"""What pypdf, lxml, zipfile and the others raise on bytes that make no sense."""


def serve() -> None:
    """Answers requests until the input ends; the entry point of the process."""
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    # What a library prints must not end up between two answers.
    os.dup2(2, 1)
    _limit_memory()
    while line := requests.readline():
        request = json.loads(line)
        data = requests.read(request["size"])
        _allow_processor_time(request["cpu"])
        _send(answers, _answer(Content(data, request["name"], request["format"])))


def _answer(content: Content) -> dict[str, Any]:
    """Parses one document; what a parser raises becomes one line.

    The bytes are anybody's, and parsers fail on them in many ways. What is not in
    the list ends this process, and the next document gets another.
    """
    from ragcli.index.documents.loaders.parse import parse

    try:
        document = parse(content)
    except UnreadableDocument as error:
        return {"error": error.message, "hint": error.hint}
    except MemoryError:
        return {"error": f"needs more than {MEMORY_LIMIT >> 30} GB of memory"}
    except RecursionError:
        return {"error": "nested too deeply"}
    except _PARSER_FAILURES as error:
        what = " ".join(str(error).split())[:200]
        return {"error": f"damaged: {type(error).__name__}: {what}"}
    return {"document": packed(document)}


def _send(answers: BinaryIO, answer: dict[str, Any]) -> None:
    body = json.dumps(answer).encode()
    answers.write(b"%d\n" % len(body))
    answers.write(body)
    answers.flush()


def _limit_memory() -> None:
    import resource

    # Not every system can limit address space; the others still limit time.
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _allow_processor_time(limit: int) -> None:
    """Sets the soft limit so that this document gets `limit` seconds."""
    import resource

    usage = resource.getrusage(resource.RUSAGE_SELF)
    used = int(usage.ru_utime + usage.ru_stime)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CPU, (used + limit + 1, hard))
