"""Canaries in every profile, and every command that reads: none sings elsewhere."""

from __future__ import annotations

import hashlib
import io
import json
import shlex
import sys
import tarfile
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ragcli.config import Settings
from ragcli.paths import Home
from ragcli.sessions.history.writer import History
from ragcli.sessions.local.session import LocalSession
from ragcli.sessions.records.record_types import Turn
from tests.conftest import Ran
from tests.fakes.ollama import FakeOllama
from tests.faults.opened_files import AVAILABLE, OpenedFiles
from tests.sealed import PASSPHRASE, home_at, open_store, opened

QUERY = "What is the password of the vault?"

PROFILES = ("plain", "sealed", "shared", "team", "reader", "locked-reader")
"""`shared` is mounted as a profile and `team` as a bundle, by the two readers."""

ENCRYPTED = {"sealed", "locked-reader"}
MOUNTED = {"reader": ("shared", "team"), "locked-reader": ("shared", "team")}
KINDS = (
    "document",
    "question",
    "answer",
    "passage",
    "title",
    "summary",
    "draft",
    "instructions",
)

Run = Callable[..., Ran]


def canary(profile: str, kind: str) -> str:
    return f"canary{kind}of{profile.replace('-', '')}"


def forbidden(profile: str) -> set[str]:
    """Returns what must not be seen from inside a profile."""
    mounted = MOUNTED.get(profile, ())
    return {
        canary(other, kind)
        for other in PROFILES
        if other != profile
        for kind in KINDS
        if not (kind == "document" and other in mounted)
    }


@dataclass(frozen=True)
class Aviary:
    """A home with a canary of each kind in each profile."""

    home: Path
    work: Path
    """The working directory: documents, questions, bundles, and the home."""

    def profile(self, name: str) -> Path:
        return self.home / "profiles" / name

    def others(self, name: str) -> list[Path]:
        return [self.profile(other) for other in PROFILES if other != name]


@pytest.fixture
def model_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeOllama]:
    """What a model is told is an output, too."""
    with FakeOllama() as server:
        monkeypatch.setenv("OLLAMA_HOST", server.host)
        yield server


@pytest.fixture
def aviary(tmp_path: Path, run_cli: Run, monkeypatch: pytest.MonkeyPatch) -> Aviary:
    home = tmp_path / "home"
    monkeypatch.setenv("RAGCLI_HOME", str(home))
    secret = shlex.join([sys.executable, "-c", f"print({PASSPHRASE!r})"])
    monkeypatch.setenv("RAGCLI_PASSPHRASE_COMMAND", secret)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    monkeypatch.chdir(tmp_path)
    store = open_store(home_at(home))
    for name in PROFILES:
        passphrase = PASSPHRASE if name in ENCRYPTED else None
        store.create(name, {}, passphrase=passphrase).close()
        fill(name, home_at(home), tmp_path, run_cli)
    done(run_cli("profile", "export", "team.ragcli", "-p", "team"))
    for name in MOUNTED:
        done(run_cli("docs", "mount", "shared", "-p", name))
        done(run_cli("docs", "mount", "team.ragcli", "-p", name))
    asked = {"question": QUERY, "relevant": ["notes.md"]}
    (tmp_path / "questions.jsonl").write_text(json.dumps(asked) + "\n")
    (tmp_path / "batch.txt").write_text(f"{QUERY}\nWho keeps the vault?\n")
    return Aviary(home, tmp_path)


def fill(name: str, home: Home, work: Path, run_cli: Run) -> None:
    """Puts a canary of each kind into a profile, each as users do."""
    documents = work / name
    documents.mkdir()
    text = f"# Vault\n\nThe password of the vault is {canary(name, 'document')}.\n"
    (documents / "notes.md").write_text(text)
    done(run_cli("docs", "add", name, "-p", name))
    told = canary(name, "instructions")
    done(run_cli("profile", "set", "instructions", told, "-p", name))
    done(run_cli("profile", "set", "memory", "summary", "-p", name))
    done(run_cli("ask", f"{QUERY} {canary(name, 'question')}", "-p", name))
    session = opened(open_store(home), name)
    remember(name, session)
    session.close()


def remember(name: str, session: LocalSession) -> None:
    """Plants what no command would take from its user just like that."""
    history = History(session, Settings())
    conversation = history.new_conversation_id()
    passage = {"id": "1", "path": "notes.md", "text": canary(name, "passage")}
    turn = Turn(
        history.new_turn_id(),
        conversation,
        f"{QUERY} {canary(name, 'question')}",
        answer=f"The password of the vault is {canary(name, 'answer')}.",
        retrieved=(passage,),
    )
    history.commit(turn, title=canary(name, "title"))
    told = canary(name, "summary")
    history.add_summary(conversation, told, covers=history.head(), model="m")
    history.put_draft(canary(name, "draft"))
    history.conversations()  # writes the cache of titles


