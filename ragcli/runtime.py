"""The composition root: settings and a profile in, a working engine out.

The only module that knows sessions, index and models at once. Front ends ask a
`Runtime` for a `Workspace`, one open profile, and everything in it is made on
first use: a command that only lists histories loads no index and no model.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from ragcli import config, paths
from ragcli.errors import ConfigError, ProfileNotFound
from ragcli.storage.files import Directory

if TYPE_CHECKING:
    from ragcli.chat.engine import Engine
    from ragcli.chat.events import AskRequest, Event
    from ragcli.index.library import Library
    from ragcli.index.protocols import Embedder, Progress, Sealer, Snapshots
    from ragcli.index.reader import Reader
    from ragcli.index.retriever import Retriever
    from ragcli.models.select import Choice
    from ragcli.sessions.history import History
    from ragcli.sessions.protocols import Session, SessionStore

DEFAULT_PROFILE = "default"


class Silent:
    """A `Progress` that nobody watches."""

    def start(self, total: int, what: str) -> None:
        """Says nothing."""

    def step(self, name: str, count: int = 1) -> None:
        """Says nothing."""

    def note(self, message: str) -> None:
        """Says nothing."""


class Runtime:
    """One process: its settings, and the store that its profiles live in.

    Args:
        flags: Settings typed on the command line, by dotted key.
        environ: The environment; `os.environ` outside tests.
        profile: The profile typed on the command line.
        passphrase_fd: A descriptor to read an encrypted profile's passphrase from.
        prompt: Asks a person for a passphrase; None when nobody is there.
    """

    def __init__(
        self,
        flags: Mapping[str, Any] | None = None,
        environ: Mapping[str, str] | None = None,
        *,
        profile: str | None = None,
        passphrase_fd: int | None = None,
        prompt: Callable[[str], str] | None = None,
    ) -> None:
        self.flags = dict(flags or {})
        self.environ = dict(os.environ if environ is None else environ)
        self.home = paths.home(self.environ)
        self._profile = profile
        self._passphrase_fd = passphrase_fd
        self._prompt = prompt

    @cached_property
    def project_file(self) -> Path | None:
        """The nearest `.ragcli.toml`, from the working directory upwards."""
        return config.find_project_file()

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
            project_file=self.project_file,
            profile=profile,
            user_file=self.home.config_file,
        )

    def profile_name(self) -> str:
        """Returns which profile is meant: flag, variable, project, chosen, default.

        Raises:
            UsageError: Its name cannot be one.
        """
        name = self._profile or self.environ.get("RAGCLI_PROFILE") or ""
        if not name and self.project_file:
            name = config.project_profile(self.project_file)
        return paths.checked_profile_name(name or self.chosen() or DEFAULT_PROFILE)

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
        with Directory.open(self.home.data, create=True) as directory:
            directory.replace(self.home.chosen_file.name, f"{name}\n".encode())

    @cached_property
    def store(self) -> SessionStore:
        """Where this process's profiles live: the local disk, or Redis."""
        address = self.settings.store
        if not address:
            return self.local_store()
        if address.split("://")[0].startswith("redis"):
            return self.redis_store(address)
        raise ConfigError(
            f"store: {address!r} is not an address", "write redis://host:6379/0"
        )

    def local_store(self) -> SessionStore:
        """Returns the store on this machine's disk."""
        from ragcli.sessions.local import LocalStore

        return LocalStore(
            self.home,
            snapshots=_local_snapshots,
            passphrase=self.passphrase,
            settings=self.settings,
        )

    def redis_store(self, address: str) -> SessionStore:
        """Returns the store at a Redis address; raises `StoreUnavailable`."""
        from ragcli.sessions.redis.store import RedisStore

        return RedisStore(
            address,
            home=self.home,
            passphrase=self.passphrase,
            settings=self.settings,
        )

    def passphrase(self, profile: str) -> str | None:
        """Returns the passphrase of a profile from wherever the user keeps it."""
        from ragcli.sessions import passphrase

        return passphrase.find(
            profile, fd=self._passphrase_fd, environ=self.environ, prompt=self._prompt
        )

    def open(
        self, name: str | None = None, *, create: bool = True, stateless: bool = False
    ) -> Workspace:
        """Opens a profile; the one called `default` is made on first need.

        Args:
            name: Which; None for the one that is meant.
            create: Whether `default` may be made.
            stateless: Write nothing at all; a missing `default` is empty then.

        Raises:
            ProfileNotFound: There is none, and it is not made by itself.
        """
        wanted = paths.checked_profile_name(name) if name else self.profile_name()
        try:
            session = self.store.open(wanted)
        except ProfileNotFound:
            if wanted != DEFAULT_PROFILE or not (create or stateless):
                raise
            session = (
                self._absent(wanted) if stateless else self.store.create(wanted, {})
            )
        return Workspace(self, session, writes=not stateless)

    @staticmethod
    def _absent(name: str) -> Session:
        from ragcli.sessions.absent import AbsentSession

        return AbsentSession(name)


