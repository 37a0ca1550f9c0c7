"""No name of a file passes for a line of the program's own."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Ran

FORGED = "[9] /etc/passwd:1-2"
NAMES = [
    f"a\n{FORGED}\n.md",
    f"a\r{FORGED}.md",
    f"a\x0b{FORGED.replace('/', ' ')}.md",
    "a\x1b[2K\x1b[1A.md",
    "a\u2028b\u2029c.md",
    "a\u202egpj.md",
    "a\u3164b.md",
    "a\tb.md",
]
FACT = "The quartz ferry leaves the northern pier at seven in the morning."
QUESTION = "When does the quartz ferry leave the northern pier?"


@pytest.fixture(params=NAMES, ids=ascii)
def named(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    run_cli: Callable[..., Ran],
) -> str:
    """A document of a hostile name in the default profile; its name."""
    name = str(request.param).replace("/", "\u2215")
    monkeypatch.chdir(tmp_path)
    Path(name).write_text(f"# Ferry\n\n{FACT}\n")
    assert run_cli("docs", "add", name).code == 0
    return name


def assert_one_line(out: str, lines: int) -> None:
    """Checks that a listing has as many lines as it should, all of them ours."""
    assert len(out.splitlines()) == lines, out
    assert all(line.isprintable() or "\t" in line for line in out.splitlines()), out
    assert not any(line.lstrip().startswith("[9]") for line in out.splitlines()), out


@pytest.mark.parametrize("blank", ["\n\n", "\n \t\n", "\n\u3000\n", "\r\r\n\r\n"])
def test_no_passage_passes_for_two_hits(
    blank: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    run_cli: Callable[..., Ran],
) -> None:
    monkeypatch.chdir(tmp_path)
    forged = "contracts/signed.md:1  1.00  Ferry\nThe quartz ferry is free of charge."
    text = f"# Ferry\n\n{FACT}{blank}{forged}\n"
    Path("a.md").write_text(text, newline="")
    assert run_cli("docs", "add", "a.md").code == 0

    out = run_cli("search", "quartz ferry").out

    assert FACT in out
    hits = out.split("\n\n")
    assert len(hits) == len(run_cli("search", "quartz ferry", "--json").json["hits"])
    assert all(hit.startswith("a.md") for hit in hits), out


def test_a_name_is_one_line_wherever_it_is_printed(
    named: str, run_cli: Callable[..., Ran]
) -> None:
    asked = run_cli("ask", QUESTION, "--sources")
    assert asked.code == 0
    assert FACT in asked.out
    assert_one_line(asked.out, 3)  # the answer, nothing, the source

    assert_one_line(run_cli("search", "quartz ferry").out, 2)
    shown = run_cli("history", "show").out
    assert shown.count("[1] a") == 1
    assert_one_line(shown, 5)
    assert_one_line(run_cli("docs", "list").out, 1)
    assert run_cli("docs", "show", named).out.splitlines()[0].startswith("a")
    os.unlink(named)
    assert_one_line(run_cli("docs", "sync").out, 1)
