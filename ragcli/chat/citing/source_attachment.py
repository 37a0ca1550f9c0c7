"""Finds the source of each sentence of an answer that names none.

Small models rarely write markers. Where a passage of the prompt says such a sentence,
a marker is attached to it, `[~1]`: the reader sees that the program put it there, and a
citation of that kind is never verified. Where the passages speak against the sentence,
or none has what it speaks of, the sentence is unsupported. Between the two nothing is
said. Sentences that claim nothing are left alone (`language.asides`).

`python -m tests.benchmarks attachment` measures it on labelled sentences.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from ragcli.chat.citing.marker_parser import Sentence
from ragcli.chat.citing.quotes import Quote
from ragcli.chat.citing.support import Claim, PreparedPassage, source_of
from ragcli.language import markers
from ragcli.language.asides import claimed
from ragcli.language.vocabulary.words import words

_LEAST = 2
"""Fewest content words of a sentence that claims anything."""
_ENOUGH = 3
"""Fewest of one that a passage can be told to say: "It waits." says too little."""
_CELL = re.compile(r"\s*\|\s*")
_ROW_ENDS = "|"


class SourceAttachment:
    """Looks for the sources of one answer.

    Args:
        evidence: The passages of the prompt, in their order.
        allowed: Words (lower case) that need no support: the question's.
    """

    def __init__(
        self, evidence: Sequence[PreparedPassage], allowed: Collection[str] = ()
    ) -> None:
        self._evidence = evidence
        self._allowed = allowed
        self.quotes: dict[int, list[Quote]] = {}
        """What says the sentences that a number was attached to, by number."""
        self.unsupported: list[str] = []
        """Sentences that no passage says, as they are written, in order."""
        self.open = 0
        """How many sentences a passage may say, which cannot be told."""

    def completed(self, sentence: Sentence, before: str, shown: str) -> str:
        """Returns what was held back of a sentence, with what is attached to it.

        Args:
            sentence: One that has no marker, or none that holds.
            before: The sentence before it, for a marker that stood alone.
            shown: What was held back of it, as it is to be shown.
        """
        if sentence.is_code or sentence.is_half:
            return shown
        text = sentence.text()
        claimed = text if text.strip() else before if sentence.has_markers else ""
        marker = self._marker(claimed, sentence.row)
        if not marker:
            return shown
        body = shown.rstrip()
        if sentence.row and body.endswith(_ROW_ENDS):
            end = shown[len(body) :]
            return f"{body.removesuffix(_ROW_ENDS).rstrip()} {marker} |{end}"
        return f"{body} {marker}"

    def _marker(self, text: str, row: int) -> str:
        """Returns the marker that belongs to a sentence, "" for none."""
        claim = claimed(_spoken(text) if row else text)
        weight = self._weight(claim)
        if weight < _LEAST or row == 1:  # its names of columns
            return ""
        source = source_of(claim, self._evidence, self._allowed)
        if source.strength == "none":
            self.unsupported.append(" ".join(text.split()))
        elif source.strength == "located" or weight < _ENOUGH:
            self.open += 1
        if source.strength != "strong" or weight < _ENOUGH:
            return ""
        for number, quotes in source.quotes.items():
            self.quotes.setdefault(number, []).extend(quotes)
        return markers.attached(sorted(source.quotes))

    def _weight(self, text: str) -> int:
        """Returns how much a sentence says: its content words, a number as several.

        Two of them in a sentence of some length ("Readers take no lock.") are enough.
        """
        claim = Claim(text)
        stems = len(claim.stems(self._evidence[0].passage.language))
        is_long = stems >= _LEAST and len(words(text)) > _ENOUGH
        return stems + is_long + _ENOUGH * bool(claim.numbers)


def _spoken(row: str) -> str:
    """Returns a row of a table as a sentence."""
    return ", ".join(filter(None, _CELL.split(row.strip())))
