"""What is published: all that the program needs, and nothing besides."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the wheel and the sdist, made without a network."""
    place = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "-o", str(place)]
    subprocess.run([*command, str(ROOT)], check=True, capture_output=True)
    return place


def test_the_wheel_has_the_program_whole_and_nothing_else(published: Path) -> None:
    (wheel,) = published.glob("*.whl")
    inside = set(zipfile.ZipFile(wheel).namelist())
    program = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "ragcli").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }

    assert {name for name in inside if ".dist-info/" not in name} == program
    assert any(name.endswith("/entry_points.txt") for name in inside)
    assert any(name.endswith("/licenses/LICENSE") for name in inside)


def test_the_sdist_can_be_tested_and_read(published: Path) -> None:
    (sdist,) = published.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}

    assert {"README.md", "CHANGELOG.md", "LICENSE", "pyproject.toml"} <= inside
    assert "tests/conftest.py" in inside
    assert "sample_docs/settings.md" in inside
    assert not [name for name in inside if "/out/" in name or name.endswith(".pyc")]


def test_an_index_takes_them(published: Path) -> None:
    files = [str(path) for path in sorted(published.iterdir())]
    command = [sys.executable, "-m", "twine", "check", "--strict", *files]

    assert subprocess.run(command, check=False, capture_output=True).returncode == 0
