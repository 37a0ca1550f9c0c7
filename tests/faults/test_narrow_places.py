"""Places where a command can do little: it says so in one line, with the right code."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, Ran

COMMANDS = [
    ["profile", "list"],
    ["ask", "What is here?"],
    ["docs", "add", "page.md"],
    ["search", "page"],
    ["history", "list"],
]
NOBODY = 65534
IN_A_NAMESPACE = """\
set -e
mkdir "$1/python"
mount --bind "$2" "$1/python"
mount -t tmpfs -o mode=755 tmpfs "$3"
mkdir -p "$2"
mount --move "$1/python" "$2"
shift 3
exec "$@"
"""
"""Lets another user reach an interpreter that lies in a home of root's."""

BECOME = """\
import os, sys
os.chdir(sys.argv[1])
if sys.argv[2]:
    os.rmdir(sys.argv[1])
user = int(sys.argv[3])
os.setgroups([])
os.setgid(user)
os.setuid(user)
os.execve(sys.executable, [sys.executable, "-m", "ragcli", *sys.argv[4:]], os.environ)
"""


def assert_told(ran: Ran, *codes: int) -> None:
    """Checks the code, and that what failed is told in one line and a hint."""
    assert ran.code in codes, (ran.code, ran.err)
    assert "Traceback" not in ran.err, ran.err
    if ran.code > 1:
        failed = [line for line in ran.err.splitlines() if line.strip()]
        assert len([line for line in failed if line.startswith("hint: ")]) <= 1
        assert len([line for line in failed if line.startswith("ragcli: ")]) == 1, (
            ran.err
        )


@pytest.fixture
def as_user(tmp_path: Path) -> Callable[..., Ran]:
    """Runs `ragcli` as a user who owns nothing; root alone can."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    lead: list[str] = []
    hidden = [
        place
        for place in Path(sys.base_prefix).parents
        if not place.stat().st_mode & 0o001
    ]
    if hidden:
        if subprocess.run(["unshare", "-m", "true"], check=False).returncode:
            pytest.skip("another user cannot reach the interpreter")
        top = str(hidden[-1])
        lead = ["unshare", "-m", "sh", "-c", IN_A_NAMESPACE, "sh", str(tmp_path)]
        lead += [sys.base_prefix, top]

    def run(
        *argv: str, cwd: Path, gone: bool = False, user: int = NOBODY, **env: str
    ) -> Ran:
        shutil.rmtree(tmp_path / "python", ignore_errors=True)
        done = subprocess.run(
            [*lead, sys.executable, "-c", BECOME, cwd, "gone" if gone else "",
             str(user), *argv],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)} | env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
        return Ran(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A directory that everybody can reach, with a home of nobody's in it."""
    made = Path(subprocess.check_output(["mktemp", "-d"], text=True).strip())
    made.chmod(0o755)
    (made / "home").mkdir(mode=0o700)
    (made / "private").mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(made / "home", NOBODY, NOBODY)
    yield made
    shutil.rmtree(made)


@pytest.mark.parametrize("argv", COMMANDS, ids=" ".join)
def test_a_working_directory_that_one_may_not_search(
    argv: list[str], as_user: Callable[..., Ran], place: Path
) -> None:
    ran = as_user(*argv, cwd=place / "private", RAGCLI_HOME=str(place / "home"))

    assert_told(ran, *([77] if argv[0] == "docs" else [0, 1]))


def test_a_user_without_a_home_or_an_entry(
    as_user: Callable[..., Ran], place: Path
) -> None:
    ran = as_user("profile", "list", cwd=place, user=4242)
    assert_told(ran, 2)
    assert "RAGCLI_HOME" in ran.err

    ran = as_user("ask", "What is here?", cwd=place, HOME="/nonexistent")
    assert_told(ran, 77)
    assert "RAGCLI_HOME" in ran.err
    assert "--stateless" in ran.err
    assert_told(
        as_user("ask", "--stateless", "What?", cwd=place, HOME="/nonexistent"), 1
    )


def test_a_working_directory_that_was_removed(
    as_user: Callable[..., Ran], place: Path
) -> None:
    for argv in COMMANDS:
        (place / "gone").mkdir()
        ran = as_user(
            *argv, cwd=place / "gone", gone=True, RAGCLI_HOME=str(place / "home")
        )
        assert_told(ran, *([2] if argv[0] == "docs" else [0, 1]))


