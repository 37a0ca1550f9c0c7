"""A filtered search is the search of everything with the other documents struck out.

Two equivalences, because a word's weight is that of the whole collection, filtered or
not (so that scores, and the threshold, mean the same):

- on either side and with both, order and scores are those of the unfiltered ranking
  without the others, however few are asked for;
- by vectors alone, where no statistics of a collection take part, order and passages
  are also those of an index that was made of the remaining documents only.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ragcli.config import Settings
from ragcli.index.document_filter import DocumentFilter, recorded
from ragcli.index.fulltext import text_search
from ragcli.index.fulltext.analysis import Term
from ragcli.index.generations.snapshots import LocalSnapshots
from ragcli.index.library import Library
from ragcli.index.passages import Passage, SearchRequest, SearchResult
from ragcli.index.search import typed_filter
from ragcli.index.search.index_reader import IndexReader
from ragcli.index.search.retriever import Retriever
from ragcli.models.builtin.embedder import BuiltinEmbedder
from ragcli.storage.files import Directory
from tests.unit.index.doubles import Watched

WORDS = ["harbour", "bridge", "ferry", "lamp", "orchard", "signal"]
QUESTION = "Which harbour has a lamp beside the ferry?"


@dataclass(frozen=True)
class Written:
    """A document, and what a filter can ask of it."""

    name: str
    tag: str
    day: str
    in_matter: bool

    @property
    def text(self) -> str:
        at = int(self.name[-4] if self.name[-4].isdigit() else 0)
        words = " ".join(WORDS[(at + step) % len(WORDS)] for step in range(at % 4 + 2))
        body = f"The {words} of {self.name} was seen by the keeper.\n"
        if not self.in_matter:
            return body
        return f"---\ntags: [{self.tag}]\ndate: {self.day}\n---\n\n# Notes\n\n{body}"


CORPUS = [
    *(
        Written(f"minutes/{year}/m{n}.md", tag, f"{year}-0{n + 1}-15", in_matter=True)
        for year in (2023, 2024)
        for n, tag in enumerate(("work", "work/travel", "home", "workshop"))
    ),
    *(
        Written(f"minutes/log{n}.txt", "", f"2022-1{n}-02", in_matter=False)
        for n in range(3)
    ),
    *(
        Written(f"drafts/minutes{n}.txt", "", f"2024-0{n + 1}-03", in_matter=False)
        for n in range(6)
    ),
]

PLACES: dict[str, Callable[[str], bool]] = {
    "minutes": lambda name: name.startswith("minutes/"),
    "minutes/2024": lambda name: name.startswith("minutes/2024/"),
    "m1.md": lambda name: name.endswith("/m1.md"),
    "*.txt": lambda name: name.endswith(".txt"),
    "minutes/*.txt": lambda name: name.startswith("minutes/log"),
    "minutes/**/m[01].md": lambda name: name[-5:] in {"m0.md", "m1.md"},
    "nowhere": lambda _: False,
}
TAGS = {"work": {"work", "work/travel"}, "#HOME": {"home"}, "trav": set()}
DAYS = {"2022": ("2022-01-01", "2022-12-31"), "2024-02": ("2024-02-01", "2024-02-29")}
TYPES = {"md": ".md", "text": ".txt", "pdf": ".pdf"}


def write(place: Path, documents: list[Written]) -> None:
    for one in documents:
        path = place / one.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(one.text)
        noon = datetime.fromisoformat(f"{one.day}T12:00").timestamp()
        os.utime(path, (noon, noon))


def reader_over(
    place: Path, documents: list[Written], embedder: BuiltinEmbedder
) -> tuple[Directory, Library]:
    """Returns a library and its documents' directory; the caller closes the profile."""
    place.mkdir(mode=0o700)
    write(place / "docs", documents)
    profile = Directory.open(place / "profile", create=True)
    library = Library(LocalSnapshots(profile, None), lambda: embedder, Settings())
    library.add([place / "docs"], Watched())
    return profile, library


@pytest.fixture(scope="module")
def embedder() -> BuiltinEmbedder:
    return BuiltinEmbedder()


@pytest.fixture(scope="module")
def reader(
    tmp_path_factory: pytest.TempPathFactory, embedder: BuiltinEmbedder
) -> Iterator[IndexReader]:
    """An index of several segments, with dead chunks and records that are older."""
    place = tmp_path_factory.mktemp("filters") / "all"
    older = [Written(one.name, "old", "1999-01-01", one.in_matter) for one in CORPUS]
    extra = Written("minutes/2024/gone.md", "work", "2024-02-03", in_matter=True)
    profile, library = reader_over(place, [*older, extra], embedder)
    with profile:
        write(place / "docs", CORPUS)  # the texts of some change, of others the times
        (place / "docs" / extra.name).unlink()
        library.sync(Watched())
        found = library.reader()
        assert found is not None
        yield found


