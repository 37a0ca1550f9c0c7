"""Network disks, on which locks may not hold, are told from local ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from ragcli.errors import NotPermitted
from ragcli.storage.locking import network_filesystems

TABLE = r"""
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:26 / /home rw - nfs4 server:/home rw
31 30 0:27 / /home/local rw - btrfs /dev/vdb rw
32 22 0:28 / /mnt/with\040space rw - cifs //server/share rw
33 22 0:29 / /mnt/remote rw - fuse.sshfs user@host: rw
34 22 0:30 / /mnt/disk rw - fuseblk /dev/vdc rw
35 22 0:31 / /over rw - nfs a:/ rw
36 22 0:32 / /over rw - tmpfs tmpfs rw
garbage
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "ext4"),
        ("/homeless", "ext4"),
        ("/home", "nfs4"),
        ("/home/me/.local", "nfs4"),
        ("/home/local/x", "btrfs"),
        ("/mnt/with space/x", "cifs"),
        ("/mnt/remote", "fuse.sshfs"),
        ("/mnt/disk/x", "fuseblk"),
        ("/over/x", "tmpfs"),
    ],
)
def test_the_mount_of_a_path_is_the_nearest_and_the_last(path: str, kind: str) -> None:
    assert network_filesystems.find_mount(TABLE, path) == kind


@pytest.mark.parametrize(
    "kind", ["nfs", "nfs4", "cifs", "smb3", "virtiofs", "9p", "fakeowner", "fuse"]
)
def test_network_disks_are_refused_unless_allowed(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(network_filesystems, "file_system", lambda _: kind)

    with pytest.raises(NotPermitted, match=kind) as caught:
        network_filesystems.check_local("/p", allow=False)

    assert "allow_network_fs" in caught.value.hint
    assert "redis://" in caught.value.hint
    network_filesystems.check_local("/p", allow=True)


@pytest.mark.parametrize(
    "kind", ["ext4", "xfs", "btrfs", "tmpfs", "fuseblk", "fuse.fuse-overlayfs", ""]
)
def test_local_disks_are_fine(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(network_filesystems, "file_system", lambda _: kind)

    network_filesystems.check_local("/p", allow=False)


def test_this_machine_tells_what_its_disk_is(tmp_path: Path) -> None:
    assert network_filesystems.file_system(tmp_path)
    network_filesystems.check_local(tmp_path, allow=False)


def test_a_machine_that_cannot_tell_is_trusted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(network_filesystems, "MOUNTS", str(tmp_path / "none"))

    network_filesystems.check_local(tmp_path, allow=False)
