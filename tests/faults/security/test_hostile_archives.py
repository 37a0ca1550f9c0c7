"""Archives made to hurt: refused whole, and nothing outside is touched."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import sys
import tarfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ragcli.errors import BundleRefused, ExitCode, NewerFormat, RagcliError
from ragcli.paths import Home
from ragcli.sessions.bundles import archive
from ragcli.sessions.bundles.bundle import export_bundle, import_bundle
from ragcli.sessions.bundles.bundle_origin import FORMAT, KIND
from ragcli.sessions.local.store import LocalStore
from ragcli.sessions.records.record_lines import PlainLines
from ragcli.sessions.records.record_types import Record
from tests.sealed import filled, tree

CANARY = b"cos\nsystem\n(S'touch /tmp/ragcli-pickle-canary'\ntR."
"""A pickle that acts when it is loaded."""

PROFILE: dict[str, Any] = {
    "name": "hostile",
    "id": "x",
    "anchor": "",
    "created": "2026-01-01T00:00:00Z",
    "encrypted": False,
    "settings": {},
}


def manifest(files: list[tuple[str, bytes]], **changes: Any) -> dict[str, Any]:
    members = [
        {"name": n, "size": len(d), "sha256": hashlib.sha256(d).hexdigest()}
        for n, d in files
    ]
    told = {"format": FORMAT, "kind": KIND, "profile": PROFILE, "members": members}
    return told | changes


def packed(
    told: object, files: list[tuple[str, bytes]], *, tail: bytes = bytes(1024)
) -> bytes:
    """Returns an archive in our own form, whatever it says."""
    data = told if isinstance(told, bytes) else json.dumps(told).encode()
    parts = [archive.header("manifest.json", len(data)), data, bytes(-len(data) % 512)]
    for name, content in files:
        parts += [archive.header(name, len(content)), content]
        parts.append(bytes(-len(content) % 512))
    return gzip.compress(b"".join(parts) + tail)


def bundle(*files: tuple[str, bytes], **changes: Any) -> bytes:
    return packed(manifest(list(files), **changes), list(files))


def tarred(*members: tarfile.TarInfo, first: bytes = b"") -> bytes:
    """Returns an archive as Python's tarfile writes it."""
    buffer = io.BytesIO()
    told = first or json.dumps(manifest([])).encode()
    with tarfile.open(fileobj=buffer, mode="w:gz") as target:
        info = tarfile.TarInfo("manifest.json")
        info.size, info.mode = len(told), 0o600
        target.addfile(info, io.BytesIO(told))
        for member in members:
            target.addfile(member, io.BytesIO(b"x" * member.size))
    return buffer.getvalue()


def special(kind: bytes, name: str = "history.jsonl", link: str = "") -> bytes:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, link, 0o600
    return tarred(info)


def record(seq: int, **changes: object) -> bytes:
    body = {"conversation": "c", "question": "q", **changes}
    return PlainLines().encode(
        Record(seq, f"i{seq}", 0, "2026-01-01T00:00:00.000Z", "turn", body)
    )


def index(*files: tuple[str, bytes], told: dict[str, Any] | None = None) -> bytes:
    """Returns a bundle with an index whose manifest says what it is told."""
    listed = {
        name: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in files
    }
    data = json.dumps(told if told is not None else {"files": listed}).encode()
    return bundle(("index/manifest.json", data), *((f"index/{n}", d) for n, d in files))


ZEROS = bytes(30 << 20)
LINE = record(1)

