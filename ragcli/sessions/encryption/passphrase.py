"""Where a passphrase comes from: a descriptor, a command, the keyring, a person.

Never from the command line's arguments: `ps` shows those to everybody. The first
source that is there decides; one that is there and fails is an error, not a
reason to try the next.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Callable, Mapping

from ragcli.errors import PassphraseNeeded, UsageError
from ragcli.text import safe_name

COMMAND = "RAGCLI_PASSPHRASE_COMMAND"
"""A command that prints the passphrase on its first line: `pass show ragcli`."""

VARIABLE = "RAGCLI_PASSPHRASE"
"""The passphrase itself; allowed, with a warning."""

WARNING = (
    f"{VARIABLE} can be read by every program you start; "
    f"prefer {COMMAND} or --passphrase-fd"
)

DIFFER = "the two passphrases differ"

_LONGEST = 4096


def find(
    profile: str,
    *,
    fd: int | None,
    environ: Mapping[str, str],
    prompt: Callable[[str], str] | None,
    keyring: Callable[[], str | None] | None = None,
    warn: Callable[[str], None] | None = None,
) -> str | None:
    """Returns the passphrase of a profile, or None when no source has one.

    Args:
        profile: Its name, for the prompt and for messages.
        fd: The descriptor of `--passphrase-fd`; its first line is read.
        environ: The environment.
        prompt: Asks a person; None when nobody is there.
        keyring: Asks the system's keyring (`KeyRing.keyring_secret`).
        warn: Told about sources that are not safe.

    Raises:
        UsageError: The descriptor cannot be read.
        PassphraseNeeded: The descriptor or the command gave nothing.
    """
    if fd is not None:
        return from_descriptor(fd)
    if environ.get(COMMAND):
        return from_command(environ)
    if environ.get(VARIABLE):
        if warn is not None:
            warn(WARNING)
        return environ[VARIABLE]
    stored = keyring() if keyring is not None else None
    if stored or prompt is None:
        return stored
    return prompt(profile) or None


def typed_twice(profile: str) -> str:
    """Returns a new passphrase that a person types at the terminal.

    Raises:
        UsageError: The two differ.
    """
    import getpass

    first = getpass.getpass(f"New passphrase of profile {safe_name(profile)}: ")
    if first != getpass.getpass("Once more: "):
        raise UsageError(DIFFER, "nothing was changed")
    return first


def from_descriptor(fd: int) -> str:
    """Returns the first line that can be read from `fd`, without its newline.

    Read byte by byte: when it is standard input, what follows is the question.

    Raises:
        UsageError: It is not open, not readable, or not UTF-8.
        PassphraseNeeded: It is empty.
    """
    line = bytearray()
    try:
        while len(line) < _LONGEST:
            byte = os.read(fd, 1)
            if byte in {b"", b"\n"}:
                break
            line += byte
    except OSError as error:
        raise UsageError(
            f"--passphrase-fd {fd}: {os.strerror(error.errno or 0)}",
            "open it in the shell: --passphrase-fd 3 3< FILE",
        ) from None
    return _checked(bytes(line), f"--passphrase-fd {fd}")


def from_command(environ: Mapping[str, str]) -> str:
    """Returns the first line that `RAGCLI_PASSPHRASE_COMMAND` prints.

    The command is split like a shell's words and run without a shell; it may talk
    to the person through the terminal.

    Raises:
        UsageError: It cannot be split into words.
        PassphraseNeeded: It cannot be started, failed, or printed nothing.
    """
    try:
        words = shlex.split(environ[COMMAND])
    except ValueError as error:
        raise UsageError(f"{COMMAND}: {error}", "check its quotes") from None
    inherited = {name: value for name, value in environ.items() if name != VARIABLE}
    try:
        done = subprocess.run(  # noqa: S603 - the user's own command
            words, stdout=subprocess.PIPE, env=inherited, check=False
        )
    except (OSError, ValueError, IndexError) as error:
        raise PassphraseNeeded(
            f"{COMMAND}: cannot start {words[0] if words else 'nothing'!r}: {error}",
            "check the command",
        ) from None
    if done.returncode:
        raise PassphraseNeeded(
            f"{COMMAND} failed with status {done.returncode}",
            "run it by itself to see why",
        )
    return _checked(done.stdout.partition(b"\n")[0], COMMAND)


def _checked(line: bytes, source: str) -> str:
    """Returns the passphrase in a line of bytes."""
    try:
        text = line.removesuffix(b"\r").decode()
    except UnicodeDecodeError:
        raise UsageError(f"{source}: not UTF-8", "") from None
    if not text:
        raise PassphraseNeeded(f"{source} gave no passphrase", "")
    return text
