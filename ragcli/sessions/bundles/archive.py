"""The one archive format of a bundle: a gzipped tar that is only what we write.

Any tar program can list and unpack it. To read it we use none: its first member is
a manifest that names all others with size and SHA-256, and every header must be,
byte for byte, the one that we would have written for that name and size. So there
is nothing to interpret: no links, devices, paths, owners, extensions, sparse files
or second copies, whatever a hostile archive says. Sizes, count and compression are
bounded before anything is written, and every byte is hashed on its way.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import IO, Any

from ragcli.errors import BundleRefused
from ragcli.frozen import frozen

MANIFEST = "manifest.json"
MOST_BYTES = 4 << 30
"""Plain bytes of all members together."""

MOST_MEMBERS = 10_000
MOST_RATIO = 100
"""Plain bytes for one compressed byte, once there is more than a megabyte."""

LONGEST_NAME = 99
_MANIFEST_BYTES = 8 << 20
_BLOCK = 512
_PIECE = 1 << 20
_GZIP = 31  # window bits: a gzip header and trailer, nothing else (zlib manual)
_LEVEL = 6


@frozen
class Member:
    """One file in the archive."""

    name: str
    """Relative, at most 99 ASCII characters."""

    size: int
    """Bytes."""

    sha256: str
    """Of its bytes, in hex."""


Sink = Callable[[bytes], object]
"""Takes the next bytes of a member."""


def write(
    target: IO[bytes],
    manifest: Mapping[str, Any],
    members: Sequence[tuple[Member, Callable[[], Iterator[bytes]]]],
) -> None:
    """Writes an archive.

    Args:
        target: Takes the compressed bytes.
        manifest: What the bundle says about itself; members are added.
        members: Each with what yields its bytes.

    Raises:
        BundleRefused: A member is not what it was when it was hashed, or the whole
            is more than an archive may hold.
    """
    listed = [member for member, _ in members]
    _check_bounds(listed)
    document = {**manifest, "members": [_as_dict(member) for member in listed]}
    data = json.dumps(document, indent=1, sort_keys=True).encode() + b"\n"
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    for piece in _tar(data, members):
        target.write(packer.compress(piece))
    target.write(packer.flush())


def _tar(
    manifest: bytes, members: Sequence[tuple[Member, Callable[[], Iterator[bytes]]]]
) -> Iterator[bytes]:
    """Yields the plain bytes of the archive."""
    yield header(MANIFEST, len(manifest)) + manifest + _padding(len(manifest))
    for member, pieces in members:
        yield header(member.name, member.size)
        hasher, size = hashlib.sha256(), 0
        for piece in pieces():
            hasher.update(piece)
            size += len(piece)
            yield piece
        if (size, hasher.hexdigest()) != (member.size, member.sha256):
            raise BundleRefused(f"{member.name} changed meanwhile", "export it again")
        yield _padding(size)
    yield bytes(2 * _BLOCK)


class ArchiveReader:
    """An archive that is being read, from its beginning, once.

    Args:
        source: The compressed bytes.

    Raises:
        BundleRefused: It does not begin as one of ours.
    """

    def __init__(self, source: IO[bytes]) -> None:
        self._stream = _Inflated(source)
        first = self._stream.exactly(_BLOCK)
        try:
            size = int(first[124:135], 8)
        except ValueError:
            size = -1
        if not 0 <= size <= _MANIFEST_BYTES or first != header(MANIFEST, size):
            raise BundleRefused("this is not a bundle of ragcli", _EXPORT)
        self.manifest = _parsed(self._stream.exactly(size))
        self._expect(_padding(size), MANIFEST)
        self.members = _members(self.manifest)

    def extract(
        self, open_sink: Callable[[Member], AbstractContextManager[Sink]]
    ) -> None:
        """Reads every member, in order, into what `open_sink` opens for it.

        Raises:
            BundleRefused: A header, size or hash that is not what the manifest
                says, or anything before, between or behind the members. What was
                read so far must not be used.
        """
        for member in self.members:
            self._expect(header(member.name, member.size), member.name)
            hasher, remaining = hashlib.sha256(), member.size
            with open_sink(member) as take:
                while remaining:
                    piece = self._stream.exactly(min(remaining, _PIECE))
                    hasher.update(piece)
                    take(piece)
                    remaining -= len(piece)
            if hasher.hexdigest() != member.sha256:
                raise BundleRefused(f"{member.name} is not what was exported", _EXPORT)
            self._expect(_padding(member.size), member.name)
        self._expect(bytes(2 * _BLOCK), "the end")
        self._stream.finish()

    def _expect(self, data: bytes, where: str) -> None:
        if self._stream.exactly(len(data)) != data:
            raise BundleRefused(f"{where}: not as ragcli writes it", _EXPORT)


def header(name: str, size: int) -> bytes:
    """Returns the ustar header of a regular file (POSIX.1-1988, pax(1)), mode 0600."""
    fields = b"".join(
        [
            name.encode("ascii").ljust(100, b"\0"),
            b"0000600\0",
            b"0000000\0",
            b"0000000\0",
            b"%011o\0" % size,
            b"%011o\0" % 0,
            b" " * 8,
            b"0",
            bytes(100),
            b"ustar\0",
            b"00",
            bytes(64),
            b"0000000\0",
            b"0000000\0",
            bytes(167),
        ]
    )
    return fields[:148] + b"%06o\0 " % sum(fields) + fields[156:]


class _Inflated:
    """Plain bytes of a gzip file, never more than were asked for."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._unpacker = zlib.decompressobj(_GZIP)
        self._read = 0
        self._given = 0

    def exactly(self, size: int) -> bytes:
        """Returns the next `size` bytes; raises `BundleRefused` if there are fewer."""
        pieces, remaining = [], size
        while remaining:
            piece = self._piece(remaining)
            pieces.append(piece)
            remaining -= len(piece)
        return b"".join(pieces)

    def finish(self) -> None:
        """Checks that the file ends here; raises `BundleRefused`."""
        while not self._unpacker.eof:
            if self._inflated(1):
                raise BundleRefused("something follows the last member", _EXPORT)
        if self._unpacker.unused_data or self._source.read(1):
            raise BundleRefused("something follows the archive", _EXPORT)

    def _piece(self, most: int) -> bytes:
        while True:
            if self._unpacker.eof:
                raise BundleRefused("the archive is cut short", _EXPORT)
            piece = self._inflated(min(most, _PIECE))
            if piece:
                return piece

    def _inflated(self, most: int) -> bytes:
        data = self._unpacker.unconsumed_tail
        if not data:
            data = self._source.read(_PIECE >> 4)
            self._read += len(data)
            if not data:
                raise BundleRefused("the archive is cut short", _EXPORT)
        try:
            piece = self._unpacker.decompress(data, most)
        except zlib.error as error:
            raise BundleRefused(f"not a sound gzip file: {error}", _EXPORT) from None
        self._given += len(piece)
        if self._given > max(_PIECE, MOST_RATIO * self._read):
            raise BundleRefused("it unpacks to far more than it is", _EXPORT)
        return piece


