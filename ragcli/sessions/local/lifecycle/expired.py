"""Profiles that were not used for their `ttl`: set aside, brought back, destroyed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING

from ragcli.errors import ConfigError, Damaged, ProfileExpired, RagcliError
from ragcli.frozen import frozen
from ragcli.sessions import profile_file
from ragcli.sessions.history.lifetime import expiry
from ragcli.sessions.history.lifetime.retention import GRACE, Limits
from ragcli.sessions.history.lifetime.timekeeping import Ledger, shown_span
from ragcli.sessions.local.lifecycle import usage
from ragcli.sessions.records.clock import stamp_of

if TYPE_CHECKING:
    from ragcli.sessions.local.lifecycle.directories import Directories
    from ragcli.sessions.profile_file import ProfileFile


@frozen
class Account:
    """What is known of a profile that is set aside."""

    name: str
    at: str
    """When that was, by the clock."""
    witnessed: float
    """What its ledger had witnessed then."""


def error(name: str, grace: float) -> ProfileExpired:
    """Returns the error for opening an expired profile."""
    return ProfileExpired(
        f"profile {name!r} has expired: it was not used for its `ttl`; it is set "
        f"aside, and destroyed after {shown_span(grace or GRACE)} more",
        f"`ragcli profile restore {name}` brings it back, "
        f"`ragcli profile create {name}` starts anew",
    )


class ExpiredProfiles:
    """The caller's profiles that are set aside.

    Args:
        directories: Where profiles are.
        limits: Returns the limits of one, by its file.
    """

    def __init__(
        self, directories: Directories, limits: Callable[[ProfileFile], Limits]
    ) -> None:
        self._directories = directories
        self._limits = limits

    def add(self, name: str, ledger: Ledger) -> None:
        """Sets a profile aside; raises `Locked` while somebody works on it."""
        account = Account(name, stamp_of(ledger.wall), ledger.witnessed)
        encoded = json.dumps(asdict(account)).encode()
        with self._directories.changing() as profiles:
            self._directories.set_aside(profiles, name, encoded)

    def names(self) -> list[str]:
        """Returns the names of what is set aside, sorted."""
        return sorted({account.name for _, account in self._all()})

    def restore(self, name: str) -> bool:
        """Brings the newest profile of this name back, as used now.

        Raises:
            UsageError: There is another one of this name.
        """
        asides = [(a.at, entry) for entry, a in self._all() if a.name == name]
        if asides:
            self._bring_back(max(asides)[1], name)
        return bool(asides)

    def check_clock(self) -> None:
        """Checks that the clock is believed wherever something is set aside.

        Raises:
            UsageError: It is not; what it set aside may not be due.
        """
        for _, directory, data in self._directories.asides():
            ledger, notice = usage.look(directory, write=True)
            account = _account(data)
            if account and ledger.doubtful:
                raise expiry.doubted(account.name, notice)

    def destroy(self, *, dry_run: bool) -> list[str]:
        """Destroys all that is set aside, at once; returns the names."""
        asides = self._all()
        if asides and not dry_run:
            with self._directories.changing() as profiles:
                for entry, _ in asides:
                    self._directories.remove(profiles, entry)
        return [account.name for _, account in asides]

    def tend(
        self, failed: Callable[[str, RagcliError], None] = lambda *_: None
    ) -> list[str]:
        """Destroys what was set aside for its grace, by a clock that is believed.

        What is not due by a clock that was set back comes back.

        Args:
            failed: Told of each profile that cannot be read; it stays set aside.

        Returns:
            One line for each that is destroyed or comes back.
        """
        ripe: list[tuple[str, Account]] = []
        early: list[tuple[str, Account]] = []
        for entry, directory, data in self._directories.asides():
            account = _account(data)
            if account is None:
                continue
            try:
                limit = self._limits(profile_file.read(directory, account.name))
            except (Damaged, ConfigError) as error:
                failed(account.name, error)
                continue
            ledger, _ = usage.look(directory, write=True)
            if ledger.doubtful:
                if not usage.unused_since(directory, limit.idle):
                    early.append((entry, account))
            elif _is_over(account, ledger, limit):
                ripe.append((entry, account))
        return self._settled(ripe, early) if ripe or early else []

    def _settled(
        self, ripe: list[tuple[str, Account]], early: list[tuple[str, Account]]
    ) -> list[str]:
        notices = []
        taken = set(self._directories.names())
        for entry, account in early:
            if account.name not in taken:
                self._bring_back(entry, account.name)
                notices.append(f"profile {account.name} is back: the clock was wrong")
        if ripe:
            with self._directories.changing() as profiles:
                for entry, account in ripe:
                    self._directories.remove(profiles, entry)
                    notices.append(
                        f"profile {account.name}, set aside on {account.at[:10]}, "
                        "is destroyed"
                    )
        return notices

    def _bring_back(self, entry: str, name: str) -> None:
        with self._directories.changing() as profiles:
            with profiles.child(entry) as directory:
                usage.touch(directory)
            self._directories.bring_back(profiles, entry, name)

    def _all(self) -> list[tuple[str, Account]]:
        asides = []
        for entry, _, data in self._directories.asides():
            account = _account(data)
            if account is not None:
                asides.append((entry, account))
        return asides


def _account(data: bytes) -> Account | None:
    try:
        return Account(**json.loads(data))
    except (ValueError, TypeError):
        return None


def _is_over(account: Account, ledger: Ledger, limit: Limits) -> bool:
    """Tells whether the time of grace is over by both clocks."""
    grace = limit.grace or GRACE
    passed = ledger.witnessed - account.witnessed
    return passed >= grace and account.at <= stamp_of(ledger.wall - grace)
