"""What newcomers type by mistake: one line that helps, and the right code."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from ragcli import packages
from ragcli.chat.presentation import links
from ragcli.chat.presentation.wrapping import WordWrap
from ragcli.errors import ExitCode
from tests.cli.conftest import QUESTION
from tests.conftest import ROOT, Ran

Run = Callable[..., Ran]


MISTAKES = [
    (["what is a lock?"], 2, "did you mean: ragcli ask 'what is a lock?'"),
    (["how", "long", "is", "it?"], 2, "did you mean: ragcli ask 'how long is it?'"),
    (["what", "is", "a", "lock"], 2, "did you mean: ragcli ask 'what is a lock'"),
    (["a", "b", "c", "-k", "3"], 2, "did you mean: ragcli ask 'a b c' -k 3"),
    (["doc", "add", "notes"], 2, "no such command 'doc'. Did you mean 'docs'"),
    (["serach", "locks", "or", "bees"], 2, "Did you mean 'search'?"),
    (["docs?"], 2, "Did you mean 'docs'?"),
    (["-p", "default", "is", "it?"], 2, "ragcli ask -p default 'is it?'"),
    (["asks", "x"], 2, "no such command 'asks'. Did you mean 'ask'?"),
    (["docs", "lst"], 2, "no such command 'lst'. Did you mean 'list'?"),
    (["docs", "add"], 2, "missing argument 'PATH|URL'"),
    (["docs", "add", ""], 2, "a path is empty"),
    (["ask", "x", "--docs", "a\0b"], 2, "a path holds a NUL"),
    (["docs", "add", "notes", "--include", ""], 2, "--include: a value is empty"),
    (["ask", "x", "--docs"], 2, "try: ragcli ask --help"),
    (["docs", "list", "--quiet=yes"], 2, "try: ragcli docs list --help"),
    (["profile", "set", "retrieval.k=0"], 2, "0 is less than 1"),
    (["docs", "add", "notes/*.zip"], 5, "nothing matches that"),
    (["docs", "add", "nots"], 5, "nots: no such file or directory"),
    (["docs", "add", "ftp://example.org/"], 2, "ftp://… is an address"),
    (["docs", "show", "notes/lock.md"], 5, "did you mean {notes}/locks.md?"),
    (["get", "nope.md"], 5, "`ragcli docs list` lists them"),
    (["get", "nope.md", "-p", "default"], 5, "`ragcli docs list -p default` lists"),
    (["get", "--profile=default", "a.md"], 5, "`ragcli docs list -p default` lists"),
    (["get", "locks.md#Holder"], 5, "did you mean locks.md#Holders?"),
    (["docs", "add", "-x.md"], 2, "for the file of that name: ./-x.md"),
    (["get", "-y.md"], 2, "try: ragcli get --help"),
    (["ask"], 2, "the question is empty"),
    (["ask", "two words", "notes/locks.md"], 2, "--docs notes/locks.md"),
    (["ask", "x", "--json", "--jsonl"], 2, "--json and --jsonl exclude"),
    (["ask", "x", "--new", "-c"], 2, "--new and --continue exclude"),
    (["ask", "x", "--batch", "f"], 2, "--batch and QUESTION exclude"),
    (["ask", "x", "--answer-only", "--json"], 2, "--answer-only and --json exclude"),
    (["ask", "--no-stdin"], 2, "there is no question"),
    (["ask", "x", "-m", "gpt-5"], 2, "gpt-5"),
    (["ask", "x", "-p", "wrok"], 5, "there is no profile 'wrok'"),
    (["history", "delete"], 2, "say which"),
    (["history", "delete", "last", "--turn", "x"], 2, "exclude each other"),
    (["history", "delete", "--older-than", "soon"], 2, "write 30d, 2w, 12h or 45m"),
    (["history", "delete", "--older-than", "30"], 2, "days are 30d"),
    (["history", "delete", "--older-than", "never"], 2, "all of them"),
    (["history", "show", "last-99"], 5, "only one conversation"),
    (["history", "show", "--json", "-9"], 5, "only one conversation"),
    (["ask", "x", "--conversation", "-9"], 5, "only one conversation"),
    (["ask", "x", "--conversation", ""], 2, "--conversation: the value is empty"),
    (["ask", "x", "--conversation", "last", "-c"], 2, "exclude each other"),
    (["ask", "x", "-q", "-v"], 2, "--quiet and --verbose exclude"),
    (["ask", "x", "--since", ""], 2, "--since: '' is not a date"),
    (["search", "x", "--until", "never"], 2, "--until: 'never' is not a date"),
    (["ask", "locked?", "notes/locks.md"], 2, "--docs notes/locks.md"),
    (["what is it?", "--json"], 2, "did you mean: ragcli ask 'what is it?' --json"),
    (["get", "notes/locks.md:1"], 2, "the next line with text is 3"),
    (["mcp", "--http", "--port", "99999"], 2, "--port: 99999 is more than 65535"),
    (["config", "set", "retrieval.k"], 2, "which value?"),
    (["config", "set", "retreival.k=8"], 2, "did you mean retrieval.k?"),
    (["config", "set", "retrieval.k", "many"], 2, "expected a whole number"),
    (["config", "edit"], 2, "there is no terminal for an editor"),
    (["open", "7"], 5, "it has [1]; its question"),
    (["profile", "create", "My Work"], 2, "My Work"),
    (["profile", "delete", "default"], 2, "--yes"),
    (["profile", "export", "-", "--json"], 2, "a bundle is no text"),
    (["skill", "install", "nobody"], 2, "'nobody' is no agent"),
]
"""What is typed, the exit code, and what the line that is printed has to say."""


def test_a_mistake_gets_one_line_that_helps(indexed: Path, run_cli: Run) -> None:
    run_cli("ask", QUESTION)
    (indexed.parent / "-x.md").write_text("# Dash\n")
    for line, code, told in MISTAKES:
        ran = run_cli(*line)
        said = ran.json["error"] if "--json" in line else None
        shown = f"{said['message']}\n{said['hint']}" if said else ran.err

        assert (line, ran.code) == (line, code)
        assert told.format(notes=indexed) in shown, line
        [first, *hint] = ran.err.splitlines() or ["ragcli: "]
        assert first.startswith("ragcli: "), line
        assert len(hint) <= 1, line
        assert all(one.startswith("hint: ") for one in hint), line
        assert said or not ran.out, line


@pytest.mark.parametrize(
    ("typed", "means"),
    [
        (["help"], ["--help"]),
        (["-h"], ["--help"]),
        (["help", "docs", "add"], ["docs", "add", "--help"]),
        (["ask", "-h"], ["ask", "--help"]),
        (["version"], ["--version"]),
        (["docs", "ls"], ["docs", "list"]),
        (["profile", "ls"], ["profile", "list"]),
        (["audit", "ls"], ["audit", "show"]),
        (["config", "ls"], ["config", "show"]),
        (["config", "list"], ["config", "show"]),
        (["get", "locks.md#holders"], ["get", "locks.md#Locks > Holders"]),
        (["get", "locks.md#locks"], ["get", "locks.md"]),
        (["history", "ls", "--json"], ["history", "list", "--json"]),
        (["history", "show", "last"], ["history", "show"]),
        (["history", "show", "-1"], ["history", "show"]),
        (["history", "show", "--json", "-1"], ["history", "show", "--json"]),
        (["open", "--print", "--conversation", "-1"], ["open", "--print"]),
    ],
)
def test_what_people_try_is_understood(
    indexed: Path, run_cli: Run, typed: list[str], means: list[str]
) -> None:
    run_cli("ask", QUESTION)
    ran, wanted = run_cli(*typed), run_cli(*means)

    assert ran.code == wanted.code == 0
    assert ran.out == wanted.out


def test_the_version_is_one_json_document(run_cli: Run) -> None:
    asked = run_cli("version", "--json").json

    assert asked == run_cli("--version", "--json").json
    assert f"ragcli {asked['version']}" == run_cli("--version").out.strip()


def test_a_conversation_is_counted_back_wherever_one_is_named(
    indexed: Path, run_cli: Run
) -> None:
    first, second = (
        run_cli("ask", "--json", question).json["conversation"]
        for question in (QUESTION, "When was the Forth Bridge opened?")
    )
    assert run_cli("history", "rename", "--json", "-2", "before").json == {
        "schema": 1,
        "conversation": first,
        "title": "before",
    }
    for named, wanted in (("-1", second), ("last-1", first), ("last", first)):
        went_on = run_cli("ask", "--json", "--conversation", named, "And who?").json
        assert went_on["conversation"] == wanted
    number = run_cli("ask", "--", "-1")
    assert "last-0" not in number.out + number.err
    assert (
        run_cli("history", "list", "--json").json["conversations"][0]["title"] == "-1"
    )


def test_the_help_has_every_exit_code(run_cli: Run) -> None:
    shown = run_cli("--help").out.partition("Exit codes:")[2]

    assert {int(code) for code in re.findall(r"(?:^|  )(\d+) +[a-z]", shown)} == {
        int(code) for code in ExitCode
    }


def test_a_question_starts_a_conversation_and_c_goes_on(
    indexed: Path, run_cli: Run
) -> None:
    first = run_cli("ask", "--json", QUESTION).json["conversation"]
    second = run_cli("ask", "--json", "When was the Forth Bridge opened?").json
    assert second["conversation"] != first

    going_on = run_cli("ask", "--json", "-c", "What is it built of?").json
    assert going_on["conversation"] == second["conversation"]
    chosen = run_cli("ask", "--json", "--conversation", first, "Who holds it?").json
    assert chosen["conversation"] == first


def test_continuing_without_a_conversation_starts_one(
    indexed: Path, run_cli: Run
) -> None:
    assert run_cli("ask", "-c", QUESTION).code == 0
    assert len(run_cli("history", "list", "--json").json["conversations"]) == 1


def test_removing_has_one_word_more(indexed: Path, run_cli: Run) -> None:
    run_cli("ask", QUESTION)

    assert run_cli("docs", "rm", "notes/locks.md").code == 0
    assert run_cli("docs", "delete", "notes/almanac.md").code == 0
    assert run_cli("history", "rm", "-1", "--yes").code == 0
    assert run_cli("history", "list", "--json").json["conversations"] == []


def test_several_conversations_are_deleted_at_once(indexed: Path, run_cli: Run) -> None:
    for _ in range(3):
        run_cli("ask", QUESTION)
    listed = run_cli("history", "list", "--json").json["conversations"]
    ids = [one["id"] for one in listed]

    told = run_cli("history", "delete", *ids[:2], "--yes", "--json").json
    assert told == {"schema": 1, "deleted": ids[:2], "turns": 2}
    nothing = run_cli("history", "delete", "--older-than", "1d", "--yes", "--json").json
    assert nothing == {"schema": 1, "deleted": [], "turns": 0}


def test_the_answer_alone_is_all_that_is_printed(indexed: Path, run_cli: Run) -> None:
    ran = run_cli("ask", "--answer-only", QUESTION)

    assert ran.out.startswith("A commit lock waits at most ten seconds.")
    assert len(ran.lines) == 1
    assert not ran.err


def test_what_becomes_of_stdin_is_said(indexed: Path, run_cli: Run) -> None:
    ran = run_cli("ask", "What colour is it?", stdin="The barn is red.\nIt is old.\n")
    assert "stdin is searched as a document: 2 lines (--no-stdin" in ran.err

    alone = run_cli("ask", "--no-stdin", QUESTION, stdin="The barn is red.\n")
    assert "stdin" not in alone.err
    assert "ten seconds" in alone.out


def test_a_bundle_goes_through_a_pipe(
    indexed: Path, run_process: Run, run_cli: Run
) -> None:
    import subprocess
    import sys

    command = [sys.executable, "-m", "ragcli", "profile"]
    done = subprocess.run([*command, "export", "-"], capture_output=True, check=True)
    Path("piped.ragcli").write_bytes(done.stdout)

    assert run_cli("profile", "import", "piped.ragcli", "--name", "copy").code == 0
    assert "ten seconds" in run_cli("ask", "-p", "copy", QUESTION).out


def test_renaming_the_default_profile_keeps_it_in_use(
    indexed: Path, run_cli: Run
) -> None:
    ran = run_cli("profile", "rename", "default", "work")

    assert "work is in use from now on" in ran.err
    assert "ten seconds" in run_cli("ask", QUESTION).out


def test_a_setting_is_set_with_an_equals_sign(run_cli: Run) -> None:
    run_cli("config", "set", "retrieval.k=8")

    assert run_cli("config", "get", "retrieval.k").out == "8\n"


@pytest.mark.parametrize("word", ["quit", "/exit"])
def test_words_that_leave_the_plain_chat(
    indexed: Path, run_process: Run, word: str
) -> None:
    ran = run_process("chat", stdin=f"{QUESTION}\n{word}\n{QUESTION}\n")

    assert ran.out.count("ten seconds") == 1


def test_paths_in_json_are_absolute(
    indexed: Path, run_cli: Run, tmp_path: Path
) -> None:
    (tmp_path / "blank.bin").write_bytes(b"\0")
    documents = run_cli("docs", "list", "--json").json["documents"]
    added = run_cli("docs", "add", "blank.bin", "--json").json

    assert (len(documents), len(added["failed"])) == (3, 1)
    for one in (*documents, *added["failed"]):
        assert Path(one["path"]).is_absolute()
        assert not Path(one["shown"]).is_absolute()


@pytest.mark.parametrize(
    ("place", "keeps", "told"),
    [
        ("anywhere", "", ["pip install", "pip install -U ragcli"]),
        ("share/pipx/venvs/ragcli", "", ["pipx inject ragcli", "pipx upgrade ragcli"]),
        ("p", "pipx_metadata.json", ["pipx inject ragcli", "pipx upgrade ragcli"]),
        ("uv/tools/ragcli", "", ["uv tool install --with", "uv tool upgrade ragcli"]),
        ("u", "uv-receipt.toml", ["uv tool install --with", "uv tool upgrade ragcli"]),
        ("uv/archive-v0/x1", "", ["uvx --with", "uvx ragcli@latest"]),
    ],
)
def test_the_hint_says_how_it_is_installed_here(
    tmp_path: Path, place: str, keeps: str, told: list[str]
) -> None:
    prefix = tmp_path / place
    prefix.mkdir(parents=True)
    if keeps:
        (prefix / keeps).touch()
    added = packages.of_extra("mcp", prefix=str(prefix))

    assert added.startswith(f"{told[0]} 'mcp>=2.3,<3'")
    assert packages.upgrade(prefix=str(prefix)) == told[1]
    again = packages.reinstallation("wordllama==0.2.2", prefix=str(prefix))
    assert again.split()[:1] == told[1].split()[:1]
    assert "reinstall" in again


def test_a_hint_is_for_the_environment_that_lacks_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not for another pip that is found first, nor for one that is not there."""
    pip = tmp_path / "bin" / "pip"
    pip.parent.mkdir()
    pip.touch(mode=0o755)
    monkeypatch.setenv("PATH", "")
    told = packages.of_extra("watch", prefix=str(tmp_path))
    assert told == f"{pip} install 'watchfiles>=1,<2'"
    monkeypatch.setenv("PATH", str(pip.parent))
    assert packages.of_extra("watch", prefix=str(tmp_path)).startswith("pip install")

    pip.unlink()
    (tmp_path / "pyvenv.cfg").write_text("home = /usr/bin\nuv = 0.13.9\n")
    told = packages.of_extra("watch", prefix=str(tmp_path))
    python = pip.with_name("python")
    assert told == f"uv pip install --python {python} 'watchfiles>=1,<2'"
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path))
    told = packages.of_extra("watch", prefix=str(tmp_path))
    assert told == "uv pip install 'watchfiles>=1,<2'"


