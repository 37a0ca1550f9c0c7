"""What the chat needs of the rest: one process, its profiles, what is in each.

`runtime.Runtime` and `runtime.Workspace` satisfy these Protocols; the tests bring
a scripted backend that does too. Everything may block on a disk or a lock, so the
screen calls it from threads only.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from ragcli.chat.events import AskRequest, Event
from ragcli.config import Resolved, Settings
from ragcli.index.protocols import Progress
from ragcli.paths import Home
from ragcli.sessions.records.record_types import Conversation, Turn


class HistoryPort(Protocol):
    """A profile's conversations; `sessions.history.writer.History`."""

    def head(self) -> int:
        """Returns the sequence number of the newest record."""

    def latest(self) -> str:
        """Returns the newest conversation's id, "" if there is none."""

    def resolve(self, reference: str) -> str:
        """Returns the id that an id, its prefix or a title means."""

    def conversations(self) -> list[Conversation]:
        """Returns all conversations, newest activity first."""

    def conversation(self, id: str) -> Conversation:  # noqa: A002 - History's name
        """Returns one conversation."""

    def transcript(
        self, conversation: str, *, before: int | None = None, limit: int | None = None
    ) -> list[Turn]:
        """Returns the last `limit` turns before seq `before`, oldest first."""

    def transcript_after(self, conversation: str, seq: int, limit: int) -> list[Turn]:
        """Returns the first `limit` turns after a seq, oldest first."""

    def show_version(self, turn: str) -> Turn:
        """Has a version of a turn shown from now on; returns it."""

    def commit(
        self,
        turn: Turn,
        *,
        title: str | None = None,
        parent: int = 0,
        expect: int | None = None,
    ) -> Turn:
        """Stores a turn; a title starts its conversation."""

    def new_conversation_id(self) -> str:
        """Returns a fresh id."""

    def new_turn_id(self) -> str:
        """Returns a fresh id."""

    def rename(self, conversation: str, title: str) -> None:
        """Gives a conversation another title."""

    def pin(self, conversation: str, *, pinned: bool) -> None:
        """Keeps a conversation at the top of the list, or lets it go."""

    def fork(self, conversation: str, *, at: str = "", title: str = "") -> str:
        """Copies a conversation up to and including turn `at`; returns the new id."""

    def delete_conversation(self, conversation: str) -> int:
        """Deletes a conversation; returns how many turns went."""

    def delete_turn(self, turn: str, *, alone: bool = False) -> None:
        """Deletes a turn with all its versions, or one version `alone`."""

    def search(self, text: str, *, limit: int = 50) -> list[Turn]:
        """Returns turns whose question or answer contains `text`, newest first."""

    def questions(self, limit: int) -> list[str]:
        """Returns the questions of the last turns, newest first, each once."""

    def since(self, seq: int) -> list[Turn]:
        """Returns the turns after `seq`, oldest first."""

    def wait(self, seq: int, timeout: float) -> bool:
        """Waits until the head is beyond `seq`; False after `timeout` seconds."""

    def draft(self) -> str:
        """Returns the kept draft of the prompt."""

    def put_draft(self, text: str) -> None:
        """Keeps a draft of the prompt."""

    def pastes(self) -> str:
        """Returns the kept texts that marks in the draft stand for."""

    def put_pastes(self, text: str) -> None:
        """Keeps the texts that marks in the draft stand for."""


class LibraryPort(Protocol):
    """A profile's documents; `index.library.Library`."""

    def count(self) -> int:
        """Returns how many documents there are."""

    def documents(self) -> Collection[Any]:
        """Returns what is known of each document; `path`, `title`, `chunks`."""

    def document(self, path: Path | str) -> tuple[Any, Sequence[Any]]:
        """Returns a document and its passages in order."""

    def add(
        self, paths: Sequence[Path | str], progress: Progress, *, wait: float = 0
    ) -> Any:
        """Adds or refreshes documents; returns an `IngestReport`."""

    def remove(self, paths: Sequence[Path | str], *, wait: float = 0) -> Any:
        """Forgets documents; returns an `IngestReport`."""

    def sync(self, progress: Progress, *, wait: float = 0) -> Any:
        """Brings all documents up to date; returns an `IngestReport`."""


class ProfilePort(Protocol):
    """One open profile; `runtime.Workspace`."""

    name: str

    @property
    def resolved(self) -> Resolved:
        """The settings in force, with their origins."""

    @property
    def settings(self) -> Settings:
        """The settings in force."""

    @property
    def history(self) -> HistoryPort:
        """Its conversations."""

    @property
    def library(self) -> LibraryPort:
        """Its documents."""

    def ask(self, request: AskRequest) -> Iterator[Event]:
        """Answers one question; closing the iterator interrupts it."""

    def choose_model(self) -> Any:
        """Returns the model in force: a `Choice(model, reason)`."""

    def use_model(self, spec: str) -> None:
        """Switches to another model."""

    def suggested_questions(self, known: Collection[str]) -> list[str]:
        """Returns questions that documents answer which are not among the known."""

    def own_settings(self) -> Mapping[str, Any]:
        """Returns the profile's own settings by dotted key."""

    def change_settings(self, changes: Mapping[str, Any]) -> None:
        """Changes them for the next question; a None value unsets."""

    def close(self) -> None:
        """Releases it."""


class StorePort(Protocol):
    """Where the profiles live; `sessions.protocols.SessionStore`."""

    def names(self) -> list[str]:
        """Returns the user's profiles, sorted."""

    def create(
        self, name: str, settings: Mapping[str, Any], *, passphrase: str | None = None
    ) -> Any:
        """Makes a profile, encrypted where a passphrase is given; returns it open."""

    def clone(self, old: str, new: str, *, history: bool) -> Any:
        """Copies a profile under a new name."""


class RuntimePort(Protocol):
    """This process; `runtime.Runtime`."""

    @property
    def settings(self) -> Settings:
        """The settings outside any profile."""

    @property
    def resolved(self) -> Resolved:
        """The same, with their origins."""

    @property
    def home(self) -> Home:
        """Where things live on this machine."""

    @property
    def store(self) -> StorePort:
        """Where the profiles live."""

    @property
    def project_notice(self) -> str:
        """One line on what is not taken from the project's settings, or ""."""

    prompt: Callable[[str], str] | None
    """Asks for a passphrase on the terminal; None while the chat draws on it."""

    def open(
        self, name: str | None = None, *, create: bool = True, expires: bool = False
    ) -> ProfilePort:
        """Opens a profile; sets aside what is due in it where it `expires`."""

    def unlock(self, profile: str, passphrase: str) -> None:
        """Takes the passphrase that `open` is to use; "" forgets it."""

    def new_passphrase(
        self, name: str, *, prompt: Callable[[str], str] | None
    ) -> str | None:
        """Returns a passphrase for a new profile from where the user keeps it."""

    def profile_states(self) -> Mapping[str, str]:
        """Returns the state of each profile that a list marks: `locked`, `in use`."""
