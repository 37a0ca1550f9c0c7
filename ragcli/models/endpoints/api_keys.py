"""Where the key of an endpoint comes from: a command, the keyring, a variable."""

from __future__ import annotations

import os
import subprocess
from functools import cache

from ragcli import packages
from ragcli.config.endpoints import EndpointSettings
from ragcli.errors import ModelFailed

SERVICE = "ragcli"
"""The name under which keys stand in the desktop's keyring."""
_LONGEST = 60.0
"""Seconds a command may take; it may ask a person something."""


def key_of(endpoint: EndpointSettings) -> str:
    """Returns the key of an endpoint; "" where it needs none.

    Raises:
        ModelFailed: It should have one, and there is none; where it should come from
            is named.
    """
    if endpoint.key_command:
        return _printed(endpoint.key_command, endpoint.name)
    if endpoint.keyring:
        return _kept(endpoint.keyring, endpoint.name)
    if not endpoint.key_env:
        return ""
    key = os.environ.get(endpoint.key_env, "").strip()
    if not key:
        raise ModelFailed(
            f"endpoint {endpoint.name}: no key in the variable {endpoint.key_env}",
            f"export {endpoint.key_env}=…",
        )
    return key


def where(endpoint: EndpointSettings) -> str:
    """Returns what to look at when a key is refused, as a hint."""
    settings = f"endpoints.{endpoint.name}"
    if endpoint.key_command:
        return f"check what {settings}.key_command prints"
    if endpoint.keyring:
        return f"check the key: keyring get {SERVICE} {endpoint.keyring}"
    if endpoint.key_env:
        return f"check the variable {endpoint.key_env}"
    return f"give it a key: ragcli config set {settings}.key_command COMMAND"


@cache
def _printed(command: str, name: str) -> str:
    """Returns what a command prints; it is run once in a process."""
    import shlex

    hint = f"check endpoints.{name}.key_command: {command}"
    try:
        ended = subprocess.run(  # noqa: S603 - the user's own command
            shlex.split(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            timeout=_LONGEST,
            check=False,
        )
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ModelFailed(
            f"endpoint {name}: its key_command cannot be run: {reason}", hint
        ) from None
    lines = ended.stdout.decode("utf-8", "replace").splitlines()
    key = lines[0].strip() if lines else ""
    if ended.returncode or not key:
        why = f"ended with code {ended.returncode}" if ended.returncode else "is silent"
        raise ModelFailed(f"endpoint {name}: its key_command {why}", hint)
    return key


@cache
def _kept(entry: str, name: str) -> str:
    """Returns a key of the desktop's keyring, asked for once in a process."""
    try:
        import keyring
        import keyring.errors
    except ImportError:
        raise ModelFailed(
            f"endpoint {name}: the keyring needs a package",
            packages.of_extra("keyring"),
        ) from None
    hint = f"store it: keyring set {SERVICE} {entry}"
    try:
        password = keyring.get_password(SERVICE, entry)
    except keyring.errors.KeyringError as error:
        raise ModelFailed(f"endpoint {name}: the keyring: {error}", hint) from None
    if not password:
        raise ModelFailed(f"endpoint {name}: no key {entry!r} in the keyring", hint)
    return str(password)
