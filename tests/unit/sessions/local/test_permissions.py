"""Modes that let others in are found, named and mended."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ragcli.errors import ExitCode, NotPermitted, RagcliError
from ragcli.paths import Home
from ragcli.sessions.findings import DAMAGE, REPAIRED, Finding
from ragcli.sessions.local import permissions
from ragcli.storage.files import Directory

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give away")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with one profile, as ragcli would have made it."""
    base = tmp_path / "home"
    profile = base / "profiles" / "work"
    for place in (profile / "keys", profile / "index" / "gen-00000001"):
        Directory.open(place, create=True).close()
    Directory.open(base / "cache", create=True).close()
    files = (
        base / "config.toml",
        profile / "profile.toml",
        profile / "history.jsonl",
        profile / "keys" / "0123456789abcdef.json",
        profile / "index" / "gen-00000001" / "vectors.faiss",
        base / "cache" / "x",
    )
    for file in files:
        file.touch(0o600)
    return Home(base, base / "config.toml", base / "cache")


def state(home: Home) -> dict[str, int]:
    return {
        str(place.relative_to(home.data)): place.lstat().st_mode & 0o7777
        for place in sorted(home.data.rglob("*"))
    }


def damage(findings: list[Finding]) -> list[str]:
    return [Path(f.where).name for f in findings if f.severity == DAMAGE]


def test_what_ragcli_makes_is_in_order(home: Home) -> None:
    assert permissions.check(home) == []
    assert permissions.fix(home) == []


def test_no_home_is_no_finding(tmp_path: Path) -> None:
    base = tmp_path / "none"
    assert permissions.check(Home(base, base / "config.toml", base / "cache")) == []


@pytest.mark.parametrize("mode", [0o777, 0o750, 0o701, 0o2775, 0o500, 0])
def test_loose_directories_are_found_and_mended(home: Home, mode: int) -> None:
    before = state(home)
    for place in (home.profiles, home.profiles / "work", home.cache):
        place.chmod(mode)
    found = permissions.check(home)
    assert {"profiles", "cache"} <= set(damage(found))
    assert all(f.code is ExitCode.NOT_PERMITTED for f in found)
    mended = permissions.fix(home)
    assert [Path(f.where).name for f in mended if f.severity == REPAIRED] == [
        "cache",
        "profiles",
        "work",
    ]
    assert state(home) == before
    assert permissions.check(home) == []


@pytest.mark.parametrize("mode", [0o644, 0o660, 0o604, 0o400, 0o777])
def test_loose_files_are_found_and_mended(home: Home, mode: int) -> None:
    before = state(home)
    files = [place for place in home.profiles.rglob("*") if place.is_file()]
    for file in files:
        file.chmod(mode)
    assert sorted(damage(permissions.check(home))) == sorted(f.name for f in files)
    permissions.fix(home)
    assert state(home) == before


def test_checking_changes_nothing(home: Home) -> None:
    (home.profiles / "work").chmod(0o755)
    before = state(home)
    permissions.check(home)
    assert state(home) == before


def test_others_may_read_the_configuration_but_not_write_it(home: Home) -> None:
    elsewhere = Home(home.data, home.data.parent / "config.toml", home.cache)
    elsewhere.config_file.touch()
    elsewhere.config_file.chmod(0o644)
    assert permissions.check(elsewhere) == []
    elsewhere.config_file.chmod(0o666)
    assert damage(permissions.check(elsewhere)) == ["config.toml"]
    permissions.fix(elsewhere)
    assert elsewhere.config_file.stat().st_mode & 0o777 == 0o644


def symlink(place: Path) -> None:
    target = place.with_name("target")
    place.rename(target)
    place.symlink_to(target)


def hard_link(place: Path) -> None:
    os.link(place, place.parents[2] / "second-name")


def fifo(place: Path) -> None:
    place.unlink()
    os.mkfifo(place, 0o600)


def device(place: Path) -> None:
    place.unlink()
    os.mknod(place, 0o600 | 0o020000, os.makedev(1, 3))


