"""A disk that remembers what was asked of it, and every way a crash could leave it.

The real code runs on a real directory while its system calls are recorded. What
was not synced may be lost at a power cut: any of the writes to a file, half of the
last one, any change of names in a directory. `states` yields the directory trees
that can be found afterwards, for a crash at any moment.
"""

from __future__ import annotations

import itertools
import linecache
import os
import random
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.faults import syncing

_HELPERS = {
    *("sync_data", "sync_file", "sync_names", "sync_directory", "sync"),
    "reached_drive",
}


@dataclass(frozen=True)
class Op:
    """One change, sync or acknowledgement."""

    kind: str
    """`write`, `cut`, `name`, `unname`, `move`, `sync` or `ack`."""
    node: int = 0
    """The file, or the directory whose names change."""
    detail: tuple[Any, ...] = ()
    site: str = ""
    """Where in ragcli a sync was asked for."""


@dataclass
class Node:
    """A file or a directory."""

    directory: bool
    data: bytes = b""
    names: dict[str, int] = field(default_factory=dict)


class RecordedDisk:
    """Everything below a directory, as it was and as it changed.

    Args:
        root: The directory.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.ops: list[Op] = []
        self.by_inode: dict[int, int] = {}
        self._nodes: dict[int, Node] = {}
        self._start = self._adopt(root)

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Records while the block runs."""
        with pytest.MonkeyPatch.context() as patch:
            for name in ("open", "mkdir", "rename", "unlink", "rmdir", "write"):
                original = getattr(os, name)
                patch.setattr(os, name, getattr(self, f"_{name}")(original))
            patch.setattr(os, "ftruncate", self._ftruncate(os.ftruncate))
            syncing.replace(lambda _, original: self._sync(original), patch.setattr)
            yield

    def ack(self, what: Any) -> None:
        """Notes that the code has promised something."""
        self.ops.append(Op("ack", detail=(what,)))

    def sites(self) -> list[str]:
        """Returns the places in ragcli that synced something."""
        return sorted({op.site for op in self.ops if op.kind == "sync"})

    def states(
        self, *, without: str = "", limit: int = 400
    ) -> Iterator[tuple[Tree, list[Any]]]:
        """Yields each tree a crash can leave, and what had been promised by then.

        Args:
            without: Leave out the syncs of this place.
            limit: Trees per moment; a sample beyond.
        """
        ops = [op for op in self.ops if not (without and op.site == without)]
        seen: set[tuple[Any, ...]] = set()
        for moment in range(len(ops) + 1):
            past = ops[:moment]
            promised = [op.detail[0] for op in past if op.kind == "ack"]
            for tree in self._crashes(past, limit):
                key = (tree.frozen(), len(promised))
                if key not in seen:
                    seen.add(key)
                    yield tree, promised

    def _crashes(self, past: list[Op], limit: int) -> Iterator[Tree]:
        durable: list[Op] = []
        pending: dict[int, list[Op]] = {}
        for op in past:
            if op.kind == "sync":
                durable += pending.pop(op.node, [])
            elif op.kind != "ack":
                pending.setdefault(op.node, []).append(op)
        choices = [list(_survivors(ops)) for ops in pending.values()]
        total = 1
        for choice in choices:
            total *= len(choice)
        if total <= limit:
            picks: Any = itertools.product(*choices)
        else:
            rng = random.Random(len(past))
            picks = ([rng.choice(c) for c in choices] for _ in range(limit))
        for pick in picks:
            yield Tree(self._start, self._nodes, durable, [o for p in pick for o in p])

    def _adopt(self, path: Path) -> int:
        """Takes what is there now as durable; returns its node."""
        status = path.lstat()
        node = len(self._nodes) + 1
        self.by_inode[status.st_ino] = node
        directory = stat.S_ISDIR(status.st_mode)
        self._nodes[node] = Node(directory, b"" if directory else path.read_bytes())
        if directory:
            for item in path.iterdir():
                self._nodes[node].names[item.name] = self._adopt(item)
        return node

    def _node_of(self, descriptor: int) -> int | None:
        return self.by_inode.get(os.fstat(descriptor).st_ino)

    def _born(self, inode: int, directory: int, name: str, *, folder: bool) -> None:
        node = len(self._nodes) + 1
        self._nodes[node] = Node(folder)
        self.by_inode[inode] = node
        self.ops.append(Op("name", directory, (name, node)))

    def _open(self, original: Callable[..., int]) -> Callable[..., int]:
        def call(
            path: Any, flags: int, mode: int = 0o777, *, dir_fd: Any = None
        ) -> int:
            made = bool(flags & os.O_CREAT) and not _exists(path, dir_fd)
            descriptor = original(path, flags, mode, dir_fd=dir_fd)
            directory = _directory_of(self, path, dir_fd)
            if made and directory is not None:
                inode = os.fstat(descriptor).st_ino
                self._born(inode, directory, os.path.basename(path), folder=False)
            return descriptor

        return call

    def _mkdir(self, original: Callable[..., None]) -> Callable[..., None]:
        def call(path: Any, mode: int = 0o777, *, dir_fd: Any = None) -> None:
            original(path, mode, dir_fd=dir_fd)
            directory = _directory_of(self, path, dir_fd)
            if directory is not None:
                inode = os.lstat(path, dir_fd=dir_fd).st_ino
                self._born(inode, directory, os.path.basename(path), folder=True)

        return call

    def _rename(self, original: Callable[..., None]) -> Callable[..., None]:
        def call(
            old: Any, new: Any, *, src_dir_fd: Any = None, dst_dir_fd: Any = None
        ) -> None:
            inode = os.lstat(old, dir_fd=src_dir_fd).st_ino
            original(old, new, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)
            source = _directory_of(self, old, src_dir_fd)
            assert source == _directory_of(self, new, dst_dir_fd)
            if source is not None:
                moved = (str(old), str(new), self.by_inode[inode])
                self.ops.append(Op("move", source, moved))

        return call

    def _unlink(self, original: Callable[..., None]) -> Callable[..., None]:
        def call(path: Any, *, dir_fd: Any = None) -> None:
            original(path, dir_fd=dir_fd)
            directory = _directory_of(self, path, dir_fd)
            if directory is not None:
                self.ops.append(Op("unname", directory, (os.path.basename(path),)))

        return call

    _rmdir = _unlink

    def _write(self, original: Callable[..., int]) -> Callable[..., int]:
        def call(descriptor: int, data: Any) -> int:
            count = original(descriptor, data)
            node = self._node_of(descriptor)
            if node is not None:
                written = bytes(data[:count])
                end = os.lseek(descriptor, 0, os.SEEK_CUR)
                self.ops.append(Op("write", node, (end - count, written)))
            return count

        return call

    def _ftruncate(self, original: Callable[..., None]) -> Callable[..., None]:
        def call(descriptor: int, size: int) -> None:
            original(descriptor, size)
            node = self._node_of(descriptor)
            if node is not None:
                self.ops.append(Op("cut", node, (size,)))

        return call

    def _sync(self, original: Callable[..., None]) -> Callable[..., None]:
        def call(descriptor: int) -> None:
            original(descriptor)
            node = self._node_of(descriptor)
            if node is not None:
                self.ops.append(Op("sync", node, site=_site()))

        return call


