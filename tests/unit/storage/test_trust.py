"""A directory is used only if nobody else could have put another in its place."""

from __future__ import annotations

import grp
import os
import pwd
import stat
import struct
from pathlib import Path
from types import SimpleNamespace

import pytest

from ragcli.errors import NotPermitted
from ragcli.storage import trust
from ragcli.storage.files import Directory

ROOT = os.getuid() == 0


def status(mode: int, *, uid: int | None = None, gid: int = 0) -> os.stat_result:
    own = os.geteuid() if uid is None else uid
    return os.stat_result((stat.S_IFDIR | mode, 1, 1, 2, own, gid, 0, 0, 0, 0))


@pytest.mark.parametrize("mode", [0o700, 0o755, 0o711, 0o1777, 0o1770])
def test_directories_above_may_be_read_by_others(mode: int) -> None:
    trust.check_shared(status(mode), "/place")
    trust.check_shared(status(mode, uid=0), "/place")


@pytest.mark.parametrize("mode", [0o777, 0o775, 0o757, 0o722])
def test_directories_above_may_not_be_written_by_others(mode: int) -> None:
    with pytest.raises(NotPermitted, match=f"{mode:04o}") as caught:
        trust.check_shared(status(mode, gid=99999), "/place")

    assert "chmod go-w /place" in caught.value.hint


def test_directories_above_belong_to_nobody_else() -> None:
    with pytest.raises(NotPermitted, match="uid 4242"):
        trust.check_shared(status(0o755, uid=4242), "/place")


@pytest.mark.parametrize(
    ("members", "group", "fine"),
    [
        ([], "me", True),
        (["me"], "me", True),
        (["me", "x"], "me", False),
        ([], "staff", False),
    ],
)
def test_the_group_of_one_user_harms_nobody(
    monkeypatch: pytest.MonkeyPatch, members: list[str], group: str, fine: bool
) -> None:
    user = SimpleNamespace(pw_name="me", pw_gid=1000)
    entry = SimpleNamespace(gr_mem=members, gr_name=group)
    monkeypatch.setattr(pwd, "getpwuid", lambda _: user)
    monkeypatch.setattr(grp, "getgrgid", lambda _: entry)

    if fine:
        trust.check_shared(status(0o775, gid=1000), "/place")
    else:
        with pytest.raises(NotPermitted):
            trust.check_shared(status(0o775, gid=1000), "/place")


def test_an_unknown_group_is_not_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_: int) -> None:
        raise KeyError

    monkeypatch.setattr(grp, "getgrgid", unknown)

    with pytest.raises(NotPermitted):
        trust.check_shared(status(0o775, gid=99999), "/place")


def test_every_directory_on_the_way_is_checked(tmp_path: Path) -> None:
    place = tmp_path / "a" / "b" / "c"
    Directory.open(place, create=True).close()
    (tmp_path / "a").chmod(0o777)

    with pytest.raises(NotPermitted, match="0777"):
        Directory.open(place)

    (tmp_path / "a").chmod(0o1777)  # as /tmp is: others cannot rename what is ours
    Directory.open(place).close()


def test_ones_own_links_on_the_way_are_followed(tmp_path: Path) -> None:
    Directory.open(tmp_path / "real" / "p", create=True).close()
    (tmp_path / "link").symlink_to(tmp_path / "real")

    Directory.open(tmp_path / "link" / "p").close()
    (tmp_path / "real").chmod(0o770)
    os.chown(tmp_path / "real", -1, 12345) if ROOT else None
    with pytest.raises(NotPermitted):
        Directory.open(tmp_path / "link" / "p")


@pytest.mark.skipif(not ROOT, reason="giving links away takes root")
def test_links_of_others_on_the_way_are_not(tmp_path: Path) -> None:
    Directory.open(tmp_path / "real" / "p", create=True).close()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    os.lchown(tmp_path / "link", 12345, 12345)

    with pytest.raises(NotPermitted, match="uid 12345"):
        Directory.open(tmp_path / "link" / "p")


def test_the_directory_itself_is_no_link(tmp_path: Path) -> None:
    Directory.open(tmp_path / "real", create=True).close()
    (tmp_path / "link").symlink_to(tmp_path / "real")

    with pytest.raises(NotPermitted):
        Directory.open(tmp_path / "link")


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="Linux keeps lists so")
def test_a_list_lets_others_in_behind_the_group_of_one_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trust, "own_group", lambda _: True)
    tmp_path.chmod(0o770)
    trust.check_shared(os.stat(tmp_path), str(tmp_path))
    #       owner rwx    uid 4242 rwx       group rwx    mask rwx     others ---
    listed = [(1, 7, -1), (2, 7, 4242), (4, 7, -1), (16, 7, -1), (32, 0, -1)]
    value = struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *e) for e in listed)
    try:
        os.setxattr(tmp_path, "system.posix_acl_access", value)
    except OSError as error:
        pytest.skip(f"this file system has no lists: {error.strerror}")

    with pytest.raises(NotPermitted, match="mode 0770 lets others replace"):
        trust.check_shared(os.stat(tmp_path), str(tmp_path))

    tmp_path.chmod(0o750)
    trust.check_shared(os.stat(tmp_path), str(tmp_path))
