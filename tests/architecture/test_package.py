"""What is published: all that the program needs, and nothing besides."""

from __future__ import annotations

import re
import runpy
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

    shared = {name for name in inside if ".data/data/share/" in name}
    assert {name for name in inside if ".dist-info/" not in name} - shared == program
    assert {name.partition("/share/")[2] for name in shared} == {
        "bash-completion/completions/ragcli",
        "zsh/site-functions/_ragcli",
        "fish/vendor_completions.d/ragcli.fish",
    }
    assert any(name.endswith("/entry_points.txt") for name in inside)
    assert any(name.endswith("/licenses/LICENSE") for name in inside)


def test_the_sdist_can_be_tested_and_read(published: Path) -> None:
    (sdist,) = published.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}

    assert {"README.md", "CHANGELOG.md", "LICENSE", "pyproject.toml"} <= inside
    assert "tests/conftest.py" in inside
    assert "sample_docs/settings.md" in inside
    assert ".ci/package_index.py" in inside  # the wheel is made from it, too
    assert not [name for name in inside if "/out/" in name or name.endswith(".pyc")]


def test_an_index_takes_them(published: Path) -> None:
    files = [str(path) for path in sorted(published.iterdir())]
    command = [sys.executable, "-m", "twine", "check", "--strict", *files]

    assert subprocess.run(command, check=False, capture_output=True).returncode == 0


def test_an_index_shows_no_link_into_files_that_it_lacks(published: Path) -> None:
    (wheel,) = published.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        told = archive.read(name).decode()

    assert "Description-Content-Type: text/markdown" in told
    assert "## Two commands" in told
    targets = re.findall(r"\]\(([^)]+)\)", told)
    assert targets
    assert not [target for target in targets if not target.startswith("https://")]


def test_links_and_pictures_get_the_address_of_the_repository() -> None:
    hook = ROOT / ".ci" / "package_index.py"
    absolute = runpy.run_path(str(hook))["absolute"]
    text = "See [a](docs/a.md), [b](https://b.example).\n\n![p](p.svg)\n\nEnd.\n"

    assert absolute(text, "https://example.org/r") == (
        "See [a](https://example.org/r/blob/HEAD/docs/a.md), [b](https://b.example).\n\n"
        "![p](https://example.org/r/raw/HEAD/p.svg)\n\nEnd.\n"
    )
    assert absolute(text, "") == "See a, [b](https://b.example).\n\nEnd.\n"