class Tree:
    """A directory tree that a crash left.

    Args:
        root: Its root node.
        nodes: All nodes as they were when recording began.
        durable: What certainly happened since.
        survived: What happened to reach the disk besides.
    """

    def __init__(
        self, root: int, nodes: dict[int, Node], durable: list[Op], survived: list[Op]
    ) -> None:
        self._root = root
        self._nodes = {
            k: Node(n.directory, n.data, dict(n.names)) for k, n in nodes.items()
        }
        for op in [*durable, *survived]:
            self._apply(op)

    def frozen(self) -> Any:
        """Returns a value that is equal for equal trees."""
        return self._frozen(self._root)

    def write(self, target: Path) -> None:
        """Makes the tree on a real disk."""
        self._write(self._root, target)

    def _apply(self, op: Op) -> None:
        node = self._nodes[op.node]
        if op.kind == "write":
            offset, data = op.detail
            padded = node.data.ljust(offset, b"\0")
            node.data = padded[:offset] + data + padded[offset + len(data) :]
        elif op.kind == "cut":
            node.data = node.data[: op.detail[0]].ljust(op.detail[0], b"\0")
        elif op.kind == "name":
            node.names[op.detail[0]] = op.detail[1]
        elif op.kind == "unname":
            node.names.pop(op.detail[0], None)
        else:
            old, new, moved = op.detail
            node.names.pop(old, None)
            node.names[new] = moved

    def _frozen(self, number: int) -> Any:
        node = self._nodes[number]
        if not node.directory:
            return node.data
        return tuple((k, self._frozen(v)) for k, v in sorted(node.names.items()))

    def _write(self, number: int, target: Path) -> None:
        node = self._nodes[number]
        if not node.directory:
            target.write_bytes(node.data)
            target.chmod(0o600)
            return
        target.mkdir(mode=0o700)
        for name, child in node.names.items():
            self._write(child, target / name)


def _survivors(ops: list[Op]) -> Iterator[list[Op]]:
    """Yields each part of the unsynced changes of one node that may survive."""
    for mask in range(1 << len(ops)):
        yield [op for n, op in enumerate(ops) if mask & (1 << n)]
    last = ops[-1]
    if last.kind == "write" and len(last.detail[1]) > 1:
        offset, data = last.detail
        half = Op("write", last.node, (offset, data[: len(data) // 2]))
        yield [*ops[:-1], half]


def _exists(path: Any, dir_fd: Any) -> bool:
    try:
        os.lstat(path, dir_fd=dir_fd)
    except OSError:
        return False
    return True


def _directory_of(disk: RecordedDisk, path: Any, dir_fd: Any) -> int | None:
    """Returns the node of the directory that a call names, if it is on the disk."""
    if dir_fd is not None:
        return disk.by_inode.get(os.fstat(dir_fd).st_ino)
    parent = os.path.dirname(os.path.abspath(path))
    return disk.by_inode.get(os.lstat(parent).st_ino)


def _site() -> str:
    """Returns where in ragcli the running sync was asked for."""
    frame = sys._getframe(2)
    while frame.f_back and (
        "/ragcli/" not in frame.f_code.co_filename or frame.f_code.co_name in _HELPERS
    ):
        frame = frame.f_back
    line = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
    return f"{frame.f_globals['__name__']}.{frame.f_code.co_name}: {line}"