def done(ran: Ran) -> Ran:
    assert ran.code == 0, (ran.out, ran.err)
    return ran


FORMS: tuple[list[str], ...] = ([], ["--json"])


def reading_commands(name: str) -> Iterator[list[str]]:
    """Yields every command that shows something of a profile, in each of its forms."""
    yield from questions(name)
    for form in FORMS:
        yield from ([*command, *form] for command in listings(name))
    yield from exports()


def questions(name: str) -> Iterator[list[str]]:
    for form in (*FORMS, ["--jsonl"], ["--no-stream", "--sources"]):
        yield ["ask", QUERY, *form]
    yield ["ask", QUERY, "-m", "builtin", "--show-prompt", "--new"]
    yield ["ask", "And who keeps it?", "--json"]
    yield ["ask", QUERY, "--stateless", "--json"]
    yield ["ask", QUERY, "--docs", name, "--json"]
    yield ["ask", "--batch", "batch.txt"]
    talk = ["--conversation", canary(name, "title")]
    yield ["ask", QUERY, *talk, "-m", "ollama:llama3.2", "--show-prompt"]
    for form in (*FORMS, ["--explain"]):
        yield ["search", QUERY, "-k", "50", *form]
    for mode in ("bm25", "vectors"):
        yield ["search", QUERY, "--mode", mode, "-k", "50", "--json"]
    yield ["search", "canary", "-k", "50", "--json"]
    yield ["search", QUERY, "--docs", name, "--json"]


def listings(name: str) -> list[list[str]]:
    return [
        ["docs", "list"],
        ["docs", "show", f"{name}/notes.md"],
        ["docs", "rollback", "--list"],
        ["history", "list"],
        ["history", "show"],
        ["history", "show", canary(name, "title")],
        ["history", "search", "vault"],
        ["history", "export"],
        ["history", "export", "--all"],
        ["audit", "show"],
        ["audit", "verify"],
        ["audit", "anchor"],
        ["profile", "show"],
        ["profile", "list"],
        ["profile", "path"],
        ["profile", "verify"],
        ["eval", "questions.jsonl"],
        ["eval", "questions.jsonl", "--compare", "bm25,vectors,hybrid"],
        ["config", "show"],
        ["config", "get", "instructions"],
        ["doctor"],
        ["models", "list"],
    ]


def exports() -> Iterator[list[str]]:
    yield ["history", "export", "--all", "--html"]
    yield ["history", "export", "--all", "-o", "out/history.md"]
    yield ["history", "export", "--html", "-o", "out/history.html"]
    yield ["history", "export", "--json", "-o", "out/history.json"]
    yield ["profile", "export", "out/whole.ragcli"]
    yield ["profile", "export", "out/documents.ragcli", "--no-history"]
    yield ["profile", "export", "out/talks.ragcli", "--no-index"]


def half_typed(name: str) -> Iterator[str]:
    """Yields lines in front of which Tab is pressed."""
    yield f"ragcli history show -p {name} "
    yield f"ragcli docs show -p {name} "
    yield f"ragcli ask -p {name} --conversation "
    yield f"ragcli ask -p {name} -m "
    yield "ragcli profile show "


