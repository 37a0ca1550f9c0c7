"""Whether a sentence is borne out by another: supported, refuted, or not to be told.

What is claimed is supported when every word that matters is found in one unit (or in
what stands above it, or, for what a pronoun stands for, in the sentence before), and
nothing speaks against it: a negation on one side only, another number, measure or date,
an opposite, "all" for "some", the doer and the done-to exchanged, a name that belongs
to another clause. What lacks a word is uncertain.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cached_property

from ragcli.frozen import frozen
from ragcli.language.comparison.quantities import are_other_measures
from ragcli.language.comparison.statement import Item, Statement

Similarity = Callable[[str, str], float]
"""Cosine of two texts' vectors."""

SUPPORTED = "supported"
UNCERTAIN = "uncertain"
REFUTED = "refuted"

_SYNONYM = 0.5
"""Least cosine of two words that may stand for each other. Of pairs of English words
that were looked at, most that mean the same had .5 and more, most of one kind less
than .2; those of one kind that had more are listed as excluding each other."""
_FEWEST_LETTERS = 5
_BORROWED = 4
"""Content words at the beginning of the sentence before that a pronoun may mean."""
_BORDER = 4
"""How many words the border of a clause counts for in a distance."""
_EACH = frozenset({"per", "each", "every", "pro", "je", "par", "por"})
_UNSPACED_SHARE = 0.7
"""Share of pairs of characters that an unspaced script's sentence must have."""


@frozen
class UnitContext:
    """The text around a unit, which a claim may refer to."""

    unit: Statement
    before: Statement | None = None
    """The sentence before it."""
    above: Statement | None = None
    """Title, headings, caption, columns and path."""


@frozen
class Verdict:
    """The result of one comparison."""

    outcome: str
    """`SUPPORTED`, `UNCERTAIN` or `REFUTED`."""
    share: float
    """Share of the claim's content that was found, in [0, 1]."""
    reasons: tuple[str, ...] = ()
    """What contradicts it, or is missing, for people."""


