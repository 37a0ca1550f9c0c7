"""Standard input as `ask` takes it: a question, a document, silence, or nothing."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from ragcli.cli.input import standard_input
from ragcli.cli.output.writer import Output
from ragcli.errors import UsageError
from tests.cli.conftest import QUESTION
from tests.conftest import Ran

LIMIT = 1 << 20


class Notes(Output):
    """An output that remembers its notes."""

    def __init__(self) -> None:
        super().__init__(None, None)
        self.notes: list[str] = []

    def note(self, message: str) -> None:
        self.notes.append(message)


@pytest.fixture
def output() -> Notes:
    return Notes()


@pytest.fixture
def stdin_is(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Has `standard_input` read another descriptor."""

    def use(descriptor: int) -> None:
        monkeypatch.setattr(standard_input, "STDIN", descriptor)

    return use


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """A pipe: what is read from, what is written to."""
    theirs, mine = os.pipe()
    yield theirs, mine
    for descriptor in (theirs, mine):
        with suppress(OSError):
            os.close(descriptor)


@pytest.fixture
def piped(
    pipe: tuple[int, int], stdin_is: Callable[[int], None]
) -> Callable[[bytes], None]:
    """Has stdin be a pipe that somebody wrote into and closed."""

    def write(data: bytes) -> None:
        theirs, mine = pipe
        os.write(mine, data)
        os.close(mine)
        stdin_is(theirs)

    return write


