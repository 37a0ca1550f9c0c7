"""Checks each citation of an answer against its passage, while it streams.

A marker stays only if the passage that it names bears out its sentence or clause;
see `support`. The others are removed and counted. What stays becomes a `Citation`
with the sentence of the passage that bears the claim, and that sentence's lines.

A sentence that is left without a marker gets one attached where a passage says it;
where none can be meant, it is remembered as unsupported. See
`source_attachment`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from ragcli.chat.citing.marker_parser import Marker, MarkerReader, Sentence
from ragcli.chat.citing.quotes import Quote, quote_of
from ragcli.frozen import frozen
from ragcli.index.passages import Passage
from ragcli.language import markers
from ragcli.language.patterns import deferred
from ragcli.language.vocabulary.words import words
from ragcli.models.base import Piece, Quotation
from ragcli.sessions.records.record_types import Citation, CitedQuote

if TYPE_CHECKING:
    from ragcli.chat.citing.source_attachment import SourceAttachment
    from ragcli.chat.citing.support import (
        Claim,
        PreparedPassage,
        Similarity,
        StemWeights,
    )


@frozen
class Checked:
    """What the checks of one answer came to."""

    tail: str
    """Text of the answer that was still held back."""
    citations: tuple[Citation, ...]
    """One for each passage that is cited, by number."""
    removed: int
    """How many numbers were removed: unknown ones, and those not borne out."""
    unsupported: tuple[str, ...] = ()
    """Sentences without a marker that no passage says."""
    open: int = 0
    """How many sentences without a marker a passage may say, which cannot be told."""


@frozen
class _Cited:
    """What the claims with one number came to so far."""

    share: tuple[bool, float]
    """Whether the best of them is verified, and its share of support."""
    quote: Quote
    """The quotation that supports it best."""
    verified: bool
    """Whether all of them are."""
    quotes: tuple[Quote, ...]
    """The quotations that support each of them."""


_OPEN = deferred(r"\[[\s\d,;-]*$")
"""The beginning of a marker: `[1[1]]` would be one if the inner one were taken out."""

_COPIED = 12
"""Characters before a page's own mark that show it was copied from the page."""
_EXACT = (True, 1.0)
"""Of words that a passage holds verbatim: verified, and all of them are supported."""