def test_a_second_extra_under_uv_keeps_the_first_and_the_source(tmp_path: Path) -> None:
    source = str(tmp_path / "a b")
    receipt = tmp_path / "uv-receipt.toml"
    receipt.write_text(
        "[tool]\nrequirements = ["
        f'{{ name = "ragcli", extras = ["redis"], directory = "{source}" }}, '
        '{ name = "six", specifier = ">=1" }, { name = "rich" }]\n'
    )

    told = packages.of_extra("mcp", prefix=str(tmp_path))
    assert shlex.split(told) == [
        *("uv", "tool", "install", "--with", "six>=1", "--with", "rich"),
        *("--with", "mcp>=2.3,<3", f"{source}[redis]"),
    ]

    receipt.write_text("not = [toml")
    told = packages.of_extra("mcp", prefix=str(tmp_path))
    assert told == "uv tool install --with 'mcp>=2.3,<3' ragcli"


def test_one_place_says_how_packages_are_installed() -> None:
    """A command for pip alone would be wrong under pipx and uv."""
    told = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "ragcli").rglob("*.py")
        if re.search(r"\bpip3? install|\bpipx |\buv (tool|pip)", path.read_text())
    }

    assert told <= {"ragcli/packages.py"}


def test_the_extras_are_those_of_the_package() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = project["optional-dependencies"]
    for name, needed in packages.EXTRAS.items():
        assert set(needed) == set(declared[name]), name