_EXPORT = "nothing of it was used; export it again where it comes from"


def _as_dict(member: Member) -> dict[str, Any]:
    return {"name": member.name, "size": member.size, "sha256": member.sha256}


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        manifest = json.loads(data)
    except (ValueError, RecursionError):
        raise BundleRefused("its manifest is not JSON", _EXPORT) from None
    if not isinstance(manifest, dict):
        raise BundleRefused("its manifest is not an object", _EXPORT)
    return manifest


def _members(manifest: Mapping[str, Any]) -> list[Member]:
    """Returns the members that a manifest lists, within bounds."""
    listed = manifest.get("members")
    if not isinstance(listed, list) or len(listed) > MOST_MEMBERS:
        raise BundleRefused("its manifest lists no members, or too many", _EXPORT)
    members = [_member(item) for item in listed]
    _check_bounds(members)
    return members


def _member(item: object) -> Member:
    if not isinstance(item, dict) or item.keys() != {"name", "size", "sha256"}:
        raise BundleRefused("its manifest lists something that is no file", _EXPORT)
    name, size, digest = item["name"], item["size"], item["sha256"]
    sound = isinstance(name, str) and isinstance(digest, str) and type(size) is int
    if not sound or size < 0 or not name.isascii() or not name.isprintable():
        raise BundleRefused("its manifest lists something that is no file", _EXPORT)
    return Member(name, size, digest)


def _check_bounds(members: Sequence[Member]) -> None:
    names = {member.name for member in members}
    if len(names) != len(members):
        raise BundleRefused("it holds a file twice", _EXPORT)
    if len(members) > MOST_MEMBERS:
        raise BundleRefused(f"it holds more than {MOST_MEMBERS} files", "")
    if sum(member.size for member in members) > MOST_BYTES:
        raise BundleRefused("it holds more than 4 GiB", "leave out history or index")
    if any(len(name) > LONGEST_NAME for name in names):
        raise BundleRefused("it holds a file with too long a name", _EXPORT)


def _padding(size: int) -> bytes:
    return bytes(-size % _BLOCK)
