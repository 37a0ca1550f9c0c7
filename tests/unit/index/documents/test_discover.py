"""What is found below a path, what is left out, and why."""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from ragcli.errors import DocumentNotFound, NotPermitted
from ragcli.index.documents.discover import Found, Skipped, find

LIMIT = 1 << 20


def put(path: Path, content: str | bytes = "text\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content.encode() if isinstance(content, str) else content
    path.write_bytes(data)
    return path


def found(*roots: Path, **options: Any) -> list[Path]:
    items = find(roots, max_size=LIMIT, **options)
    return [item.path for item in items if isinstance(item, Found)]


def skipped(*roots: Path) -> dict[str, str]:
    items = find(roots, max_size=LIMIT)
    return {item.path.name: item.reason for item in items if isinstance(item, Skipped)}


def test_a_folder_is_walked_in_order_with_sizes_and_times(tmp_path: Path) -> None:
    for name in ("b/two.md", "a.txt", "b/one.md", "b/deep/er/x.py"):
        put(tmp_path / name, name)
    items = list(find([tmp_path], max_size=LIMIT))
    names = [str(item.path.relative_to(tmp_path)) for item in items]
    assert names == ["a.txt", "b/one.md", "b/two.md", "b/deep/er/x.py"]
    status = (tmp_path / "b/two.md").stat()
    assert isinstance(items[2], Found)
    assert (items[2].size, items[2].mtime_ns) == (status.st_size, status.st_mtime_ns)


def test_relative_paths_are_found_as_absolute_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "docs/a.md")
    monkeypatch.chdir(tmp_path)
    assert found(Path("docs")) == [tmp_path / "docs/a.md"]


def test_what_lies_below_two_roots_is_found_once(tmp_path: Path) -> None:
    file = put(tmp_path / "a/b.md")
    assert found(tmp_path, tmp_path / "a", file) == [file]


def test_a_missing_path_is_an_error_before_anything_is_found(tmp_path: Path) -> None:
    put(tmp_path / "a.md")
    with pytest.raises(DocumentNotFound, match=r"gone\.md: no such file"):
        find([tmp_path, tmp_path / "gone.md"], max_size=LIMIT)
    with pytest.raises(DocumentNotFound):
        find([tmp_path / "a.md/below"], max_size=LIMIT)


def test_a_path_that_no_system_can_hold_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NotPermitted):
        find([tmp_path / ("x" * 300)], max_size=LIMIT)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (".git/config.md", "version control"),
        ("node_modules/left/readme.md", "installed packages"),
        ("__pycache__/x.txt", "cache"),
        (".ssh/notes.txt", "secrets"),
    ],
)
def test_the_directories_of_tools_are_skipped_whole(
    tmp_path: Path, name: str, reason: str
) -> None:
    put(tmp_path / name)
    assert found(tmp_path) == []
    assert skipped(tmp_path) == {name.split("/", 1)[0]: reason}


def test_a_virtual_environment_is_known_by_its_configuration(tmp_path: Path) -> None:
    put(tmp_path / "my-env/pyvenv.cfg")
    put(tmp_path / "my-env/lib/readme.md")
    assert skipped(tmp_path) == {"my-env": "virtual environment"}


@pytest.mark.parametrize(
    "name",
    [
        ".env", ".env.production", "prod.env", "id_rsa", "id_ed25519", "server.pem",
        "tls.key", "credentials", "credentials.json", "secrets.yaml", ".netrc",
        ".npmrc", "client_secret.json", "vault.kdbx", ".bash_history",
        "service-account-7.json",
    ],
)  # fmt: skip
def test_likely_secrets_are_skipped_even_when_named(tmp_path: Path, name: str) -> None:
    file = put(tmp_path / name)
    assert skipped(tmp_path)[name].startswith("likely secret")
    assert found(file) == []


@pytest.mark.parametrize(
    "name",
    [".env.example", "id_rsa.pub", "credentials.md", "secrets.md", "environment.txt"],
)
def test_files_about_secrets_are_no_secrets(tmp_path: Path, name: str) -> None:
    file = put(tmp_path / name)
    assert found(tmp_path) == [file]