HOSTILE: dict[str, bytes] = {
    "a number that no memory could count to": bundle(
        ("history.jsonl", LINE + record(10**15))
    ),
    "a turn without a question": bundle(("history.jsonl", record(1, question=None))),
    "empty": b"",
    "text": b"hello",
    "not gzip": b"\x1f\x8b" + b"x" * 100,
    "empty gzip": gzip.compress(b""),
    "a zip": b"PK\x03\x04" + bytes(100),
    "a plain tar": gzip.decompress(bundle()),
    "no manifest": gzip.compress(archive.header("history.jsonl", 0) + bytes(1024)),
    "manifest is not JSON": packed(b"{", []),
    "manifest is a list": packed([], []),
    "manifest of deep nesting": packed(b"[" * 100_000, []),
    "manifest of a huge size": gzip.compress(
        archive.header("manifest.json", 1 << 32) + bytes(512)
    ),
    "another kind": bundle(kind="cat pictures"),
    "no profile": bundle(profile=None),
    "profile without a name": bundle(profile={}),
    "members missing": packed({"format": 1, "kind": KIND, "profile": PROFILE}, []),
    "members not a list": bundle(members={}),
    "member not a file": bundle(members=[1]),
    "member with extras": bundle(
        members=[{"name": "history.jsonl", "size": 0, "sha256": "", "mode": 0o777}]
    ),
    "negative size": bundle(
        members=[{"name": "history.jsonl", "size": -1, "sha256": ""}]
    ),
    "size is true": bundle(
        members=[{"name": "history.jsonl", "size": True, "sha256": ""}]
    ),
    "too many members": bundle(
        members=[{"name": f"index/{n}", "size": 0, "sha256": ""} for n in range(10_001)]
    ),
    "more than 4 GiB": bundle(
        members=[{"name": "history.jsonl", "size": (4 << 30) + 1, "sha256": ""}]
    ),
    "a bomb": bundle(("index/x", ZEROS)),
    "a bomb behind the manifest": packed(manifest([]), [], tail=ZEROS),
    "slip upwards": bundle(("../../canary", b"x")),
    "slip below the index": bundle(("index/../../canary", b"x")),
    "absolute": bundle(("/tmp/ragcli-canary", b"x")),
    "profile.toml": bundle(("profile.toml", b"x")),
    "audit log": bundle(("audit.jsonl", b"x")),
    "a lock": bundle(("history.lock", b"x")),
    "dot": bundle(("index/.", b"x")),
    "subdirectory": bundle(("index/other/x", b"x")),
    "empty name": bundle(("", b"x")),
    "a pickle": bundle(("index/index.pkl", CANARY)),
    "a pickle in the text index": bundle(("index/text/index.pickle", CANARY)),
    "a pickle beside the index": bundle(("index.pkl", CANARY)),
    "twice the same name": bundle(("history.jsonl", b""), ("history.jsonl", LINE)),
    "symbolic link": special(tarfile.SYMTYPE, link="/etc/passwd"),
    "hard link": special(tarfile.LNKTYPE, link="manifest.json"),
    "character device": special(tarfile.CHRTYPE),
    "block device": special(tarfile.BLKTYPE),
    "FIFO": special(tarfile.FIFOTYPE),
    "directory": special(tarfile.DIRTYPE, name="index"),
    "long name": tarred(tarfile.TarInfo("index/" + "a" * 300)),
    "wrong hash": bundle(
        ("history.jsonl", LINE),
        members=[{"name": "history.jsonl", "size": len(LINE), "sha256": "0" * 64}],
    ),
    "member missing": packed(manifest([("history.jsonl", LINE)]), []),
    "member too many": packed(manifest([]), [("history.jsonl", LINE)]),
    "other order": packed(
        manifest([("history.jsonl", LINE), ("index/x", b"y")]),
        [("index/x", b"y"), ("history.jsonl", LINE)],
    ),
    "something behind the end": bundle() + b"x",
    "two archives": bundle() + bundle(),
    "something behind the members": packed(manifest([]), [], tail=bytes(1536)),
    "padding that speaks": packed(manifest([]), [], tail=b"x" * 512 + bytes(1024)),
    "damaged history": bundle(("history.jsonl", LINE.replace(b'"q"', b'"Q"'))),
    "torn history": bundle(("history.jsonl", LINE + LINE[:20])),
    "history with a gap": bundle(("history.jsonl", LINE + record(3))),
    "history out of order": bundle(("history.jsonl", record(2) + LINE)),
    "history twice": bundle(("history.jsonl", LINE + LINE)),
    "keys without encryption": bundle(("keys/0123456789abcdef.json", b"{}")),
    "encryption without keys": bundle(profile=PROFILE | {"encrypted": True}),
    "keys that are none": bundle(
        ("keys/0123456789abcdef.json", b"{}"), profile=PROFILE | {"encrypted": True}
    ),
    "setting of a wrong type": bundle(
        profile=PROFILE | {"settings": {"retrieval.k": "many"}}
    ),
    "index without a manifest": bundle(("index/x", b"y")),
    "index manifest is not JSON": bundle(("index/manifest.json", b"{")),
    "index manifest lists nothing": index(("x", b"y"), told={"files": {}}),
    "index manifest lists more": index(
        told={"files": {"x": {"size": 1, "sha256": "0" * 64}}}
    ),
    "index manifest slips": index(
        told={"files": {"../../../x": {"size": 1, "sha256": "0" * 64}}}
    ),
    "index without segments": index(("x", b"y")),
}


@pytest.fixture
def opened_files() -> Iterator[list[str]]:
    """The paths that are opened from now on, and the pickles that are loaded."""
    seen: list[str] = []
    watching = [True]

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if watching[0] and event in {"open", "pickle.find_class"}:
            seen.append(f"{event} {arguments[0]!r}")

    sys.addaudithook(hook)
    yield seen
    watching[0] = False


