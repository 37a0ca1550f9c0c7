"""One profile on the local disk, opened."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ragcli.config import Settings, seconds
from ragcli.errors import Damaged
from ragcli.sessions import profile_file
from ragcli.sessions.local.history.local_log import LocalLog
from ragcli.sessions.opened_profile import OpenedProfile
from ragcli.sessions.records.clock import stamp_of
from ragcli.sessions.side_copies import CACHE, QUARANTINE
from ragcli.storage.locking.locks import commit_lock

if TYPE_CHECKING:
    from ragcli.sessions.encryption.data_key import DataKey
    from ragcli.sessions.profile_file import ProfileFile
    from ragcli.sessions.protocols import AuditLog, SideCopy, SnapshotFactory, Snapshots
    from ragcli.storage.files import Directory

_PASSING = (".lock", ".tmp")
"""Endings of files that are not values."""


class LocalSession(OpenedProfile):
    """The `Session` of a profile's directory; see `sessions.protocols`.

    Args:
        directory: Open; closed with this object.
        name: The profile's name.
        profile: What its file says.
        settings: Those of the process: how long to wait for locks, whether to audit.
        data_key: The key of an encrypted profile.
        snapshots: Makes the profile's snapshots on first use.
        passive: Whether using it leaves no trace beside the index.
    """

    def __init__(  # noqa: PLR0913 - what a store introduces to it, all named
        self,
        directory: Directory,
        name: str,
        profile: ProfileFile,
        *,
        settings: Settings,
        data_key: DataKey | None,
        snapshots: SnapshotFactory,
        passive: bool = False,
    ) -> None:
        super().__init__(name, profile, settings=settings, data_key=data_key)
        self.directory = directory
        self._make_snapshots = snapshots
        self._passive = passive

    @cached_property
    def log(self) -> LocalLog:
        """The profile's history."""
        return LocalLog(
            self.directory,
            self.codec,
            wait=float(seconds(self._settings.lock_wait)),
            notice=self.notices.append,
        )

    def change_settings(self, changes: Mapping[str, Any]) -> None:
        """Sets keys; a None value unsets.

        Raises:
            ConfigError: No such key, or a value it cannot take; nothing is changed.
        """
        values = self._checked(changes)
        wait = float(seconds(self._settings.lock_wait))
        with commit_lock(self.directory, "settings", wait=wait):
            profile_file.change_settings(self.directory, values)
        self.audit.record("profile.set", keys=" ".join(sorted(values)))

    def blob(self, name: str) -> bytes | None:
        """Returns a small private value; None when there is none that can be read."""
        with suppress(FileNotFoundError):
            with self.directory.child(CACHE) as directory:
                data = directory.read(name)
            return self.unsealed(name, data)
        return None

    def put_blob(self, name: str, value: bytes | None) -> None:
        """Stores such a value; None removes it."""
        with self.directory.child(CACHE, create=True) as directory:
            if value is None:
                directory.remove(name)
                return
            sealed = self.sealer.seal(name, value) if self.sealer else value
            directory.replace(name, sealed, durable=False)

    def copies(self) -> Iterator[SideCopy]:
        """Yields drafts, lists that are kept and what is in quarantine."""
        from ragcli.sessions.protocols import SideCopy

        for kind in (CACHE, QUARANTINE):
            with suppress(FileNotFoundError), self.directory.child(kind) as directory:
                for name, status, data in _files(directory, ""):
                    # A generation in quarantine was sealed by names of its own.
                    inside = name.partition("/")[2] or name
                    written, flat = stamp_of(status.st_mtime), name.replace("/", "-")
                    yield SideCopy(kind, name, written, data, inside, flat)

    def _remove(self, copy: SideCopy) -> None:
        *parents, name = [copy.kind, *copy.name.split("/")]
        with ExitStack() as stack:
            directory = self.directory
            for parent in parents:
                directory = stack.enter_context(directory.child(parent))
            directory.remove(name)
            directory.sync()

    def expect_standing(self) -> None:
        """Refuses a profile whose directory was removed, or is being removed."""
        self.directory.expect_standing()

    def close(self) -> None:
        """Releases the directory and forgets the key."""
        self._data_key = None
        self.directory.close()

    def _audit(self, key: bytes | None) -> AuditLog:
        from ragcli.sessions.audit.audit_file import FileAudit

        return FileAudit(self.directory, key, self.id)

    def _snapshots(self) -> Snapshots:
        return self._make_snapshots(
            self.directory, self.sealer, remember=not self._passive
        )

    def written(self) -> Mapping[str, Any]:
        """Returns the profile's own settings as they are stored.

        Raises:
            ProfileNotFound: The profile was deleted meanwhile.
            Damaged: Its file is missing, or not what ragcli writes.
        """
        try:
            return profile_file.read(self.directory, self.name).settings
        except Damaged:
            self.expect_standing()
            raise


def _files(
    directory: Directory, prefix: str
) -> Iterator[tuple[str, os.stat_result, bytes]]:
    """Yields the relative name of every file below, its status and its bytes."""
    for name in directory.names():
        with suppress(FileNotFoundError):
            status = os.lstat(name, dir_fd=directory.descriptor)
            if stat.S_ISDIR(status.st_mode):
                with directory.child(name) as inside:
                    yield from _files(inside, f"{prefix}{name}/")
            elif not name.endswith(_PASSING):
                with open(directory.open_file(name, linked=True), "rb") as file:
                    yield f"{prefix}{name}", status, file.read()