@pytest.mark.parametrize(
    "head",
    [
        "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl",
        "\n-----BEGIN RSA PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\n",
        "-----BEGIN PGP PRIVATE KEY BLOCK-----\n",
        "PuTTY-User-Key-File-3: ssh-rsa",
        "AGE-SECRET-KEY-1QQQ",
    ],
)
def test_private_keys_are_known_by_their_first_line(tmp_path: Path, head: str) -> None:
    put(tmp_path / "notes.txt", head)
    assert skipped(tmp_path) == {"notes.txt": "likely secret: a private key"}


def test_a_text_about_keys_is_no_key(tmp_path: Path) -> None:
    file = put(tmp_path / "keys.md", "A file with -----BEGIN PRIVATE KEY----- is one.")
    assert found(tmp_path) == [file]


def test_binaries_are_skipped_by_name_or_by_content(tmp_path: Path) -> None:
    put(tmp_path / "a.png")
    put(tmp_path / "b.tar.gz")
    put(tmp_path / "c.txt", b"abc\0def")
    put(tmp_path / "program", b"\x7fELF\0\0")
    assert skipped(tmp_path) == {
        "a.png": "binary: image, sound or font",
        "b.tar.gz": "binary: archive or compressed file",
        "c.txt": "binary content",
        "program": "binary content",
    }


def test_utf_16_is_text(tmp_path: Path) -> None:
    file = put(tmp_path / "a.txt", "Grüße".encode("utf-16"))
    assert found(tmp_path) == [file]


def test_empty_and_oversized_files_are_skipped(tmp_path: Path) -> None:
    put(tmp_path / "empty.md", "")
    with open(tmp_path / "large.md", "wb") as file:
        file.truncate(LIMIT + 1)
    assert skipped(tmp_path) == {
        "empty.md": "empty",
        "large.md": "1 MB is over the limit of 1 MB",
    }


def test_special_files_are_named_and_never_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.md")
        assert skipped(tmp_path) == {"pipe.md": "FIFO", "socket.md": "socket"}
    assert skipped(tmp_path / "pipe.md") == {"pipe.md": "FIFO"}
    assert skipped(Path("/dev/null")) == {"null": "device"}


