"""An opened profile, wherever it lives: what its key opens, and what it is made of."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ragcli import config
from ragcli.config import Settings
from ragcli.errors import ConfigError, Damaged
from ragcli.sessions.profile_file import FILE, ProfileFile
from ragcli.sessions.profile_layout import KEYS
from ragcli.sessions.records.record_lines import LineCodec, PlainLines
from ragcli.sessions.side_copies import opened
from ragcli.text import safe_line

if TYPE_CHECKING:
    from ragcli.sessions.encryption.data_key import DataKey
    from ragcli.sessions.encryption.sealing import FileSealer
    from ragcli.sessions.protocols import AuditLog, Log, SideCopy, Snapshots
    from ragcli.storage.files import Directory

_NAMED = 80
"""Characters of a setting's name that are told."""


class OpenedProfile:
    """What the sessions of all stores have in common; see `sessions.protocols`.

    Args:
        name: The profile's name.
        profile: What it was when it was opened.
        settings: Those of the process.
        data_key: The key of an encrypted profile.
    """

    def __init__(
        self,
        name: str,
        profile: ProfileFile,
        *,
        settings: Settings,
        data_key: DataKey | None,
    ) -> None:
        self.name = name
        self.id = profile.id
        self.created = profile.created
        self.encrypted = profile.encrypted
        self.notices: list[str] = []
        """Repairs since the profile was opened, one line each; for people to read."""
        self.directory: Directory
        """Holds the key slots."""
        self._settings = settings
        self._data_key = data_key
        self._noticed: set[str] = set()
        """Unknown settings that were told."""

    @cached_property
    def audit(self) -> AuditLog:
        """The profile's audit log; nothing is recorded where the setting is off."""
        from ragcli.sessions.audit.switch import SilentAudit

        audit = self._audit(self._data_key.subkey("audit") if self._data_key else None)
        is_recorded = self.settings().get("audit", self._settings.audit)
        return audit if is_recorded else SilentAudit(audit)

    @cached_property
    def sealer(self) -> FileSealer | None:
        """What seals the files of an encrypted profile."""
        return sealer_of(self._data_key)

    def slots(self) -> dict[str, bytes]:
        """Returns the key slots of an encrypted profile, by their names."""
        if not self.encrypted:
            return {}
        with self.directory.child(KEYS) as keys:
            return {n: keys.read(n) for n in keys.names() if n.endswith(".json")}

    @cached_property
    def snapshots(self) -> Snapshots:
        """The profile's generations of its index; its audit log has their changes."""

        def note(change: str, generation: str, facts: Mapping[str, Any]) -> None:
            from ragcli.sessions.audit.after_the_fact import index_changed

            index_changed(self.audit, change, generation, facts)

        snapshots = self._snapshots()
        snapshots.on_change = note
        return snapshots

    @property
    @abstractmethod
    def log(self) -> Log:
        """The profile's history."""

    @abstractmethod
    def change_settings(self, changes: Mapping[str, Any]) -> None:
        """Sets keys; a None value unsets; see `Session`."""

    @abstractmethod
    def blob(self, name: str) -> bytes | None:
        """Returns a small private value; see `Session`."""

    @abstractmethod
    def put_blob(self, name: str, value: bytes | None) -> None:
        """Stores such a value; None removes it."""

    def settings(self) -> Mapping[str, Any]:
        """Returns the profile's own settings, checked, by dotted key.

        What a newer version has is left alone, and told once.

        Raises:
            ConfigError: Somebody wrote a value there that its setting cannot take.
        """
        written = self.written()
        own = {key: written[key] for key in written if config.is_known(key)}
        self._tell_unknown(written.keys() - own.keys())
        try:
            return self._checked(own)
        except ConfigError as error:
            hint = f"`ragcli profile unset KEY` removes it, or correct it in {FILE}"
            raise ConfigError(error.message, hint) from None

    def _tell_unknown(self, keys: Iterable[str]) -> None:
        fresh = sorted(set(keys) - self._noticed)
        if fresh:
            self._noticed.update(fresh)
            names = ", ".join(safe_line(key, _NAMED) for key in fresh)
            self.notices.append(
                f"profile {self.name} has settings that this ragcli does not know: "
                f"{names}; they are kept and not used"
            )

    def purge(self, condemned: Callable[[str, bytes], bool]) -> int:
        """Removes side copies of what was erased; see `Session.purge`."""
        erased = [
            copy
            for copy in self.copies()
            if condemned(copy.written, opened(self, copy) or b"")
        ]
        for copy in erased:
            self._remove(copy)
        return len(erased)

    def unsealed(self, name: str, data: bytes) -> bytes | None:
        """Returns a small private value's bytes; None when they do not open."""
        if self.sealer is None:
            return data
        try:
            return self.sealer.unseal(name, data)
        except Damaged:
            return None

    def _checked(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Returns settings as they may be used; None, which unsets, stays."""
        source = f"profile {self.name}"
        return {
            key: None if value is None else config.checked(key, value, source)
            for key, value in values.items()
        }

    @cached_property
    def codec(self) -> LineCodec:
        """What writes the lines of the history."""
        return codec_of(self._data_key)

    def expect_standing(self) -> None:
        """Refuses to go on in a profile that was removed or replaced meanwhile.

        Raises:
            ProfileNotFound: What is missing in it is no damage.
        """

    @abstractmethod
    def copies(self) -> Iterator[SideCopy]:
        """Yields the side copies, as they are stored."""

    @abstractmethod
    def _remove(self, copy: SideCopy) -> None:
        """Removes a side copy; none is fine."""

    @abstractmethod
    def close(self) -> None:
        """Releases descriptors and keys."""

    @abstractmethod
    def _audit(self, key: bytes | None) -> AuditLog:
        """Returns the audit log, given the signing key of an encrypted profile."""

    @abstractmethod
    def _snapshots(self) -> Snapshots:
        """Returns the generations of the profile's index."""

    @abstractmethod
    def written(self) -> Mapping[str, Any]:
        """Returns the profile's own settings as they are stored."""


def codec_of(data_key: DataKey | None) -> LineCodec:
    """Returns what writes the history of a profile with this key, None in the clear."""
    if data_key is None:
        return PlainLines()
    from ragcli.sessions.encryption.sealing import SealedLines

    return SealedLines(data_key)


def sealer_of(data_key: DataKey | None) -> FileSealer | None:
    """Returns what seals the files of a profile with this key, None in the clear."""
    if data_key is None:
        return None
    from ragcli.sessions.encryption.sealing import FileSealer

    return FileSealer(data_key)
