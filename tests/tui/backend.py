"""A scripted backend: everything the chat needs, in memory, as slow as a test likes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ragcli.chat.answers.state import BROKEN_OFF
from ragcli.chat.events import (
    AskRequest,
    Event,
    Failed,
    Finished,
    Notice,
    Retrieved,
    Token,
)
from ragcli.config import Layer, Resolved
from ragcli.errors import (
    ConversationNotFound,
    ModelUnavailable,
    PassphraseNeeded,
    ProfileNotFound,
    RagcliError,
    UsageError,
    WrongPassphrase,
)
from ragcli.index.passages import Passage
from ragcli.models.base import Prompt, Source
from ragcli.paths import Home
from ragcli.sessions.records.record_types import Citation, Conversation, Turn
from tests.patience import PATIENCE

LOCKS = (
    "Only one writer holds the log at a time. A commit lock waits at most ten seconds "
    "before it gives up, and the error names who holds it."
)
FAQ = "Whoever waits in vain is told who holds the lock: process, user and command."

PASSAGES = (
    Passage(
        "p1", "/docs/locks.md", LOCKS, 0.83, "Locks", ("Locks", "Waiting"),
        lines=(12, 20),
    ),
    Passage("p2", "/docs/faq.pdf", FAQ, 0.61, "FAQ", ("Errors",), page=3),
    Passage("p3", "/docs/design.md", "The log is append-only.", 0.42, lines=(3, 3)),
)  # fmt: skip

ANSWER = (
    "A commit waits at most **ten seconds** [1], then the caller is told who holds "
    "the lock [2].\n\n```python\nwith commit_lock(directory, wait=10):\n"
    "    log.append(turn)\n```\n\n"
    "- readers take no lock\n- writers queue in the kernel\n"
)

Script = Callable[["Scripted", AskRequest], Iterator[Event]]


def citations(count: int = 2) -> tuple[Citation, ...]:
    """The citations of `ANSWER`."""
    quotes = ("waits at most ten seconds", "told who holds the lock")
    return tuple(
        Citation(n, p.path, p.page, p.lines, " > ".join(p.heading), p.score, q, True)
        for n, (p, q) in enumerate(zip(PASSAGES, quotes, strict=False), 1)
    )[:count]


def remembered(passages: Sequence[Passage] = PASSAGES) -> tuple[dict[str, Any], ...]:
    """Passages as a turn keeps them."""
    return tuple(
        {
            "id": p.id, "path": p.path, "page": p.page, "score": p.score,
            "lines": list(p.lines) if p.lines else None,
            "heading": " > ".join(p.heading), "text": p.text,
        }
        for p in passages
    )  # fmt: skip


class History:
    """`ports.HistoryPort` over two lists."""

    def __init__(self) -> None:
        self.turns: list[Turn] = []
        self.titles: dict[str, str] = {}
        self.pinned: set[str] = set()
        self.origins: dict[str, str] = {}
        self.kept = ""
        self.kept_pastes = ""
        self.choices: list[str] = []
        """The versions that were chosen or asked for, the last one last."""
        self.fails: RagcliError | None = None
        """Raised by the next commit, until it is taken away."""
        self.fails_once: RagcliError | None = None
        """Raised by the next commit only."""
        self.last = 0
        self._ids = 0
        self._moved = threading.Condition()

    def head(self) -> int:
        return self.last

    def latest(self) -> str:
        return self.turns[-1].conversation if self.turns else ""

    def resolve(self, reference: str) -> str:
        for name, title in self.titles.items():
            if reference == title or name.startswith(reference):
                return name
        raise ConversationNotFound(f"no conversation {reference!r}")

    def conversations(self) -> list[Conversation]:
        listed = [self.conversation(name) for name in self.titles]
        return sorted(listed, key=lambda c: c.updated, reverse=True)

    def conversation(self, id: str) -> Conversation:  # noqa: A002
        mine = [turn for turn in self.turns if turn.conversation == id]
        if id not in self.titles:
            raise ConversationNotFound(f"no conversation {id!r}")
        times = [turn.ts for turn in mine] or [""]
        known = Conversation(id, self.titles[id], times[0], times[-1], len(mine))
        origin = self.origins.get(id, "")
        return replace(known, pinned=id in self.pinned, origin=origin)

    def transcript(
        self, conversation: str, *, before: int | None = None, limit: int | None = None
    ) -> list[Turn]:
        shown = [
            self._told(turn)
            for turn in self.turns
            if turn.conversation == conversation
            and self._chosen(turn) == turn.id
            and (before is None or turn.seq < before)
        ]
        return shown if limit is None else shown[-limit:]

    def transcript_after(self, conversation: str, seq: int, limit: int) -> list[Turn]:
        later = [turn for turn in self.transcript(conversation) if turn.seq > seq]
        return later[:limit]

    def _versions(self, turn: Turn) -> list[str]:
        first = self._first(turn)
        return [each.id for each in self.turns if self._first(each) == first]

    def _first(self, turn: Turn) -> str:
        before = (each for each in self.turns if each.id == turn.replaces)
        old = next(before, None)
        return self._first(old) if old else turn.id

    def _chosen(self, turn: Turn) -> str:
        versions = self._versions(turn)
        return next((v for v in self.choices[::-1] if v in versions), versions[-1])

    def _told(self, turn: Turn) -> Turn:
        versions = self._versions(turn)
        return replace(turn, versions=tuple(versions) if len(versions) > 1 else ())

    def show_version(self, turn: str) -> Turn:
        chosen = next(each for each in self.turns if each.id == turn)
        self.choices.append(turn)
        self._bump()
        return self._told(chosen)

    def commit(
        self,
        turn: Turn,
        *,
        title: str | None = None,
        parent: int = 0,
        expect: int | None = None,
    ) -> Turn:
        failure, self.fails_once = self.fails_once or self.fails, None
        if failure is not None:
            raise failure
        with self._moved:
            self.last += 1
            minutes, seconds = divmod(self.last, 60)
            ts = f"2026-01-01T{minutes // 60:02}:{minutes % 60:02}:{seconds:02}.000Z"
            stored = replace(turn, seq=self.last, ts=ts)
            self.turns.append(stored)
            self.choices.append(stored.id)
            stored = self._told(stored)
            if title is not None:
                self.titles[turn.conversation] = title
            self._moved.notify_all()
        return stored

    def _bump(self) -> None:
        with self._moved:
            self.last += 1
            self._moved.notify_all()

    def new_conversation_id(self) -> str:
        self._ids += 1
        return f"conversation-{self._ids}"

    def new_turn_id(self) -> str:
        self._ids += 1
        return f"turn-{self._ids}"

    def rename(self, conversation: str, title: str) -> None:
        self.titles[conversation] = title
        self._bump()

    def pin(self, conversation: str, *, pinned: bool) -> None:
        (self.pinned.add if pinned else self.pinned.discard)(conversation)
        self._bump()

    def fork(self, conversation: str, *, at: str = "", title: str = "") -> str:
        made = self.new_conversation_id()
        mine = self.transcript(conversation)
        ids = [turn.id for turn in mine]
        kept = mine[: ids.index(at) + 1] if at else mine
        name = title or f"{self.titles[conversation]} (fork)"
        for turn in kept:
            copy = replace(turn, id=self.new_turn_id(), conversation=made)
            self.commit(copy, title=name)
        return made

    def delete_conversation(self, conversation: str) -> int:
        before = len(self.turns)
        self.turns = [t for t in self.turns if t.conversation != conversation]
        self.titles.pop(conversation, None)
        self._bump()
        return before - len(self.turns)

    def delete_turn(self, turn: str, *, alone: bool = False) -> None:
        deleted = next(each for each in self.turns if each.id == turn)
        gone = [turn] if alone else self._versions(deleted)
        self.turns = [
            replace(t, replaces=deleted.replaces) if t.replaces == turn else t
            for t in self.turns
            if t.id not in gone
        ]
        self._bump()

    def search(self, text: str, *, limit: int = 50) -> list[Turn]:
        low = text.lower()
        hits = [t for t in self.turns if low in f"{t.question}\n{t.answer}".lower()]
        return hits[::-1][:limit]

    def questions(self, limit: int) -> list[str]:
        last = self.turns[::-1][:limit]
        return list(dict.fromkeys(turn.question for turn in last))

    def since(self, seq: int) -> list[Turn]:
        return [self._told(turn) for turn in self.turns if turn.seq > seq]

    def wait(self, seq: int, timeout: float) -> bool:
        with self._moved:
            return self._moved.wait_for(lambda: self.last > seq, timeout)

    def draft(self) -> str:
        return self.kept

    def put_draft(self, text: str) -> None:
        self.kept = text

    def pastes(self) -> str:
        return self.kept_pastes

    def put_pastes(self, text: str) -> None:
        self.kept_pastes = text


@dataclass
class Library:
    """`ports.LibraryPort`: a list of paths."""

    paths: list[str] = field(default_factory=list)
    pause: threading.Event | None = None
    """Held before the end of an `add`, until it is set."""

    def count(self) -> int:
        return len(self.paths)

    def documents(self) -> list[Any]:
        return [SimpleNamespace(path=p, title="", chunks=4) for p in self.paths]

    def document(self, path: Path | str) -> tuple[Any, list[Passage]]:
        around = ["Before it.", *(p.text for p in PASSAGES), "After it."]
        return None, [replace(PASSAGES[0], text=text) for text in around]

    def add(
        self, paths: Sequence[Path | str], progress: Any, *, wait: float = 0
    ) -> Any:
        progress.start(4, "Reading documents")
        for number in range(4):
            progress.step(f"file-{number}.md")
        progress.note("notes.bin: binary")
        if self.pause is not None:
            self.pause.wait(PATIENCE)
        progress.step("file-4.md")
        self.paths += [str(path) for path in paths]
        counts = {"added": len(paths), "changed": 0, "removed": 0, "unchanged": 0}
        return SimpleNamespace(**counts, failed=())

    def sync(self, progress: Any, *, wait: float = 0) -> Any:
        return self.add([], progress)

    def remove(self, paths: Sequence[Path | str], *, wait: float = 0) -> Any:
        gone = {str(path) for path in paths}
        before, self.paths = self.paths, [p for p in self.paths if p not in gone]
        return SimpleNamespace(removed=len(before) - len(self.paths))


def streamed(answer: str = ANSWER, *, size: int = 6) -> Script:
    """Answers with the whole text, in pieces."""

    def script(profile: Scripted, request: AskRequest) -> Iterator[Event]:
        yield profile.retrieved(request)
        for at in range(0, len(answer), size):
            yield Token(answer[at : at + size])
        yield profile.finished(request, answer)

    return script


class Gate:
    """Answers piece by piece, as a test lets it."""

    def __init__(self, *pieces: str) -> None:
        self.pieces = list(pieces)
        self._allowed = threading.Semaphore(0)

    def let(self, count: int = 1) -> None:
        """Lets `count` more pieces out; one more than there are ends the answer."""
        for _ in range(count):
            self._allowed.release()

    def __call__(self, profile: Scripted, request: AskRequest) -> Iterator[Event]:
        yield profile.retrieved(request)
        said = ""
        for piece in self.pieces:
            if self._stopped(request):
                yield profile.finished(request, said, "interrupted")
                return
            said += piece
            yield Token(piece)
        if self._stopped(request):
            yield profile.finished(request, said, "interrupted")
            return
        yield profile.finished(request, said)

    def _stopped(self, request: AskRequest) -> bool:
        while not self._allowed.acquire(timeout=0.01):
            if request.cancel and request.cancel.is_set():
                return True
        return bool(request.cancel and request.cancel.is_set())


def failing(error: RagcliError, said: str = "") -> Script:
    """Says a little, then fails."""

    def script(profile: Scripted, request: AskRequest) -> Iterator[Event]:
        yield profile.retrieved(request)
        if said:
            yield Token(said)
        raise error

    return script


def nothing(profile: Scripted, request: AskRequest) -> Iterator[Event]:
    """Finds nothing."""
    yield replace(profile.retrieved(request), passages=(), used=0)
    yield Notice("nothing is relevant enough", "warning")
    yield profile.finished(request, "", "nothing_found", cited=0)


REMOTE = {"ollama:big:cloud": "https://ollama.com"}
"""Models that another machine runs, and which."""


class Model:
    """What `choose_model` hands out."""

    def __init__(self, spec: str) -> None:
        self.spec = spec
        self.remote = REMOTE.get(spec, "")

    def window(self) -> int:
        return 8192

    def count_tokens(self, text: str) -> int:
        return 1200


class Scripted:
    """`ports.ProfilePort`: answers as its `script` says."""

    def __init__(self, name: str, resolved: Resolved) -> None:
        self.name = name
        self.resolved = resolved
        self.settings = resolved.settings
        self.own: dict[str, Any] = {}
        self.suggestions: list[str] = []
        self._above = list(resolved.layers)
        self.history = History()
        self.library = Library(["/docs/locks.md", "/docs/faq.pdf"])
        self.script: Script = streamed()
        self.scripts: list[Script] = []
        """Taken one a question before `script`."""
        self.requests: list[AskRequest] = []
        self.unrecorded: Turn | None = None
        """The last answer, until its turn is in the history."""
        self.spec = "ollama:llama3.2"
        self.closed = False

    def ask(self, request: AskRequest) -> Iterator[Event]:
        self.requests.append(request)
        script = self.scripts.pop(0) if self.scripts else self.script
        return self._handing_over(script(self, request), request)

    def _handing_over(
        self, events: Iterator[Event], request: AskRequest
    ) -> Iterator[Event]:
        """Yields the events, and before an error the turn as far as it came."""
        self.unrecorded = None
        said = ""
        try:
            for event in events:
                said += event.text if isinstance(event, Token) else ""
                yield event
        except RagcliError as error:
            turn = self._over() or replace(
                self._turn(request, said, "failed", cited=0), retrieved=remembered()
            )
            title = request.question[:60] if request.new else None
            repeats = request.replaces and not said
            if isinstance(error, ModelUnavailable) and request.record and not repeats:
                turn = self.history.commit(turn, title=title)
            yield Failed(turn, title)
            raise

    def _over(self) -> Turn | None:
        """Returns the answer that a script has ended, if it has."""
        return self.unrecorded

    def retrieved(self, request: AskRequest) -> Retrieved:
        kept = tuple(p for p in PASSAGES if p.path not in request.exclude)
        sources = tuple(
            Source(n, p.text, p.path, p.kind, p.score) for n, p in enumerate(kept, 1)
        )
        prompt = Prompt(request.question, request.question, sources)
        remote = REMOTE.get(self.spec, "")
        return Retrieved(request.question, kept, 2, self.spec, prompt, 3.0, remote)

    def finished(
        self,
        request: AskRequest,
        answer: str,
        status: str = "answered",
        cited: int = 2,
    ) -> Finished:
        broken = status in BROKEN_OFF
        turn = self._turn(request, answer, status, cited)
        self.unrecorded = turn
        if request.record and not (broken and request.replaces and not answer):
            title = request.question[:60] if request.new else None
            turn = self.history.commit(turn, title=title)
        return Finished(turn, 3, 2, 0)

    def _turn(self, request: AskRequest, answer: str, status: str, cited: int) -> Turn:
        return Turn(
            self.history.new_turn_id(),
            request.conversation or self.history.new_conversation_id(),
            request.question,
            request.question, answer.strip(), status, self.spec, citations(cited),
            remembered() if cited else (),
            replaces="" if status in BROKEN_OFF else request.replaces,
            continues=request.continues,
            pasted=request.pasted,
            remote=REMOTE.get(self.spec, ""),
        )  # fmt: skip

    def choose_model(self) -> Any:
        return SimpleNamespace(model=Model(self.spec), reason="the test")

    def use_model(self, spec: str) -> None:
        self.spec = spec

    def suggested_questions(self, known: Collection[str]) -> list[str]:
        return list(self.suggestions)

    def own_settings(self) -> dict[str, Any]:
        return dict(self.own)

    def change_settings(self, changes: Mapping[str, Any]) -> None:
        changed = {**self.own, **changes}
        self.own = {k: v for k, v in changed.items() if v is not None}
        own = Layer(f"profile {self.name}", self.own)
        self.resolved = Resolved([*self._above, own])
        self.settings = self.resolved.settings

    def close(self) -> None:
        self.closed = True

    def seed(self, count: int, title: str = "Lock timeouts") -> str:
        """Puts a conversation of `count` turns into the history."""
        conversation = self.history.new_conversation_id()
        for number in range(count):
            question = "How long does a commit wait?"
            if number < count - 1:
                question = f"Question {number + 1}: what does the log hold?"
            turn = Turn(
                self.history.new_turn_id(), conversation, question, question,
                ANSWER, "answered", self.spec, citations(), remembered(),
            )  # fmt: skip
            self.history.commit(turn, title=None if number else title)
        return conversation


class Backend:
    """`ports.RuntimePort`: a few scripted profiles."""

    def __init__(
        self, home: Path, *names: str, settings: dict[str, Any] | None = None
    ) -> None:
        layers = [Layer("the test", settings)] if settings else []
        self.resolved = Resolved(layers)
        self.settings = self.resolved.settings
        self.home = Home(home, home / "config.toml", home / "cache")
        self.profiles = {n: Scripted(n, self.resolved) for n in names or ("work",)}
        self.refused: dict[str, RagcliError] = {}
        """Raised when a profile of this name is opened."""
        self.passphrases: dict[str, str] = {}
        """What encrypted profiles open with."""
        self.given: dict[str, str] = {}
        self.said: dict[str, str] = {}
        """Marks beside profiles."""
        self.prompt: Callable[[str], str] | None = None
        self.project_notice = ""
        self.store = self

    @property
    def first(self) -> Scripted:
        """The profile that is open at the start."""
        return next(iter(self.profiles.values()))

    def open(
        self, name: str | None = None, *, create: bool = True, expires: bool = False
    ) -> Scripted:
        name = name or self.first.name
        if name in self.refused:
            raise self.refused[name]
        if name not in self.profiles:
            raise ProfileNotFound(f"there is no profile {name!r}")
        if name in self.passphrases:
            if not self.given.get(name):
                raise PassphraseNeeded(f"profile {name} is encrypted")
            if self.given[name] != self.passphrases[name]:
                raise WrongPassphrase(f"wrong passphrase for profile {name!r}")
        return self.profiles[name]

    def unlock(self, profile: str, passphrase: str) -> None:
        self.given[profile] = passphrase

    def profile_states(self) -> dict[str, str]:
        shut = [n for n in self.passphrases if not self.given.get(n)]
        return self.said | dict.fromkeys(shut, "locked")

    def names(self) -> list[str]:
        return sorted(self.profiles)

    def create(
        self, name: str, settings: Mapping[str, Any], *, passphrase: str | None = None
    ) -> Scripted:
        if name in self.profiles:
            raise UsageError(f"there is a profile {name!r} already")
        self.profiles[name] = Scripted(name, self.resolved)
        if passphrase:
            self.passphrases[name] = passphrase
        return self.profiles[name]

    def new_passphrase(
        self, name: str, *, prompt: Callable[[str], str] | None
    ) -> str | None:
        return prompt(name) if prompt else None

    def clone(self, old: str, new: str, *, history: bool) -> Scripted:
        made = Scripted(new, self.resolved)
        made.history.turns = list(self.profiles[old].history.turns)
        made.history.titles = dict(self.profiles[old].history.titles)
        made.history.last = self.profiles[old].history.last
        self.profiles[new] = made
        return made
