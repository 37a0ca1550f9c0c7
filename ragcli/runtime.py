"""One process: the settings in force, the store, and the way to a profile."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ragcli import config, paths
from ragcli.config import project
from ragcli.errors import ProfileExpired, ProfileNotFound, UsageError
from ragcli.storage.files import Directory

if TYPE_CHECKING:
    from ragcli.config.trusted import Trusted
    from ragcli.sessions.protocols import Session, SessionStore, Snapshots
    from ragcli.storage.contracts import GenerationStore, Sealer
    from ragcli.workspace import Workspace

DEFAULT_PROFILE = "default"


class Runtime:
    """One process: its settings, and the store that its profiles live in.

    Args:
        flags: Settings typed on the command line, by dotted key.
        environ: The environment; `os.environ` outside tests.
        profile: The profile typed on the command line.
        passphrase_fd: A descriptor to read an encrypted profile's passphrase from.
        prompt: Asks a person for a passphrase; None when nobody is there.
        warn: Told what is not taken from a project file, and when a passphrase
            comes from where others can read it.
    """

    def __init__(
        self,
        flags: Mapping[str, Any] | None = None,
        environ: Mapping[str, str] | None = None,
        *,
        profile: str | None = None,
        passphrase_fd: int | None = None,
        prompt: Callable[[str], str] | None = None,
        warn: Callable[[str], None] | None = None,
    ) -> None:
        self.flags = dict(flags or {})
        self.environ = dict(os.environ if environ is None else environ)
        self.home = paths.home(self.environ)
        self._profile = profile
        self._passphrase_fd = passphrase_fd
        self.prompt = prompt
        """Asks a person for a passphrase; the chat takes it away once it draws."""
        self._warn = warn
        self.note: Callable[[str], None] | None = None
        """Told which profile a project file chose, unless the user trusts the file."""
        self._passphrases: dict[str, str | None] = {}

    @property
    def trusted(self) -> Trusted:
        """The project files that the user trusts."""
        from ragcli.config.trusted import Trusted  # most commands find no such file

        return Trusted(self.home.config_file.parent)

    @cached_property
    def project(self) -> config.Project | None:
        """The nearest `.ragcli.toml` from the working directory upwards.

        What is not taken from it is told once.
        """
        path = project.find()
        if path is None:
            return None
        nearest = project.read(path, self.trusted)
        if nearest.notice and self._warn:
            self._warn(nearest.notice)
        return nearest

    @property
    def project_notice(self) -> str:
        """One line on what is not taken from the project file, or ""."""
        return self.project.notice if self.project else ""

    @cached_property
    def resolved(self) -> config.Resolved:
        """The settings outside any profile, with their origins."""
        return self.resolve(None)

    @property
    def settings(self) -> config.Settings:
        """The settings outside any profile."""
        return self.resolved.settings

    def resolve(self, profile: config.Layer | None) -> config.Resolved:
        """Returns the settings in force, with or without a profile's own.

        Raises:
            ConfigError: A file, variable or flag that cannot be used.
        """
        return config.resolve(
            flags=self.flags,
            environ=self.environ,
            project=self.project,
            profile=profile,
            user_file=self.home.config_file,
        )

    def profile_name(self) -> str:
        """Returns which profile is meant: flag, variable, project, chosen, default.

        Raises:
            UsageError: Its name cannot be one.
        """
        name = self._profile or self.environ.get("RAGCLI_PROFILE")
        return paths.checked_profile_name(name or self._unnamed_profile)

    @cached_property
    def _unnamed_profile(self) -> str:
        """The profile that is meant where nobody named one in this very call.

        One that a project chose instead of the user's is told: its documents are
        searched, and what is added goes there. Who trusts the file knows.
        """
        usual = self.chosen() or DEFAULT_PROFILE
        chosen = self.project.profile if self.project else ""
        if self.project and chosen and chosen != usual:
            if self.note and self.project.trust != project.TRUSTED:
                self.note(f"profile {chosen}, named by {self.project.path}")
            return chosen
        return usual

    def chosen(self) -> str:
        """Returns the profile that `profile use` chose, or ""."""
        with suppress(OSError, UnicodeDecodeError):
            return self.home.chosen_file.read_text(encoding="utf-8").strip()
        return ""

    def choose(self, name: str) -> None:
        """Makes `name` the profile of later commands.

        Raises:
            ProfileNotFound: There is none of this name.
        """
        self.open(name, create=False).close()
        chosen_file = self.home.chosen_file
        with Directory.open(chosen_file.parent, create=True) as directory:
            directory.replace(chosen_file.name, f"{name}\n".encode())

    @cached_property
    def store(self) -> SessionStore:
        """Where this process's profiles live: where the setting `store` says."""
        return self.store_at(self.settings.store)

    def store_at(self, address: str) -> SessionStore:
        """Returns the store at an address; "" is this machine's disk.

        Raises:
            ConfigError: It is no address.
            ProviderMissing: A package that the store needs is not installed.
        """
        from ragcli.sessions.base_store import StoreParts
        from ragcli.sessions.stores import open_store

        parts = StoreParts(
            home=self.home,
            settings=self.settings,
            passphrase=self.passphrase,
            snapshots=_snapshots,
            shared=self._shared_snapshots,
            figures=_figures,
        )
        return open_store(address, parts)

    def _shared_snapshots(
        self,
        store: GenerationStore,
        profile: str,
        sealer: Sealer | None,
        *,
        remember: bool = True,
    ) -> Snapshots:
        """Returns the snapshots of a profile that several machines share."""
        from ragcli.index.generations.remote.snapshots import RemoteSnapshots

        return RemoteSnapshots(
            store, self.home.cache, profile, sealer, remember=remember
        )

    def passphrase(self, profile: str) -> str | None:
        """Returns the passphrase of a profile from wherever the user keeps it.

        Each is asked for once: a descriptor can be read only once, and so can people.
        """
        from ragcli.sessions.encryption import passphrase

        if not self._passphrases.get(profile):
            self._passphrases[profile] = passphrase.find(
                profile,
                fd=self._passphrase_fd,
                environ=self.environ,
                prompt=self.prompt,
                keyring=lambda: self.store.keyring_secret(profile),
                warn=self._warn,
            )
        return self._passphrases[profile]

    def new_passphrase(
        self, name: str, *, prompt: Callable[[str], str] | None, fd: int | None = None
    ) -> str | None:
        """Returns a passphrase for a profile that is to be encrypted, None for none.

        Args:
            name: The profile.
            prompt: Asks a person for a new one; None when nobody is there.
            fd: A descriptor of its own; None for that of the command line.

        Raises:
            PassphraseNeeded: A source that is there gave nothing.
        """
        from ragcli.sessions.encryption import passphrase

        return passphrase.find(
            name,
            fd=self._passphrase_fd if fd is None else fd,
            environ=self.environ,
            prompt=prompt,
            warn=self._warn,
        )

    @contextmanager
    def unattended(self) -> Iterator[None]:
        """Nobody is asked for a passphrase inside the block."""
        prompt, self.prompt = self.prompt, None
        try:
            yield
        finally:
            self.prompt = prompt

    def unlock(self, profile: str, passphrase: str) -> None:
        """Takes a passphrase that was asked for elsewhere; "" forgets it."""
        self._passphrases[profile] = passphrase

    def profile_states(self) -> dict[str, str]:
        """Returns the state of each profile that a list marks: `locked`, `in use`.

        `locked`: it is encrypted, and nobody has given its passphrase yet. `in use`:
        another process works on it for long.
        """
        states = self.store.states()
        profile_states = {
            name: "in use" for name, state in states.items() if state.in_use
        }
        encrypted = [n for n, o in states.items() if o.encrypted]
        return profile_states | {
            n: "locked" for n in encrypted if not self._passphrases.get(n)
        }

    def open(
        self,
        name: str | None = None,
        *,
        create: bool = True,
        stateless: bool = False,
        expires: bool = False,
    ) -> Workspace:
        """Opens a profile; creates `default` when it is first needed.

        Args:
            name: Which; None for the one that is meant.
            create: Whether `default` may be made.
            stateless: Write nothing at all; a missing `default` is empty then.
            expires: Whether what is due may be set aside; for what changes things.

        Raises:
            ProfileExpired: It is due, or set aside.
            ProfileNotFound: There is none, and it is not made by itself.
        """
        from ragcli.workspace import Workspace

        profile = paths.checked_profile_name(name) if name else self.profile_name()
        try:
            session = self.store.open(profile, passive=stateless, expires=expires)
        except ProfileExpired:
            raise  # not for a new one to take its place unseen
        except ProfileNotFound:
            if profile != DEFAULT_PROFILE or not (create or stateless):
                raise
            session = self._absent(profile) if stateless else self._made(profile)
        return Workspace(
            session,
            lambda: self.resolve(
                config.Layer(f"profile {session.name}", dict(session.settings()))
            ),
            self.home,
            writes=not stateless,
            forks=self.store.forks,
        )

    def _made(self, name: str) -> Session:
        """Makes a profile, or opens it when another process was quicker."""
        try:
            return self.store.create(name, {})
        except UsageError:
            return self.store.open(name, expires=False)

    @staticmethod
    def _absent(name: str) -> Session:
        from ragcli.sessions.absent import AbsentSession

        return AbsentSession(name)


def _snapshots(
    directory: Directory, sealer: Sealer | None, *, remember: bool = True
) -> Snapshots:
    """Returns the snapshots inside a profile's directory."""
    from ragcli.index.generations.snapshots import LocalSnapshots

    return LocalSnapshots(directory, sealer, remember=remember)


def _figures(profiles: int, entry: str) -> tuple[int, int] | None:
    """Returns documents and bytes of the index in a profile's directory."""
    from ragcli.index.generations.figures import figures

    return figures(profiles, entry)
