"""One open profile: its history, its documents, its model, its answers.

The composition root of a profile, the only module that knows sessions, index and
models at once. Everything is made on first use: a command that only lists
histories loads no index and no model.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from ragcli.config import Resolved, checked
from ragcli.errors import Damaged, DocumentNotFound, StorageFailed
from ragcli.paths import Home

if TYPE_CHECKING:
    from ragcli.chat.citing.similarity import Similarity
    from ragcli.chat.engine import Engine
    from ragcli.chat.events import AskRequest, Event
    from ragcli.index.document_filter import DocumentFilter
    from ragcli.index.freshness import Freshness
    from ragcli.index.library import Library
    from ragcli.index.passages import Passage, SearchResult
    from ragcli.index.protocols import Embedder, Progress
    from ragcli.index.search.index_reader import IndexReader
    from ragcli.index.search.retriever import Retriever
    from ragcli.models.base import ChatModel
    from ragcli.models.builtin.extractive import ExtractiveModel
    from ragcli.models.select import ChosenModel
    from ragcli.models.transport.connections import Connections
    from ragcli.sessions.history.writer import History
    from ragcli.sessions.protocols import Session
    from ragcli.sessions.records.record_types import Turn

_LOOKED_AT = 24
"""New documents that are looked at for questions to suggest."""


class Workspace:
    """One open profile, and what can be done with it.

    Args:
        session: The opened profile; closed with this object.
        resolve: Returns the settings in force for it, with its own as they are now.
        home: Where caches live.
        writes: Whether anything may be written, caches included.
        forks: Whether several processes may go on with it.
    """

    def __init__(
        self,
        session: Session,
        resolve: Callable[[], Resolved],
        home: Home,
        *,
        writes: bool = True,
        forks: bool = False,
    ) -> None:
        self.session = session
        self.name = session.name
        self._resolve = resolve
        self.resolved = resolve()
        self.settings = self.resolved.settings
        self.home = home
        self.writes = writes
        self.forks = forks
        self._choice: ChosenModel | None = None

    @cached_property
    def _connections(self) -> Connections:
        """What requests to servers are sent over."""
        from ragcli.models.transport.connections import Connections

        return Connections()

    @cached_property
    def history(self) -> History:
        """The profile's conversations."""
        from ragcli.sessions.history.writer import History

        return History(self.session, self.settings)

    @cached_property
    def library(self) -> Library:
        """The profile's documents."""
        from ragcli.index.library import Library

        return Library(self.session.snapshots, lambda: self.embedder, self.settings)

    @cached_property
    def freshness(self) -> Freshness:
        """Whether the documents changed since they were indexed."""
        from ragcli.index.freshness import Freshness

        refresh = self.settings.refresh if self.writes else "off"
        return Freshness(self.library, refresh)

    @cached_property
    def embedder(self) -> Embedder:
        """What turns texts into vectors here."""
        from ragcli.models.select import choose_embedder

        return choose_embedder(self.settings, self.home.cache, write=self.writes)

    def choose_model(self) -> ChosenModel:
        """Returns the model in force, chosen once; raises `ModelUnavailable`."""
        if self._choice is None:
            from ragcli.models.select import choose_model

            self._choice = self._sharing(choose_model(self.settings))
        return self._choice

    @cached_property
    def quoting(self) -> ExtractiveModel:
        """The built-in model; what the embedder has read once, it need not again."""
        from ragcli.models.builtin.embedder import BuiltinEmbedder
        from ragcli.models.builtin.extractive import ExtractiveModel

        embedder = self.embedder
        if not isinstance(embedder, BuiltinEmbedder):
            embedder = BuiltinEmbedder(self.home.cache, write=self.writes)
        return ExtractiveModel(embedder)

    def _sharing(self, choice: ChosenModel) -> ChosenModel:
        """Returns a choice whose built-in model shares this embedder."""
        return choice if choice.model.generates else replace(choice, model=self.quoting)

    def use_model(self, spec: str) -> None:
        """Switches to another model for the rest of this process.

        Raises:
            ConfigError: Not a model's name.
            ModelUnavailable: It cannot be had; the old one stays.
        """
        from ragcli.models.select import choose_model

        settings = replace(self.settings, model=checked("model", spec, "model"))
        self._choice = self._sharing(choose_model(settings))
        self.settings = settings

    def own_settings(self) -> Mapping[str, Any]:
        """Returns the profile's own settings as they are stored."""
        return self.session.written()

    def change_settings(self, changes: Mapping[str, Any]) -> None:
        """Changes the profile's own settings; the next question is asked with them.

        What is under way goes on as it began. A model that was switched to stays,
        unless the setting `model` is what changes.

        Args:
            changes: Values by dotted key; None unsets.

        Raises:
            ConfigError: No such key, or a value it cannot take; nothing is changed.
            Locked: Somebody else holds the profile; nothing is changed.
        """
        switched = self.settings.model != self.resolved.settings.model
        model = self.settings.model
        self.session.change_settings(changes)
        self.resolved = self._resolve()
        self.settings = self.resolved.settings
        if switched and "model" not in changes:
            self.settings = replace(self.settings, model=model)
        self._choice = None
        for name in ("history", "library", "freshness", "embedder", "quoting"):
            vars(self).pop(name, None)

    def own_readers(self) -> list[IndexReader]:
        """Returns the profile's index and those of its mounts."""
        own = self.library.reader()
        readers = [own] if own else []
        if own and own.notice:
            self.session.notices.append(own.notice)
        if self.settings.mounts:
            from ragcli import mounts

            readers += mounts.readers(self.settings, self.home, self.embedder)
        return readers

    def document(self, name: str) -> tuple[str, list[Passage], str]:
        """Returns the path of a document, own or mounted, its passages, and its part.

        Args:
            name: Its path, or the end of it; see `Library.path_of`. Of a
                document inside it, `offer.eml!price.xlsx`, it is that one's passages.

        Raises:
            DocumentNotFound: It is not indexed, or has no such part.
        """
        try:
            return (*self._whole_document(name), "")
        except DocumentNotFound as error:
            from ragcli.index import parts

            return parts.part_named(name, self._whole_document, error)

    def _whole_document(self, name: str) -> tuple[str, list[Passage]]:
        try:
            path = self.library.path_of(name)
        except DocumentNotFound:
            mounted = self._mounted_document(name)
            if mounted is None:
                raise
            return mounted
        return path, self.library.document(path)[1]

    def _mounted_document(self, name: str) -> tuple[str, list[Passage]] | None:
        """Returns a document of a mount, named as an own one may be."""
        mounted = [reader for reader in self.own_readers() if reader.source]
        for reader in mounted:
            for path in (name, os.path.abspath(name)):
                if rows := reader.document(path):
                    return path, reader.passages(rows)
        if name.startswith("./"):
            return None
        ending = f"/{name.lstrip('/')}"
        endings = [
            (path, reader) for reader in mounted for path in reader.ending_in(ending)
        ]
        if len(endings) != 1:
            return None
        [(path, reader)] = endings
        return path, reader.passages(reader.document(path))

    def _attached(self, request: AskRequest) -> IndexReader:
        """Returns an index, in memory only, of what came with a question."""
        from ragcli.index.standalone import ephemeral

        paths = [Path(path) for path in request.attach_paths]
        return ephemeral.attached(
            request.attachment, paths, self.embedder, self.settings
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
            progress: Receives the progress of indexing `documents`.
        """
        readers = (
            self._documents_of_call(documents, progress)
            if documents
            else self.own_readers()
        )
        return self._retriever(readers, request)

    def _retriever(
        self, readers: list[IndexReader], request: AskRequest | None
    ) -> Retriever | None:
        """Returns what searches some indexes and what came with a question."""
        from ragcli.index.search.retriever import Retriever

        if request and (request.attachment or request.attach_paths):
            readers = [*readers, self._attached(request)]
        if not readers:
            return None
        return Retriever(readers, self.embedder, self.settings)

    def search(
        self,
        text: str,
        *,
        limit: int = 0,
        where: DocumentFilter | None = None,
        documents: Sequence[Path] = (),
        progress: Progress | None = None,
    ) -> SearchResult:
        """Returns the passages that fit a text best, without an answer.

        Args:
            text: What to search for.
            limit: How many at most; 0 for as many as an answer would use.
            where: Which documents to search; None for all.
            documents: Search these instead of the profile's (`--docs`).
            progress: Receives the progress of indexing `documents`.
        """
        from ragcli.index.passages import SearchRequest, SearchResult

        retriever = self.retriever(documents=documents, progress=progress)
        if retriever is None:
            return SearchResult((), text, relevant=False, generation="")
        request = SearchRequest(
            question=text,
            limit=limit or self.settings.retrieval_k,
            where=where,
            mode=self.settings.retrieval_mode,
        )
        return retriever.search(request)

    def _documents_of_call(
        self, documents: Sequence[Path], progress: Progress | None
    ) -> list[IndexReader]:
        """Returns the index of `--docs`.

        It is kept in a private cache, but not for a stateless call, and not for an
        encrypted profile, whose owner expects no plain copy anywhere.
        """
        from ragcli.index.report import NoProgress
        from ragcli.index.standalone import index_cache

        private = not self.writes or self.session.encrypted
        cache = None if private else self.home.cache
        reader = index_cache.reader(
            documents, self.embedder, self.settings, cache, progress or NoProgress()
        )
        return [reader] if reader else []

    def engine(
        self, documents: Sequence[Path] = (), progress: Progress | None = None
    ) -> Engine:
        """Returns the engine over this profile, or over `documents`.

        Args:
            documents: Files and directories of `--docs`; looked at with the first
                question, and as they are then for all that the engine is asked.
            progress: Told about each of them while they are indexed.
        """
        from ragcli.chat.engine import Engine, Parts

        indexed: list[list[IndexReader]] = []

        def searching(request: AskRequest) -> Retriever | None:
            if not documents:
                return self.retriever(request)
            if not indexed:
                indexed.append(self._documents_of_call(documents, progress))
            return self._retriever(indexed[0], request)

        return Engine(
            Parts(
                history=self.history,
                settings=self.settings,
                choose_model=self.choose_model,
                fallback=_quoting,
                retriever=searching,
                similarity=self._similarity,
                notices=self.notices,
                freshness=None if documents else self.freshness,
                connections=self._connections,
            )
        )

    def suggested_questions(self, known: Collection[str]) -> list[str]:
        """Returns up to three questions that new documents answer.

        Each is tried with the built-in model; nothing is recorded.

        Args:
            known: The documents that are not new.
        """
        from ragcli.chat import suggested_questions

        added = [
            document.path
            for document in self.library.documents()
            if document.path not in known
            and suggested_questions.is_read(document.format)
        ]
        step = len(added) // _LOOKED_AT + 1
        return suggested_questions.suggested(
            (self.library.document(path)[1] for path in added[::step]), self._quoted
        )

    def _quoted(self, question: str) -> Turn | None:
        """Returns what the built-in model answers, recorded nowhere."""
        from ragcli.chat.engine import Engine, Parts
        from ragcli.chat.events import AskRequest, Finished
        from ragcli.models.select import ChosenModel

        parts = Parts(
            history=self.history,
            settings=self.settings,
            choose_model=lambda: ChosenModel(self.quoting, "a trial"),
            fallback=_quoting,
            retriever=self.retriever,
        )
        request = AskRequest(question, new=True, record=False)
        events = Engine(parts).ask(request)
        return next((e.turn for e in events if isinstance(e, Finished)), None)

    @cached_property
    def _similarity(self) -> Similarity:
        """Returns what compares two texts by the built-in vectors."""
        from ragcli.chat.citing.similarity import Similarity
        from ragcli.models.select import choose_embedder

        builtin = replace(self.settings, embedder="builtin")
        return Similarity(
            lambda: choose_embedder(builtin, self.home.cache, write=self.writes)
        )

    def notices(self) -> list[str]:
        """Returns what was repaired or replaced since the last call, a line each."""
        notices = list(self.session.notices)
        self.session.notices.clear()
        return notices

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

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if isinstance(error, Damaged | StorageFailed | OSError):
                # In a profile that is being removed, what is missing is no damage.
                self.session.expect_standing()
        finally:
            self.close()


def _quoting() -> ChatModel:
    """Returns the model that needs nothing."""
    from ragcli.models.builtin.extractive import ExtractiveModel

    return ExtractiveModel()
