"""A file system that forgets what was not synced.

Records what real code does to a directory tree, then builds, for every point at
which the machine could have stopped, the trees that a disk may hold: bytes of a
file that was not synced are lost, halved or kept, and changes of names in a
directory that was not synced have happened or not, each on its own.
"""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.faults import syncing

ROOT = 0
ANCHORS = "/proc/self/fd/"
"""Number of the directory that everything is below."""

Change = tuple[tuple[str, int | None], ...]
"""Entries of a directory that change together: name → node, None once it is gone."""


@dataclass(frozen=True)
class Event:
    """One thing that happened to a numbered file or directory."""

    kind: str
    """`new`, `names`, `write`, `sync` or `mark`."""
    node: int = -1
    where: str = ""
    data: bytes = b""
    names: Change = ()
    """Entries that change together: None removes the name."""
    is_directory: bool = False


@dataclass
class Node:
    """A file or directory: what is on disk, and what is only in memory."""

    is_directory: bool
    safe: bytes = b""
    data: bytes = b""
    names: dict[str, int] = field(default_factory=dict)
    pending: list[Change] = field(default_factory=list)


class Recorder:
    """Records events below `root` while its patches are installed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.events: list[Event] = []
        self._names: dict[int, dict[str, int]] = {}
        self._open: dict[int, tuple[int, str]] = {}
        self._count = itertools.count()
        self._known: dict[int, int] = {}
        self._read(root)
        self.start = len(self.events)

    def _read(self, place: Path) -> int:
        """Takes over what is there already, as synced."""
        inode = place.stat().st_ino
        if inode in self._known:
            return self._known[inode]
        number = self._known[inode] = self._new(is_directory=place.is_dir())
        if place.is_dir():
            children = [(item.name, self._read(item)) for item in place.iterdir()]
            self._change(number, *children)
        else:
            self._add(Event("write", number, data=place.read_bytes()))
        self._add(Event("sync", number))
        return number

    def _add(self, event: Event) -> None:
        self.events.append(event)

    def mark(self, what: str) -> None:
        """Notes that something was promised to somebody."""
        self._add(Event("mark", where=what))

    def _new(self, *, is_directory: bool) -> int:
        number = next(self._count)
        if is_directory:
            self._names[number] = {}
        self._add(Event("new", number, is_directory=is_directory))
        return number

    def _change(self, directory: int, *entries: tuple[str, int | None]) -> None:
        for name, node in entries:
            if node is None:
                self._names[directory].pop(name, None)
            else:
                self._names[directory][name] = node
        self._add(Event("names", directory, names=entries))

    def _place(self, path: str | Path | int, dir_fd: int | None = None) -> Path | None:
        """Returns where a call works, if that is below the root."""
        if isinstance(path, int):
            return None
        text = os.fsdecode(path)
        if text.startswith(ANCHORS):  # a path through an open directory
            number, _, text = text.removeprefix(ANCHORS).partition("/")
            dir_fd = int(number)
        if not os.path.isabs(text):
            if dir_fd not in self._open:
                return None
            text = os.path.join(self._open[dir_fd][1], text)
        place = Path(text)
        return place if place.is_relative_to(self.root) else None

    def _find(self, place: Path) -> int | None:
        number = ROOT
        for part in place.relative_to(self.root).parts:
            found = self._names.get(number, {}).get(part)
            if found is None:
                return None
            number = found
        return number

    def _directory(self, place: Path) -> int:
        number = self._find(place.parent)
        assert number is not None, place
        return number

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Wraps the calls of `os` that change a tree."""
        wrappers = {
            "open": self._opening,
            "close": self._closing,
            "write": self._writing,
            "rename": self._renaming,
            "replace": self._renaming,
            "mkdir": self._making,
            "unlink": self._removing,
            "rmdir": self._removing,
            "link": self._linking,
        }
        for name, wrapper in wrappers.items():
            patch.setattr(os, name, wrapper(getattr(os, name)))
        syncing.replace(lambda _, real: self._syncing(real), patch.setattr)

    def _opening(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(
            path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None
        ) -> int:
            descriptor: int = real(path, flags, mode, dir_fd=dir_fd)
            place = self._place(path, dir_fd)
            if place is not None:
                number = self._find(place)
                if number is None:
                    number = self._new(is_directory=False)
                    self._change(self._directory(place), (place.name, number))
                self._open[descriptor] = (number, str(place))
            return descriptor

        return call

    def _closing(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(descriptor: int) -> None:
            self._open.pop(descriptor, None)
            real(descriptor)

        return call

    def _writing(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(descriptor: int, data: bytes) -> int:
            count: int = real(descriptor, data)
            if descriptor in self._open:
                number, where = self._open[descriptor]
                written = bytes(memoryview(data)[:count])
                self._add(Event("write", number, where, written))
            return count

        return call

    def _syncing(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(descriptor: int) -> None:
            real(descriptor)
            if descriptor in self._open:
                self._add(Event("sync", *self._open[descriptor]))

        return call

    def _renaming(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(
            old: str,
            new: str,
            *,
            src_dir_fd: int | None = None,
            dst_dir_fd: int | None = None,
        ) -> None:
            real(old, new, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)
            source, target = self._place(old, src_dir_fd), self._place(new, dst_dir_fd)
            if source and target:
                number = self._find(source)
                entries = ((source.name, None), (target.name, number))
                self._change(self._directory(source), *entries)

        return call

    def _making(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(path: str, mode: int = 0o777, *, dir_fd: int | None = None) -> None:
            real(path, mode, dir_fd=dir_fd)
            place = self._place(path, dir_fd)
            if place:
                number = self._new(is_directory=True)
                self._change(self._directory(place), (place.name, number))

        return call

    def _removing(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(path: str, *, dir_fd: int | None = None) -> None:
            real(path, dir_fd=dir_fd)
            place = self._place(path, dir_fd)
            if place and self._find(place) is not None:
                self._change(self._directory(place), (place.name, None))

        return call

    def _linking(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(source: str, target: str, **options: Any) -> None:
            real(source, target, **options)
            old, new = self._place(source), self._place(target)
            if old and new:
                self._change(self._directory(new), (new.name, self._find(old)))

        return call


class Disk:
    """What is on disk and in memory after some events."""

    def __init__(self) -> None:
        self.nodes: dict[int, Node] = {}

    def apply(self, event: Event) -> None:
        """Lets one event happen."""
        if event.kind == "new":
            self.nodes[event.node] = Node(event.is_directory)
        elif event.kind == "names":
            self.nodes[event.node].pending.append(event.names)
        elif event.kind == "write":
            self.nodes[event.node].data += event.data
        elif event.kind == "sync":
            node = self.nodes[event.node]
            node.safe = node.data
            node.names = applied(node.names, node.pending)
            node.pending = []

    def outcomes(self, limit: int, rng: random.Random) -> Iterator[dict[int, Any]]:
        """Yields, for what was not synced, what became of it; at most `limit`."""
        options: list[list[tuple[int, Any]]] = []
        for number, node in self.nodes.items():
            if node.pending:
                options.append([(number, kept) for kept in subsets(node.pending, rng)])
            elif node.data != node.safe:
                half = node.data[: (len(node.safe) + len(node.data)) // 2]
                states = (node.safe, half, node.data)
                options.append([(number, state) for state in states])
        total = 1
        for option in options:
            total *= len(option)
        if total <= limit:
            yield from (dict(chosen) for chosen in itertools.product(*options))
        else:
            for _ in range(limit):
                yield dict(rng.choice(option) for option in options)

    def build(self, place: Path, outcome: dict[int, Any]) -> None:
        """Makes the tree that the disk holds if that is what became of it."""
        written: dict[int, Path] = {}

        def make(number: int, target: Path) -> None:
            node = self.nodes[number]
            if node.is_directory:
                target.mkdir(mode=0o700)
                kept = outcome.get(number, ())
                for name, child in applied(node.names, kept).items():
                    make(child, target / name)
            elif number in written:
                os.link(written[number], target)
            else:
                target.write_bytes(outcome.get(number, node.safe))
                target.chmod(0o600)
                written[number] = target

        make(ROOT, place)


def applied(names: dict[str, int], changes: Iterable[Change]) -> dict[str, int]:
    """Returns the entries of a directory after some changes."""
    result = dict(names)
    for change in changes:
        for name, number in change:
            if number is None:
                result.pop(name, None)
            else:
                result[name] = number
    return result


def subsets(changes: list[Change], rng: random.Random) -> list[list[Change]]:
    """Returns which changes may have reached the disk: any of them, in order."""
    if len(changes) <= 5:
        flags = list(itertools.product((0, 1), repeat=len(changes)))
    else:
        flags = [tuple(rng.choice((0, 1)) for _ in changes) for _ in range(40)]
        flags += [(0,) * len(changes), (1,) * len(changes)]
        flags += [(1,) * i + (0,) * (len(changes) - i) for i in range(len(changes))]
    return [
        [c for c, keep in zip(changes, flag, strict=True) if keep] for flag in flags
    ]