def local_socket(place: Path) -> None:
    place.unlink()
    here = Path.cwd()
    os.chdir(place.parent)
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(place.name)
    finally:
        os.chdir(here)
    place.chmod(0o600)


def foreign(place: Path) -> None:
    os.chown(place, 12345, 12345)


hostile = pytest.mark.parametrize(
    "plant",
    [
        symlink,
        hard_link,
        fifo,
        local_socket,
        pytest.param(device, marks=needs_root),
        pytest.param(foreign, marks=needs_root),
    ],
)


@hostile
@pytest.mark.parametrize("name", ["history.jsonl", "profile.toml"])
def test_what_no_mode_mends_is_named_and_left_alone(
    home: Home, plant: Callable[[Path], None], name: str
) -> None:
    place = home.profiles / "work" / name
    plant(place)
    found = permissions.fix(home)
    assert name in damage(found)
    assert [str(place) in f.where for f in found if name in f.where] == [True]


@hostile
@pytest.mark.parametrize("flags", [os.O_RDONLY, os.O_RDWR | os.O_CREAT])
def test_hostile_files_are_refused_without_hanging(
    home: Home, plant: Callable[[Path], None], flags: int
) -> None:
    place = home.profiles / "work" / "history.jsonl"
    plant(place)
    with (
        Directory.open(place.parent) as directory,
        pytest.raises(RagcliError) as caught,
    ):
        directory.open_file(place.name, flags)
    assert caught.value.code in {ExitCode.NOT_PERMITTED, ExitCode.STORAGE}
    assert isinstance(caught.value, NotPermitted) or plant is local_socket


def test_files_of_generations_may_have_several_names(home: Home) -> None:
    index = home.profiles / "work" / "index"
    Directory.open(index / "gen-00000002", create=True).close()
    os.link(index / "gen-00000001" / "vectors.faiss", index / "gen-00000002" / "v")
    assert permissions.check(home) == []


def test_a_loose_parent_is_named(home: Home, tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    found = permissions.check(home)
    assert len(found) == 1
    assert str(tmp_path) in found[0].what
    assert permissions.fix(home) == found


@needs_root
def test_other_users_profiles_in_a_shared_home_are_not_ours_to_name(
    home: Home,
) -> None:
    for place in (home.data, home.profiles):
        place.chmod(0o1777)
    theirs = home.profiles / "theirs"
    theirs.mkdir(0o700)
    os.chown(theirs, 12345, 12345)
    (home.profiles / "work" / "history.jsonl").chmod(0o644)
    assert damage(permissions.check(home)) == ["history.jsonl"]


@pytest.mark.slow
@needs_root
def test_a_user_without_rights_can_mend_his_own_home(tmp_path: Path) -> None:
    base = tmp_path / "alice"
    tmp_path.chmod(0o755)
    (base / "profiles" / "work").mkdir(parents=True)
    (base / "profiles" / "work" / "history.jsonl").touch()
    for place in (base, *base.rglob("*")):
        os.chown(place, 12345, 12345)
    (base / "profiles" / "work").chmod(0)
    script = (
        "import os, sys; from pathlib import Path; from ragcli.paths import Home;"
        "from ragcli.sessions.local import permissions;"
        "import ragcli.storage.trust, pwd;"
        "os.setgid(12345); os.setuid(12345);"
        "base = Path(sys.argv[1]); home = Home(base, base / 'c', base / 'cache');"
        "before = len(permissions.check(home)); fixed = len(permissions.fix(home));"
        "print(before, fixed, len(permissions.check(home)))"
    )
    # Above pytest's directory everything is root's, and 0700: open it to the subject.
    closed = [p for p in tmp_path.parents if p.stat().st_mode & 0o001 == 0]
    for place in closed:
        place.chmod(place.stat().st_mode | 0o001)
    try:
        done = subprocess.run(
            [sys.executable, "-c", script, base],
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        for place in closed:
            place.chmod(place.stat().st_mode & ~0o001)
    assert done.stderr == ""
    # Closed to its own owner, the file inside shows only once the rest is mended.
    assert done.stdout.split() == ["3", "4", "0"]
