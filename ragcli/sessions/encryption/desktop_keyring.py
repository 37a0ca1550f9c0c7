"""The operating system's keyring, when there is one that can be trusted.

The optional `keyring` package finds a backend by itself, and that can be one that
writes plain text to a file. Only backends that hand the secret to the system are
used here: everything else counts as no keyring, never as a place of last resort.
"""

from __future__ import annotations

import importlib
from typing import Protocol, cast

from ragcli.errors import NotPermitted

SERVICE = "ragcli"
"""The name under which ragcli's secrets stand in the keyring."""

_TRUSTED_MODULES = {
    "keyring.backends.SecretService": "the Secret Service (GNOME Keyring, KeePassXC)",
    "keyring.backends.libsecret": "libsecret",
    "keyring.backends.kwallet": "KWallet",
    "keyring.backends.macOS": "the macOS Keychain",
    "keyring.backends.Windows": "the Windows Credential Locker",
}


class Backend(Protocol):
    """What is used of a backend of the `keyring` package."""

    def get_password(self, service: str, username: str) -> str | None:
        """Returns the secret, or None when there is none."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Stores the secret."""

    def delete_password(self, service: str, username: str) -> None:
        """Removes the secret."""


class DesktopKeyring:
    """Secrets in the operating system's keyring.

    Args:
        backend: A trusted backend, as `find` returns it.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def get(self, account: str) -> str | None:
        """Returns the secret of `account`; None when there is none or it is locked."""
        try:
            return self._backend.get_password(SERVICE, account)
        except _keyring_errors():
            return None

    def put(self, account: str, secret: str) -> None:
        """Stores the secret of `account`.

        Raises:
            NotPermitted: The keyring is locked or refuses.
        """
        try:
            self._backend.set_password(SERVICE, account, secret)
        except _keyring_errors() as error:
            raise NotPermitted(
                f"the keyring did not store the key: {error}", "unlock it and try again"
            ) from error

    def forget(self, account: str) -> None:
        """Removes the secret of `account`; none is fine."""
        try:
            self._backend.delete_password(SERVICE, account)
        except _keyring_errors():
            return


def find() -> DesktopKeyring | None:
    """Returns the system's keyring, or None when no trusted one can be reached."""
    try:
        package = importlib.import_module("keyring")
    except ImportError:
        return None
    backend = trusted(package.get_keyring())
    return None if backend is None else DesktopKeyring(backend)


def required() -> DesktopKeyring:
    """Returns the system's keyring.

    Raises:
        NotPermitted: There is none that keeps secrets from other programs' files.
    """
    keyring = find()
    if keyring is None:
        raise NotPermitted(
            "no keyring of the operating system can be reached from here",
            "install ragcli[keyring] and log in to a desktop session, "
            "or use RAGCLI_PASSPHRASE_COMMAND",
        )
    return keyring


def trusted(backend: object) -> Backend | None:
    """Returns `backend`, or the first trusted one of a chain; None when there is none.

    The package's `fail` and `null` backends, plain-text files (keyrings.alt) and
    anything unknown are not trusted.
    """
    for candidate in (backend, *getattr(backend, "backends", ())):
        if type(candidate).__module__ in _TRUSTED_MODULES:
            return cast("Backend", candidate)
    return None


def _keyring_errors() -> type[Exception]:
    """Returns the base of everything that the `keyring` package raises."""
    errors = importlib.import_module("keyring.errors")
    return cast("type[Exception]", errors.KeyringError)