def complete(line: str, run_process: Callable[..., Ran]) -> str:
    """Returns what fish is offered, titles included."""
    env = {
        "_RAGCLI_COMPLETE": "complete_fish",
        "_TYPER_COMPLETE_ARGS": line,
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    ran = run_process(env=env)
    return ran.out + ran.err


Tree = dict[str, tuple[int, str]]


def tree(place: Path) -> Tree:
    """Returns mode and hash of every file and directory below `place`."""
    found: Tree = {}
    for path in [place, *place.rglob("*")]:
        status = path.lstat()
        data = path.read_bytes() if path.is_file() else b""
        digest = hashlib.sha256(data).hexdigest()
        found[str(path.relative_to(place))] = (status.st_mode, digest)
    return found


def seen_in(data: bytes, canaries: set[str]) -> set[str]:
    return {name for name in canaries if name.encode() in data}


def unpacked(path: Path) -> bytes:
    """Returns the bytes of a file, and of everything in it if it is an archive."""
    data = path.read_bytes()
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(path) as archive:
            return data + b"".join(map(archive.read, archive.namelist()))
    if path.suffix == ".ragcli":
        with tarfile.open(path) as archive:
            members = [archive.extractfile(member) for member in archive]
            return data + b"".join(member.read() for member in members if member)
    return data


def allowed_to_open(aviary: Aviary, name: str, command: list[str]) -> list[Path]:
    """Returns the places of other profiles that a command reads on purpose.

    A list of the profiles counts the documents of each, by its manifest: a number, no
    name and no text.
    """
    places = [aviary.profile("shared") / "index"] if name in MOUNTED else []
    if command[:2] == ["profile", "list"]:
        for place in aviary.others(name):
            places.append(place / "index" / "CURRENT")
            places += place.glob("index/gen-*/manifest.json")
    return places


@pytest.mark.skipif(not AVAILABLE, reason="asks the kernel through inotify")
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", ["plain", "sealed", "reader", "locked-reader"])
def test_no_command_reads_another_profile(
    name: str,
    aviary: Aviary,
    model_server: FakeOllama,
    run_cli: Run,
    run_process: Callable[..., Ran],
) -> None:
    (aviary.work / "out").mkdir()
    private = private_places(aviary, name)
    before, known = list(map(tree, private)), tree(aviary.work)
    strangers = forbidden(name)
    said = ""
    with OpenedFiles(private) as opened_files:
        for command in reading_commands(name):
            ran = run_cli(*command, "-p", name)
            touched = opened_files.touched()
            shown = ran.out + ran.err
            assert ran.code in {0, 1}, (command, shown)  # 1: nothing found
            assert seen_in(shown.encode(), strangers) == set(), command
            open_to_us = allowed_to_open(aviary, name, command)
            trespass = [
                p for p in touched if not any(map(p.is_relative_to, open_to_us))
            ]
            assert trespass == [], command
            said += shown
        for line in half_typed(name):
            offered = complete(line, run_process)
            assert seen_in(offered.encode(), strangers) == set(), line
            said += offered

    heard = "".join(json.dumps(seen.body) for seen in model_server.seen)
    assert seen_in(heard.encode(), strangers) == set()
    own = {canary(name, kind) for kind in KINDS} - {canary(name, "draft")}
    own |= {canary(other, "document") for other in MOUNTED.get(name, ())}
    assert seen_in(said.encode(), own) == own  # each was there to be found
    assert list(map(tree, private)) == before
    for file in written(aviary, known):
        assert seen_in(unpacked(file), strangers) == set(), file


def private_places(aviary: Aviary, name: str) -> list[Path]:
    """Returns what belongs to other profiles, their mounted bundles included."""
    mounts = [] if name in MOUNTED else [aviary.home / "cache" / "mounts"]
    return aviary.others(name) + mounts


def written(aviary: Aviary, before: Tree) -> list[Path]:
    """Returns the files of the home and of this test that are new or changed."""
    return [
        aviary.work / place
        for place, found in tree(aviary.work).items()
        if before.get(place) != found and (aviary.work / place).is_file()
    ]


@pytest.mark.parametrize("name", ["reader", "locked-reader"])
def test_a_stateless_question_leaves_no_trace(
    name: str, aviary: Aviary, run_cli: Run, run_process: Callable[..., Ran]
) -> None:
    if name == "reader":
        for key, value in {"ttl": "30d", "ttl_absolute": "60d"}.items():
            done(run_cli("profile", "set", key, value, "-p", name))
    before = tree(aviary.home)
    for form in ([], ["--json"], ["--docs", "plain"], ["--show-prompt"]):
        ran = run_process("ask", QUERY, "--stateless", "-p", name, *form)
        assert done(ran).out
        assert tree(aviary.home) == before, form
    ran = run_process("ask", "--batch", "batch.txt", "--stateless", "-p", name)
    assert ran.code in {0, 1}, ran.err
    assert tree(aviary.home) == before


def test_a_stateless_question_spares_what_has_expired(
    aviary: Aviary, run_cli: Run, run_process: Callable[..., Ran]
) -> None:
    done(run_cli("profile", "set", "ttl_absolute", "1s", "-p", "plain"))
    time.sleep(1.1)
    before = tree(aviary.home)
    done(run_process("ask", QUERY, "--stateless", "-p", "plain"))
    assert tree(aviary.home) == before


def test_a_stateless_question_makes_no_home(
    home: Path, tmp_path: Path, run_process: Callable[..., Ran]
) -> None:
    (tmp_path / "notes.md").write_text("# Vault\n\nThe password is canary.\n")
    for form in ([], ["--docs", str(tmp_path / "notes.md")], ["--no-docs"]):
        run_process("ask", QUERY, "--stateless", *form)
        assert not home.exists(), form
    home.mkdir(mode=0o700)
    run_process("ask", QUERY, "--stateless")
    assert list(home.iterdir()) == []