def test_links_are_followed_only_when_named(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    outside = put(tmp_path / "outside/a.md")
    inside.mkdir()
    (inside / "file.md").symlink_to(outside)
    (inside / "folder").symlink_to(outside.parent)
    (inside / "loop").symlink_to(inside)
    (inside / "broken.md").symlink_to(tmp_path / "nowhere")
    assert found(inside) == []
    assert len(skipped(inside)) == 4
    assert found(inside / "folder", inside / "file.md") == [
        inside / "folder/a.md",
        inside / "file.md",
    ]


@pytest.mark.parametrize(
    "name",
    [b"new\nline.md", b"esc\x1b[2J.md", b"latin-\xe9.md", "ünïcode 提.md".encode()],
)
def test_any_name_survives(tmp_path: Path, name: bytes) -> None:
    path = os.path.join(os.fsencode(tmp_path), name)
    with open(path, "wb") as file:
        file.write(b"text")
    [item] = find([tmp_path], max_size=LIMIT)
    assert os.fsencode(item.path) == path


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    try:
        assert skipped(tmp_path) == {"closed": "Permission denied"}
        with pytest.raises(NotPermitted):
            find([closed], max_size=LIMIT)
    finally:
        closed.chmod(0o700)


def test_known_files_are_not_opened_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = put(tmp_path / "a.md")
    [item] = find([tmp_path], max_size=LIMIT)
    assert isinstance(item, Found)
    known = {item.location: (item.size, item.mtime_ns)}
    opened = []
    real = os.open

    def watched(path: str, *rest: int) -> int:
        opened.append(path)
        return real(path, *rest)

    monkeypatch.setattr(os, "open", watched)
    assert found(tmp_path, known=known) == [file]
    assert opened == []
    put(file, b"\0 other content")
    assert found(tmp_path, known=known) == []
    assert str(file) in opened


def test_ignore_rules_nest_and_negate(tmp_path: Path) -> None:
    put(tmp_path / ".gitignore", "*.log\nbuild/\n/top.md\n")
    put(tmp_path / "sub/.gitignore", "!keep.log\nnotes.*\n")
    put(tmp_path / "sub/.ragignore", "!notes.md\n")
    for name in (
        "a.log", "top.md", "build/x.md", "sub/keep.log", "sub/other.log", "sub/top.md",
        "sub/notes.md", "sub/notes.txt", "sub/build/y.md",
    ):  # fmt: skip
        put(tmp_path / name)
    names = {str(path.relative_to(tmp_path)) for path in found(tmp_path)}
    names -= {".gitignore", "sub/.gitignore", "sub/.ragignore"}
    assert names == {"sub/keep.log", "sub/top.md", "sub/notes.md"}
    assert skipped(tmp_path)["notes.txt"] == f"ignored by {tmp_path}/sub/.gitignore"
    assert skipped(tmp_path)["build"] == f"ignored by {tmp_path}/.gitignore"


def test_rules_of_the_work_tree_hold_in_its_folders(tmp_path: Path) -> None:
    put(tmp_path / ".git/HEAD")
    put(tmp_path / ".gitignore", "*.tmp\n/generated/\n")
    put(tmp_path / "docs/a.tmp")
    kept = put(tmp_path / "docs/a.md")
    assert found(tmp_path / "docs") == [kept]
    named = put(tmp_path / "generated/api.md")
    assert found(tmp_path / "generated") == [named]


def test_rules_above_a_plain_folder_do_not_hold(tmp_path: Path) -> None:
    put(tmp_path / ".gitignore", "*\n")
    kept = put(tmp_path / "docs/a.md")
    assert found(tmp_path / "docs") == [kept]


def test_a_rule_file_that_is_no_file_is_no_rule(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".gitignore")
    (tmp_path / ".ragignore").mkdir()
    kept = put(tmp_path / "a.md")
    assert found(tmp_path) == [kept]


@pytest.mark.skipif(shutil.which("git") is None, reason="compares with git")
@pytest.mark.parametrize("seed", range(40 if os.environ.get("RAGCLI_THOROUGH") else 6))
def test_ignore_rules_mean_what_they_mean_to_git(tmp_path: Path, seed: int) -> None:
    choose = random.Random(seed)
    names = ["a", "b", "ab", "a.md", "b.md", "c.txt", "[x]", "d e.md"]
    patterns = [
        "*.md", "!a.md", "/a", "b/", "a/b", "**/ab", "a/**", "!b", "?.md", "[ab].md",
        "a/**/c.txt", "!a/", "d\\ e.md", "# no", "*.txt ", "\\[x\\]", "/*/b",
    ]  # fmt: skip
    for depth in (0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3):
        folder = tmp_path.joinpath(*choose.choices(["a", "b", "ab", "dir"], k=depth))
        with suppress(OSError):
            for name in choose.sample(names, 3):
                put(folder / name)
            put(folder / ".gitignore", "\n".join(choose.sample(patterns, 3)) + "\n")
    git = ["git", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q"], check=True)
    listed = subprocess.run(
        [*git, "ls-files", "-z", "-co", "--exclude-standard"],
        check=True,
        capture_output=True,
    ).stdout
    expected = {tmp_path / os.fsdecode(name) for name in listed.split(b"\0") if name}
    assert set(found(tmp_path)) == expected


@pytest.mark.slow
def test_pathspec_is_imported_only_for_rules(tmp_path: Path) -> None:
    put(tmp_path / "a.md")
    code = (
        "import sys; from pathlib import Path;"
        "from ragcli.index.documents.discover import find;"
        f"list(find([Path({str(tmp_path)!r})], max_size=99));"
        "print('pathspec' in sys.modules)"
    )
    run = [sys.executable, "-c", code]
    assert subprocess.check_output(run, text=True) == "False\n"
    put(tmp_path / ".gitignore", "*.log\n")
    assert subprocess.check_output(run, text=True) == "True\n"
