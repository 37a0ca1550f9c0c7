"""Encryption of profiles: `profile encrypt`, `decrypt` and `passphrase`."""

from __future__ import annotations

from typing import Annotated

import typer

from ragcli.cli.input.options import Invocation, YesOption, examples, somebody_is_there
from ragcli.cli.input.profile_argument import OptionalProfileName
from ragcli.errors import PassphraseNeeded, UsageError


def new(call: Invocation, name: str, fd: int | None = None) -> str:
    """Returns a new passphrase for a profile, typed twice when a person types it.

    Args:
        call: Its `--passphrase-fd` is read when `fd` is not given.
        name: The profile, for the prompt.
        fd: A descriptor of its own.

    Raises:
        PassphraseNeeded: No source has one.
        UsageError: The two differ.
    """
    from ragcli.sessions.encryption.passphrase import typed_twice

    prompt = typed_twice if somebody_is_there() else None
    given = call.runtime.new_passphrase(name, prompt=prompt, fd=fd)
    if not given:
        raise PassphraseNeeded(
            f"no passphrase for profile {name!r}",
            "type it on a terminal, or use --passphrase-fd or "
            "RAGCLI_PASSPHRASE_COMMAND",
        )
    return given


@examples(
    "ragcli profile passphrase -p diary",
    "ragcli profile passphrase diary --recovery",
    "ragcli profile passphrase diary --keyring",
)
def passphrase(
    call: Invocation,
    name: OptionalProfileName = "",
    new_fd: Annotated[
        int | None,
        typer.Option(
            "--new-passphrase-fd", metavar="FD", help="Read the new one from here."
        ),
    ] = None,
    recovery: Annotated[
        bool, typer.Option("--recovery", help="Add a recovery code and print it.")
    ] = False,
    keyring: Annotated[
        bool, typer.Option("--keyring", help="Let this desktop's keyring open it.")
    ] = False,
) -> None:
    """Change the passphrase of an encrypted profile, or add another key.

    Nothing is encrypted again: only the key's wrapping changes.
    """
    if sum((recovery, keyring, new_fd is not None)) > 1:
        raise UsageError(
            "--recovery, --keyring and --new-passphrase-fd exclude each other",
            "run the command once for each",
        )
    wanted = name or call.runtime.profile_name()
    with call.runtime.store.key_ring(wanted) as ring:
        secret = call.runtime.passphrase(wanted)
        with call.open(wanted, create=False) as workspace:
            audit = workspace.session.audit
            if recovery:
                code = ring.add_recovery(ring.unlock(secret)[0])
                audit.record("profile.recovery")
                call.tell({"profile": wanted, "recovery": code}, line=code)
            elif keyring:
                slot = ring.add_keyring(ring.unlock(secret)[0])
                audit.record("profile.keyring", slot=slot)
                call.tell({"profile": wanted, "keyring": True})
            else:
                ring.change_passphrase(secret or "", new(call, wanted, new_fd))
                audit.record("profile.passphrase")
                call.tell({"profile": wanted})
                call.output.note("passphrase changed")


@examples("ragcli profile encrypt", "ragcli profile encrypt diary --yes")
def encrypt(
    call: Invocation, name: OptionalProfileName = "", yes: YesOption = False
) -> None:
    """Encrypt a profile that exists.

    It is written anew beside itself and takes its own place at once. Older
    generations of its index are not kept. What was plain before may lie on in
    free blocks of the disk, or in the append-only file and the backups of a
    Redis server: whoever needs more encrypts the disk as well.
    """
    wanted = name or call.runtime.profile_name()
    call.confirm(f"Encrypt profile {wanted!r}?", yes=yes)
    call.runtime.store.encrypt(wanted, new(call, wanted))
    call.tell({"profile": wanted, "encrypted": True})
    call.output.note(f"profile {wanted} is encrypted; without passphrase it is lost")


@examples("ragcli profile decrypt diary --yes")
def decrypt(
    call: Invocation, name: OptionalProfileName = "", yes: YesOption = False
) -> None:
    """Put an encrypted profile in the clear."""
    wanted = name or call.runtime.profile_name()
    call.confirm(f"Store profile {wanted!r} in the clear?", yes=yes)
    call.runtime.store.decrypt(wanted)
    call.tell({"profile": wanted, "encrypted": False})
    call.output.note(f"profile {wanted} is stored in the clear")