class MarkerFilter:
    """Filters a streaming answer.

    What compares claims with passages is loaded with the first claim: an answer of
    quotations that say where they stand makes none.

    Args:
        passages: Those of the prompt; `[1]` names the first.
        question: Its words and numbers need no support when the answer repeats them.
        similarity: Vector overlap of two texts, for paraphrases; None for none.
        attaches: Look for the source of each sentence that names none.
    """

    def __init__(
        self,
        passages: Sequence[Passage],
        question: str = "",
        similarity: Similarity | None = None,
        *,
        attaches: bool = False,
    ) -> None:
        self._passages = passages
        self._question = question
        self._similarity = similarity
        self._reader = MarkerReader(self._resolved)
        self._cited: dict[int, _Cited] = {}
        self._removed = 0
        self._attachment: SourceAttachment | None = None
        if attaches and passages:
            from ragcli.chat.citing.source_attachment import SourceAttachment

            self._attachment = SourceAttachment(self._evidence, self._allowed)

    @cached_property
    def _evidence(self) -> list[PreparedPassage]:
        from ragcli.chat.citing.support import PreparedPassage

        return [PreparedPassage(item, self._similarity) for item in self._passages]

    @cached_property
    def _allowed(self) -> frozenset[str]:
        """The question's words and numbers."""
        from ragcli.chat.citing.support import numbers

        return frozenset(words(self._question)) | numbers(self._question)

    @cached_property
    def _weights(self) -> StemWeights:
        """The weights of stems among the passages."""
        from ragcli.chat.citing.support import StemWeights

        return StemWeights([item.stems for item in self._evidence])

    def _claim(self, text: str) -> Claim:
        from ragcli.chat.citing.support import Claim

        return Claim(text, self._allowed)

    def feed(self, piece: Piece) -> str:
        """Returns what of the answer may be shown after the next piece of it.

        The texts returned by `feed` and `close` together are the same however the
        answer's text was cut up.
        """
        if isinstance(piece, Quotation):
            return self._reader.interrupt() + self._quoted(piece)
        return self._reader.feed(piece)

    def close(self, *, cut: bool = False) -> Checked:
        """Returns the rest of the answer and its citations.

        Args:
            cut: Whether it broke off.
        """
        tail = self._reader.close(cut=cut)
        added = self._attachment
        if added is None:
            return Checked(tail, self._citations({}), self._removed)
        return Checked(
            tail,
            self._citations(added.quotes),
            self._removed,
            tuple(added.unsupported),
            added.open,
        )

    def _citations(
        self, attached: Mapping[int, Sequence[Quote]]
    ) -> tuple[Citation, ...]:
        """Returns one citation for each number, written or attached, in order."""
        return tuple(
            self._citation(number, self._cited.get(number), attached.get(number, ()))
            for number in sorted(self._cited.keys() | attached.keys())
        )

    def _quoted(self, piece: Quotation) -> str:
        """Returns a quotation, in which nothing is a marker, and its own marker.

        One that says where it stands is borne out by its place.
        """
        start, end = piece.span
        if end > start and 1 <= piece.marker <= len(self._passages):
            passage = self._passages[piece.marker - 1]
            spans = [(start, end)]
            if piece.kind == "computed":  # of all units of a passage made for it
                spans = [(unit.start, unit.end) for unit in passage.units]
            quotes = tuple(quote_of(passage, *span) for span in spans)
            self._remember(piece.marker, _EXACT, quotes)
            return as_markdown(piece, marked=True)
        claim = self._claim(piece.text)
        if self._holds(piece.marker, [claim, claim]):
            return as_markdown(piece, marked=True)
        self._removed += 1
        return as_markdown(piece, marked=False)

    def _resolved(self, sentence: Sentence, before: str) -> str:
        """Returns the held part of a sentence with only the markers that hold.

        What is attached stands at its end.
        """
        whole = self._claim(sentence.text())
        if not words(whole.text):
            whole = self._claim(before)
        clauses = _clauses(sentence)
        out: list[str] = []
        swallowed = not sentence.said.strip() and not sentence.row
        holding = False
        for part, clause in zip(sentence.held, clauses, strict=True):
            if isinstance(part, str):
                out.append(_joined(out, part, swallowed=swallowed))
                swallowed = False
            else:
                if self._is_copied(clause, part):
                    kept = part.literal
                else:
                    kept = self._kept(part, [self._claim(clause), whole])
                    holding = holding or bool(kept)
                    if not kept and _OPEN.search(clause):
                        kept = part.literal
                out.append(kept)
                swallowed = swallowed and not kept
        shown = "".join(out)
        if self._attachment is None or holding or sentence.is_marked:
            return shown
        return self._attachment.completed(sentence, before, shown)

    def _kept(self, marker: Marker, claims: list[Claim]) -> str:
        """Returns a marker with the numbers that hold, "" if none does."""
        wanted = list(dict.fromkeys(marker.numbers))
        known = [0 < number <= len(self._passages) for number in wanted]
        if marker.attached and not any(known):
            return marker.literal
        if not all(known) and self._is_quoted(marker):
            return marker.literal
        holding = [number for number in wanted if self._holds(number, claims)]
        self._removed += len(wanted) - len(holding)
        if holding == wanted:
            return marker.space + marker.raw
        if not holding:
            return ""
        return f"{marker.space}[{', '.join(map(str, holding))}]"

    def _is_copied(self, clause: str, marker: Marker) -> bool:
        """Tells whether a marker is a mark of the page itself, copied with its text.

        As in `the capital.[3]` of a page with footnotes.
        """
        text = clause[-_COPIED:] + marker.space + marker.raw
        is_long = len(clause.strip()) >= _COPIED
        return is_long and any(text in item.text for item in self._passages)

    def _is_quoted(self, marker: Marker) -> bool:
        """Tells whether a passage has these very brackets, as in `from [0, 1]`."""
        return any(marker.raw in item.text for item in self._passages)

    def _holds(self, number: int, claims: list[Claim]) -> bool:
        """Judges one number by its clause or its sentence, whichever is clearer."""
        if not 1 <= number <= len(self._passages):
            return False
        evidence = self._evidence[number - 1]
        clause, whole = claims
        supports = [
            (claim, evidence.support(claim, self._weights))
            for claim in ((whole,) if clause.is_thin else (clause, whole))
        ]
        holding = [(claim, support) for claim, support in supports if support.holds]
        if not holding:
            return False
        claim, support = max(holding, key=lambda item: item[1].verified)
        quotes = support.quotes or (evidence.quote(claim),)
        self._remember(number, (support.verified, support.share), quotes)
        return True

    def _remember(
        self, number: int, share: tuple[bool, float], quotes: tuple[Quote, ...]
    ) -> None:
        """Adds what bears one claim; the worst claim decides whether it is verified.

        Args:
            number: Of the passage.
            share: Whether the claim is verified, and its share of support.
            quotes: What of the passage supports it, best first.
        """
        verified, _ = share
        known = self._cited.get(number)
        if known is None:
            cited = _Cited(share, quotes[0], verified, quotes)
        else:
            cited = _Cited(
                max(share, known.share),
                quotes[0] if share > known.share else known.quote,
                known.verified and verified,
                (*known.quotes, *quotes),
            )
        self._cited[number] = cited

    def _citation(
        self, number: int, cited: _Cited | None, attached: Sequence[Quote]
    ) -> Citation:
        """Returns what a number stands for.

        That is what its markers claim, and what the sentences say that it was attached
        to.
        """
        passage = self._passages[number - 1]
        best = cited.quote if cited else attached[0]
        quotes = _in_order(cited.quotes) if cited else []
        own = [(quote, False) for quote in quotes]
        own += [(quote, True) for quote in _in_order(attached) if quote not in quotes]
        own.sort(key=lambda pair: pair[0].start)
        return Citation(
            marker=number,
            path=passage.path,
            page=passage.page,
            lines=best.lines,
            heading=" > ".join(passage.heading),
            score=passage.score,
            quote=best.text,
            verified=cited is not None and cited.verified,
            digest=passage.digest,
            source=passage.source,
            quotes=tuple(
                CitedQuote(quote.text, quote.lines, passage.page, attached=is_attached)
                for quote, is_attached in own
            )
            if len(own) > 1
            else (),
            attached=cited is None,
            copies=len(passage.copies),
            read=passage.read,
            part=passage.part,
        )