@pytest.mark.parametrize("argv", COMMANDS, ids=" ".join)
def test_a_home_where_nothing_can_be_made(
    argv: list[str], run_process: Callable[..., Ran], tmp_path: Path
) -> None:
    ran = run_process(*argv, env={"RAGCLI_HOME": "/proc/x"}, cwd=tmp_path)

    assert_told(ran, *([0] if argv == ["profile", "list"] else [74]))
    assert ran.code == 0 or "RAGCLI_HOME" in ran.err


@pytest.mark.parametrize(
    "place", ["/dev/null", "/dev/null/x", "page.md", "page.md/x", "x" * 300, "/proc/x"]
)
def test_the_doctor_says_of_any_home_what_is_wrong_with_it(
    place: str,
    run_cli: Callable[..., Ran],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "page.md").write_text("A page.\n")
    (tmp_path / "page.md").chmod(0o600)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RAGCLI_HOME", place)

    ran = run_cli("doctor")
    asked = run_cli("ask", "What?")

    assert ran.code in {74, 77}, ran.err
    assert "Traceback" not in ran.err
    assert "BAD   home" in ran.out
    assert asked.code in {2, 74, 77}
    assert "chmod go-w /dev/null" not in ran.out + asked.err  # it is no directory


SETTINGS = "[retrieval]\nk = 3\n"


def test_settings_that_others_could_have_written_are_refused(
    home: Path, run_cli: Callable[..., Ran], tmp_path: Path
) -> None:
    assert run_cli("config", "set", "retrieval.k", "3").code == 0
    file = home / "config.toml"
    linked = tmp_path / "dotfiles.toml"
    linked.write_text(SETTINGS)
    linked.chmod(0o644)

    file.chmod(0o666)
    refused = run_cli("config", "get", "retrieval.k")
    mended = run_cli("doctor", "--fix")
    taken = run_cli("config", "get", "retrieval.k")
    file.unlink()
    file.symlink_to(linked)
    followed = run_cli("config", "get", "retrieval.k")
    linked.chmod(0o666)
    loose = run_cli("config", "get", "retrieval.k")

    assert refused.code == loose.code == 77
    assert "lets others decide your settings" in refused.err
    assert "(mended)" in mended.out
    assert (taken.code, taken.out) == (0, "3\n")
    assert (followed.code, followed.out) == (0, "3\n")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_settings_of_another_user_are_refused(
    home: Path, run_cli: Callable[..., Ran]
) -> None:
    assert run_cli("config", "set", "retrieval.k", "3").code == 0
    os.chown(home / "config.toml", 65534, 65534)

    ran = run_cli("config", "get", "retrieval.k")

    assert ran.code == 77
    assert "belongs to uid 65534" in ran.err


@pytest.mark.parametrize("kind", ["pipe", "device", "directory", "huge", "deep"])
def test_settings_that_are_no_file_are_one_line_at_once(
    kind: str, home: Path, run_cli: Callable[..., Ran]
) -> None:
    assert run_cli("config", "set", "retrieval.k", "3").code == 0
    file = home / "config.toml"
    file.unlink()
    if kind == "pipe":
        os.mkfifo(file, 0o600)
    elif kind == "device":
        file.symlink_to("/dev/zero")
    elif kind == "directory":
        file.mkdir(0o700)
    else:
        file.write_bytes(b"a = " + b"[" * (5000 if kind == "deep" else 4 << 20))
        file.chmod(0o600)

    for argv in (["profile", "list"], ["config", "set", "model", "builtin"]):
        assert_told(run_cli(*argv), 2)


@pytest.mark.usefixtures("filled")
def test_a_time_span_of_a_profile_that_is_none_is_told_and_expires_nothing(
    home: Path, run_cli: Callable[..., Ran]
) -> None:
    file = home / "profiles" / "default" / "profile.toml"
    sound = file.read_text()
    file.write_text(f'{sound}ttl = "99999999999d"\n')

    for argv in (["ask", "What?"], ["profile", "prune", "--yes"], ["history", "list"]):
        told = run_cli(*argv)
        assert_told(told, 0, 2)
        assert told.code == 0 or "profile.toml" in told.err
    file.write_text(sound)

    assert run_cli("ask", "What is the first page about?").code == 0


