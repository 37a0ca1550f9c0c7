"""Bad input of every kind: one clear line, the right code, nothing lost."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.cli.conftest import QUESTION
from tests.conftest import Ran


def one_line(ran: Ran, code: int, *said: str) -> None:
    """Asserts that a run ended with `code` and one line that says `said`."""
    assert ran.code == code, ran.err
    assert "Traceback" not in ran.err
    told = [line for line in ran.err.splitlines() if not line.startswith("hint: ")]
    assert len(told) == 1, ran.err
    for word in said:
        assert word in ran.err


@pytest.mark.parametrize("question", ["", "   ", "\n\t"])
def test_an_empty_question(
    question: str, indexed: Path, run_process: Callable[..., Ran]
) -> None:
    one_line(run_process("ask", question), 2, "question is empty")
    one_line(run_process("ask", stdin=question), 2, "question is empty")
    assert run_process("history", "list").out == ""


def test_not_enough_memory(indexed: Path, run_process: Callable[..., Ran]) -> None:
    allowed = 80 << 20

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_DATA, (allowed, allowed))

    document = "More words than fit. " * (allowed // 20)
    ran = run_process("ask", QUESTION, stdin=document, preexec_fn=limited)
    one_line(ran, 74, "not enough memory")
    assert run_process("history", "list").out == ""


def test_no_question_at_all(indexed: Path, run_process: Callable[..., Ran]) -> None:
    one_line(run_process("ask"), 2, "question is empty")


def test_a_question_of_a_megabyte(
    indexed: Path, run_process: Callable[..., Ran]
) -> None:
    question = f"{QUESTION} " + "word " * 200_000
    ran = run_process("ask", "--json", stdin=question)

    assert ran.code in {0, 1, 2}
    assert "Traceback" not in ran.err
    if ran.code == 0:
        assert ran.json["question"] == question
    assert run_process("profile", "verify").code == 0


def test_an_empty_query(indexed: Path, run_process: Callable[..., Ran]) -> None:
    one_line(run_process("search", " "), 2, "query is empty")


def test_an_unknown_model(indexed: Path, run_process: Callable[..., Ran]) -> None:
    ran = run_process("ask", QUESTION, "-m", "nonsense")

    one_line(ran, 2, "nonsense")


def test_a_provider_that_is_not_installed(
    indexed: Path, run_process: Callable[..., Ran]
) -> None:
    ran = run_process("ask", QUESTION, "-m", "groq:llama3", "--require-model")

    one_line(ran, 3, "groq")


KINDS = {
    "empty.md": b"",
    "binary.md": b"\0\1\2\xff" * 1000,
    "broken.pdf": b"%PDF-1.7\n%%EOF\n",
    "broken.docx": b"PK\3\4 this is no archive",
    "broken.epub": b"PK\5\6",
    "broken.ipynb": b"{",
}


@pytest.mark.parametrize("name", KINDS)
def test_a_file_that_cannot_be_read_as_what_it_is(
    name: str, indexed: Path, run_process: Callable[..., Ran]
) -> None:
    (indexed / name).write_bytes(KINDS[name])
    ran = run_process("docs", "add", f"notes/{name}")

    one_line(ran, 6, name)
    assert len(run_process("docs", "list").lines) == 3
    assert run_process("ask", QUESTION).code == 0


def test_a_text_that_is_not_utf8(
    indexed: Path, run_process: Callable[..., Ran]
) -> None:
    latin = "# Straße\n\nDie Straße heißt Königsallee und ist lang.\n".encode("latin-1")
    (indexed / "latin.md").write_bytes(latin)
    added = run_process("docs", "add", "notes/latin.md")
    found = run_process("search", "Königsallee", "--json").json["hits"]

    assert added.code == 0, added.err
    assert "Königsallee" in found[0]["text"]


def test_a_huge_file(indexed: Path, run_process: Callable[..., Ran]) -> None:
    (indexed / "huge.txt").write_text("many words\n" * 20_000)
    ran = run_process(
        "docs", "add", "notes/huge.txt", env={"RAGCLI_DOCUMENTS_MAX_FILE_SIZE": "100k"}
    )

    one_line(ran, 6, "huge.txt")


@pytest.mark.parametrize("command", [("docs", "add"), ("ask", QUESTION, "--docs")])
def test_an_address_instead_of_a_path(
    command: tuple[str, ...], notes: Path, run_process: Callable[..., Ran]
) -> None:
    ran = run_process(*command, "https://ann:secret@example.org/page.html")

    one_line(ran, 2, "https://")
    assert "hint: " in ran.err
    assert "secret" not in ran.err


def test_a_file_that_vanished(indexed: Path, run_process: Callable[..., Ran]) -> None:
    (indexed / "locks.md").unlink()
    asked = run_process("ask", QUESTION, "--sources")
    synced = run_process("docs", "sync", "--json")

    assert asked.code == 0
    assert "changed since it was indexed" in asked.out
    assert synced.json["removed"] == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read everything")
def test_a_file_without_permission(
    indexed: Path, run_process: Callable[..., Ran]
) -> None:
    (indexed / "shut.md").write_text("# Shut\n\ntext\n")
    (indexed / "shut.md").chmod(0)

    one_line(run_process("docs", "add", "notes/shut.md"), 6, "shut.md")


def test_a_profile_of_a_newer_format(
    asked: str, run_process: Callable[..., Ran], home: Path
) -> None:
    place = home / "profiles/default/profile.toml"
    place.write_text(place.read_text().replace("format = 1", "format = 99"))

    one_line(run_process("history", "list"), 4, "format 99", "upgrade")
    one_line(run_process("ask", QUESTION), 4, "format 99", "upgrade")


def test_a_history_line_of_a_newer_format(
    asked: str, run_process: Callable[..., Ran], home: Path
) -> None:
    place = home / "profiles/default/history.jsonl"
    before = place.read_bytes()
    place.write_bytes(before + b'{"v":99,"seq":99}\n')
    ran = run_process("ask", QUESTION)

    assert ran.code in {0, 4}
    assert "Traceback" not in ran.err
    assert place.read_bytes().startswith(before)


def test_an_index_of_another_embedder(
    indexed: Path, run_process: Callable[..., Ran], home: Path
) -> None:
    ran = run_process("ask", QUESTION, env={"RAGCLI_EMBEDDER": "ollama:nomic"})

    assert ran.code in {3, 4}
    assert "Traceback" not in ran.err


def test_a_damaged_index(
    indexed: Path, run_process: Callable[..., Ran], home: Path
) -> None:
    [index] = (home / "profiles/default/index").glob("gen-*")
    vectors = next(index.rglob("vectors*"))
    os.chmod(vectors, 0o600)
    data = bytearray(vectors.read_bytes())
    data[len(data) // 2] ^= 0xFF
    os.utime(vectors)
    vectors.write_bytes(data)
    ran = run_process("ask", QUESTION)

    assert ran.code == 4
    assert "Traceback" not in ran.err
    assert run_process("history", "list").code == 0


@pytest.mark.parametrize("variable", ["RAGCLI_RETRIEVAL_K", "RAGCLI_TTL"])
def test_a_variable_that_cannot_be(
    variable: str, run_process: Callable[..., Ran]
) -> None:
    one_line(run_process("history", "list", env={variable: "x"}), 2, variable)


def test_a_project_file_that_cannot_be(
    run_process: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".ragcli.toml").write_text("retrievel.k = 3\n")

    ran = run_process("history", "list")

    assert ran.code == 0
    assert ".ragcli.toml" in ran.err
    assert "did you mean retrieval.k?" in ran.err


def test_a_home_that_is_a_file(run_process: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ran = run_process("ask", "q", env={"RAGCLI_HOME": str(tmp_path / "file")})

    assert ran.code in {74, 77}
    assert "Traceback" not in ran.err


def test_a_working_directory_that_is_gone(
    indexed: Path, run_process: Callable[..., Ran], tmp_path: Path
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    command = f"exec {sys.executable} -m ragcli ask '{QUESTION}' --json"
    done = subprocess.run(
        ["sh", "-c", f"cd {gone} && rmdir {gone} && {command}"],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "ten seconds" in json.loads(done.stdout)["answer"]


@contextmanager
def mounted(place: Path, size: str) -> Iterator[Path]:
    """A small file system of its own, or a skip where none can be made."""
    place.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", str(place)],
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("no right to mount a file system here")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False)


def test_a_full_disk(
    notes: Path, run_process: Callable[..., Ran], tmp_path: Path
) -> None:
    with mounted(tmp_path / "small", "2m") as small:
        env = {"RAGCLI_HOME": str(small / "home")}
        assert run_process("docs", "add", "notes", env=env).code == 0
        assert run_process("ask", QUESTION, env=env).code == 0
        ballast = os.open(small / "ballast", os.O_WRONLY | os.O_CREAT)
        with suppress(OSError):
            while True:
                os.write(ballast, b"x" * 4096)
        os.close(ballast)
        full = run_process("ask", QUESTION, env=env)
        added = run_process("docs", "add", "notes/../", env=env)
        os.unlink(small / "ballast")
        turns = run_process("history", "show", "--json", env=env).json["turns"]

        assert full.code == 74, full.err
        assert added.code == 74, added.err
        assert "hint: " in full.err
        assert "No space left" in full.err
        assert len(turns) == 1
        assert run_process("ask", QUESTION, env=env).code == 0
        assert run_process("profile", "verify", env=env).code == 0


def test_a_read_only_home(
    notes: Path, run_process: Callable[..., Ran], tmp_path: Path
) -> None:
    with mounted(tmp_path / "small", "4m") as small:
        env = {"RAGCLI_HOME": str(small / "home")}
        run_process("docs", "add", "notes", env=env)
        subprocess.run(["mount", "-o", "remount,ro", str(small)], check=True)
        asked = run_process("ask", QUESTION, env=env)
        stateless = run_process("ask", QUESTION, "--stateless", env=env)
        listed = run_process("docs", "list", env=env)

        assert asked.code == 74, asked.err
        assert "Traceback" not in asked.err
        assert stateless.code == 0, stateless.err
        assert "ten seconds" in stateless.out
        assert len(listed.lines) == 3


def test_a_lock_that_is_held_names_its_holder(
    indexed: Path, run_process: Callable[..., Ran], home: Path
) -> None:
    script = (
        "import sys, time\nfrom pathlib import Path\n"
        "from ragcli.storage.files import Directory\n"
        "from ragcli.storage.locking.locks import commit_lock\n"
        "with Directory.open(Path(sys.argv[1])) as place:\n"
        "    with commit_lock(place, 'history', wait=1):\n"
        "        print('held', flush=True)\n"
        "        time.sleep(600)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(home / "profiles/default")],
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        ran = run_process("ask", QUESTION, "--wait", "1", "--json")
        holder.kill()

    assert ran.code == 75, ran.err
    assert ran.json["error"]["kind"] == "locked"
    assert f"after 1 s by pid {holder.pid} " in ran.json["error"]["message"]
    assert run_process("ask", QUESTION).code == 0
