"""Profiles in Redis: the `SessionStore` that many machines share.

A profile is made out of sight and shown by one script. It has no names of keys but
its own; another user's are never asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ragcli.config import Settings
from ragcli.errors import ProfileNotFound, UsageError
from ragcli.paths import Home, checked_profile_name
from ragcli.sessions.audit.after_the_fact import note
from ragcli.sessions.base_store import BaseStore, StoreParts, each_pruned, not_encrypted
from ragcli.sessions.encryption.kdf import STANDARD, Cost
from ragcli.sessions.history.lifetime import expiry, retention
from ragcli.sessions.profile_file import ProfileFile
from ragcli.sessions.profile_summary import ProfileSummary
from ragcli.sessions.protocols import Expired
from ragcli.sessions.records.identifiers import new_id
from ragcli.sessions.redis.history.outbox import Outbox
from ragcli.sessions.redis.key_slots import RedisKeyRing, RedisSlots
from ragcli.sessions.redis.keyspace import keyspace
from ragcli.sessions.redis.leases import alone, lease
from ragcli.sessions.redis.profile_keys import ProfileKeys
from ragcli.sessions.redis.profiles import building
from ragcli.sessions.redis.profiles.making import NewRedisProfile, RedisReplacement
from ragcli.sessions.redis.registry import Registry
from ragcli.sessions.redis.scripts.profiles import BEGIN, DELETE
from ragcli.sessions.redis.server import addresses, faults
from ragcli.sessions.redis.server.client import RedisServer
from ragcli.sessions.redis.session import RedisSession, idle
from ragcli.sessions.transfer.conversion import expect_other

if TYPE_CHECKING:
    from ragcli.sessions.encryption.key_ring import KeyRing
    from ragcli.sessions.findings import Finding
    from ragcli.sessions.protocols import (
        NewProfile,
        ProfileState,
        Replacement,
        SharedSnapshotFactory,
    )


class RedisStore(BaseStore[RedisSession]):
    """The `SessionStore` on a Redis server; see `sessions.protocols`.

    Args:
        address: Where, see `addresses`.
        home: Where this machine keeps caches, and turns that could not be sent.
        passphrase: Asked, with a profile's name, when it is encrypted.
        settings: Those of the process, without any profile's own.
        remote: Makes the snapshots of a profile here.
        cost: How costly each guess at a new passphrase is.

    Raises:
        ConfigError: Not an address, or a user that cannot be one.
        ProviderMissing: The package redis is not installed.
    """

    def __init__(
        self,
        address: str,
        *,
        home: Home,
        passphrase: Callable[[str], str | None],
        settings: Settings,
        remote: SharedSnapshotFactory,
        cost: Cost = STANDARD,
    ) -> None:
        faults.require_library()
        super().__init__(settings, passphrase, cost)
        self.home = home
        self.address = addresses.parse(address)
        self.keyspace = keyspace(settings.user)
        self.server = RedisServer(self.address, patience=self.wait)
        self._replicated = settings.durability == "replicated"
        self._registry = Registry(
            self.server, self.keyspace, replicated=self._replicated
        )
        self._remote = remote
        self._tokens: dict[str, dict[str, str]] = {}

    kind = "redis"
    where = "in Redis"
    forks = False

    @classmethod
    def at(cls, address: str, parts: StoreParts) -> RedisStore:
        """Returns the store at an address; see `stores.open_store`."""
        return cls(
            address,
            home=parts.home,
            passphrase=parts.passphrase,
            settings=parts.settings,
            remote=parts.shared,
            cost=parts.cost,
        )

    @property
    def shown(self) -> str:
        """Returns the address without a password in it."""
        return self.address.shown

    @property
    def elsewhere(self) -> str:
        """Returns the address unless the server is this machine's."""
        # Sentinels may name any machine.
        here = self.address.local and not self.address.sentinel
        return "" if here else self.address.shown

    def states(self) -> dict[str, ProfileState]:
        """Returns nothing: it would take a request for each profile."""
        return {}

    def summaries(self, names: Iterable[str]) -> dict[str, ProfileSummary]:  # noqa: ARG002 - none is known
        """Returns nothing: it would take a request for each profile."""
        return {}

    def path(self, name: str) -> Path:
        """Refuses: profiles are on a server.

        Raises:
            UsageError: Always.
        """
        raise UsageError(
            "this works on profiles of this disk only",
            f"copy it here: ragcli profile copy {name} --to local",
        )

    def _verify(self, session: RedisSession, anchor: str) -> list[Finding]:
        from ragcli.sessions import verification

        return verification.verify(session, session.keys.key, anchor=anchor)

    def _repair(
        self, session: RedisSession, anchor: str, before: list[Finding]
    ) -> list[Finding]:
        from ragcli.sessions.redis.checks import repairing

        return [*before, *repairing.repair(session, anchor=anchor)]

    def inspect(self) -> list[Finding]:
        """Returns what is unsafe about the server; see `inspection.inspect`."""
        from ragcli.sessions.redis.checks.inspection import inspect

        return inspect(self.address, self._settings)

    def close(self) -> None:
        """Closes the connections; a store that is used again opens new ones."""
        self.server.close()

    def names(self, *, passive: bool = False) -> list[str]:  # noqa: ARG002 - nothing is left here
        """Returns the caller's profiles, sorted; never another user's."""
        return self._registry.names()

    def open(
        self, name: str, *, passive: bool = False, expires: bool = True
    ) -> RedisSession:
        """Opens a profile; sets aside first what is due in it.

        Args:
            name: The profile.
            passive: Leave no trace: it does not count as used, and nothing expires.
            expires: Whether what is due is set aside, and what was set aside long
                enough ago erased.

        Raises:
            ProfileNotFound: There is none, or the server's clock has let it expire.
            PassphraseNeeded, WrongPassphrase: It is encrypted.
            NewerFormat, Damaged, NotPermitted: It cannot be used as it is.
            StoreUnavailable: The server cannot be reached, or refuses.
        """
        session = self._opened(name, self.passphrase, passive=passive)
        if passive:
            return session
        session.deliver()
        limit = retention.limits(self._settings, session.settings())
        if limit.any:
            session.notices += expiry.tend_opened(
                session, limit, session.look(), expires=expires
            )
        return session

    def rename(self, old: str, new: str) -> None:
        """Renames a profile; its id stays.

        Raises:
            ProfileNotFound: There is no `old`.
            UsageError: `new` is taken.
            Locked: It is being changed or indexed.
        """
        checked_profile_name(new)
        keys = self.keys(old)
        meta, _ = self._registry.look(keys)
        with alone(keys, wait=self.wait):
            building.rename(keys, self.keys(new), self._registry, meta)
        self._registry.remove(old)
        if not meta.encrypted:
            session = self._opened(new, self.passphrase)
            note(session.audit, "profile.rename", old=old, new=new)

    def delete(self, name: str) -> None:
        """Removes a profile and all that belongs to it.

        Raises:
            ProfileNotFound: There is none.
            Locked: It is being changed or indexed.
        """
        keys = self.keys(name)
        self._registry.look(keys)
        with alone(keys, wait=self.wait):
            keys.call(DELETE)
        self._registry.remove(name)
        self.outbox(keys.identity).discard()

    def restore(self, name: str) -> Expired:
        """Brings back what expired inside a profile and is set aside.

        Raises:
            ProfileNotFound: There is none; what the server removes is gone for good.
        """
        return expiry.restore(self._opened(name, self.passphrase))

    def set_aside(self) -> list[str]:
        """Returns nothing: the server removes whole profiles, and at once."""
        return []

    def prune(self, *, dry_run: bool, grace: bool = False) -> list[Expired]:
        """Erases what has expired in every profile; whole ones the server removes.

        Args:
            dry_run: Only say what.
            grace: Take both steps as opening does, instead of erasing at once.
        """
        if not dry_run:
            self._registry.sweep()

        def prune(name: str) -> list[Expired]:
            session = self._opened(name, lambda _: None, passive=True, lazily=True)
            limit = retention.limits(self._settings, session.settings())
            if not limit.any:
                return []
            session = self._opened(name, self.passphrase, passive=True)
            look = session.look
            return expiry.prune(session, limit, look, dry_run=dry_run, grace=grace)

        return each_pruned(self.names(), prune)

    @contextmanager
    def lock(self, name: str, wait: float) -> Iterator[None]:
        """Holds the profile's own lock: rename, delete, restore."""
        keys = self.keys(name)
        self._registry.look(keys)
        with lease(keys, "profile", wait=wait):
            yield

    @contextmanager
    def key_ring(self, name: str) -> Iterator[KeyRing]:
        """Yields the key slots of a profile; see `BaseStore`."""
        keys = self.keys(name)
        meta, files = self._registry.look(keys)
        if not meta.encrypted:
            raise not_encrypted(name)
        yield RedisKeyRing(RedisSlots(keys, files), self._cost)

    def build(
        self,
        name: str,
        profile: ProfileFile,
        fill: Callable[[NewProfile], None],
        passphrase: Callable[[str], str | None],
    ) -> RedisSession:
        """Makes a profile out of sight, shows it by one script; see `SessionStore`.

        Raises:
            UsageError: The name is taken, or cannot be a profile's.
        """
        keys = self.keys(name)
        building.build(
            keys,
            self._registry,
            profile,
            lambda new: fill(NewRedisProfile(new, self.home.cache, self._remote)),
        )
        return self._opened(name, passphrase)

    def _reopened(
        self, name: str, passphrase: Callable[[str], str | None]
    ) -> RedisSession:
        return self._opened(name, passphrase)

    @contextmanager
    def _replacing(
        self, name: str, *, encrypted: bool
    ) -> Iterator[tuple[RedisSession, Replacement]]:
        old = self._opened(name, self.passphrase)
        expect_other(name, encrypted=old.encrypted, wanted=encrypted)
        old.deliver()
        beside = old.keys.beside(f"{old.id}/{new_id()}")
        with alone(old.keys, wait=self.wait):
            beside.call(BEGIN)
            try:
                yield old, RedisReplacement(beside, old, self.home.cache, self._remote)
            except BaseException:
                with suppress(ProfileNotFound):
                    beside.call(DELETE)
                raise

    def keys(self, name: str) -> ProfileKeys:
        """Returns the keys of a profile, whether there is one or not."""
        return ProfileKeys(
            self.server,
            self.keyspace,
            checked_profile_name(name),
            idle=idle(self._settings, {}),
            replicated=self._replicated,
            tokens=self._tokens.setdefault(name, {}),
        )

    def outbox(self, identifier: str) -> Outbox:
        """Returns where a profile's turns wait while the server is away."""
        return Outbox(self.home.data, identifier)

    def _opened(
        self,
        name: str,
        passphrase: Callable[[str], str | None],
        *,
        passive: bool = False,
        lazily: bool = False,
    ) -> RedisSession:
        """Returns the opened profile, with its key unless that can wait."""
        keys = self.keys(name)
        keys.quiet = passive
        meta, files = self._registry.look(keys, use=not passive)
        keys.idle = idle(self._settings, meta.own)
        durability = meta.own.get("durability", self._settings.durability)
        keys.replicated = durability == "replicated"
        slots = RedisSlots(keys, files)
        key = None
        if meta.encrypted and not lazily:
            key = RedisKeyRing(slots, self._cost).unlock(passphrase(name))[0]
        return RedisSession(
            keys,
            meta,
            slots,
            settings=self._settings,
            data_key=key,
            outbox=self.outbox(meta.id),
            snapshots=self._remote,
        )
