"""Segments are searched exactly, whatever was added to them, removed and merged."""

from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np
import pytest

from ragcli.errors import SnapshotDamaged
from ragcli.index.fulltext.analysis import Term
from ragcli.index.fulltext.text_index import TextWriter, join, remove_documents
from ragcli.index.fulltext.text_search import TextSearch
from ragcli.index.generations.manifests import SegmentInfo
from ragcli.index.ingest.planning.roots import Roots
from ragcli.index.search.index_reader import IndexReader
from ragcli.index.segments import catalogue, merging
from ragcli.index.segments.segment_writer import FULL
from ragcli.index.segments.vector_index import VectorIndex, build
from tests.unit.index.conftest import MakeLibrary
from tests.unit.index.doubles import KeyedSealer, Watched, WordEmbedder, reader_of
from tests.unit.index.segments.test_many_documents import record


def lines(place: Path, name: str, text: str) -> None:
    (place / name).write_text(text)


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Files with enough chunks for stored sums, in three batches."""
    place = tmp_path / "many"
    place.mkdir()
    for number in range(160):
        words = " ".join(f"word{number}x{item % 7}" for item in range(40))
        lines(place, f"{number:03}.txt", f"Text {number} is about {words}.\n")
    return place


def all_vectors(reader: IndexReader) -> np.ndarray:
    everything = np.concatenate([segment.rows for segment in reader.segments])
    live = np.concatenate([~segment.dead for segment in reader.segments])
    return reader.vectors(everything[live])


def check_moments(reader: IndexReader, embedder: WordEmbedder) -> None:
    vectors = all_vectors(reader).astype(np.float64)
    assert len(vectors) == reader.chunk_count
    for text in ("word3x1 word4x2", "Text", "absent"):
        query = embedder.embed([text])[0]
        cosines = vectors @ query
        mean, variance = reader.cosine_moments(query)
        assert mean == pytest.approx(cosines.mean(), abs=1e-5)
        assert variance == pytest.approx(cosines.var(), abs=1e-5)


@pytest.mark.slow
def test_moments_are_exact_whatever_was_added_and_removed(
    make_library: MakeLibrary,
    sealer: KeyedSealer | None,
    embedder: WordEmbedder,
    many: Path,
    progress: Watched,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ragcli.index.ingest.revision.LATE_SUM", 3)
    library = make_library(sealer, chunk_size=100)
    library.add([many / f"{n:03}.txt" for n in range(100)], progress)
    reader = reader_of(library)
    assert any(item.moments_file for item in reader.manifest.segments)
    check_moments(reader, embedder)
    library.add([many], progress)
    check_moments(reader_of(library), embedder)
    library.remove([many / "007.txt"])
    check_moments(reader_of(library), embedder)
    library.remove([many / f"{n:03}.txt" for n in range(20, 33)])
    check_moments(reader_of(library), embedder)
    library.remove([many / f"{n:03}.txt" for n in range(40, 99)])
    check_moments(reader_of(library), embedder)


def test_vector_search_is_exact_and_leaves_out_what_it_is_told(
    make_library: MakeLibrary, embedder: WordEmbedder, many: Path, progress: Watched
) -> None:
    library = make_library(chunk_size=100)
    library.add([many], progress)
    library.remove([many / "011.txt"])
    reader = reader_of(library)
    query = embedder.embed(["word10x3 word11x3 word12x3"])[0]
    rows, scores = reader.vector_search(query, 25)
    expected = np.sort(all_vectors(reader) @ query)[::-1][:25]
    assert np.allclose(scores, expected, atol=2e-3)
    exclude = frozenset({str(many / "012.txt")})
    rows, _ = reader.vector_search(query, 1000, exclude)
    paths = {passage.path for passage in reader.passages(rows)}
    assert str(many / "010.txt") in paths
    assert not paths & {str(many / "011.txt"), str(many / "012.txt")}
    found = reader.text_search([Term(("word12x3",))], 5)
    assert found
    assert reader.text_search([Term(("word12x3",))], 5, exclude) == []


@pytest.mark.slow
def test_tokens_and_vectors_come_in_the_order_asked(
    make_library: MakeLibrary, embedder: WordEmbedder, many: Path, progress: Watched
) -> None:
    library = make_library()
    library.add([many], progress)
    reader = reader_of(library)
    rows, _ = reader.vector_search(embedder.embed(["Text"])[0], 40)
    rows = rows[::-1]
    for row, tokens, vector, passage in zip(
        rows,
        reader.tokens(rows),
        reader.vectors(rows),
        reader.passages(rows),
        strict=True,
    ):
        [(only, score)] = reader.text_scores([], [row]).items()
        assert (only, score) == (row, 0.0)
        text = f"{passage.title}\n{passage.text}"
        assert tokens.tolist() == embedder.tokenize([text])[0].tolist()
        assert np.allclose(vector, embedder.embed([text])[0], atol=1e-3)
    with pytest.raises(SnapshotDamaged):
        reader.passages([5])


def test_phrases_variants_and_weights_add_up(
    make_library: MakeLibrary, tmp_path: Path, progress: Watched
) -> None:
    lines(tmp_path, "near.txt", "green apple\n")
    lines(tmp_path, "far.txt", "apple stays green\n")
    library = make_library()
    library.add([tmp_path / "near.txt", tmp_path / "far.txt"], progress)
    reader = reader_of(library)

    def scores(*terms: Term) -> dict[str, float]:
        found = reader.text_search(terms, 10)
        rows = [row for row, _ in found]
        assert reader.text_scores(terms, rows) == pytest.approx(dict(found))
        names = [p.path.rsplit("/", 1)[1] for p in reader.passages(rows)]
        return dict(zip(names, [score for _, score in found], strict=True))

    green, apple = Term(("green",)), Term(("appl",))
    phrase = Term(("green", "appl"), phrase=True)
    assert set(scores(phrase)) == {"near.txt"}
    assert set(scores(green)) == {"near.txt", "far.txt"}
    both = scores(green, apple)["near.txt"]
    assert both == pytest.approx(scores(green)["near.txt"] + scores(apple)["near.txt"])
    double = Term(("green",), weight=2.0)
    assert scores(double)["far.txt"] == pytest.approx(2 * scores(green)["far.txt"])
    either = scores(Term(("green", "appl", "absent")))
    best = max(scores(green)["far.txt"], scores(apple)["far.txt"])
    assert either["far.txt"] == pytest.approx(best)
    assert scores(Term(())) == {}
    assert scores(Term(("green",), weight=0.0)) == {}


def test_text_indexes_join_without_changing_each_other(tmp_path: Path) -> None:
    places = [tmp_path / name for name in ("one", "two", "joined")]
    for place in places:
        place.mkdir()
    for number, place in enumerate(places[:2]):
        writer = TextWriter(place)
        for item in range(3):
            writer.add(10 * number + item, number, f"shared only{number}")
        writer.close()
    before = {p: p.read_bytes() for q in places[:2] for p in q.iterdir()}
    join(places[2], places[0])
    join(places[2], places[1])
    remove_documents(places[2], [0])
    assert {p: p.read_bytes() for p in before} == before
    joined = TextSearch.open(places[2])
    assert joined.count == 3
    assert sorted(row for row, _ in joined.search([Term(("shared",))], 9, ())) == [
        10,
        11,
        12,
    ]
    assert TextSearch.open(places[0]).count == 3
    assert not [p for p in places[2].iterdir() if p.name.endswith(".lock")]


def test_vectors_are_stored_as_faiss_itself_would() -> None:
    vectors = WordEmbedder().embed(["one", "two", "three"]).astype(np.float16)
    index = faiss.IndexScalarQuantizer(
        16, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
    )
    index.add(vectors.astype(np.float32))
    assert b"".join(build(vectors)) == bytes(faiss.serialize_index(index).data)


def test_a_foreign_vector_file_is_damage(tmp_path: Path) -> None:
    vectors = WordEmbedder().embed(["one", "two"]).astype(np.float16)
    data = b"".join(build(vectors))
    with pytest.raises(SnapshotDamaged):
        VectorIndex.open(None, memoryview(data), (3, 16))
    with pytest.raises(SnapshotDamaged):
        VectorIndex.open(None, memoryview(data[:50]), (2, 16))
    with pytest.raises(FileNotFoundError):
        VectorIndex.open(tmp_path / "gone", memoryview(b""), (2, 16))


def sizes(*megabytes: float, dead: float = 0.0) -> list[SegmentInfo]:
    return [
        SegmentInfo("0" * 12, 1000, int(1000 * dead), 1, int(size * (1 << 20)))
        for size in megabytes
    ]


def test_only_neighbours_of_one_size_are_merged() -> None:
    assert merging.runs(sizes(*[0.01] * 7)) == []
    assert merging.runs(sizes(*[0.01] * 8)) == [(0, 8)]
    assert merging.runs(sizes(30, *[0.01] * 8)) == [(1, 9)]
    assert merging.runs(sizes(30, *[0.01] * 7)) == []
    assert merging.runs(sizes(*[FULL / 2 / (1 << 20)] * 40)) == []
    assert merging.runs(sizes(40, 40, dead=0.3)) == [(0, 1), (1, 2)]


def test_a_chunk_is_rewritten_once_for_each_size_class() -> None:
    segments: list[SegmentInfo] = []
    rewritten = added = 0.0
    for _ in range(4000):
        segments += sizes(0.02)
        added += 0.02
        for start, end in reversed(merging.runs(segments)):
            total = sum(item.size for item in segments[start:end]) / (1 << 20)
            rewritten += total
            segments[start:end] = sizes(total)
    assert len(segments) < 40
    assert rewritten < 5 * added


def test_records_are_found_by_row_and_by_path() -> None:
    rows = [100 - 10 * n for n in range(5)]
    records = [record(n, path=f"/d/{n}", row=rows[n], chunks=10) for n in range(5)]
    records.append({"path": "/d/gone", "gone": True})
    text, table = catalogue.encode(records)
    found = catalogue.DocumentTable(memoryview(table), memoryview(text))
    assert found.of_row(100)["path"] == "/d/0"
    assert found.of_row(99)["path"] == "/d/1"
    assert found.of_path("/d/3") == records[3]
    gone = found.of_path("/d/gone")
    assert gone is not None
    assert catalogue.is_gone(gone)
    assert found.of_path("/d/9") is None
    for row in (59, 110):
        with pytest.raises(SnapshotDamaged):
            found.of_row(row)
    assert catalogue.decode(memoryview(text)) == records
    with pytest.raises(SnapshotDamaged):
        catalogue.decode(memoryview(b"{nonsense\n"))


def test_roots_follow_what_was_named_and_removed() -> None:
    roots = Roots().changed(added=["/a", "/b"], dropped=[], left_out=[])
    roots = roots.changed(added=[], dropped=[], left_out=["/a/x", "/a/y/z", "/c"])
    assert roots == Roots(("/a", "/b"), ("/a/x", "/a/y/z"))
    assert roots.readmitted(["/a/y/z"]).left_out == ("/a/x",)
    assert roots.changed(added=["/a/y"], dropped=["/b"], left_out=[]) == Roots(
        ("/a", "/a/y"), ("/a/x",)
    )
    assert roots.changed(added=["/a"], dropped=[], left_out=[]).left_out == ()