def test_there_are_more_than_thirty() -> None:
    assert len(HOSTILE) > 60


def test_the_form_of_these_archives_is_ours(store: LocalStore, tmp_path: Path) -> None:
    """What is refused below is not refused for a wrong wrapping."""
    (tmp_path / "b").write_bytes(bundle(("history.jsonl", LINE + record(2))))
    session = import_bundle(store, tmp_path / "b")
    assert [r.seq for r in session.log.since()] == [1, 2]


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_archive_is_refused_whole(
    store: LocalStore, home: Home, tmp_path: Path, case: str
) -> None:
    filled(store).close()
    file = tmp_path / "b"
    file.write_bytes(HOSTILE[case])
    before = tree(tmp_path)
    with pytest.raises(RagcliError) as caught:
        import_bundle(store, file)
    assert caught.value.code in {ExitCode.DAMAGED, ExitCode.USAGE}
    assert "\n" not in caught.value.message
    assert tree(tmp_path) == before
    assert not Path("/tmp/ragcli-canary").exists()
    assert not Path("/tmp/ragcli-pickle-canary").exists()


@pytest.mark.parametrize("plant", ["FIFO", "directory", "device"])
def test_what_is_no_file_is_refused_without_waiting(
    store: LocalStore, tmp_path: Path, plant: str
) -> None:
    place = tmp_path / "b"
    if plant == "FIFO":
        os.mkfifo(place)
    elif plant == "directory":
        place.mkdir()
    else:
        place = Path("/dev/zero")
    with pytest.raises(BundleRefused, match="not a regular file"):
        import_bundle(store, place)


def test_a_newer_bundle_is_named_as_such(store: LocalStore, tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(bundle(format=FORMAT + 1))
    with pytest.raises(NewerFormat):
        import_bundle(store, tmp_path / "b")


def test_every_truncation_is_refused(store: LocalStore, tmp_path: Path) -> None:
    file = tmp_path / "b"
    export_bundle(filled(store), file)
    whole = file.read_bytes()
    before = tree(tmp_path / "home")
    step = 1 if os.environ.get("RAGCLI_THOROUGH") == "1" else max(1, len(whole) // 40)
    for length in range(0, len(whole), step):
        file.write_bytes(whole[:length])
        with pytest.raises(BundleRefused):
            import_bundle(store, file, name="copy")
    assert tree(tmp_path / "home") == before


def test_every_flipped_bit_is_refused(store: LocalStore, tmp_path: Path) -> None:
    file = tmp_path / "b"
    export_bundle(filled(store), file)
    whole = file.read_bytes()
    before = tree(tmp_path / "home")
    # Bytes 4 to 9 of a gzip file are a date and a system: no content.
    spots = [0, 1, 2, 3, *range(10, len(whole))]
    step = 1 if os.environ.get("RAGCLI_THOROUGH") == "1" else max(1, len(spots) // 60)
    for at in spots[::step]:
        flipped = whole[:at] + bytes([whole[at] ^ 16]) + whole[at + 1 :]
        if holds_the_same(flipped, whole):  # bits behind the last block's end
            continue
        file.write_bytes(flipped)
        with pytest.raises((BundleRefused, NewerFormat)):  # of a digit, too
            import_bundle(store, file, name="copy")
    assert tree(tmp_path / "home") == before


def holds_the_same(changed: bytes, whole: bytes) -> bool:
    try:
        return gzip.decompress(changed) == gzip.decompress(whole)
    except (OSError, EOFError, zlib.error):
        return False


def planted(place: Path) -> Path:
    place.write_bytes(CANARY)
    place.chmod(0o600)
    return place


Use = Callable[[LocalStore, Path], object]


def test_a_pickle_in_a_profile_is_never_opened(
    store: LocalStore, home: Home, tmp_path: Path, opened_files: list[str]
) -> None:
    session = filled(store)
    profile = home.profiles / "work"
    for place in (profile, profile / "index"):
        planted(place / "index.pkl")
    session.close()
    opened_files.clear()
    session = store.open("work")
    list(session.log.since())
    session.snapshots.directory(session.snapshots.current())
    export_bundle(session, tmp_path / "b")
    import_bundle(store, tmp_path / "b", name="copy")
    store.clone("work", "clone", history=True)
    touched = [line for line in opened_files if "pkl" in line or "pickle." in line]
    # A clone copies its bytes; nothing ever interprets them.
    assert [line for line in touched if not line.startswith("open")] == []
    assert not any("pkl" in str(p) for p in (home.profiles / "copy").rglob("*"))
