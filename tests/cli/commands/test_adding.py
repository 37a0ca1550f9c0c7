"""What of the named is added: globs, names on stdin, secrets that are meant."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Ran


def listed(run_cli: Callable[..., Ran]) -> set[str]:
    documents = run_cli("docs", "list", "--json").json["documents"]
    return {Path(one["path"]).name for one in documents}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    place = tmp_path / "source"
    (place / "tests").mkdir(parents=True)
    for name in ("main.py", "readme.md", "tests/test_main.py"):
        (place / name).write_text(f"The keeper wrote {name}.\n")
    return place


def test_globs_choose_files_and_later_syncs_keep_to_them(
    source: Path, run_cli: Callable[..., Ran]
) -> None:
    ran = run_cli(
        "docs", "add", str(source), "--include", "*.py", "--exclude", "tests/", "--json"
    )

    assert listed(run_cli) == {"main.py"}
    reasons = {Path(one["path"]).name: one["reason"] for one in ran.json["skipped"]}
    assert reasons == {
        "readme.md": "not among --include",
        "tests": "left out by --exclude",
    }

    (source / "more.py").write_text("The keeper wrote more.\n")
    (source / "more.md").write_text("The keeper wrote more.\n")
    (source / "tests" / "more.py").write_text("The keeper wrote more.\n")
    run_cli("docs", "sync")
    assert listed(run_cli) == {"main.py", "more.py"}
    run_cli("docs", "add", str(source))
    assert listed(run_cli) == {"main.py", "more.py"}

    run_cli("docs", "add", str(source), "--include", "*")
    assert "readme.md" in listed(run_cli)
    assert "test_main.py" in listed(run_cli)


@pytest.mark.parametrize(("option", "end"), [((), "\n"), (("-0",), "\0")])
def test_names_come_on_stdin(
    source: Path, run_cli: Callable[..., Ran], option: tuple[str, ...], end: str
) -> None:
    odd = source / ("two\nlines.md" if option else "two words.md")
    odd.write_text("The keeper wrote this.\n")
    names = [str(source / "main.py"), str(odd)]

    ran: Ran = run_cli("docs", "add", *option, "-", stdin=end.join([*names, ""]))

    assert ran.code == 0, ran.err
    assert listed(run_cli) == {"main.py", odd.name}


def test_the_secrets_that_are_named_are_added_and_stay(
    source: Path, run_cli: Callable[..., Ran]
) -> None:
    key = "-----BEGIN OPENSSH PRIVATE KEY-----\nThe keeper keeps it.\n"
    for name in ("id_rsa", "other.pem", "listed.pem"):
        (source / name).write_text(key)

    refused = run_cli("docs", "add", str(source / "id_rsa"))
    assert refused.code == 6
    ran = run_cli(
        "docs",
        "add",
        "--allow-secrets",
        str(source / "id_rsa"),
        str(source),
        "-",
        stdin=f"{source}/listed.pem\n",
    )

    assert ran.code == 6, ran.err
    assert "listed.pem: likely secret" in ran.err
    there = {"id_rsa", "main.py", "readme.md", "test_main.py"}
    assert listed(run_cli) == there
    (source / "id_rsa").write_text(f"{key}It has changed.\n")
    assert run_cli("docs", "sync", "--json").json["changed"] == 1
    assert listed(run_cli) == there
    run_cli("docs", "remove", str(source / "id_rsa"))
    run_cli("docs", "sync")
    assert listed(run_cli) == there - {"id_rsa"}