TypedFilter = dict[str, Any]
"""What a user types: a list of words, or a day, for each name."""

wanted = st.fixed_dictionaries(
    {},
    optional={
        "inside": st.lists(st.sampled_from(sorted(PLACES)), min_size=1, max_size=2),
        "outside": st.lists(st.sampled_from(sorted(PLACES)), min_size=1, max_size=2),
        "tags": st.lists(st.sampled_from(sorted(TAGS)), min_size=1, max_size=2),
        "since": st.sampled_from(sorted(DAYS)),
        "until": st.sampled_from([max(DAYS)]),
        "types": st.lists(st.sampled_from(sorted(TYPES)), min_size=1, max_size=2),
    },
)


def meant(asked: TypedFilter) -> set[str]:
    """Returns the names of the documents that a filter means, told by the corpus."""
    return {
        one.name
        for one in CORPUS
        if any(
            PLACES[item](one.name) for item in asked.get("inside", ["minutes", "*.txt"])
        )
        and not any(PLACES[item](one.name) for item in asked.get("outside", ()))
        and ("tags" not in asked or any(one.tag in TAGS[tag] for tag in asked["tags"]))
        and ("since" not in asked or one.day >= DAYS[asked["since"]][0])
        and ("until" not in asked or one.day <= DAYS[asked["until"]][1])
        and any(
            one.name.endswith(TYPES[item])
            for item in asked.get("types", ["md", "text"])
        )
    }


def name_of(passage: Passage) -> str:
    return passage.path.split("/docs/", 1)[1]


def told(passages: Iterable[Passage]) -> list[tuple[str, str]]:
    return [(name_of(passage), passage.text) for passage in passages]


def ranked(
    reader: IndexReader,
    embedder: BuiltinEmbedder,
    mode: str,
    where: DocumentFilter | None,
) -> SearchResult:
    retriever = Retriever([reader], embedder, Settings())
    return retriever.search(SearchRequest(QUESTION, limit=1000, mode=mode, where=where))


@settings(max_examples=40)
@given(asked=wanted, mode=st.sampled_from(["hybrid", "bm25", "vectors"]))
def test_a_filtered_search_is_the_whole_ranking_without_the_others(
    reader: IndexReader, embedder: BuiltinEmbedder, asked: TypedFilter, mode: str
) -> None:
    where = typed_filter.parsed(**asked)
    names = meant(asked)

    found = ranked(reader, embedder, mode, where)

    everything = ranked(reader, embedder, mode, None).passages
    if mode != "bm25":
        assert {name_of(passage) for passage in everything} == {x.name for x in CORPUS}
    left = [passage for passage in everything if name_of(passage) in names]
    assert told(found.passages) == told(left)
    assert bool(found.unmatched) == (where is not None and not names)
    assert not where or recorded(where.document()) == where


def check_both_sides(
    reader: IndexReader,
    embedder: BuiltinEmbedder,
    asked: TypedFilter,
    words: Iterable[str],
    limit: int,
    few: int,
    *,
    meant: Callable[[Passage], bool],
) -> list[Passage]:
    """Checks that words and vectors find the first of what is meant, and no other.

    Returns:
        All passages of the index, nearest first.
    """
    where = typed_filter.parsed(**asked)
    within = reader.selection(where) if where else None
    terms = [Term((word,)) for word in words]
    vector = embedder.embed([QUESTION])[0]

    def left(rows: list[int]) -> list[int]:
        passages = zip(rows, reader.passages(rows), strict=True)
        return [row for row, passage in passages if meant(passage)][:limit]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_search, "FEW", few)
        by_words = reader.text_search(terms, limit, within=within)
    by_vector = reader.vector_search(vector, limit, within=within)[0].tolist()

    scores = dict(reader.text_search(terms, 1000))
    assert [row for row, _ in by_words] == left(list(scores))
    assert all(scores[row] == pytest.approx(score) for row, score in by_words)
    everything = reader.vector_search(vector, 1000)[0].tolist()
    assert by_vector == left(everything)
    return reader.passages(everything)


@settings(max_examples=40)
@given(asked=wanted, limit=st.integers(1, 4), few=st.sampled_from([0, 500]))
def test_each_side_finds_as_many_as_it_is_asked_for(
    reader: IndexReader,
    embedder: BuiltinEmbedder,
    asked: TypedFilter,
    limit: int,
    few: int,
) -> None:
    names = meant(asked)

    check_both_sides(
        reader, embedder, asked, ("ferri", "lamp"), limit, few,
        meant=lambda passage: name_of(passage) in names,
    )  # fmt: skip


