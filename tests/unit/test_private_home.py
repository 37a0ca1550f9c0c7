"""No test can write into the home of whoever runs the tests."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Ran, assert_private

OWN = pwd.getpwuid(os.geteuid()).pw_dir


@pytest.fixture
def home(tmp_path: Path) -> str:
    """Stands in front of that of all tests, as a folder's own fixture may."""
    return f"{tmp_path}/other"


def test_a_fixture_of_the_same_name_opens_no_real_home(
    home: str, run_cli: Callable[..., Ran], tmp_path: Path
) -> None:
    place = Path(os.environ["RAGCLI_HOME"])

    assert run_cli("profile", "create", "work").code == 0
    assert (place / "profiles" / "work").is_dir()
    assert not place.is_relative_to(OWN) or tmp_path.is_relative_to(OWN)
    assert os.environ["HOME"] != OWN


@pytest.mark.parametrize(
    "environ", [{}, {"HOME": OWN}, {"RAGCLI_HOME": f"{OWN}/.local/share/ragcli"}]
)
def test_a_command_in_a_real_home_is_not_started(environ: dict[str, str]) -> None:
    with pytest.raises(AssertionError):
        assert_private(environ)


def test_every_way_to_run_a_command_checks_that(
    monkeypatch: pytest.MonkeyPatch,
    run_cli: Callable[..., Ran],
    run_process: Callable[..., Ran],
    start_process: Callable[..., subprocess.Popen[bytes]],
    pty_run: Callable[..., Ran],
) -> None:
    monkeypatch.delenv("RAGCLI_HOME")
    monkeypatch.setenv("HOME", OWN)
    for way in (run_cli, run_process, start_process, pty_run):
        with pytest.raises(AssertionError, match="home"):
            way("profile", "list")
