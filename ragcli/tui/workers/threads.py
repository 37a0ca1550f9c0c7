"""Runs calls that may block outside the screen's thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import ParamSpec, TypeVar

from ragcli.errors import RagcliError

P = ParamSpec("P")
T = TypeVar("T")


async def aside(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Returns what `call` returns, run in a daemon thread.

    Unlike `asyncio.to_thread`, a call that still waits for a lock or a server does
    not keep the process from ending.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(how: Callable[[], None]) -> None:
        if not future.cancelled():
            how()

    def run() -> None:
        try:
            how = partial(future.set_result, call(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - raised in the awaiting task
            how = partial(future.set_exception, error)
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, how)

    threading.Thread(target=run, name="aside", daemon=True).start()
    return await future


def failure_of(
    work: Callable[[], object],
) -> tuple[RagcliError | None, BaseException | None]:
    """Does work of a thread of its own; returns what went wrong, for the screen.

    Returns:
        An error to be told, and a bug of ours, to be raised where it is seen.
    """
    try:
        work()
    except RagcliError as error:
        return error, None
    except BaseException as bug:  # noqa: BLE001 - raised again on the screen
        return None, bug
    return None, None