@pytest.mark.parametrize(
    "asked",
    [{"inside": ["minutes"], "types": ["md"]}, {"until": "2024-02", "tags": ["work"]}],
)
def test_by_vectors_it_is_an_index_of_the_remaining_documents(
    reader: IndexReader, embedder: BuiltinEmbedder, tmp_path: Path, asked: TypedFilter
) -> None:
    names = meant(asked)
    rest = [one for one in CORPUS if one.name in names]
    profile, library = reader_over(tmp_path / "rest", rest, embedder)

    with profile:
        remaining = library.reader()
        assert remaining
        alone = ranked(remaining, embedder, "vectors", None).passages
    found = ranked(reader, embedder, "vectors", typed_filter.parsed(**asked)).passages

    assert names
    assert told(found) == told(alone)
    assert [p.details["cosine"] for p in found] == pytest.approx(
        [p.details["cosine"] for p in alone], abs=2e-3
    )


WITH_PARTS = {
    "in/offer.eml": {
        "": "The harbour offers a lamp.", "price.csv": "lamp,bridge\nferry,12\n",
        "b.eml": "A bridge with a ferry.",
        "b.eml!price.csv": "harbour,orchard\nlamp,3\n",
        "note.txt": "The orchard has a signal.",
    },
    "in/second.eml": {"": "A ferry and a harbour.", "note.txt": "Every lamp is lit."},
    "price.csv": {"": "lamp,harbour\nsignal,4\n"},
    "plain.txt": {"": "The bridge over the harbour."},
}  # fmt: skip
"""Documents with the text of each part of them, "" for their own."""

_SUFFIXED = st.sampled_from(["eml", "csv", "text"])
_NAMED = st.sampled_from(
    ["offer.eml", "in", "price.csv", "offer.eml!price.csv", "*.csv", "b.eml",
     "in/*.eml", "offer.eml!*.csv", "offer.eml!b.eml!price.csv", "*.txt",
     "nowhere!price.csv"]
)  # fmt: skip
_PARTLY = st.fixed_dictionaries(
    {},
    optional={
        "inside": st.lists(_NAMED, min_size=1, max_size=2),
        "outside": st.lists(_NAMED, min_size=1, max_size=2),
        "types": st.lists(_SUFFIXED, min_size=1, max_size=2),
    },
)


def mail_of(parts: dict[str, str], name: str = "") -> EmailMessage:
    made = EmailMessage()
    made["Subject"] = parts[name].split()[-2]
    made.set_content(parts[name])
    above = f"{name}!" if name else ""
    for part, text in parts.items():
        own = part.removeprefix(above)
        if part == name or not part.startswith(above) or "!" in own:
            continue
        if own.endswith(".eml"):
            made.add_attachment(mail_of(parts, part), filename=own)
        else:
            made.add_attachment(text, subtype=own[-3:], filename=own)
    return made


def is_named(document: str, part: str, wanted: str) -> bool:
    """Tells by `fnmatch` whether a name means a part, or what that is inside of."""
    pieces = part.split("!") if part else []
    for count in range(len(pieces) + 1):
        inner = pieces[:count]
        for name in ("!".join([document, *inner]), "/".join([document, *inner])):
            ends = [
                name[at:] for at in range(len(name)) if not at or name[at - 1] == "/"
            ]
            stems = [*ends, *(end[: end.index("/")] for end in ends if "/" in end)]
            if any(fnmatch(stem, wanted) for stem in stems):
                return True
    return False


@pytest.fixture(scope="module")
def reader_of_mail(
    tmp_path_factory: pytest.TempPathFactory, embedder: BuiltinEmbedder
) -> Iterator[IndexReader]:
    place = tmp_path_factory.mktemp("parts")
    for name, parts in WITH_PARTS.items():
        path = place / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        is_mail = name.endswith(".eml")
        path.write_text(mail_of(parts).as_string() if is_mail else parts[""])
    with Directory.open(place / "profile", create=True) as profile:
        library = Library(LocalSnapshots(profile, None), lambda: embedder, Settings())
        library.add([place / "docs"], Watched())
        found = library.reader()
        assert found is not None
        yield found


@settings(max_examples=60)
@given(asked=_PARTLY, limit=st.integers(1, 20), few=st.sampled_from([0, 500]))
def test_what_is_attached_is_told_by_its_own_name_and_format(
    reader_of_mail: IndexReader,
    embedder: BuiltinEmbedder,
    asked: TypedFilter,
    limit: int,
    few: int,
) -> None:
    def meant(passage: Passage) -> bool:
        document = name_of(passage)
        names = [document, *passage.part.split("!")] if passage.part else [document]
        kinds = {{"txt": "text"}.get(name[-3:], name[-3:]) for name in names}
        named = partial(is_named, document, passage.part)
        return (
            any(map(named, asked.get("inside", ["*"])))
            and not any(map(named, asked.get("outside", ())))
            and bool(kinds & {*asked.get("types", kinds)})
        )

    words = ("ferri", "lamp", "harbour")
    everything = check_both_sides(
        reader_of_mail, embedder, asked, words, limit, few, meant=meant
    )
    assert len({(passage.path, passage.part) for passage in everything}) == 9
