"""Documents of another profile: searched, and nothing else of it taken over."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Ran

Run = Callable[..., Ran]
QUESTION = "What is the password of the vault?"


@pytest.fixture
def team(tmp_path: Path, run_cli: Run, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A profile `team` with a document, a question and instructions; where it is."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "vault.md").write_text("# Vault\n\nThe password is swordfish.\n")
    for command in (
        ["profile", "create", "team", "--set", "instructions=CANARY"],
        ["profile", "create", "mine"],
        ["docs", "add", "vault.md", "-p", "team"],
        ["ask", f"{QUESTION} CANARY", "-p", "team"],
    ):
        assert run_cli(*command).code == 0
    return tmp_path


def holders(place: Path, needle: bytes) -> list[Path]:
    files = (path for path in place.rglob("*") if path.is_file())
    return [path for path in files if needle in path.read_bytes()]


@pytest.mark.parametrize("history", [[], ["--no-history"]])
def test_a_mounted_bundle_leaves_only_its_documents_here(
    history: list[str], team: Path, home: Path, run_cli: Run
) -> None:
    run_cli("profile", "export", "team.ragcli", "-p", "team", *history)
    run_cli("profile", "delete", "team", "--yes")

    assert run_cli("docs", "mount", "team.ragcli", "-p", "mine").code == 0
    asked = run_cli("ask", QUESTION, "-p", "mine", "--json")

    assert "swordfish" in asked.json["answer"]
    assert holders(home / "cache", b"swordfish")
    assert holders(home, b"CANARY") == []
    shown = run_cli("ask", QUESTION, "-p", "mine", "--show-prompt")
    assert "CANARY" not in shown.out + shown.err
    assert run_cli("docs", "unmount", "team.ragcli", "-p", "mine").code == 0
    assert run_cli("ask", QUESTION, "-p", "mine", "--new").code == 1
    assert holders(home / "cache", b"swordfish") == []


def test_what_was_unpacked_stays_while_another_profile_mounts_it(
    team: Path, home: Path, run_cli: Run
) -> None:
    run_cli("profile", "export", "team.ragcli", "-p", "team")
    for name in ("mine", "team"):
        assert run_cli("docs", "mount", "team.ragcli", "-p", name).code == 0

    assert run_cli("docs", "unmount", "team.ragcli", "-p", "mine").code == 0
    assert holders(home / "cache", b"swordfish")

    (team / "team.ragcli").unlink()
    assert run_cli("docs", "unmount", "team.ragcli", "-p", "team").code == 0
    assert holders(home / "cache", b"swordfish") == []


def test_a_bundle_that_lies_about_its_history_is_not_mounted(
    team: Path, home: Path, run_cli: Run
) -> None:
    run_cli("profile", "export", "team.ragcli", "-p", "team")
    bundle = team / "team.ragcli"
    data = bytearray(bundle.read_bytes())
    data[len(data) // 2] ^= 0x40
    bundle.write_bytes(data)

    ran = run_cli("docs", "mount", "team.ragcli", "-p", "mine")

    assert ran.code == 4, ran.err
    assert holders(home / "cache", b"swordfish") == []


def test_a_profile_is_meant_where_a_plain_directory_has_its_name(
    team: Path, run_cli: Run
) -> None:
    (team / "team").mkdir(mode=0o755)

    assert run_cli("docs", "mount", "team", "-p", "mine").code == 0
    asked = run_cli("ask", QUESTION, "-p", "mine", "--json")
    unmounted = run_cli("docs", "unmount", "team", "-p", "mine", "--json")

    assert "swordfish" in asked.json["answer"]
    assert unmounted.json["mounts"] == []


def test_a_directory_of_files_is_not_mounted_but_the_way_is_told(
    team: Path, run_cli: Run
) -> None:
    (team / "some notes").mkdir(mode=0o755)

    ran = run_cli("docs", "mount", "some notes", "-p", "mine")

    assert ran.code == 2
    assert "neither a bundle nor a profile" in ran.err
    assert "ragcli docs add -p mine 'some notes'" in ran.err