def test_on_a_terminal_the_answer_ends_before_its_sources(
    indexed: Path, pty_run: Run
) -> None:
    shown = pty_run("ask", QUESTION).out
    answer, _, sources = shown.partition("\r\n\r\n")

    assert answer.rstrip().endswith("[1]")
    assert "notes/locks.md:3" in sources
    assert sources.count("[1]") == 1
    assert "go on: ragcli ask -c" in sources


PROSE = "A commit waits for the lock at most ten seconds, and then it ends. [1]"


@pytest.mark.parametrize("pieces", [1, 3, 1000])
def test_prose_is_broken_between_words_as_it_comes(pieces: int) -> None:
    wrap = WordWrap(24)
    parts = re.findall(rf".{{1,{max(1, len(PROSE) // pieces)}}}", PROSE, re.DOTALL)
    shown = "".join(map(wrap.add, parts)) + wrap.end()

    assert shown.split() == PROSE.split()
    assert all(len(line) <= 24 for line in shown.splitlines())
    assert len(shown.splitlines()) == 3 + 1


def test_code_and_tables_are_not_broken() -> None:
    text = (
        "```sh\nragcli ask --docs sample_docs 'a long question'\n```\n"
        "    indented code that is longer than the width\n"
        "| a table row | that is longer than the width |\n"
        "- an item whose words go on below its first word\n"
        "averyveryverylongwordthatfitsnowhere\n"
    )
    wrap = WordWrap(24)
    shown = wrap.add(text) + wrap.end()

    for line in text.splitlines()[:5]:
        assert line in shown.splitlines()
    assert "- an item whose words go\n  on below its first\n  word" in shown
    assert "averyveryverylongwordthatfitsnowhere" in shown


def test_links_are_written_where_they_are_known_and_cannot_break_out() -> None:
    assert links.are_known({"TERM_PROGRAM": "WezTerm"})
    assert links.are_known({"VTE_VERSION": "7200"})
    assert not links.are_known({"TERM_PROGRAM": "Apple_Terminal"})
    assert not links.are_known({"TERM": "tmux-256color", "VTE_VERSION": "7200"})
    hostile = links.linked("a.md:3", "/tmp/\x1b]8;;http://evil\x07\n a.md")
    assert hostile.count("\x1b") == 4  # ours: two beginnings and their ends
    assert "\n" not in hostile
    assert "%1B%5D8%3B%3Bhttp%3A//evil%07%0A%20a.md" in hostile
