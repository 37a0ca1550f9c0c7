"""Documents are added, changed, synchronised and removed, and searched as they are."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest

from ragcli.config import Settings
from ragcli.errors import DocumentNotFound, EmbedderMismatch, SnapshotNotFound
from ragcli.index.fulltext.analysis import Term, stems
from ragcli.index.generations.snapshots import LocalSnapshots
from ragcli.index.library import Library
from ragcli.index.segments.catalogue import READER
from ragcli.storage.files import Directory
from tests.unit.index.conftest import MakeLibrary
from tests.unit.index.doubles import (
    KeyedSealer,
    PlainEmbedder,
    SlowReader,
    Watched,
    WordEmbedder,
    reader_of,
)


def term(word: str) -> Term:
    return Term((stems(word, "en")[0],))


def found(library: Library, word: str) -> list[str]:
    """Returns the names of the documents that the text index finds, best first."""
    reader = library.reader()
    if reader is None:
        return []
    rows = [row for row, _ in reader.text_search([term(word)], 10)]
    return [Path(item.path).name for item in reader.passages(rows)]


def nearest(library: Library, embedder: PlainEmbedder | WordEmbedder, text: str) -> str:
    reader = reader_of(library)
    rows, _ = reader.vector_search(embedder.embed([text])[0], 1)
    return Path(reader.passages(rows)[0].path).name


def names(library: Library) -> list[str]:
    return [Path(item.path).name for item in library.documents()]


def age(*paths: Path) -> None:
    """Makes files old enough for their mtime to be believed."""
    for path in paths:
        os.utime(path, (1_700_000_000, 1_700_000_000))


def test_added_files_are_found_by_word_and_by_vector(
    library: Library, embedder: WordEmbedder, notes: Path, progress: Watched
) -> None:
    report = library.add([notes], progress)
    assert (report.added, report.changed, report.failed) == (3, 0, ())
    assert report.generation == "gen-00000001"
    assert report.chunks == reader_of(library).chunk_count
    assert progress.total == 3
    assert sorted(Path(item).name for item in progress.steps) == sorted(names(library))
    assert found(library, "orchard") == ["apples.txt"]
    assert set(found(library, "ripen")) == {"apples.txt", "pears.txt"}
    assert nearest(library, embedder, "Pears ripen earlier") == "pears.txt"


def test_a_passage_knows_where_it_stands(
    library: Library, notes: Path, progress: Watched
) -> None:
    library.add([notes], progress)
    info, passages = library.document(notes / "locks.md")
    assert info.title == "Locks"
    assert info.format == "markdown"
    assert info.chunks == len(passages)
    waiting = passages[-1]
    assert waiting.heading[-1] == "Waiting"
    assert waiting.lines
    first, last = waiting.lines
    lines = (notes / "locks.md").read_text().splitlines()
    assert waiting.text.strip() in "\n".join(lines[first - 1 : last])
    assert waiting.digest == info.digest
    assert len({item.id for item in passages}) == len(passages)


def test_unchanged_files_are_not_read_again(
    library: Library,
    embedder: WordEmbedder,
    notes: Path,
    progress: Watched,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    age(*notes.iterdir())
    first = library.add([notes], progress)
    calls = embedder.calls

    def forbidden(location: str) -> None:
        raise AssertionError(f"{location} was read")

    monkeypatch.setattr(
        "ragcli.index.ingest.preparation.reading.checked_content", forbidden
    )
    for report in (library.add([notes], progress), library.sync(progress)):
        assert report.unchanged == 3
        assert report.generation == first.generation
    assert embedder.calls == calls


def test_a_file_that_is_touched_is_read_but_not_embedded(
    library: Library, embedder: WordEmbedder, notes: Path, progress: Watched
) -> None:
    library.add([notes], progress)
    calls = embedder.calls
    age(notes / "apples.txt")
    report = library.sync(progress)
    assert (report.unchanged, report.changed) == (3, 0)
    assert embedder.calls == calls
    assert report.generation == "gen-00000001"


def test_a_change_within_the_clock_tick_of_indexing_is_seen(
    library: Library, notes: Path, progress: Watched
) -> None:
    library.add([notes], progress)
    target = notes / "apples.txt"
    before = target.stat()
    target.write_text("Cherry ripen in the autumn orchard.\n")
    os.utime(target, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert target.stat().st_size == before.st_size
    assert library.sync(progress).changed == 1
    assert found(library, "cherry") == ["apples.txt"]


def test_a_changed_file_replaces_its_chunks(
    library: Library, embedder: WordEmbedder, notes: Path, progress: Watched
) -> None:
    library.add([notes], progress)
    (notes / "apples.txt").write_text("Bananas grow in the south.\n")
    report = library.add([notes / "apples.txt"], progress)
    assert (report.added, report.changed) == (0, 1)
    assert found(library, "orchard") == []
    assert found(library, "bananas") == ["apples.txt"]
    assert nearest(library, embedder, "Bananas grow in the south") == "apples.txt"
    assert library.count() == 3
    assert reader_of(library).chunk_count == sum(i.chunks for i in library.documents())


def test_sync_finds_new_changed_and_vanished_files(
    library: Library, notes: Path, progress: Watched
) -> None:
    library.add([notes], progress)
    (notes / "pears.txt").unlink()
    (notes / "plums.txt").write_text("Plums are blue.\n")
    (notes / "apples.txt").write_text("Apples are red.\n")
    report = library.sync(progress)
    assert (report.added, report.changed, report.removed) == (1, 1, 1)
    assert names(library) == ["apples.txt", "locks.md", "plums.txt"]
    assert found(library, "pears") == []
    assert reader_of(library).document_count == 3


def vanish_wholly(root: Path) -> None:
    shutil.rmtree(root)


def vanish_in_part(root: Path) -> None:
    (root / "pears.txt").unlink()
    (root / "apples.txt").unlink()


def empty(root: Path) -> None:
    """What an unmounted volume leaves: its mount point."""
    shutil.rmtree(root)
    root.mkdir()


@pytest.mark.parametrize(
    ("vanish", "going"), [(vanish_wholly, 3), (vanish_in_part, 2), (empty, 3)]
)
def test_what_goes_with_its_root_stays_until_that_is_meant(
    library: Library,
    notes: Path,
    tmp_path: Path,
    progress: Watched,
    vanish: Callable[[Path], None],
    going: int,
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "plums.txt").write_text("Plums are blue.\n")
    library.add([notes, other], progress)
    vanish(notes)
    (other / "cherries.txt").write_text("Cherries are red.\n")
    report = library.sync(progress)
    assert (report.added, report.removed) == (1, 0)
    assert [failure.path for failure in report.failed] == [str(notes)]
    assert "ragcli docs sync --force" in report.failed[0].reason
    assert library.count() == 5
    assert found(library, "orchard") == ["apples.txt"]
    report = library.sync(progress, force=True)
    assert (report.removed, report.failed) == (going, ())


def test_a_file_that_was_added_by_itself_stays_while_its_directory_is_gone(
    library: Library, notes: Path, progress: Watched
) -> None:
    library.add([notes / "pears.txt", notes / "apples.txt"], progress)
    (notes / "pears.txt").unlink()
    assert library.sync(progress).removed == 1
    shutil.rmtree(notes)
    report = library.sync(progress)
    assert (report.removed, report.failed[0].path) == (0, str(notes))


def test_sync_keeps_a_file_that_was_added_by_itself(
    library: Library, notes: Path, progress: Watched
) -> None:
    library.add([notes / "pears.txt"], progress)
    assert library.sync(progress).added == 0
    assert names(library) == ["pears.txt"]


def test_removed_documents_stay_out_until_they_are_added(
    library: Library, notes: Path, progress: Watched
) -> None:
    library.add([notes], progress)
    report = library.remove([notes / "apples.txt"])
    assert report.removed == 1
    assert found(library, "orchard") == []
    assert library.sync(progress).added == 0
    assert names(library) == ["locks.md", "pears.txt"]
    library.add([notes / "apples.txt"], progress)
    assert found(library, "orchard") == ["apples.txt"]
    library.remove([notes / "apples.txt"])
    library.add([notes], progress)
    assert found(library, "orchard") == ["apples.txt"]


def test_removing_a_directory_forgets_it(
    library: Library, notes: Path, progress: Watched
) -> None:
    library.add([notes], progress)
    assert library.remove([notes]).removed == 3
    assert library.reader() is None
    assert library.sync(progress).added == 0
    assert list(library.documents()) == []


def test_where_no_document_is_left_no_file_of_one_is(
    library: Library, notes: Path, progress: Watched, profile: Directory
) -> None:
    library.add([notes], progress)
    report = library.remove([notes, notes / "apples.txt"])
    assert report.removed == 3
    left = [*(profile.path / "index" / report.generation).rglob("*")]
    assert {item.name for item in left if item.is_file()} <= {
        "manifest.json",
        "roots.json",
    }
    library.add([notes / "pears.txt"], progress)
    assert names(library) == found(library, "ripen") == ["pears.txt"]
    library.rollback("gen-00000001")
    assert found(library, "orchard") == ["apples.txt"]


def test_removing_what_is_not_there_names_the_nearest(
    library: Library, notes: Path, progress: Watched
) -> None:
    library.add([notes], progress)
    with pytest.raises(DocumentNotFound) as caught:
        library.remove([notes / "aples.txt"])
    assert "apples.txt" in caught.value.hint
    with pytest.raises(DocumentNotFound):
        library.document(notes / "aples.txt")


def test_rollback_goes_back_one_change_at_a_time(
    library: Library, notes: Path, progress: Watched
) -> None:
    for name in ("apples.txt", "pears.txt", "locks.md"):
        library.add([notes / name], progress)
    library.rollback()
    assert names(library) == ["apples.txt", "pears.txt"]
    library.rollback()
    assert names(library) == ["apples.txt"]
    assert found(library, "pears") == ["apples.txt"] * 0
    library.rollback("gen-00000003")
    assert names(library) == ["apples.txt", "locks.md", "pears.txt"]
    with pytest.raises(SnapshotNotFound):
        library.rollback("gen-00000099")


def test_there_is_nothing_before_the_first_state(
    library: Library, notes: Path, progress: Watched
) -> None:
    with pytest.raises(SnapshotNotFound):
        library.rollback()
    library.add([notes], progress)
    with pytest.raises(SnapshotNotFound):
        library.rollback()


@pytest.mark.slow
def test_a_failing_file_is_named_and_the_others_are_indexed(
    library: Library, notes: Path, progress: Watched
) -> None:
    (notes / "broken.pdf").write_bytes(b"%PDF-1.4\nnothing of a PDF follows\n")
    report = library.add([notes], progress)
    assert report.added == 3
    assert [Path(item.path).name for item in report.failed] == ["broken.pdf"]
    assert "\n" not in report.failed[0].reason
    assert any("broken.pdf" in note for note in progress.notes)


def test_an_interrupted_ingest_changes_nothing(
    make_library: MakeLibrary,
    sealer: KeyedSealer | None,
    notes: Path,
    progress: Watched,
    profile: Directory,
) -> None:
    library = make_library(sealer)
    library.add([notes / "apples.txt"], progress)

    class Interrupted(Watched):
        def step(self, name: str, count: int = 1) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        library.add([notes], Interrupted())
    assert names(make_library(sealer)) == ["apples.txt"]
    assert not [n for n in os.listdir(profile.path / "index") if n.startswith("tmp-")]


def test_another_embedder_is_refused_until_the_index_is_made_anew(
    make_library: MakeLibrary,
    sealer: KeyedSealer | None,
    embedder: WordEmbedder,
    other_embedder: PlainEmbedder,
    notes: Path,
    progress: Watched,
) -> None:
    make_library(sealer).add([notes], progress)
    other = make_library(sealer, other_embedder)
    for refused in (
        other.reader,
        lambda: other.add([notes / "new.txt"], progress),
    ):
        (notes / "new.txt").write_text("Something else entirely.\n")
        with pytest.raises(EmbedderMismatch) as caught:
            refused()
        assert "reembed" in caught.value.hint
    other.reembed(progress)
    assert nearest(other, other_embedder, "Pears ripen earlier") == "pears.txt"
    assert found(other, "orchard") == ["apples.txt"]
    assert reader_of(other).dimension == 8
    with pytest.raises(EmbedderMismatch):
        make_library(sealer).reader()
    other.add([notes / "new.txt"], progress)
    assert found(other, "entirely") == ["new.txt"]


def test_reembedding_keeps_removed_documents_out(
    make_library: MakeLibrary,
    sealer: KeyedSealer | None,
    other_embedder: PlainEmbedder,
    notes: Path,
    progress: Watched,
) -> None:
    library = make_library(sealer)
    library.add([notes], progress)
    library.remove([notes / "apples.txt"])
    other = make_library(sealer, other_embedder)
    other.reembed(progress)
    assert names(other) == ["locks.md", "pears.txt"]
    query = other_embedder.embed(["Apples ripen in the autumn orchard."])[0]
    rows, _ = reader_of(other).vector_search(query, 10)
    paths = {Path(item.path).name for item in reader_of(other).passages(rows)}
    assert paths == {"locks.md", "pears.txt"}


def test_a_reader_keeps_what_it_opened(
    library: Library, notes: Path, progress: Watched
) -> None:
    library.add([notes], progress)
    reader = reader_of(library)
    library.remove([notes / "apples.txt"])
    rows = [row for row, _ in reader.text_search([term("orchard")], 5)]
    assert [Path(p.path).name for p in reader.passages(rows)] == ["apples.txt"]
    assert reader_of(library).generation != reader.generation


def test_an_empty_library_has_no_reader(library: Library) -> None:
    assert library.reader() is None
    assert list(library.documents()) == []
    assert library.count() == 0
    assert library.generations() == []


def test_names_that_are_not_unicode_are_kept(
    library: Library, notes: Path, progress: Watched
) -> None:
    raw = os.fsencode(notes) + b"/caf\xe9\n.txt"
    with open(raw, "w") as file:
        file.write("Coffee from the mountains.\n")
    library.add([notes], progress)
    assert [os.fsencode(p.path) for p in library.documents() if "caf" in p.path] == [
        raw
    ]
    assert library.document(Path(os.fsdecode(raw)))[1][0].text.startswith("Coffee")
    assert library.add([notes], progress).added == 0


def test_generations_say_what_made_them(
    library: Library, notes: Path, progress: Watched
) -> None:
    library.add([notes], progress)
    library.remove([notes / "pears.txt"])
    library.rollback()
    told = [
        (item.change, item.documents, item.current) for item in library.generations()
    ]
    assert told == [("add", 3, False), ("remove", 2, False), ("rollback", 3, True)]


@pytest.mark.slow
def test_many_small_changes_leave_few_segments_and_lose_nothing(
    make_library: MakeLibrary, embedder: WordEmbedder, tmp_path: Path, progress: Watched
) -> None:
    library = make_library()
    place = tmp_path / "many"
    place.mkdir()
    for number in range(40):
        target = place / f"{number}.txt"
        target.write_text(f"Document number{number} tells of subject{number}.\n")
        library.add([target], progress)
        if number % 5 == 4:
            library.remove([place / f"{number - 2}.txt"])
    kept = {f"{n}.txt" for n in range(40) if n % 5 != 2}
    assert set(names(library)) == kept
    reader = reader_of(library)
    assert len(reader.manifest.segments) < 16
    for number in range(40):
        expected = [f"{number}.txt"] if number % 5 != 2 else []
        assert found(library, f"subject{number}") == expected
    query = embedder.embed(["Document number7 tells of subject7."])[0]
    rows, scores = reader.vector_search(query, 100)
    assert {Path(p.path).name for p in reader.passages(rows)} == kept
    assert (np.diff(scores) <= 0).all()


def test_reading_leaves_a_generation_as_it_is(
    make_library: MakeLibrary,
    sealer: KeyedSealer | None,
    profile: Directory,
    notes: Path,
    progress: Watched,
) -> None:
    library = make_library(sealer)
    generation = library.add([notes], progress).generation
    place = profile.path / "index" / generation
    before = {path: path.stat().st_mtime_ns for path in place.rglob("*")}
    reader = reader_of(make_library(sealer))
    assert reader.text_search([term("ripen")], 5)
    assert {path: path.stat().st_mtime_ns for path in place.rglob("*")} == before
    assert LocalSnapshots(profile, sealer).verify(generation) == []


def test_an_index_that_may_not_be_written_is_read(
    make_library: MakeLibrary, notes: Path, progress: Watched, profile: Directory
) -> None:
    make_library().add([notes], progress)
    places = [profile.path, *profile.path.rglob("*")]
    for place in places:
        place.chmod(0o500 if place.is_dir() else 0o400)
    try:
        assert found(make_library(), "orchard") == ["apples.txt"]
    finally:
        for place in places:
            place.chmod(0o700 if place.is_dir() else 0o600)


def test_sync_reads_again_what_an_older_reader_made(
    library: Library, notes: Path, progress: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ragcli.index.ingest.preparation.reading.READER", 1)
    age(*notes.iterdir())
    library.add([notes], progress)
    assert {item.reader for item in library.documents()} == {1}
    monkeypatch.undo()
    monkeypatch.setattr("ragcli.index.library.BATCH_READ_AGAIN", 2)

    report = library.sync(progress)
    assert (report.reread, report.changed, report.unchanged) == (3, 0, 0)
    assert {item.reader for item in library.documents()} == {READER}
    assert any("3 documents again" in note for note in progress.notes)
    assert library.sync(progress).reread == 0


def test_reading_again_keeps_what_is_done_when_it_is_stopped(
    library: Library, notes: Path, progress: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ragcli.index.ingest.preparation.reading.READER", 1)
    age(*notes.iterdir())
    library.add([notes], progress)
    monkeypatch.undo()
    monkeypatch.setattr("ragcli.index.library.BATCH_READ_AGAIN", 1)
    done = []

    def stop_after_two(name: str, count: int = 1) -> None:
        done.append(name)
        if len(done) == 3:
            raise KeyboardInterrupt

    with monkeypatch.context() as stopped:
        stopped.setattr(progress, "step", stop_after_two)
        with pytest.raises(KeyboardInterrupt):
            library.sync(progress)
    readers = sorted(item.reader for item in library.documents())
    assert readers == [1, READER, READER]
    assert library.sync(progress).reread == 1


class Overtaken(LocalSnapshots):
    """Snapshots that others publish to, and collect from, while one looks."""

    def __init__(self, directory: Directory, busy: Callable[[], object]) -> None:
        super().__init__(directory, None, keep=1, grace=0.0)
        self._busy = busy
        self._asked = 0

    def current(self) -> str:
        found = super().current()
        self._asked += 1
        if self._asked == 1:
            self._busy()
            self._busy()  # the first kept what it was made from until it was done
        return found


def test_whoever_is_overtaken_goes_on_with_what_is_live(
    profile: Directory, embedder: WordEmbedder, notes: Path, progress: Watched
) -> None:
    rival = Library(
        LocalSnapshots(profile, None, keep=1, grace=0.0), lambda: embedder, Settings()
    )
    rival.add([notes / "pears.txt"], progress)

    def publish() -> None:
        place = notes / "pears.txt"
        place.write_text(place.read_text() + "Pears again.\n")
        rival.add([place], progress)

    snapshots = Overtaken(profile, publish)
    library = Library(snapshots, lambda: embedder, Settings())
    library.add([notes / "apples.txt"], progress)
    assert names(library) == ["apples.txt", "pears.txt"]


def test_a_document_is_shown_while_others_publish(
    profile: Directory, make_library: MakeLibrary, notes: Path, progress: Watched
) -> None:
    rival = make_library(None)
    rival.add([notes / "pears.txt"], progress)
    before = rival.document(notes / "pears.txt")[0]

    def publish() -> None:
        (notes / "pears.txt").write_text("Pears are green.\n")
        rival.add([notes / "pears.txt"], progress)

    library = Library(SlowReader(profile, publish), WordEmbedder, Settings())
    shown, passages = library.document(notes / "pears.txt")
    assert [item.text for item in passages] == ["Pears are green."]
    assert shown.digest != before.digest


def test_a_change_is_joined_where_its_parent_was_collected_meanwhile(
    profile: Directory, make_library: MakeLibrary, notes: Path, progress: Watched
) -> None:
    make_library(None).add([notes / "pears.txt"], progress)
    rival = LocalSnapshots(profile, None, keep=1, grace=0.0)

    class GoneBack(LocalSnapshots):
        def current(self) -> str:
            live = super().current()
            if self.is_joining:
                self.is_joining = False
                rival.select(live)
                rival.select(rival.current())
            return live

        def lock(self, wait: float) -> AbstractContextManager[None]:
            self.is_joining = True
            return super().lock(wait)

        is_joining = False

    library = Library(GoneBack(profile, None), WordEmbedder, Settings())
    library.add([notes / "apples.txt"], progress)
    assert names(library) == ["apples.txt", "pears.txt"]


def test_compaction_leaves_what_is_live_and_nothing_to_go_back_to(
    library: Library,
    notes: Path,
    progress: Watched,
    sealer: KeyedSealer | None,
    embedder: WordEmbedder,
    profile: Directory,
) -> None:
    library.add([notes], progress)
    library.remove([notes / "pears.txt"])

    done = library.compact()

    assert done.freed > 0
    fresh = Library(LocalSnapshots(profile, sealer), lambda: embedder, Settings())
    assert names(fresh) == ["apples.txt", "locks.md"]
    assert found(fresh, "ripen") == ["apples.txt"]
    assert found(fresh, "holder") == ["locks.md"]
    assert [item.change for item in fresh.generations()] == ["compact"]
    assert library.compact().freed == 0
    assert fresh.remove([notes], forget=True).freed > 0
    assert fresh.reader() is None
    fresh.add([notes / "pears.txt"], progress)
    assert names(fresh) == ["pears.txt"]  # what is named comes back
