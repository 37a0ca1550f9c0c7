"""How many false claims pass as verified, and how many true ones are refused.

Usage:
    python -m tests.benchmarks.quality.mutations [-v]

`claims.txt`, and `claims-unseen.txt` that no rule was made after, have passages with
claims that stand in them. Each claim is changed at one place after the other (negation,
unit, number, date, name, term, direction, quantifier, roles), joined with a false
clause, put in other words, joined with another true one, and left as it is. Every claim
is checked as a sentence with a marker, against its passage as it is indexed. Prints for
each kind how many claims are verified, located (the marker stays, unverified) and
refused (the marker goes). `-v` lists those that come out wrong.
"""

from __future__ import annotations

import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ragcli.chat.citing.citations import MarkerFilter
from ragcli.index.passages import Passage
from ragcli.language.vocabulary.words import words
from tests.benchmarks.quality.sample_passages import of_sample, of_text, squeezed

HERE = Path(__file__).parent
SLOT = re.compile(r"\{([^~{}]*)~([^~{}]*) (\w+)\}")
FILES = ("claims.txt", "claims-unseen.txt")

Similarity = Callable[[str, str], float]


@dataclass(frozen=True)
class Sentence:
    """A claim about a passage."""

    text: str
    kind: str
    """What was changed, `exact`, or how a true one is put."""
    is_true: bool
    passage: Passage


@dataclass
class Group:
    """A passage with what is claimed about it."""

    language: str
    documents: list[Passage]
    claims: list[str] = field(default_factory=list)
    """With their slots."""
    told: list[tuple[bool, str, str]] = field(default_factory=list)
    """Whether it is true, its kind and its text."""

    def passage(self, text: str) -> Passage:
        """Returns the passage that has a claim word for word, or most of its words."""
        said = squeezed(text)
        whole = [p for p in self.documents if said in squeezed(p.text)]
        exact = [squeezed(_true(claim)) for claim in self.claims]
        having = [
            p for p in self.documents if any(e in squeezed(p.text) for e in exact)
        ]
        wanted = set(words(text))

        def shared(passage: Passage) -> int:
            return len(wanted & set(words(passage.text)))

        return whole[0] if whole else max(having or self.documents, key=shared)


def sentences(name: str) -> Iterator[Sentence]:
    """Yields all claims of a file, each with the passage that it is about."""
    groups = list(_groups(name))
    beside = [_mutants(group.claims[0])[0][1] for group in groups if group.claims]
    for number, group in enumerate(groups):
        for is_true, kind, text in group.told:
            yield Sentence(text, kind, is_true, group.passage(text))
        for place, claim in enumerate(group.claims):
            exact = _true(claim)
            passage = group.passage(exact)
            yield Sentence(exact, "exact", is_true=True, passage=passage)
            mutants = _mutants(claim)
            for kind, text in mutants:
                yield Sentence(text, kind, is_true=False, passage=passage)
            others = [c for c in group.claims if c != claim]
            another = (
                _mutants(others[place % len(others)])[-1][1]
                if others
                else beside[(number + 1) % len(beside)]
            )
            text = f"{exact.rstrip('.')}{_AND[group.language]}{_inner(another)}"
            yield Sentence(text, "clause", is_true=False, passage=passage)


_AND = {"en": ", and ", "de": ", und ", "fr": ", et ", "es": ", y "}


def judged(sentence: Sentence, similarity: Similarity | None) -> str:
    """Returns what the check of citations makes of a claim."""
    markers = MarkerFilter([sentence.passage], similarity=similarity)
    markers.feed(f"{sentence.text.rstrip('.')} [1].")
    found = markers.close()
    if not found.citations:
        return "refused"
    return "verified" if found.citations[0].verified else "located"


def figures(
    name: str, similarity: Similarity | None
) -> tuple[dict[tuple[bool, str], Counter[str]], list[tuple[str, Sentence]]]:
    """Returns the outcomes by truth and kind, and each claim with its outcome."""
    counts: dict[tuple[bool, str], Counter[str]] = defaultdict(Counter)
    each = []
    for sentence in sentences(name):
        outcome = judged(sentence, similarity)
        counts[sentence.is_true, sentence.kind][outcome] += 1
        each.append((outcome, sentence))
    return counts, each


def main(*, verbose: bool) -> None:
    """Prints a row a kind."""
    from ragcli.models.builtin.embedder import BuiltinEmbedder

    embedder = BuiltinEmbedder()

    def cosine(one: str, other: str) -> float:
        first, second = embedder.embed([one, other])
        return float(first @ second)

    for name in FILES:
        print(name)
        _report(*figures(name, cosine), verbose=verbose)


def _report(
    counts: dict[tuple[bool, str], Counter[str]],
    each: list[tuple[str, Sentence]],
    *,
    verbose: bool,
) -> None:
    for is_true in (False, True):
        print(f"{'true' if is_true else 'false'}: verified, located, refused")
        whole: Counter[str] = Counter()
        for (truth, kind), found in sorted(counts.items()):
            if truth == is_true:
                print(f"  {kind:12} {_row(found)}")
                if kind != "exact":
                    whole.update(found)
        print(f"  {'all':12} {_row(whole)}")
    for outcome, sentence in each if verbose else ():
        if (outcome == "verified") != sentence.is_true:
            said = "true" if sentence.is_true else "FALSE"
            print(f"{said} {sentence.kind} {outcome}: {sentence.text}")


def _row(found: Counter[str]) -> str:
    count = found.total()
    shares = ", ".join(f"{found[o]:3}" for o in ("verified", "located", "refused"))
    share = f"{found['verified'] / count:.0%}" if count else ""
    return f"{shares}  of {count} ({share} verified)"


def _groups(name: str) -> Iterator[Group]:
    group: Group | None = None
    text: list[str] = []
    for line in (HERE / name).read_text(encoding="utf-8").splitlines():
        word, _, rest = line.partition(" ")
        if word in {"passage", "sample"}:
            if group:
                yield group
            of_file = word == "sample"
            group = Group(
                "en" if of_file else rest, of_sample(rest) if of_file else [], [], []
            )
        elif group is None or word in {"#", ""}:
            continue
        elif word == "claim":
            group.claims.append(rest)
        elif word in {"same", "false"}:
            kind, _, said = rest.partition(" ")
            group.told.append((word == "same", kind, said))
        else:
            text = [line]
            whole = "\n".join(text)
            group.documents = of_text(whole, "text.txt", group.language)
    if group:
        yield group


def _true(claim: str) -> str:
    return SLOT.sub(r"\1", claim)


def _mutants(claim: str) -> list[tuple[str, str]]:
    """Returns kind and text of each claim that is changed at one place."""
    found = []
    for slot in SLOT.finditer(claim):
        text = claim[: slot.start()] + slot[2] + claim[slot.end() :]
        found.append((slot[3], _true(text)))
    return found


def _inner(sentence: str) -> str:
    """Returns a sentence as it stands inside another."""
    first = sentence.split(maxsplit=1)[0]
    is_plain = first.lower() in _PLAIN
    return sentence[:1].lower() + sentence[1:] if is_plain else sentence


_PLAIN = frozenset(
    words(
        "The All Some If It On In To After When With By Either Sea An Anything Nothing "
        "Nobody Everybody Der Die Eine Alle Ohne Mit Nach Le La Avant El Ningún "
        "Después Members Children Pets Dogs Files Folders Logs Seals"
    )
) | {"a"}


if __name__ == "__main__":
    main(verbose="-v" in sys.argv[1:])
