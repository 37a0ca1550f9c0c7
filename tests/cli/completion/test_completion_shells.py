"""Names that a shell would run, completed in the shells themselves."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.completion.shells import Shell
from tests.conftest import Ran
from tests.fakes.ollama import FakeOllama
from tests.fakes.ollama_protocol import FakeModel
from tests.redis_servers import require

HOSTILE = [
    "$(touch PWNED).md",
    "`touch PWNED`.md",
    "a;touch PWNED;.md",
    "a|touch PWNED|.md",
    "a&touch PWNED&.md",
    "a\ntouch PWNED\n.md",
    "a>PWNED.md",
    "${IFS}<(touch PWNED).md",
    "'$(touch PWNED)'.md",
    '"$(touch PWNED)".md',
    "\\$(touch PWNED).md",
    "\\",
    'it\'s "quoted".md',
    "  two  spaces ",
    "a\tb.md",
    "-rf.md",
    "--help",
    "~root",
    "~",
    "=ls",
    "*?[a-z]{b,c}.md",
    "!!.md",
    "a!b.md",
    "#a.md",
    "a:b:c=d@e.md",
    "\x1b[2Ja\x07\x7f.md",
    "a\u202eb\u200bc.md",
    "a\u00a0b\u3000c.md",
    "%d%s^x^y^.md",
    "Gr\u00f6\u00dfe \u65e5\u672c.md",
    "raw \udcff\udc80 bytes.md",
    "))'$(touch PWNED)'((.md",
]
SHELLS = ("bash", "zsh", "fish")


def offers(shell: str, name: str, quote: str = "") -> bool:
    """Tells whether a shell can be told this name, and write it.

    Fish has no word for a tab and draws what hides; zsh cannot write bytes that are
    no UTF-8 inside of quotes.
    """
    if shell == "fish":
        return not any(char in name for char in "\t\u202e\u200b")
    return not (shell == "zsh" and quote and "\udc80" in name)


@pytest.fixture(params=SHELLS)
def shell(
    request: pytest.FixtureRequest, tmp_path: Path, home: Path
) -> Iterator[Shell]:
    require(request.param)
    place = tmp_path / "shell"
    place.mkdir()
    with Shell(request.param, place) as running:
        yield running


@pytest.fixture
def documents(
    shell: Shell, run_cli: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """Documents of hostile names, known to the profile and gone from the disk."""
    monkeypatch.chdir(shell.work)
    paths = [f"d{at:02}/{name}" for at, name in enumerate(HOSTILE)]
    paths += ["-first.md", "~", "$(touch PWNED)"]
    for path in paths:
        Path(path).parent.mkdir(exist_ok=True)
        Path(path).write_text(f"# Page\n\nThe page {path!a} is here.\n")
    added = run_cli("docs", "add", *[f"./{path}" for path in paths])
    assert added.code == 0, added.err
    for path in paths:
        os.unlink(path)
    for folder in list(shell.work.iterdir()):
        folder.rmdir()
    return paths


def test_a_document_is_completed_to_its_very_name_and_nothing_runs(
    shell: Shell, documents: list[str]
) -> None:
    for path in documents[: len(HOSTILE)]:
        if offers(shell.name, path):
            typed = path.partition("/")[0] + "/"
            assert shell.called(f"ragcli docs show {typed}") == ["docs", "show", path]
            assert not shell.ran(), path

    assert shell.called("ragcli docs show ./-") == ["docs", "show", "./-first.md"]
    listed = shell.offered("ragcli docs show ", "PWNED")
    assert "\x1b[2Ja" not in listed
    assert not shell.ran()


def test_inside_of_quotes_a_name_is_quoted_as_those_quotes_want_it(
    shell: Shell, documents: list[str]
) -> None:
    few = 1 if os.environ.get("RAGCLI_THOROUGH") else 5
    for at, path in enumerate(documents[: len(HOSTILE) : few]):
        quote = "'\""[at % 2]
        if offers(shell.name, path, quote):
            called = shell.called(f"ragcli docs show {quote}{path[:4]}")
            assert called == ["docs", "show", path]
            assert not shell.ran(), path


def test_titles_of_conversations_and_names_of_models_are_names(
    shell: Shell, run_cli: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"m{at:02}{HOSTILE[at]}" for at in (0, 1, 2, 8, 9, 13, 24)]
    monkeypatch.chdir(shell.work)
    asked = run_cli("ask", "--no-docs", "-m", "builtin", "Which?", "--json").json
    title = "$(touch PWNED) `touch PWNED` '\"; touch PWNED; \x1b[2J :\n\ttouch PWNED"
    assert run_cli("history", "rename", asked["conversation"], title).code == 0
    with FakeOllama([FakeModel(name) for name in names]) as server:
        shell.type(f"export OLLAMA_HOST={server.host}\n")
        for name in names:
            called = shell.called(f"ragcli ask -m ollama:{name[:3]}")
            assert called == ["ask", "-m", f"ollama:{name}"]
        called = shell.called(f"ragcli ask --model=ollama:{names[0][:3]}")
        assert called == ["ask", f"--model=ollama:{names[0]}"]
    begun, rest = asked["conversation"][:6], asked["conversation"][-6:]
    assert "\x1b[2J :" not in shell.offered(f"ragcli history show {begun}", rest)
    called = shell.called(f"ragcli history show {begun}")
    assert called == ["history", "show", asked["conversation"]]
    assert not shell.ran()


def test_profiles_commands_and_options_are_completed(
    shell: Shell, run_cli: Callable[..., Ran]
) -> None:
    run_cli("profile", "create", "a.b_c-d")

    assert shell.called("ragcli -p a.") == ["-p", "a.b_c-d"]
    assert shell.called("ragcli ask --profile=a.") == ["ask", "--profile=a.b_c-d"]
    assert shell.called("ragcli prof") == ["profile"]
    assert shell.called("ragcli ask --statel") == ["ask", "--stateless"]