@pytest.fixture
def filled(
    home: Path,
    tmp_path: Path,
    run_cli: Callable[..., Ran],
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """A profile with one page; the working directory has another."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "first.md").write_text("# First\n\nThe first page is about ferries.\n")
    assert run_cli("docs", "add", "first.md").code == 0
    (tmp_path / "page.md").write_text("# Page\n\nThe page is about harbours.\n")
    return home


FEW = (8, 10, 12, 14, 16)
LITTLE = (60, 100, 200, 300, 350, 400, 450, 500, 600, 700, 800)


@pytest.mark.parametrize("argv", [*COMMANDS, ["doctor"]], ids=" ".join)
def test_few_descriptors_and_little_memory(
    argv: list[str], filled: Path, run_process: Callable[..., Ran]
) -> None:
    limits = [(resource.RLIMIT_NOFILE, count) for count in FEW]
    limits += [(resource.RLIMIT_AS, size << 20) for size in LITTLE]
    if not os.environ.get("RAGCLI_THOROUGH"):
        limits = limits[1::4]
    for what, most in limits:
        ran = run_process(
            *argv, preexec_fn=lambda w=what, m=most: resource.setrlimit(w, (m, m))
        )
        if argv == ["doctor"] and what == resource.RLIMIT_AS:
            assert ran.code in {0, 74}, (most >> 20, ran)  # it says so on stdout
            continue
        if "ragcli" not in ran.err and what == resource.RLIMIT_AS and most < 150 << 20:
            continue  # the interpreter itself does not come up
        assert_told(ran, 0, 1, 6, 74)
        assert "verify" not in ran.err
    assert run_process("profile", "verify").code == 0


def test_what_a_native_library_needs_is_told_before_it_is_loaded(
    filled: Path, run_process: Callable[..., Ran]
) -> None:
    most = 400 << 20
    ran = run_process(
        "search", "ferries",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (most, most)),
    )  # fmt: skip

    assert_told(ran, 74)
    assert "400 MB of address space are allowed" in ran.err
    assert "ulimit -v" in ran.err


@pytest.fixture
def layered(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Directories that a rename fails for, as for those of a lower layer."""
    lower: set[str] = set()
    rename = os.rename

    def refuse(
        old: os.PathLike[str] | str, new: os.PathLike[str] | str, **options: Any
    ) -> None:
        if os.path.basename(os.fspath(old)) in lower:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        rename(old, new, **options)

    monkeypatch.setattr(os, "rename", refuse)
    return lower


def test_a_profile_of_a_lower_layer_is_renamed_and_deleted(
    filled: Path, run_cli: Callable[..., Ran], layered: set[str]
) -> None:
    run_cli("ask", "What is the first page about?")
    told = run_cli("history", "list").out
    layered.add("default")

    ran = run_cli("profile", "rename", "default", "other")
    assert_told(ran, 0)
    assert run_cli("profile", "list", "--json").json["profiles"][0]["name"] == "other"
    assert run_cli("history", "list", "-p", "other").out == told
    assert run_cli("profile", "verify", "other").code == 0
    assert run_cli("search", "-p", "other", "ferries").code == 0
    layered.add("other")
    assert_told(run_cli("profile", "delete", "other", "--yes"), 0)
    assert [p.name for p in (filled / "profiles").iterdir() if p.is_dir()] == []


def test_on_an_overlay_profiles_are_converted_renamed_and_deleted(
    filled: Path, tmp_path: Path, run_process: Callable[..., Ran]
) -> None:
    lower, upper, work, merged = (tmp_path / n for n in ("l", "u", "w", "m"))
    shutil.copytree(filled, lower)
    for folder in (upper, work, merged):
        folder.mkdir()
    options = f"lowerdir={lower},upperdir={upper},workdir={work},redirect_dir=off"
    mount = ["mount", "-t", "overlay", "overlay", "-o", options, str(merged)]
    if os.geteuid() or subprocess.run(mount, check=False).returncode:
        pytest.skip("an overlay cannot be mounted here")
    env = {"RAGCLI_HOME": str(merged)}
    try:
        ran = run_process(
            "profile", "encrypt", "default", "--passphrase-fd", "0", "--yes",
            stdin="pw\n", env=env,
        )  # fmt: skip
        assert_told(ran, 0)
        assert (merged / "profiles" / "default" / "keys").is_dir()
        left = {p.name for p in (merged / "profiles").iterdir() if p.is_dir()}
        assert left == {"default"}
        unlock = ("--passphrase-fd", "0")
        ran = run_process("search", *unlock, "ferries", stdin="pw\n", env=env)
        assert_told(ran, 0)
        ran = run_process("profile", "decrypt", "default", *unlock, "--yes",
            stdin="pw\n", env=env,
        )  # fmt: skip
        assert_told(ran, 0)
        assert_told(run_process("docs", "add", "page.md", env=env), 0)
        assert_told(run_process("profile", "rename", "default", "other", env=env), 0)
        assert_told(run_process("search", "-p", "other", "ferries", env=env), 0)
        assert_told(run_process("profile", "verify", "other", env=env), 0)
        assert_told(run_process("profile", "delete", "other", "--yes", env=env), 0)
    finally:
        subprocess.run(["umount", str(merged)], check=True)