class Comparison:
    """A claim against one unit.

    Args:
        claim: What is claimed.
        context: The unit and what it stands in.
        similarity: Cosine of two words; None to take no word for another.
    """

    def __init__(
        self,
        claim: Statement,
        context: UnitContext,
        similarity: Similarity | None = None,
    ) -> None:
        self.claim = claim
        self.unit = context.unit
        self._context = context
        self._similarity = similarity
        self._matched: dict[int, list[Item]] = {}
        self._borrowed: set[int] = set()
        self._missing: list[Item] = []
        self._guessed = 0
        self._align()

    def verdict(self) -> Verdict:
        """Returns the result."""
        against = list(self._contradictions())
        missing = [f"not said: {item.text}" for item in self._missing]
        if against:
            return Verdict(REFUTED, self.share, tuple(against))
        if not self._is_complete:
            return Verdict(UNCERTAIN, self.share, tuple(missing))
        doubts = list(self._doubts())
        if doubts:
            return Verdict(UNCERTAIN, self.share, tuple(doubts))
        return Verdict(SUPPORTED, self.share)

    @cached_property
    def share(self) -> float:
        """Share of the claim's content that was found, synonyms by vector left out."""
        count = len(self.claim.content)
        matched = count - len(self._missing) - self._guessed
        return matched / count if count else 0.0

    @property
    def missing_hard(self) -> list[Item]:
        """The names, terms and numbers that were not found."""
        return [item for item in self._missing if _is_hard(item)]

    @property
    def _is_complete(self) -> bool:
        pairs = [item for item in self.claim.content if item.kind == "pair"]
        if len(pairs) > len(self.claim.content) / 2:
            hard = any(item.kind != "pair" for item in self._missing)
            return not hard and self.share >= _UNSPACED_SHARE
        return (
            not self._missing
            and bool(self._matched)
            and (len(self._matched) >= len(self._borrowed))
        )

    def _align(self) -> None:
        """Finds for each content item of the claim what says it."""
        light = self.claim.words.light
        for item in self.claim.content:
            here = [o for o in self.unit.items if self._same(item, o)]
            if here:
                self._matched[item.index] = here
            elif self._is_above(item):
                continue
            elif self._is_borrowed(item):
                self._borrowed.add(item.index)
            elif item.stem not in light and not self._is_auxiliary(item):
                self._missing.append(item)
        self._take_synonyms()
        self._settle()

    def _settle(self) -> None:
        """Keeps of an item's matches those in the clause that has most else."""
        for segment in {item.segment for item in self.claim.content}:
            items = [
                item
                for item in self.claim.content
                if item.segment == segment and item.index in self._matched
            ]
            counts = Counter(
                clause
                for item in items
                for clause in {other.segment for other in self._matched[item.index]}
            )
            for item in items:
                matches = self._matched[item.index]
                most = max(counts[other.segment] for other in matches)
                best = [other for other in matches if counts[other.segment] == most]
                self._matched[item.index] = best

    @cached_property
    def _covered(self) -> set[int]:
        """The unit's clauses that the claim has words of."""
        return {
            other.segment for matches in self._matched.values() for other in matches
        }

    def _is_auxiliary(self, item: Item) -> bool:
        return item.kind == "word" and item.lower in self.claim.words.doing

    def _same(self, one: Item, other: Item) -> bool:
        """Tells whether two items say the same."""
        if one.quantity and other.quantity:
            return one.quantity.equals(other.quantity)
        if one.quantity or other.quantity:
            return False
        if one.lower == other.lower or one.stem == other.stem:
            return True
        if one.kind != "word" or other.kind != "word":
            return _bare(one) == _bare(other)
        return not self._opposed(one.stem, other.stem) and self._akin(one, other)

    def _akin(self, one: Item, other: Item) -> bool:
        """Tells whether two words are listed as saying the same, or of one family."""
        groups = self.claim.words.same.get(one.stem, frozenset())
        if groups & self.claim.words.same.get(other.stem, frozenset()):
            return True
        return not one.is_name and _is_derived(one.stem, other.stem)

    def _opposed(self, one: str, other: str) -> bool:
        words = self.claim.words
        if other in words.opposites.get(one, ()):
            return True
        longer, shorter = (one, other) if len(one) > len(other) else (other, one)
        return any(longer == prefix + shorter for prefix in words.prefixes)

    def _is_borrowed(self, item: Item) -> bool:
        """Tells whether a pronoun of the unit may stand for an item of before."""
        before = self._context.before
        if before is None or item.quantity:
            return False
        pronouns = self.unit.words.pronouns
        theirs = {o.lower for o in self.unit.items if o.lower in pronouns}
        if not theirs - {o.lower for o in self.claim.items}:
            return False
        named = [o for o in before.content if o.is_name or o.kind == "term"]
        return any(self._same(item, o) for o in (*before.content[:_BORROWED], *named))

    def _is_above(self, item: Item) -> bool:
        above = self._context.above
        return above is not None and any(self._same(item, o) for o in above.items)

    def _take_synonyms(self) -> None:
        """Takes words of the unit that mean the same for those that are missing."""
        if self._similarity is None or not self._missing:
            return
        soft = [item for item in self._missing if not _is_hard(item)]
        if len(soft) > max(2, len(self.claim.content) // 3):
            return
        used = {other.index for matches in self._matched.values() for other in matches}
        free = [
            other
            for other in self.unit.content
            if other.index not in used and other.kind == "word" and not other.is_name
        ]
        for item in soft:
            fit = [
                (self._similarity(item.lower, other.lower), other.index, other)
                for other in free
                if not self._opposed(item.stem, other.stem)
            ]
            cosine, _, best = max(fit, default=(0.0, 0, None))
            if best is not None and cosine >= _SYNONYM:
                self._matched[item.index] = [best]
                self._guessed += 1
                self._missing.remove(item)
                free.remove(best)

    # What speaks against it.

    def _contradictions(self) -> Iterator[str]:
        yield from self._against_polarity()
        yield from self._against_opposites()
        yield from self._against_numbers()
        yield from self._against_quantifiers()
        yield from self._against_arguments()
        yield from self._against_roles()

    def _doubts(self) -> Iterator[str]:
        yield from self._doubtful_quantifiers()
        yield from self._doubtful_bounds()
        yield from self._doubtful_owners()

    def _against_polarity(self) -> Iterator[str]:
        for denial in self.unit.denials:
            for focus in self.unit.denied_by(denial):
                said = self._claimed(focus)
                if said and not any(map(self.claim.is_denied, said)):
                    yield f"denied: {focus.text}"
        for denial in self.claim.denials:
            about = self.claim.denied_by(denial)
            spots = [o for item in about for o in self._matched.get(item.index, ())]
            if not spots:
                spots = [
                    other
                    for item in self.claim.content
                    if item.segment == denial.segment
                    for other in self._matched.get(item.index, ())
                ]
            is_denied = any(map(self.unit.is_denied, spots))
            if spots and not is_denied and not self._is_denied_by_opposite(about):
                yield f"not denied: {spots[0].text}"

    def _is_denied_by_opposite(self, about: Sequence[Item]) -> bool:
        return any(
            self._opposed(item.stem, other.stem)
            for item in about
            for other in self.unit.content
        )

    def _claimed(self, other: Item) -> list[Item]:
        """Returns what of the claim was found in an item of the unit."""
        return [
            item
            for item in self.claim.content
            if other in self._matched.get(item.index, ())
        ]

    def _against_opposites(self) -> Iterator[str]:
        for item in self.claim.items:
            if item.kind != "word" or _leads(self.claim, item):
                continue
            opposed = [
                other
                for other in self.unit.items
                if other.kind == "word" and not _leads(self.unit, other)
                and (
                    self._opposed(item.stem, other.stem)
                    or self._is_other_measure(item, other)
                )
            ]  # fmt: skip
            if not opposed:
                continue
            same = [other for other in self.unit.items if self._same(item, other)]
            if not same:
                denied = self.claim.is_denied(item)
                if not any(self.unit.is_denied(other) != denied for other in opposed):
                    yield f"opposite: {item.text} / {opposed[0].text}"
            elif self._stands_as(item, opposed) > self._stands_as(item, same):
                yield f"opposite: {item.text} / {opposed[0].text}"

    def _is_other_measure(self, item: Item, other: Item) -> bool:
        """Tells whether two words measure the same otherwise: `in seconds`, `minutes`.

        Those beside a number are compared with it.
        """
        return (
            are_other_measures(item.lower, other.lower)
            and not _is_counted(self.claim, item)
            and not _is_counted(self.unit, other)
        )

    def _stands_as(self, item: Item, others: Sequence[Item]) -> float:
        """Returns how well the neighbours of an item fit those of the best other."""
        before, after = self.claim.neighbours(item)
        across_counts = 1.0 if self.claim.words.language == "de" else 0.5

        def fit(other: Item) -> float:
            left, right = self.unit.neighbours(other)
            value = 0.0
            for one, same, across in ((before, left, right), (after, right, left)):
                if one is None:
                    continue
                if same and self._same(one, same):
                    value += 1
                elif across and self._same(one, across):
                    value += across_counts
            return value

        return max(map(fit, others))

    def _against_numbers(self) -> Iterator[str]:
        for item in self.claim.content:
            if not item.quantity:
                continue
            matches = self._matched.get(item.index, [])
            if not matches:
                rival = self._rival(item)
                if rival:
                    yield f"number: {item.text} / {rival.text}"
                continue
            other_measure = self._other_measure(item, matches)
            if other_measure:
                yield f"measure: {item.text} / {other_measure.text}"
            bounds = {other.bound for other in matches}
            if item.bound and item.bound not in bounds and bounds != {""}:
                yield f"bound: {item.bound} {item.text}"
            yield from self._counting_otherwise(item, matches)

    def _counting_otherwise(self, item: Item, numbers: Sequence[Item]) -> Iterator[str]:
        """Yields other numbers of what a number of the claim counts."""
        counted = self._counted(self.claim, item)
        if counted is None:
            return
        if any(
            theirs and self._same(counted, theirs)
            for theirs in (self._counted(self.unit, other) for other in numbers)
        ):
            return
        for other in self.unit.content:
            theirs = self._counted(self.unit, other)
            if other.quantity and theirs and self._same(counted, theirs):
                yield f"number: {item.text} {counted.text} / {other.text}"

    def _other_measure(self, item: Item, numbers: Sequence[Item]) -> Item | None:
        """Returns the same number with another measure, where only a bare one is found.

        `200 MB` is not the `200K` of an option beside `200 kB`.
        """
        mine = item.quantity
        if mine is None or not mine.dimension:
            return None
        if any(other.quantity and other.quantity.dimension for other in numbers):
            return None
        for other in self.unit.items:
            theirs = other.quantity
            if (
                theirs
                and theirs.dimension == mine.dimension
                and not theirs.values.isdisjoint(mine.values)
            ):
                return other
        return None

    def _rival(self, item: Item) -> Item | None:
        """Returns another number of the unit that stands where the claim's does."""
        quantity = item.quantity
        if quantity is None:
            return None
        if any(
            self._same(item, other)
            for part in (self._context.before, self._context.above)
            if part is not None
            for other in part.items
        ):
            return None
        numbers = [other for other in self.unit.items if other.quantity]
        return numbers[0] if numbers else None

    def _counted(self, statement: Statement, item: Item) -> Item | None:
        """Returns what a number counts: the content right after it."""
        if not item.quantity or item.quantity.dimension:
            return None
        for other in statement.items[item.index + 1 : item.index + 3]:
            if other.segment != item.segment:
                return None
            if other.is_content:
                return None if other.quantity else other
        return None

    def _against_quantifiers(self) -> Iterator[str]:
        theirs = self.unit.quantifiers
        names = {name for name, _ in theirs}
        for name, focus in self.claim.quantifiers:
            if name in names or (focus and focus.stem in self.claim.words.times):
                continue
            for other, about in theirs:
                is_beside = "also" in {other, name} and "only" not in {other, name}
                if not is_beside and self._is_said_of(focus, about):
                    yield f"quantity: {name} / {other}"
            for denial in self.unit.denials:
                denied = self.unit.denied_by(denial)
                first = denial.lower in self.unit.words.nobody
                if first and focus and any(self._same(focus, o) for o in denied):
                    yield f"quantity: {name} / {denial.text}"

    def _is_said_of(self, focus: Item | None, about: Item | None) -> bool:
        """Tells whether two words for how many are said of the same."""
        if focus is None or about is None:
            return True
        return self._same(focus, about) or about in self._matched.get(focus.index, ())

    def _doubtful_quantifiers(self) -> Iterator[str]:
        mine = {name for name, _ in self.claim.quantifiers}
        theirs = {name for name, _ in self.unit.quantifiers}
        for name, focus in self.claim.quantifiers:
            is_time = focus is not None and focus.stem in self.claim.words.times
            is_strong = name in {"all", "only", "most"} and not self.unit.denials
            if is_strong and name not in theirs and not is_time:
                yield f"not said: {name}"
        for name, about in self.unit.quantifiers:
            if about is None or name in mine or about.segment not in self._covered:
                continue
            said = bool(self._claimed(about))
            if (name in {"some", "most"} and said) or (name == "only" and not said):
                yield f"left out: {name}"

    def _doubtful_bounds(self) -> Iterator[str]:
        for item in self.claim.content:
            for other in self._matched.get(item.index, ()):
                if other.bound in {"more than", "less than"} and not item.bound:
                    yield f"left out: {other.bound}"
                if item.bound and not other.bound:
                    yield f"not said: {item.bound}"

    def _against_arguments(self) -> Iterator[str]:
        for item in self.claim.items:
            against = self.claim.words.opposed_prepositions.get(item.lower)
            if against is None:
                continue
            mine = self.claim.argument(item)
            if not mine:
                continue
            same = self._argued(mine, {item.lower})
            other = self._argued(mine, against)
            if other > same:
                yield f"direction: {item.text} {mine[-1].text}"

    def _argued(self, mine: Sequence[Item], prepositions: Collection[str]) -> int:
        """Returns how much of an argument stands after one of some prepositions."""
        best = 0
        for item in self.unit.items:
            if item.lower in prepositions:
                theirs = self.unit.argument(item)
                count = sum(any(self._same(m, t) for t in theirs) for m in mine)
                best = max(best, count)
        return best

    def _against_roles(self) -> Iterator[str]:
        if not self.claim.words.by or self.claim.words.language == "de":
            return
        for item in self.claim.content:
            if not self.claim.is_verb_like(item):
                continue
            for pivot in self._matched.get(item.index, ()):
                if self._is_swapped(item, pivot) or self._has_other_doer(item, pivot):
                    yield f"roles: {item.text}"
                    break

    def _has_other_doer(self, item: Item, pivot: Item) -> bool:
        """Tells whether a passive verb names somebody else of the unit as who does it.

        `issued by the proxy` for `issued by the gateway and checked by the proxy`.
        """
        mine, theirs = self.claim.doer(item), self.unit.doer(pivot)
        if not mine or not theirs:
            return False
        if any(self._same(one, other) for one in mine for other in theirs):
            return False
        return any(
            self._same(one, other) for one in mine for other in self.unit.content
        )

    def _is_swapped(self, item: Item, pivot: Item) -> bool:
        mine, theirs = self.claim.roles(item), self.unit.roles(pivot)
        if mine is None or theirs is None:
            return False
        left = self._crossed(mine[0], theirs[1], theirs[0])
        right = self._crossed(mine[1], theirs[0], theirs[1])
        return left and right

    def _crossed(
        self, mine: Sequence[Item], across: Sequence[Item], same: Sequence[Item]
    ) -> bool:
        """Tells whether something stands on the other side there, and only there."""
        return any(
            any(self._same(item, other) for other in across)
            and not any(self._same(item, other) for other in same)
            for item in mine
        )

    def _doubtful_owners(self) -> Iterator[str]:
        """Yields names that stand nearer to something else than to what is claimed."""
        names = [item for item in self.claim.content if item.is_name]
        if self.claim.words.language == "de":
            names = [i for i in self.claim.content if i.text[:1].isupper()]
        for name in names:
            spots = self._matched.get(name.index, [])
            partner = self._partner(name, names)
            if not spots or partner is None:
                continue
            ends = self._matched.get(partner.index, [])
            if not ends:
                continue
            near, end = min(
                ((_distance(self.unit, s, e), e) for s in spots for e in ends),
                key=lambda pair: pair[0],
            )
            for other in self.unit.content:
                claimed = (item.segment for item in self._claimed(other))
                rival = other.is_name and name.segment not in claimed
                if rival and _distance(self.unit, other, end) < near:
                    yield f"nearer: {other.text}"
                    break

    def _partner(self, name: Item, names: Sequence[Item]) -> Item | None:
        """Returns the content nearest to a name that is no name itself."""
        others = [i for i in self.claim.content if i not in names and not i.quantity]
        matched = [i for i in others if i.index in self._matched]
        return min(matched, key=lambda i: abs(i.index - name.index), default=None)


def _leads(statement: Statement, item: Item) -> bool:
    """Tells whether a word is a preposition here: `below 75`, not `stated below`."""
    if item.lower not in statement.words.prepositions:
        return False
    return bool(statement.argument(item))


def _is_counted(statement: Statement, item: Item) -> bool:
    """Tells whether a measure belongs to a number, or to "a", "per" and "each"."""
    if not item.index:
        return False
    before = statement.items[item.index - 1]
    if before.quantity or before.lower in _EACH:
        return True
    return before.lower in statement.words.determiners


def _is_hard(item: Item) -> bool:
    return item.is_name or item.kind in {"term", "number"}


def _bare(item: Item) -> str:
    return item.lower.strip("-_`.")


def _is_derived(one: str, other: str) -> bool:
    """Tells whether two stems are of one family: `expir`, `expiri`."""
    shorter = min(len(one), len(other))
    if shorter < _FEWEST_LETTERS:
        return False
    common = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        common += 1
    return common >= max(_FEWEST_LETTERS, shorter - 1)


def _distance(statement: Statement, one: Item, other: Item) -> int:
    """Returns how many content words stand between two, borders counted as some."""
    first, last = sorted((one.index, other.index))
    between = sum(first < item.index < last for item in statement.content)
    return between + _BORDER * abs(one.segment - other.segment)