@pytest.fixture
def written_late(
    pipe: tuple[int, int],
    stdin_is: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[None]:
    """Stdin is a pipe that is silent for longer than it is waited for without `-`."""
    monkeypatch.setattr(standard_input, "PATIENCE", 0.05)
    theirs, mine = pipe
    with subprocess.Popen(["sh", "-c", "sleep 0.4; echo late"], stdout=mine):
        os.close(mine)
        stdin_is(theirs)
        yield


@pytest.mark.parametrize(
    ("words", "data", "question", "document"),
    [
        ([], b"What is it?\n", "What is it?\n", ""),
        (["what", "now?"], b"\xef\xbb\xbfa line\n", "what now?", "a line\n"),
        (["q"], b"caf\xe9", "q", "caf\N{REPLACEMENT CHARACTER}"),
    ],
    ids=["question", "document", "no UTF-8"],
)
def test_a_pipe_is_the_question_or_a_document_beside_it(
    piped: Callable[[bytes], None],
    output: Notes,
    words: list[str],
    data: bytes,
    question: str,
    document: str,
) -> None:
    piped(data)

    asked = standard_input.question_and_document(words, output, limit=LIMIT)

    assert asked == standard_input.AskInput(question, document)


def test_a_silent_pipe_is_left_after_a_second_and_told(
    pipe: tuple[int, int], stdin_is: Callable[[int], None], output: Notes
) -> None:
    stdin_is(pipe[0])

    asked = standard_input.question_and_document(["q"], output, limit=LIMIT)

    assert asked == standard_input.AskInput("q")
    assert ["1 s" in note and "add -" in note for note in output.notes] == [True]


SEARCHED = "stdin is searched as a document: 1 line (--no-stdin leaves it alone)"


@pytest.mark.parametrize(
    ("words", "question", "document", "notes"),
    [(["q", "-"], "q", "late\n", [SEARCHED]), (["-"], "late\n", "", [])],
    ids=["document", "question"],
)
def test_a_dash_waits_for_a_slow_pipe(
    written_late: None,
    output: Notes,
    words: list[str],
    question: str,
    document: str,
    notes: list[str],
) -> None:
    asked = standard_input.question_and_document(words, output, limit=LIMIT)

    assert asked == standard_input.AskInput(question, document)
    assert output.notes == notes


def test_a_socket_is_read_like_a_pipe(
    stdin_is: Callable[[int], None], output: Notes
) -> None:
    theirs, mine = socket.socketpair()
    with theirs, mine:
        mine.sendall(b"from a socket")
        mine.shutdown(socket.SHUT_WR)
        stdin_is(theirs.fileno())

        asked = standard_input.question_and_document(["q"], output, limit=LIMIT)

    assert asked.attachment == "from a socket"


def test_a_regular_file_is_read(
    tmp_path: Path, stdin_is: Callable[[int], None], output: Notes
) -> None:
    path = tmp_path / "file"
    path.write_text("text")
    with path.open() as file:
        stdin_is(file.fileno())

        assert standard_input.question_and_document(["q"], output, limit=LIMIT) == (
            standard_input.AskInput("q", "text")
        )


@pytest.mark.parametrize("device", ["/dev/null", "/dev/zero"])
def test_a_device_is_nothing(
    device: str, stdin_is: Callable[[int], None], output: Notes
) -> None:
    with open(device, "rb") as file:
        stdin_is(file.fileno())

        assert standard_input.question_and_document(["q"], output, limit=LIMIT) == (
            standard_input.AskInput("q")
        )


def test_a_closed_stdin_is_nothing(
    stdin_is: Callable[[int], None], output: Notes
) -> None:
    stdin_is(987)

    for words in (["q"], []):
        asked = standard_input.question_and_document(words, output, limit=LIMIT)
        assert asked == standard_input.AskInput(" ".join(words), "")


@pytest.mark.parametrize(
    ("data", "said"), [(b"a" * 200, "larger than 100"), (b"PK\0\0", "binary")]
)
def test_what_is_too_long_or_binary_is_refused(
    data: bytes, said: str, piped: Callable[[bytes], None], output: Notes
) -> None:
    piped(data)

    with pytest.raises(UsageError, match=said):
        standard_input.question_and_document(["q"], output, limit=100)


def test_an_inherited_pipe_never_hangs_the_command(
    indexed: Path, start_process: Callable[..., subprocess.Popen[bytes]]
) -> None:
    held, _writer = os.pipe()
    began = time.monotonic()
    process = start_process("ask", QUESTION, stdin=held)
    out, err = process.communicate(timeout=60)
    os.close(held)
    os.close(_writer)

    assert process.returncode == 0
    assert b"ten seconds" in out
    assert b"going on without it" in err
    assert time.monotonic() - began >= standard_input.PATIENCE


def test_a_piped_document_is_cited_and_not_stored(
    indexed: Path, home: Path, run_process: Callable[..., Ran]
) -> None:
    text = "A preface.\n\nThe zeppelin Hindenburg was filled with hydrogen gas.\n"
    ran = run_process("ask", "What was the zeppelin filled with?", "--json", stdin=text)

    assert ran.code == 0, ran.err
    assert "hydrogen" in ran.json["answer"]
    assert ran.json["citations"][0]["path"] == "stdin"
    assert ran.json["citations"][0]["lines"][1] == 3
    listed = run_process("docs", "list")
    assert "stdin" not in listed.out


def test_a_line_that_is_piped_is_not_lost_among_documents(
    indexed: Path, run_process: Callable[..., Ran]
) -> None:
    ran = run_process("ask", "Which version of glue is this?", stdin="glue 2.39.5\n")
    assert ran.out.startswith("glue 2.39.5 [1]"), ran.err

    about_both = "The nightly job waited and ended with exit code 75."
    ran = run_process(
        "ask", "Why did the job end with exit code 75?", "--json", stdin=about_both
    )
    paths = [citation["path"] for citation in ran.json["citations"]]
    assert paths[0] == "stdin"
    assert any(path.endswith("locks.md") for path in paths)


def test_a_piped_text_about_something_else_leaves_the_documents_alone(
    indexed: Path, run_process: Callable[..., Ran]
) -> None:
    ran = run_process("ask", QUESTION, "--json", stdin="hello world\n")

    assert "ten seconds" in ran.json["answer"]
    assert all(c["path"] != "stdin" for c in ran.json["citations"])


def test_a_closed_stdin_does_not_disturb_the_files(
    indexed: Path, run_process: Callable[..., Ran]
) -> None:
    """With descriptor 0 free, the first file opened would become stdin."""
    import sys

    done = subprocess.run(
        ["sh", "-c", f'exec {sys.executable} -m ragcli ask "{QUESTION}" --json <&-'],
        capture_output=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert b"ten seconds" in done.stdout


def test_a_question_on_a_terminal_is_asked_for(
    indexed: Path, pty_run: Callable[..., Ran]
) -> None:
    ran = pty_run("ask", typed=[("question:", f"{QUESTION}\n")])

    assert ran.code == 0
    assert "question:" in ran.out
    assert "ten seconds" in ran.out


def test_a_document_instead_of_a_question_is_asked_about(
    stdin_is: Callable[[int], None], output: Notes, tmp_path: Path
) -> None:
    """No more of it is read than shows that it is no question."""
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(50 << 20)
    with path.open("rb") as file:
        stdin_is(file.fileno())
        with pytest.raises(UsageError, match="is it a document"):
            standard_input.question_and_document([], output, limit=LIMIT)
        assert os.lseek(file.fileno(), 0, os.SEEK_CUR) <= 128 << 10


@pytest.mark.parametrize("command", [["ask"], ["search"]])
def test_a_question_that_is_a_document_is_one_line(
    indexed: Path, command: list[str], run_process: Callable[..., Ran]
) -> None:
    text = "aaaBaa" * 3000
    words = [text] if command == ["search"] else []
    ran = run_process(*command, *words, stdin="" if words else text)

    assert ran.code == 2
    assert "longer than 16 kB: is it a document?" in ran.err
    assert len(ran.err) < 1000


def test_a_document_in_a_batch_is_told_in_its_line(
    indexed: Path, run_process: Callable[..., Ran]
) -> None:
    text = f"{'aaaBaa' * 3000}\n{QUESTION}\n"
    ran = run_process("ask", "--batch", "-", stdin=text)

    assert ran.code == 6
    assert "longer than 16 kB: is it a document?" in ran.lines[0]
    assert "ten seconds" in ran.lines[1]


def test_the_longest_question_is_answered_or_not(
    indexed: Path, run_process: Callable[..., Ran]
) -> None:
    ran = run_process("ask", "--json", stdin=f"{QUESTION} {'aaaBaa' * 2600}")
    assert ran.code in {0, 1}, ran.err
