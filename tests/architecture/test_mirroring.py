"""The tests of a package are found by its path: their folders mirror the packages."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture.sources import PACKAGE

TESTS = Path(__file__).parents[1]

MIRRORS = {"unit": PACKAGE, "cli": PACKAGE / "cli", "tui": PACKAGE / "tui"}
"""Folder of tests → the package that it mirrors. The other folders are of one kind of
test each: faults, properties, benchmarks, architecture."""

OF_NO_PACKAGE = {
    "unit/sessions/stores": "one suite that every registered store passes",
}
"""Folders that mirror no package, and why."""


@pytest.mark.parametrize("folder", MIRRORS)
def test_every_folder_of_tests_is_named_like_a_package(folder: str) -> None:
    top = TESTS / folder
    folders = {path.parent for path in top.rglob("test_*.py")}

    strays = [
        str(path.relative_to(TESTS))
        for path in folders
        if not (MIRRORS[folder] / path.relative_to(top) / "__init__.py").is_file()
    ]

    assert len(folders) > 5
    assert set(strays) <= OF_NO_PACKAGE.keys()


def test_every_exception_is_there() -> None:
    assert all((TESTS / folder).is_dir() for folder in OF_NO_PACKAGE)


@pytest.mark.parametrize(
    "package",
    [path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()],
)
def test_every_package_has_tests(package: str) -> None:
    folders = (f"unit/{package}", package, f"cli/commands/{package}")

    assert any(list((TESTS / folder).rglob("test_*.py")) for folder in folders)
