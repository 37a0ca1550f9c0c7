"""Profiles with something in them, in the clear or encrypted, for tests of security."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from ragcli.config import Settings
from ragcli.index.generations.snapshots import LocalSnapshots
from ragcli.paths import Home
from ragcli.sessions.encryption.kdf import Cost
from ragcli.sessions.history.writer import History
from ragcli.sessions.local.session import LocalSession
from ragcli.sessions.local.store import LocalStore
from ragcli.sessions.protocols import Session
from ragcli.sessions.records.record_types import Turn

PASSPHRASE = "correct horse battery staple"

CHEAP = Cost(memory_kib=64, passes=1, lanes=1)
"""A guess that costs nothing: these tests are not about Argon2id."""

FILES = {
    "documents-1.jsonl": b'{"path": "CANARY-document"}\n',
    "vectors-1.faiss": b"CANARY-vectors" + bytes(range(256)) * 40,
    "text/segment.store": b"CANARY-text",
}
"""A generation of an index, as far as sessions look at it."""

QUESTIONS = ("CANARY-question-1", "CANARY-question-2", "CANARY-question-3")


def open_store(
    home: Home, passphrase: Callable[[str], str | None] = lambda _: PASSPHRASE
) -> LocalStore:
    """Returns the store, as one more process sees it."""
    return LocalStore(
        home,
        snapshots=LocalSnapshots,
        passphrase=passphrase,
        settings=Settings(),
        cost=CHEAP,
    )


def home_at(base: Path) -> Home:
    return Home(base, base / "config.toml", base / "cache")


def opened(store: LocalStore, name: str) -> LocalSession:
    return store.open(name)


def filled(
    store: LocalStore, name: str = "work", *, encrypted: bool = False
) -> LocalSession:
    """Makes a profile with a conversation, a draft, an index and a torn tail."""
    store.create(name, {}, passphrase=PASSPHRASE if encrypted else None).close()
    session = opened(store, name)
    ask(session, *QUESTIONS, title="CANARY-title")
    History(session, Settings()).put_draft("CANARY-draft")
    publish(session, FILES)
    return session


def ask(session: Session, *questions: str, title: str = "title") -> str:
    """Starts a conversation with these questions; returns its id."""
    history = History(session, Settings())
    conversation = history.new_conversation_id()
    for number, question in enumerate(questions):
        turn = Turn(
            history.new_turn_id(), conversation, question, answer="CANARY-answer"
        )
        history.commit(turn, title=None if number else title)
    return conversation


def publish(session: Session, files: Mapping[str, bytes]) -> str:
    """Publishes a generation with these files, sealed if the profile is."""
    snapshots = session.snapshots
    with snapshots.workspace("") as workspace:
        for name, data in files.items():
            file = workspace / name
            file.parent.mkdir(mode=0o700, exist_ok=True)
            sealer = session.sealer
            file.write_bytes(sealer.seal(name, data) if sealer else data)
        facts = {"embedder": "test", "dimension": 1, "segments": []}
        return str(snapshots.publish(workspace, snapshots.current(), facts))


def questions(session: Session) -> list[str]:
    """Returns the questions in a history, oldest first."""
    return [
        record.body["question"]
        for record in session.log.since()
        if record.kind == "turn"
    ]


def indexed(session: Session) -> dict[str, bytes]:
    """Returns the plain files of the live generation."""
    generation = session.snapshots.directory(session.snapshots.current())
    sealer = session.sealer
    return {
        name: sealer.unseal(name, (generation / name).read_bytes())
        if sealer
        else (generation / name).read_bytes()
        for name in FILES
    }


def tree(root: Path) -> dict[str, object]:
    """Returns everything below a directory but locks: kinds, modes and contents."""
    return {
        str(entry.relative_to(root)): (
            entry.lstat().st_mode,
            entry.read_bytes() if entry.is_file() and not entry.is_symlink() else b"",
        )
        for entry in sorted(root.rglob("*"))
        if entry.suffix != ".lock"
    }


class MemoryKeyring:
    """A desktop's keyring; its module is what makes it trusted or not."""

    def __init__(self) -> None:
        self.held: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self.held.pop((service, username), None)