def _in_order(quotes: Iterable[Quote]) -> list[Quote]:
    """Returns stretches in reading order, each once, without those within another."""
    ordered: list[Quote] = []
    for quote in sorted(set(quotes), key=lambda q: (q.start, -len(q.text))):
        end = quote.start + len(quote.text)
        if not ordered or end > ordered[-1].start + len(ordered[-1].text):
            ordered.append(quote)
    return ordered


def as_markdown(piece: Piece, *, marked: bool) -> str:
    """Returns a piece of an answer as Markdown, a quotation `marked` or not."""
    if not isinstance(piece, Quotation):
        return piece
    is_code = piece.kind == "code"
    text = markers.fenced(piece.text) if is_code else markers.quoted(piece.text)
    gap = "\n" if is_code else " "
    return f"{text}{gap}[{piece.marker}]" if marked else text


def _clauses(sentence: Sentence) -> list[str]:
    """Returns, for each held part, the text between the last marker and this one.

    Markers side by side share the clause before the first of them.
    """
    clauses: list[str] = []
    clause = sentence.said
    for part, following in pairwise([*sentence.held, ""]):
        if isinstance(part, str):
            clause += part
        clauses.append(clause)
        if isinstance(part, Marker) and isinstance(following, str):
            clause = ""
    return clauses


def _joined(out: list[str], part: str, *, swallowed: bool) -> str:
    """Returns text as it follows markers that may be gone."""
    if swallowed:
        return part.lstrip(" \t")
    gone = bool(out) and not out[-1]
    return f" {part}" if gone and part[:1].isalnum() else part