class Workspace:
    """One open profile, and what can be done with it.

    Args:
        runtime: The process it belongs to.
        session: The opened profile; closed with this object.
        writes: Whether anything may be written, caches included.
    """

    def __init__(
        self, runtime: Runtime, session: Session, *, writes: bool = True
    ) -> None:
        self.runtime = runtime
        self.writes = writes
        self.session = session
        self.name = session.name
        layer = config.Layer(f"profile {session.name}", dict(session.settings()))
        self.resolved = runtime.resolve(layer)
        self.settings = self.resolved.settings
        self._choice: Choice | None = None

    @cached_property
    def history(self) -> History:
        """The profile's conversations."""
        from ragcli.sessions.history import History

        return History(self.session, self.settings)

    @cached_property
    def library(self) -> Library:
        """The profile's documents."""
        from ragcli.index.library import Library

        return Library(self.session.snapshots, lambda: self.embedder, self.settings)

    @cached_property
    def embedder(self) -> Embedder:
        """What turns texts into vectors here."""
        from ragcli.models.select import choose_embedder

        return choose_embedder(
            self.settings, self.runtime.home.cache, write=self.writes
        )

    def choose_model(self) -> Choice:
        """Returns the model in force, chosen once; raises `ModelUnavailable`."""
        if self._choice is None:
            from ragcli.models.select import choose_model

            self._choice = choose_model(self.settings)
        return self._choice

    def use_model(self, spec: str) -> None:
        """Switches to another model for the rest of this process.

        Raises:
            ConfigError: Not a model's name.
            ModelUnavailable: It cannot be had; the old one stays.
        """
        from dataclasses import replace

        from ragcli.models.select import choose_model

        settings = replace(self.settings, model=config.checked("model", spec, "model"))
        self._choice = choose_model(settings)
        self.settings = settings

    def readers(self, request: AskRequest | None = None) -> list[Reader]:
        """Returns the indexes that a question is searched in.

        The profile's own, its mounts, and what came with the question: piped
        text and attached files, which live in memory only.
        """
        from ragcli.index import mounts

        own = self.library.reader()
        found = [own] if own else []
        found += mounts.readers(
            self.session.settings(), self.runtime.home, self.embedder
        )
        if request and (request.attachment or request.attach_paths):
            found.append(self._attached(request))
        return found

    def _attached(self, request: AskRequest) -> Reader:
        from ragcli.index import ephemeral

        return ephemeral.attached(
            request.attachment, request.attach_paths, self.embedder, self.settings
        )

    def retriever(
        self,
        request: AskRequest | None = None,
        documents: Sequence[Path] = (),
        progress: Progress | None = None,
    ) -> Retriever | None:
        """Returns what searches; None when there is nothing to search in.

        Args:
            request: A question with documents of its own, or None.
            documents: Search these instead of the profile's (`--docs`).
            progress: Told how far the indexing of `documents` is.
        """
        from ragcli.index.retriever import Retriever

        readers = (
            self._documents_of_call(documents, progress)
            if documents
            else self.own_readers()
        )
        if request and (request.attachment or request.attach_paths):
            readers.append(self._attached(request))
        if not readers:
            return None
        return Retriever(readers, self.embedder, self.settings)

    def _documents_of_call(
        self, documents: Sequence[Path], progress: Progress | None
    ) -> list[Reader]:
        """Returns the index of `--docs`.

        It is kept in a private cache, but not for a stateless call, and not for an
        encrypted profile, whose owner expects no plain copy anywhere.
        """
        from ragcli.index import callindex

        private = not self.writes or self.session.encrypted
        cache = None if private else self.runtime.home.cache
        reader = callindex.reader(
            documents, self.embedder, self.settings, cache, progress or Silent()
        )
        return [reader] if reader else []

    def engine(self, documents: Sequence[Path] = ()) -> Engine:
        """Returns the engine over this profile, or over `documents` for one call."""
        from ragcli.chat.engine import Engine, Parts
        from ragcli.models.builtin.extractive import ExtractiveModel

        return Engine(
            Parts(
                history=self.history,
                settings=self.settings,
                choose_model=self.choose_model,
                fallback=ExtractiveModel,
                retriever=lambda request: self.retriever(request, documents),
            )
        )

    def ask(
        self, request: AskRequest, documents: Sequence[Path] = ()
    ) -> Iterator[Event]:
        """Answers one question; see `Engine.ask`."""
        return self.engine(documents).ask(request)

    def close(self) -> None:
        """Releases the profile."""
        self.session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _local_snapshots(directory: Directory, sealer: Sealer | None) -> Snapshots:
    """Returns the snapshots inside a profile's directory."""
    from ragcli.index.snapshots import LocalSnapshots

    return LocalSnapshots(directory, sealer)
