"""Commands with nothing around them: one send, one receive, a connection a thread.

A turn is two scripts. What the library does around each of them (a pool, hooks,
counters) costs as much as the server's work, so scripts go over connections of our
own; connecting, logging in, TLS and the protocol remain the library's.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from redis import Redis


class Wire:
    """Connections to one server.

    All of a message goes in one send: in the pieces that the library makes of it,
    the server would wake up, and read, for each of them.

    Args:
        client: Knows how to make them.
    """

    def __init__(self, client: Redis) -> None:
        self._pool = client.connection_pool
        self._mine = threading.local()
        self._made: list[Any] = []

    def call(self, *command: Any) -> Any:
        """Sends a command and returns the reply.

        Raises:
            redis.RedisError, OSError: The connection broke, or an error reply.
        """
        [reply] = self.calls([command])
        if isinstance(reply, Exception):
            raise reply
        return reply

    def calls(self, commands: Sequence[Sequence[Any]]) -> list[Any]:
        """Sends commands in one piece; returns the replies, error replies as well.

        Raises:
            redis.RedisError, OSError: The connection broke.
        """
        from redis.exceptions import ResponseError

        connection = self._connection()
        try:
            packed = b"".join(connection.pack_commands(commands))
            connection.send_packed_command([packed], check_health=False)
            replies: list[Any] = []
            for _ in commands:
                try:
                    replies.append(connection.read_response())
                except ResponseError as error:
                    replies.append(error)
        except BaseException:
            # A reply that nobody has read would be taken for that of the next command.
            connection.disconnect()
            raise
        return replies

    def close(self) -> None:
        """Closes the connections of all threads."""
        for connection in self._made:
            connection.disconnect()
        self._made.clear()

    def _connection(self) -> Any:
        """Returns this thread's connection; a forked child has one of its own."""
        if getattr(self._mine, "process", 0) != os.getpid():
            self._mine.process = os.getpid()
            self._mine.connection = self._pool.make_connection()
            self._made.append(self._mine.connection)
        return self._mine.connection
