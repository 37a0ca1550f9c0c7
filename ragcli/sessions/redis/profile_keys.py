"""One profile's keys on a server, and scripts over them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from ragcli.errors import Locked, ProfileNotFound
from ragcli.sessions.redis.keyspace import Keyspace
from ragcli.sessions.redis.scripts.script import TOUCH, Script
from ragcli.sessions.redis.server.client import RedisServer
from ragcli.sessions.redis.server.replication import written

if TYPE_CHECKING:
    from redis import Redis

T = TypeVar("T")

_LOADS = 20
"""How often a script is loaded for one call: others may empty the server's cache of
scripts at any moment, also between the two."""

_PAGE = 256
"""Entries of a stream that are read at once."""

_ABSENT = {b"none", b"gone"}
"""Replies that a server in charge of nothing gives as well."""


@dataclass(slots=True)
class ProfileKeys:
    """Runs scripts over the keys of one profile."""

    server: RedisServer
    keyspace: Keyspace
    name: str
    id: str = ""
    """The profile's id, and `/` and its incarnation once it was encrypted or decrypted:
    a script refuses to touch another one of the same name."""
    idle: int = 0
    """Milliseconds after which an unused profile expires unless it says otherwise."""
    replicated: bool = False
    """Whether a write counts only when a replica has it."""
    tokens: dict[str, str] = field(default_factory=dict)
    """Lock → fencing token, of the locks that this process holds."""
    quiet: bool = False
    """Whether reading leaves no trace: the profile does not count as used."""
    prefix: str = ""
    """Prefix of all part names while a profile is made beside another."""

    @property
    def tag(self) -> str:
        """Returns the hash tag of all keys."""
        return self.keyspace.profile_tag(self.name)

    def key(self, part: str) -> str:
        """Returns the key of a part, such as `log`."""
        return f"ragcli:{self.tag}:{self.prefix}{part}"

    @property
    def identity(self) -> str:
        """Returns the id that stays when the profile is renamed or encrypted."""
        return self.id.partition("/")[0]

    def beside(self, identifier: str) -> ProfileKeys:
        """Returns keys for another profile that will take the place of this one."""
        return replace(self, id=identifier, tokens={}, prefix="new:")

    def call(
        self, script: Script, *args: Any, lock: str = "profile", other: str = ""
    ) -> list[Any]:
        """Runs a script in one round trip and returns its reply, status decoded.

        Args:
            script: Which.
            args: After the four that all of them have.
            lock: The lock whose token it carries, if this process holds that.
            other: A second key.

        Raises:
            ProfileNotFound: Deleted, renamed or made anew since it was opened.
            Locked: A lock expired while this process held it, and others have it.
            StoreUnavailable, NotPermitted, StorageFailed: See `faults`.
        """
        token = self.tokens.get(lock, "")
        keys = [self.key("meta"), *([other] if other else [])]
        values = [self.id, self.idle, lock, token, *args]

        def run(redis: Redis) -> list[Any]:
            reply = self._evaluated(redis, script, keys, values)
            if reply[0] in _ABSENT:
                self.server.assure(self.tag, replicated=self.replicated)
            return reply

        reply = self.server.run(self.tag, run)
        status = reply[0].decode()
        if status == "gone":
            raise ProfileNotFound(
                f"profile {self.name!r} was deleted, renamed, encrypted or made anew "
                "meanwhile",
                "`ragcli profile list` shows what there is",
            )
        if status == "fenced":
            raise Locked(
                f"{self.name}: the {lock} lock expired while this process held it, "
                "and another one has taken it; nothing was written",
                "run the command again",
            )
        return [status, *reply[1:]]

    def read(self, work: Callable[[Any], Any]) -> Any:
        """Runs one reading command; unless quiet, the profile counts as used.

        Args:
            work: Queues the command on a pipeline.
        """
        values: list[Any] = [self.id, self.idle, "", ""]

        def both(redis: Redis) -> Any:
            pipeline = redis.pipeline(transaction=False)
            work(pipeline)
            if self.idle and not self.quiet:
                pipeline.evalsha(TOUCH.sha, 1, self.key("meta"), *values)
            replies = pipeline.execute(raise_on_error=False)
            if isinstance(replies[0], Exception):
                raise replies[0]
            if len(replies) > 1 and isinstance(replies[1], Exception):
                self._evaluated(redis, TOUCH, [self.key("meta")], values)
            return replies[0]

        return self.server.run(self.tag, both)

    def entries(self, part: str) -> Iterator[tuple[bytes, Mapping[bytes, bytes]]]:
        """Yields the id and fields of each entry of a stream, oldest first."""
        key, start = self.key(part), "-"
        while True:
            page = self.read(
                lambda r: r.xrange(key, start, "+", count=_PAGE)  # noqa: B023
            )
            yield from page
            if len(page) < _PAGE:
                return
            start = f"({page[-1][0].decode()}"

    def write(self, *command: Any) -> Any:
        """Runs a writing command that may be sent twice; can wait for replicas."""
        return self.server.run(self.tag, lambda r: self._written(r, command))

    def _evaluated(
        self, redis: Redis, script: Script, keys: list[str], values: list[Any]
    ) -> list[Any]:
        """Runs a script, loaded first if the server does not know it."""
        from redis.exceptions import NoScriptError

        for _ in range(_LOADS):
            try:
                return self._sent(redis, script, keys, values)
            except NoScriptError:
                redis.script_load(script.source)
        return self._sent(redis, script, keys, values)

    def _sent(
        self, redis: Redis, script: Script, keys: list[str], values: list[Any]
    ) -> list[Any]:
        command = ("EVALSHA", script.sha, len(keys), *keys, *values)
        return list(self._written(redis, command, durable=script.durable))

    def _written(
        self, redis: Redis, command: Sequence[Any], *, durable: bool = True
    ) -> Any:
        if self.replicated and durable:
            return written(redis, self.server.replicas(self.tag), command)
        return redis.execute_command(*command)  # type: ignore[no-untyped-call]
