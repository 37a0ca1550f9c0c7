"""The keys of an encrypted profile: one random data key, wrapped once for each way in.

`keys/<id>.json` holds the data key under a key made from a passphrase, from a
secret in the operating system's keyring, or from a recovery code (the scheme of
restic's `keys/`). A passphrase therefore changes without anything being encrypted
again, in one atomic replacement. Whoever keeps an old copy of a slot and knows the
passphrase of that time can still open the profile; only `decrypt` and `encrypt`
make a new data key.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from ragcli.errors import (
    Damaged,
    NotPermitted,
    PassphraseNeeded,
    UsageError,
    WrongPassphrase,
)
from ragcli.sessions.encryption import desktop_keyring, kdf, recovery
from ragcli.sessions.encryption.data_key import DataKey, forbid_core_dumps
from ragcli.sessions.encryption.desktop_keyring import DesktopKeyring
from ragcli.sessions.encryption.kdf import STANDARD, Cost
from ragcli.sessions.encryption.slots import (
    KEYRING,
    KEYRING_PREFIX,
    PASSPHRASE,
    RECOVERY,
    Slot,
    check_passphrase,
    readings,
)
from ragcli.sessions.profile_layout import KEYS
from ragcli.storage.files import Directory
from ragcli.storage.locking.locks import commit_lock

LOCK = "keys.lock"
_LOCK_WAIT = 10.0
_SLOT_BYTES = 16 << 10
_MOST_SLOTS = 16


class KeyRing:
    """The key slots of one profile.

    Args:
        directory: The profile's directory.
        cost: What deriving a key from a new passphrase shall cost.
        what: What they open, for messages; by default a profile that is called as
            its directory.
    """

    def __init__(
        self, directory: Directory, cost: Cost = STANDARD, what: str = ""
    ) -> None:
        self._directory = directory
        self._cost = cost
        self._what = what or f"profile {directory.path.name!r}"

    @classmethod
    def create(
        cls,
        directory: Directory,
        passphrase: str,
        cost: Cost = STANDARD,
        data_key: DataKey | None = None,
    ) -> DataKey:
        """Makes the profile encrypted: a first slot, and the key it holds.

        Args:
            directory: The profile's directory, without keys so far.
            passphrase: Opens the profile from now on.
            cost: What one guess at it costs.
            data_key: The key to wrap; a new one by default.

        Raises:
            UsageError: An empty passphrase, or the profile has keys already.
        """
        ring = cls(directory, cost)
        if is_encrypted(directory):
            raise UsageError(f"{directory.path}: has keys already", "")
        data_key = data_key or DataKey.generate()
        directory.child(KEYS, create=True).close()
        ring.add_passphrase(data_key, passphrase)
        forbid_core_dumps()
        return data_key

    @classmethod
    def open(cls, directory: Directory, secret: str | None, what: str = "") -> DataKey:
        """Returns the data key that `secret` opens; changes nothing on disk.

        Args:
            directory: The profile's directory.
            secret: A passphrase, a recovery code or a secret from the keyring.
            what: What is to be opened, for messages, as for the class.

        Raises:
            PassphraseNeeded: There is no secret.
            WrongPassphrase: It opens no slot.
            Damaged: No slot can be read.
        """
        return cls(directory, what=what).unlock(secret)[0]

    def unlock(self, secret: str | None) -> tuple[DataKey, Slot]:
        """Returns the data key and the slot that gave it; raises as `open` does.

        Every slot that the secret may open is tried; there are at most `_MOST_SLOTS`,
        and `kdf` bounds what each may cost.

        Raises:
            NotPermitted: No slot that can be tried here opens, and one of them needs
                what this machine lacks.
        """
        if not secret:
            raise PassphraseNeeded(
                f"{self._what} is encrypted and no passphrase was given",
                "type it when asked, or use --passphrase-fd, "
                "RAGCLI_PASSPHRASE_COMMAND or the keyring",
            )
        slots = self.slots()
        untried: NotPermitted | None = None
        for kind, candidate in readings(secret):
            for slot in (slot for slot in slots if slot.kind == kind):
                try:
                    data = slot.unwrapped(candidate)
                except NotPermitted as error:  # another slot may be of another kind
                    untried = untried or error
                    continue
                if data is not None:
                    forbid_core_dumps()
                    return DataKey(data), slot
        raise untried or _refusal(self._what, secret)

    def slots(self) -> list[Slot]:
        """Returns the readable slots, oldest first.

        Raises:
            Damaged: None of them can be read, or there are none.
        """
        readable = [slot for _, slot in self._read_all() if slot is not None]
        if not readable:
            raise Damaged(
                f"{self._directory.path / KEYS}: no key slot can be read",
                "without one nobody can open this profile; restore the directory "
                "keys/ from a backup or an export",
            )
        return sorted(readable, key=lambda slot: (slot.created, slot.id))

    def damaged(self) -> list[str]:
        """Returns the names of the slot files that cannot be read."""
        return [name for name, slot in self._read_all() if slot is None]

    def add_passphrase(self, data_key: DataKey, passphrase: str) -> str:
        """Adds a passphrase and returns its slot's id.

        Raises:
            UsageError: It is empty, or could be taken for a recovery code.
        """
        check_passphrase(passphrase)
        return self._add(data_key, PASSPHRASE, passphrase)

    def add_recovery(self, data_key: DataKey) -> str:
        """Adds a recovery code and returns it; nothing can show it a second time."""
        code = recovery.generate()
        self._add(data_key, RECOVERY, code)
        return code

    def add_keyring(
        self, data_key: DataKey, keyring: DesktopKeyring | None = None
    ) -> str:
        """Adds a slot whose secret lies in the system's keyring; returns its id.

        Raises:
            NotPermitted: There is no keyring that can be trusted, or it refuses.
        """
        keyring = keyring or desktop_keyring.required()
        secret = KEYRING_PREFIX + secrets.token_urlsafe(32)
        slot = self._wrap(data_key, KEYRING, secret)
        keyring.put(slot.id, secret)
        try:
            with self._locked():
                self._write(slot)
        except BaseException:
            keyring.forget(slot.id)  # it opens nothing
            raise
        return slot.id

    def change_passphrase(self, secret: str, new: str, slot_id: str = "") -> None:
        """Replaces a passphrase, atomically: before it the old one opens, then the new.

        Nothing but one slot is written; no data is encrypted again.

        Args:
            secret: Opens the profile now: the old passphrase, or another way in.
            new: The passphrase from now on.
            slot_id: Which passphrase slot; needed only when `secret` is not itself
                a passphrase and there are several.

        Raises:
            WrongPassphrase: `secret` opens nothing; nothing was touched.
            UsageError: `new` cannot be used, or the slot is not clear.
        """
        check_passphrase(new)
        with self._locked():
            data_key, opened = self.unlock(secret)
            replaced = self._slot_to_change(opened, slot_id)
            self._write(self._wrap(data_key, PASSPHRASE, new, replaced.id))

    def remove(self, slot_id: str, keyring: DesktopKeyring | None = None) -> None:
        """Removes a way in.

        Raises:
            UsageError: There is no such slot, or it is the last one.
        """
        with self._locked():
            slots = {slot.id: slot for slot in self.slots()}
            if slot_id not in slots:
                raise UsageError(f"there is no key slot {slot_id!r}", "")
            if len(slots) == 1:
                raise UsageError(
                    "this is the only way into the profile", "add another one first"
                )
            with self._directory.child(KEYS) as keys:
                keys.remove(f"{slot_id}.json")
                keys.sync()
        if slots[slot_id].kind == KEYRING:
            found = keyring or desktop_keyring.find()
            if found is not None:
                found.forget(slot_id)

    def keyring_secret(self, keyring: DesktopKeyring | None = None) -> str | None:
        """Returns what the system keyring holds to open this profile, if anything."""
        accounts = [slot.id for slot in self.slots() if slot.kind == KEYRING]
        opener = (keyring or desktop_keyring.find()) if accounts else None
        if opener is None:
            return None
        return next(filter(None, map(opener.get, accounts)), None)

    def _slot_to_change(self, opened: Slot, slot_id: str) -> Slot:
        if opened.kind == PASSPHRASE and slot_id in {"", opened.id}:
            return opened
        candidates = [
            slot
            for slot in self.slots()
            if slot.kind == PASSPHRASE and slot_id in {"", slot.id}
        ]
        if len(candidates) != 1:
            ids = ", ".join(slot.id for slot in candidates) or "none"
            raise UsageError(f"which passphrase? slots: {ids}", "name the slot")
        return candidates[0]

    def _add(self, data_key: DataKey, kind: str, secret: str) -> str:
        slot = self._wrap(data_key, kind, secret)
        with self._locked():
            self._write(slot)
        return slot.id

    def _wrap(
        self, data_key: DataKey, kind: str, secret: str, slot_id: str = ""
    ) -> Slot:
        parameters = kdf.fresh(self._cost) if kind == PASSPHRASE else kdf.fresh_random()
        slot = Slot.empty(
            slot_id or secrets.token_hex(8), kind, data_key.id, parameters
        )
        return data_key.wrap(slot, kdf.derive(secret, parameters))

    def _write(self, slot: Slot) -> None:
        with self._directory.child(KEYS) as keys:
            names = [name for name in keys.names() if name.endswith(".json")]
            if len(names) >= _MOST_SLOTS and f"{slot.id}.json" not in names:
                raise UsageError(f"a profile has at most {_MOST_SLOTS} key slots", "")
            for name in keys.names():
                if name.endswith(".tmp"):
                    keys.remove(name)
            keys.replace(f"{slot.id}.json", slot.to_json())

    def _read_all(self) -> Iterator[tuple[str, Slot | None]]:
        """Yields every slot file's name and, if it can be read, its slot."""
        try:
            keys = self._directory.child(KEYS)
        except FileNotFoundError:
            return
        with keys:
            names = [name for name in keys.names() if name.endswith(".json")]
            for name in names[:_MOST_SLOTS]:
                try:
                    yield name, Slot.from_json(name, keys.read(name, limit=_SLOT_BYTES))
                except Damaged:
                    yield name, None

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with commit_lock(self._directory, LOCK, wait=_LOCK_WAIT):
            yield


def is_encrypted(directory: Directory) -> bool:
    """Tells whether a profile's directory holds key slots."""
    return directory.has(KEYS)


def _refusal(what: str, secret: str) -> NotPermitted:
    hint = "nothing was changed; a recovery code works here as well"
    if recovery.looks_like(secret) and recovery.normalized(secret) is None:
        hint = "if this was the recovery code, there is a typing error in it"
    return WrongPassphrase(f"this passphrase does not open {what}", hint)
