"""An encrypted profile in use: twenty canaries, and not one of them to be found."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ragcli.sessions.bundles.bundle import export_bundle, import_bundle
from ragcli.sessions.local.store import LocalStore
from tests.sealed import home_at, open_store, opened

CANARIES = [f"canary{number:02d}-{'xyzzy' * 3}" for number in range(20)]

# A process that uses everything, keeps what it uses in memory, and waits.
SCRIPT = """
import sys
from pathlib import Path
from ragcli.config import Settings
from ragcli.sessions.encryption import passphrase
from ragcli.sessions.bundles.bundle import export_bundle
from ragcli.sessions.history.writer import History
from ragcli.sessions.records.record_types import Turn
from tests.sealed import home_at, open_store, opened, publish, ask

base = Path(sys.argv[1])
canaries = [f"canary{n:02d}-{'xyzzy' * 3}" for n in range(20)]
secret = passphrase.from_descriptor(int(sys.argv[2]))
store = open_store(home_at(base), lambda _: secret)
store.create("work", {}, passphrase=secret).close()
session = opened(store, "work")
history = History(session, Settings())
conversation = history.new_conversation_id()
turn = Turn(
    history.new_turn_id(), conversation, canaries[0], query=canaries[1],
    answer=canaries[2], model=canaries[3], snapshot=canaries[4],
    retrieved=({"id": canaries[5], "path": canaries[6], "text": canaries[7]},),
)
history.commit(turn, title=canaries[8])
history.put_draft(canaries[9])
history.add_summary(conversation, canaries[10], covers=history.head(), model="m")
history.rename(conversation, canaries[11])
history.fork(conversation, title=canaries[12])
history.conversations()
publish(session, {
    "documents-1.jsonl": canaries[13].encode(),
    "passages-1.jsonl": canaries[14].encode() * 100_000,
    "vectors-1.faiss": canaries[15].encode(),
    "text/segment.store": canaries[16].encode(),
    "tokens-1.bin": canaries[17].encode(),
})
kept = [session.sealer.unseal("x", session.sealer.seal("x", canaries[18].encode()))]
history.commit(Turn(history.new_turn_id(), conversation, canaries[19]))
history.redact(canaries[19])
export_bundle(session, base / "bundle")
print("ready", flush=True)
sys.stdin.read()
"""


def hits(place: Path) -> list[str]:
    """Returns the files below `place` that hold a canary."""
    needles = [canary.encode() for canary in [*CANARIES, "the-pass-phrase"]]
    found = []
    for file in place.rglob("*"):
        if file.is_file() and not file.is_symlink():
            data = file.read_bytes()
            found += [str(file) for needle in needles if needle in data]
            found += [str(file) for needle in needles if needle.decode() in file.name]
    return found


def started(place: Path) -> subprocess.Popen[bytes]:
    """Starts the process; its passphrase comes through a pipe."""
    scratch = place / "tmp"
    scratch.mkdir()
    reading, writing = os.pipe()
    os.write(writing, b"the-pass-phrase\n")
    os.close(writing)
    path = os.pathsep.join(part for part in sys.path if part)
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, place / "home", str(reading)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        pass_fds=[reading],
        cwd=place,
        env={**os.environ, "TMPDIR": str(scratch), "PYTHONPATH": path},
    )
    os.close(reading)
    return process


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_no_canary_is_found_anywhere(tmp_path: Path) -> None:
    process = started(tmp_path)
    assert process.stdout
    assert process.stdin
    try:
        assert process.stdout.readline() == b"ready\n"
        assert hits(tmp_path) == []
        proc = Path(f"/proc/{process.pid}")
        for name in ("cmdline", "environ", "comm"):
            shown = (proc / name).read_bytes()
            needles = [canary.encode() for canary in [*CANARIES, "the-pass-phrase"]]
            # The program text names them on the command line by a formula only.
            assert [needle for needle in needles if needle in shown] == []
        limits = (proc / "limits").read_text()
        core = next(line for line in limits.splitlines() if "core file" in line)
        assert core.split()[4] == "0"
        assert "/dev/shm" not in (proc / "maps").read_text()
    finally:
        process.stdin.close()
        process.stdout.close()
        process.kill()
        process.wait()
    assert hits(tmp_path) == []
    store = open_store(home_at(tmp_path / "home"), lambda _: "the-pass-phrase")
    found = [str(record) for record in opened(store, "work").log.since()]
    assert any(CANARIES[0] in text for text in found)  # it is there, for who may


def test_an_imported_and_a_cloned_profile_show_nothing_either(
    store: LocalStore, tmp_path: Path
) -> None:
    from tests.sealed import filled

    export_bundle(filled(store, encrypted=True), tmp_path / "b")
    import_bundle(store, tmp_path / "b", name="imported").close()
    store.clone("work", "clone", history=True).close()
    needle = b"CANARY"
    assert [
        f for f in tmp_path.rglob("*") if f.is_file() and needle in f.read_bytes()
    ] == []
