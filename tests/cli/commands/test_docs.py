"""`ragcli docs`: what goes in, what is told, what comes out."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ragcli.index.documents.loaders.pdf import recognition
from tests.cli.conftest import LOCKS
from tests.conftest import Ran
from tests.patience import PATIENCE


def test_add_tells_what_it_did(notes: Path, run_process: Callable[..., Ran]) -> None:
    ran = run_process("docs", "add", "notes")

    assert ran.code == 0
    assert ran.out.startswith("3 added; 23 chunks in ")
    assert ran.err == ""


def test_pages_that_are_pictures_are_named(
    notes: Path, run_process: Callable[..., Ran]
) -> None:
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(os.fspath(notes / "report.pdf"), pagesize=(300, 400))
    canvas.drawString(40, 300, "The harbour has four lights.")
    canvas.showPage()
    noise = b"P6 32 32 255\n" + bytes(range(256)) * 12
    canvas.drawImage(ImageReader(io.BytesIO(noise)), 0, 0, 300, 400)
    canvas.save()

    ran = run_process("docs", "add", "notes/report.pdf", "--json")
    assert ran.code == 0
    assert "report.pdf: page 2 is a picture without text: not read" in ran.err
    [told] = ran.json["notices"]
    assert told["path"] == str(notes / "report.pdf")
    assert "page 2 is a picture without text: not read" in told["notice"]
    assert "ragcli profile set documents.ocr true" in told["notice"]


def test_adding_again_is_free(indexed: Path, run_cli: Callable[..., Ran]) -> None:
    told = run_cli("docs", "add", "notes", "--json").json

    assert (told["added"], told["changed"], told["unchanged"]) == (0, 0, 3)
    assert told["chunks"] == 0
    assert told["generation"] == "gen-00000001"


def test_changes_and_losses_are_synced(
    indexed: Path, run_cli: Callable[..., Ran]
) -> None:
    (indexed / "locks.md").write_text(LOCKS.replace("ten", "twelve"))
    (indexed / "snapshots.md").unlink()
    (indexed / "new.md").write_text("# New\n\nA fresh note.\n")

    told = run_cli("docs", "sync", "--json").json

    assert (told["added"], told["changed"], told["removed"]) == (1, 1, 1)
    found = run_cli("search", "commit lock waits", "--json").json["hits"]
    assert "twelve" in found[0]["text"]


def test_list_is_for_people_and_scripts(
    indexed: Path, run_cli: Callable[..., Ran]
) -> None:
    rows = [line.split("\t") for line in run_cli("docs", "list").lines]
    told = run_cli("docs", "list", "--json").json

    assert [row[0] for row in rows] == [
        "notes/almanac.md",
        "notes/locks.md",
        "notes/snapshots.md",
    ]
    assert [row[3] for row in rows] == ["Almanac", "Locks", "Snapshots"]
    assert [item["shown"] for item in told["documents"]] == [row[0] for row in rows]
    assert told["documents"][0]["chunks"] == int(rows[0][1])


def test_show_gives_chunks_with_their_lines(
    indexed: Path, run_cli: Callable[..., Ran]
) -> None:
    told = run_cli("docs", "show", "notes/locks.md", "--json").json
    lines = LOCKS.splitlines()

    assert told["document"]["title"] == "Locks"
    for chunk in told["chunks"]:
        first, last = chunk["lines"]
        assert chunk["text"].strip() == "\n".join(lines[first - 1 : last]).strip()
    assert "Locks > Holders" in run_cli("docs", "show", "notes/locks.md").out


def test_show_tells_rows_fields_and_a_guessed_encoding(
    indexed: Path, run_cli: Callable[..., Ran]
) -> None:
    table = indexed / "staff.csv"
    table.write_bytes("name;Straße\nJörg;Höhe 5\nÄnne;Öde 7\n".encode("cp1252"))
    run_cli("docs", "add", "notes/staff.csv")

    told = run_cli("docs", "show", "notes/staff.csv", "--json").json
    [chunk] = told["chunks"]
    assert told["encoding"] == told["facts"]["encoding"] == "cp1252"
    assert chunk["tables"][0]["columns"] == ["name", "Straße"]
    assert chunk["units"][1]["cells"] == ["Jörg", "Höhe 5"]
    assert chunk["units"][2]["lines"] == [3, 3]
    shown = run_cli("docs", "show", "notes/staff.csv").out
    assert "encoding: cp1252 (a guess)" in shown
    assert "row 3" in shown
    assert "name: Änne; Straße: Öde 7" in shown


def test_remove_leaves_the_file(indexed: Path, run_cli: Callable[..., Ran]) -> None:
    ran = run_cli("docs", "remove", "notes/locks.md")

    assert ran.code == 0
    assert (indexed / "locks.md").exists()
    hits = run_cli("search", "commit lock waits", "--json").json["hits"]
    assert hits, "the other notes are still searched"
    assert not [hit for hit in hits if hit["path"].endswith("locks.md")]
    listed = run_cli("docs", "list").out
    assert "locks.md" not in listed
    assert "snapshots.md" in listed


@pytest.mark.parametrize("command", ["show", "remove"])
def test_an_unknown_document_is_5(
    command: str, indexed: Path, run_cli: Callable[..., Ran]
) -> None:
    ran = run_cli("docs", command, "notes/lock.md")

    assert ran.code == 5
    assert "locks.md" in ran.err


def test_rollback_goes_back(indexed: Path, run_cli: Callable[..., Ran]) -> None:
    run_cli("docs", "remove", "notes/locks.md")
    ran = run_cli("docs", "rollback")

    assert ran.code == 0, ran.err
    assert "notes/locks.md" in run_cli("docs", "list").out
    assert len(run_cli("docs", "rollback", "--list").lines) == 3


def test_rollback_to_an_unknown_generation_is_5(
    indexed: Path, run_cli: Callable[..., Ran]
) -> None:
    assert run_cli("docs", "rollback", "gen-00000099").code == 5


def test_skips_are_counted_and_explained(
    notes: Path, run_cli: Callable[..., Ran]
) -> None:
    (notes / ".env").write_text("TOKEN=abc\n")
    (notes / "image.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    (notes / ".gitignore").write_text("ignored.md\n")
    (notes / "ignored.md").write_text("# no\n\ntext\n")

    brief = run_cli("docs", "add", "notes")
    full = run_cli("docs", "add", "notes", "--explain")

    assert brief.code == 0
    assert "skipped (--explain says why)" in brief.out
    assert "skipped notes/.env: " in full.err
    assert "skipped notes/image.png: " in full.err
    assert "ignored.md" not in run_cli("docs", "list").out


def test_a_file_that_fails_is_named_and_the_rest_is_done(
    notes: Path, run_cli: Callable[..., Ran]
) -> None:
    (notes / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing that follows is a PDF\n")
    ran = run_cli("docs", "add", "notes", "--json")

    assert ran.code == 6
    assert ran.json["added"] == 3
    assert [item["shown"] for item in ran.json["failed"]] == ["notes/broken.pdf"]
    assert "notes/broken.pdf: " in ran.err


def test_a_named_file_that_is_skipped_has_failed(
    notes: Path, run_cli: Callable[..., Ran]
) -> None:
    (notes / "a.bin").write_bytes(b"\0\1\2\3" * 100)
    ran = run_cli("docs", "add", "notes/a.bin", "notes/locks.md")

    assert ran.code == 6
    assert ran.out.startswith("1 added, 1 failed; ")
    assert "notes/a.bin: binary" in ran.err


def test_a_missing_path_is_5_and_nothing_is_added(
    notes: Path, run_cli: Callable[..., Ran]
) -> None:
    ran = run_cli("docs", "add", "notes", "nowhere.md")

    assert ran.code == 5
    assert "nowhere.md" in ran.err
    assert run_cli("docs", "list").out == ""


def test_progress_is_a_bar_on_a_terminal(
    notes: Path, pty_run: Callable[..., Ran]
) -> None:
    for number in range(40):
        (notes / f"{number}.md").write_text(f"# Note {number}\n\nText {number}.\n")
    ran = pty_run("docs", "add", "notes")

    assert ran.code == 0
    assert "43 added" in ran.out


def test_progress_is_lines_without_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import io

    from ragcli.cli.output import progress
    from ragcli.cli.output.writer import Output

    told = io.StringIO()
    lines = progress.for_output(Output(None, told))
    clock = iter([0.0, 2.0, 10.0, 11.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    with lines:
        lines.start(100, "indexing")
        lines.step("a")
        lines.step("b", 19)
        lines.step("c")
        lines.note("bad\nfile")

    assert told.getvalue() == (
        "ragcli: indexing: 20 of 100, 2/s, 0:40 left\nragcli: warning: bad file\n"
    )


def test_quiet_progress_still_warns() -> None:
    import io

    from ragcli.cli.output import progress
    from ragcli.cli.output.writer import Output

    told = io.StringIO()
    output = Output(None, told)
    output.quiet = True
    with progress.for_output(output) as silent:
        silent.start(1, "indexing")
        silent.step("a")
        silent.note("odd")

    assert told.getvalue() == "ragcli: warning: odd\n"


HOSTILE = ["line\nbreak.md", "esc\x1b[31mred.md", "bidi\u202ename.md"]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_file_names_are_shown_not_obeyed(
    name: str, notes: Path, run_process: Callable[..., Ran]
) -> None:
    (notes / name).write_text("# Odd\n\nThe password of the vault is swordfish.\n")
    added = run_process("docs", "add", "notes")
    listed = run_process("docs", "list")
    asked = run_process("ask", "What is the password of the vault?", "--sources")
    told = run_process("docs", "list", "--json").json

    assert added.code == 0, added.err
    assert len(listed.lines) == 4
    for text in (listed.out, asked.out, asked.err):
        assert "\x1b" not in text
        assert "\u202e" not in text
    assert "swordfish" in asked.out
    assert str(notes / name) in [item["path"] for item in told["documents"]]


def test_a_file_name_that_is_no_utf8(
    notes: Path, run_process: Callable[..., Ran]
) -> None:
    raw = os.fsencode(notes) + b"/caf\xe9.md"
    with open(raw, "w") as file:
        file.write("# Odd\n\nThe password of the vault is swordfish.\n")
    added = run_process("docs", "add", "notes", "--json")
    asked = run_process("ask", "What is the password of the vault?", "--json")

    assert added.code == 0, added.err
    assert asked.json["citations"][0]["shown"] == "notes/caf\udce9.md"


def test_an_interrupted_add_leaves_the_last_index(
    indexed: Path,
    home: Path,
    start_process: Callable[..., subprocess.Popen[bytes]],
    run_cli: Callable[..., Ran],
) -> None:
    big = indexed / "big"
    big.mkdir()
    for number in range(3000):
        (big / f"{number}.md").write_text(
            f"# Note {number}\n\n" + f"word{number} " * 200
        )
    index = home / "profiles" / "default" / "index"
    before = set(index.iterdir())
    process = start_process("docs", "add", "notes")
    end = time.monotonic() + PATIENCE
    while set(index.iterdir()) <= before and process.poll() is None:
        assert time.monotonic() < end, "nothing is written"
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE)

    assert process.returncode == 130, err
    assert b"Traceback" not in err
    assert len(run_cli("docs", "list").lines) == 3
    assert run_cli("profile", "verify").code == 0


def test_mounts_are_searched_and_their_history_is_not(
    indexed: Path, run_cli: Callable[..., Ran], tmp_path: Path
) -> None:
    other = tmp_path / "other.md"
    other.write_text("# Other\n\nThe password of the vault is swordfish.\n")
    run_cli("docs", "add", "other.md", "-p", "team", "--quiet")
    run_cli("profile", "create", "team")
    run_cli("docs", "add", "other.md", "-p", "team")
    run_cli("ask", "What is the password?", "-p", "team")

    mounted = run_cli("docs", "mount", "team")
    asked = run_cli("ask", "What is the password of the vault?", "--json")

    assert mounted.code == 0, mounted.err
    for name in ("other.md", "./other.md", str(other), "other.md:3", "other.md#Other"):
        assert "swordfish" in run_cli("get", name).out  # as search shows it
    assert run_cli("get", "ther.md").code == 5
    assert "swordfish" in asked.json["answer"]
    assert len(run_cli("history", "list", "--json").json["conversations"]) == 1
    assert run_cli("docs", "unmount", "team").code == 0
    assert run_cli("ask", "What is the password of the vault?", "--new").code == 1
    assert run_cli("docs", "unmount", "team").code == 5


def test_the_same_commands_run_beside_each_other(
    notes: Path, run_cli: Callable[..., Ran]
) -> None:
    """Two processes add disjoint files to one profile; both land."""
    for number in range(2):
        (notes / f"part{number}").mkdir()
        for at in range(20):
            text = f"# Part {number}.{at}\n\nText {at} of {number}.\n"
            (notes / f"part{number}" / f"{at}.md").write_text(text)
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "ragcli", "docs", "add", f"notes/part{number}",
             "--wait", "60"],
            stdout=subprocess.DEVNULL,
        )
        for number in range(2)
    ]  # fmt: skip

    assert [process.wait(timeout=90) for process in started] == [0, 0]
    assert len(run_cli("docs", "list").lines) == 40


def test_a_file_that_breaks_its_loader_costs_no_other(
    notes: Path, run_process: Callable[..., Ran]
) -> None:
    (notes / "digits.html").write_text(
        "<h1>Digits</h1><p>&#" + "9" * 4301 + "; end</p>"
    )
    (notes / "broken.ipynb").write_text('{"cells": [{"source": ')
    ran = run_process("docs", "add", "notes")

    assert ran.code == 6, ran.err
    assert ran.out.startswith("4 added, 1 failed; ")
    assert "broken.ipynb: not a notebook" in ran.err


def test_files_of_white_space_are_left_out_like_empty_ones(
    notes: Path, run_process: Callable[..., Ran]
) -> None:
    (notes / "blank.md").write_text(" \n\t\n" * 50)
    (notes / "wide.txt").write_bytes(" \n".encode("utf-16"))
    (notes / "none.md").write_bytes(b"")
    (notes / "none.pdf").write_bytes(b"")
    ran = run_process("docs", "add", "notes", "--json")

    assert ran.code == 0, ran.err
    told = ran.json
    assert (told["added"], told["failed"]) == (3, [])
    reasons = {
        os.path.basename(item["path"]): item["reason"] for item in told["skipped"]
    }
    assert reasons == dict.fromkeys(
        ("blank.md", "wide.txt", "none.md", "none.pdf"), "empty"
    )


def test_a_document_whose_text_was_deleted_is_removed(
    indexed: Path, run_process: Callable[..., Ran]
) -> None:
    (indexed / "locks.md").write_text("\n\n\n")
    told = run_process("docs", "sync", "--json").json

    assert (told["removed"], told["failed"]) == (1, [])
    listed = run_process("docs", "list").out
    assert "locks.md" not in listed
    assert "almanac.md" in listed


@pytest.mark.skipif(
    not recognition.engine(), reason="nothing that recognizes text is installed"
)
def test_scanned_pages_are_read_once_that_is_switched_on(
    notes: Path, run_process: Callable[..., Ran]
) -> None:
    report = notes / "lights.pdf"
    report.write_bytes(scanned("The tower is painted blue", "A page with words."))
    os.utime(report, (0, 0))  # so old that its time tells that it is unchanged
    assert run_process("docs", "add", "notes").code == 0
    assert run_process("docs", "sync", "--json").json["reread"] == 0
    run_process("profile", "set", "documents.ocr", "true")

    synced = run_process("docs", "sync", "--json").json
    assert synced["reread"] == 1
    assert "page 2 was read by text recognition" in synced["notices"][0]["notice"]
    hits = run_process("search", "tower painted blue", "--json").json["hits"]
    assert hits[0]["path"].endswith("notes/lights.pdf")
    assert hits[0]["page"] == 2
    again = run_process("docs", "sync", "--json").json
    assert (again["reread"], again["notices"]) == (0, [])


@pytest.mark.skipif(
    not recognition.engine(), reason="nothing that recognizes text is installed"
)
def test_recognized_text_goes_once_recognition_is_switched_off(
    notes: Path, run_cli: Callable[..., Ran]
) -> None:
    (notes / "both.pdf").write_bytes(scanned("The tower is blue", "A page with words."))
    (notes / "only.pdf").write_bytes(scanned("The tower is green", ""))
    run_cli("profile", "set", "documents.ocr", "true")
    assert run_cli("docs", "add", "notes", "--json").json["added"] == 5
    run_cli("profile", "unset", "documents.ocr")

    synced = run_cli("docs", "sync", "--json")
    assert (synced.code, synced.json["removed"]) == (0, 1)
    assert all(item["notice"] for item in synced.json["notices"])
    listed = {
        item["shown"] for item in run_cli("docs", "list", "--json").json["documents"]
    }
    assert "notes/both.pdf" in listed
    assert "notes/only.pdf" not in listed
    hits = run_cli("search", "tower blue green", "--json").json["hits"]
    assert not any("tower" in item["text"] for item in hits)
    assert run_cli("docs", "sync", "--json").json["removed"] == 0


def scanned(said: str, first: str) -> bytes:
    """Returns a PDF of a page that has words, and a page that is a picture of some."""
    import pypdfium2
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    def page(draw: Callable[[Canvas], None]) -> bytes:
        out = io.BytesIO()
        canvas = Canvas(out, pagesize=(300, 120))
        draw(canvas)
        canvas.save()
        return out.getvalue()

    with pypdfium2.PdfDocument(
        page(lambda canvas: canvas.drawString(40, 60, said))
    ) as document:
        sheet = document[0]
        pixels = sheet.render(scale=3, rev_byteorder=True).to_numpy()
        sheet.close()
    head = b"P6 %d %d 255\n" % (pixels.shape[1], pixels.shape[0])
    picture = ImageReader(io.BytesIO(head + pixels.tobytes()))

    def both(canvas: Canvas) -> None:
        canvas.drawString(40, 60, first)
        canvas.showPage()
        canvas.drawImage(picture, 0, 0, 300, 120)

    return page(both)


def texts_below(index: Path) -> bytes:
    """Returns all bytes of an index, uncompressed as they are."""
    return b"".join(p.read_bytes() for p in index.rglob("*") if p.is_file())


def test_what_is_forgotten_is_in_no_file_of_the_index(
    indexed: Path, run_cli: Callable[..., Ran], home: Path
) -> None:
    (indexed / "secret.md").write_text("The xylophone password is zwiebelkuchen.\n")
    run_cli("docs", "add", "notes")
    index = home / "profiles" / "default" / "index"
    kept = [
        item["path"] for item in run_cli("docs", "list", "--json").json["documents"]
    ]

    plain = run_cli("docs", "remove", "notes/secret.md", "--json").json
    assert plain["freed"] == 0
    assert b"zwiebelkuchen" in texts_below(index)
    told = run_cli("docs", "compact", "--json").json

    assert told["freed"] > 0
    left = texts_below(index)
    assert b"zwiebelkuchen" not in left
    named = [
        p.name
        for p in index.rglob("*")
        if p.is_file()
        if b"secret.md" in p.read_bytes()
    ]
    assert named == ["roots.json"]  # so that no sync takes it in again
    assert b"zwiebelkuch" not in left
    assert run_cli("docs", "rollback").code == 5
    found = run_cli("docs", "list", "--json").json["documents"]
    assert [item["path"] for item in found] == [p for p in kept if "secret" not in p]
    assert "ten seconds" in run_cli("ask", "How long do locks wait?", "--new").out
    assert "secret" not in run_cli("search", "xylophone password").out
    assert run_cli("profile", "verify").code == 0
    assert run_cli("docs", "compact").out == "0 B freed\n"


def test_forgetting_everything_gives_all_of_it_back(
    indexed: Path, run_cli: Callable[..., Ran], home: Path
) -> None:
    ran = run_cli("docs", "remove", "notes", "--forget")

    assert "freed" in ran.out
    index = home / "profiles" / "default" / "index"
    assert b"ten seconds" not in texts_below(index)
    assert len([*index.glob("gen-*")]) == 1
    assert sum(p.stat().st_size for p in index.rglob("*") if p.is_file()) < 4000
    assert run_cli("docs", "list", "--json").json["documents"] == []
    assert run_cli("docs", "add", "notes").code == 0
    assert "ten seconds" in run_cli("ask", "How long do locks wait?", "--new").out
