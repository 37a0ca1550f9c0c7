"""From ranked candidates to an answer: one quotation, and more only where they earn it.

A question that wants one thing gets the best candidate. A second one is added when it
says much of the question that the first leaves out, or when the two can hardly be told
apart; a list, steps or a comparison are given whole, as far as they go.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

from ragcli.language.anaphors import refers_back
from ragcli.language.instructions import instructs
from ragcli.models.builtin.candidates import Candidate, candidates
from ragcli.models.builtin.parsed_question import ParsedQuestion
from ragcli.models.builtin.scoring import Scored, is_coded

MOST_LISTED = 40
"""Items and rows of one list that are given at most."""
_MOST_LINES = 8
"""Of a listing that a line with a colon leads to."""
_LED_TO = frozenset({"item", "line", "code"})
"""Kinds of which such a line leads to several, one below the other."""
_SEVERAL = 3
"""Quotations for a question that hardly one sentence answers."""
_WORTHWHILE = 0.75
"""Further quotations have at least this share of the best one's score."""
_ALIKE = 0.985
"""From this share of its score on, a candidate cannot be told from the best one."""
_BESIDE = 0.6
"""Share from which one's own documents are quoted beside what came with the
question, or beside somebody else's documents."""
_GAIN = 0.25
"""Share of the question that a further quotation must add."""
_LISTED = frozenset({"item", "row", "field", "line"})


def composed(asked: ParsedQuestion, ranked: Sequence[Scored]) -> list[Candidate]:
    """Returns the quotations that make up an answer, in the order to be given.

    Args:
        asked: The question.
        ranked: Candidates, best first, at least one.
    """
    best = ranked[0].candidate
    if best.kind == "code" or is_coded(asked, best):
        return _told(best, ranked) if asked.asks_to_do else [best]
    if asked.wants_list and best.kind in _LISTED:
        listed = _whole_list(best, ranked)
        if not _stands_out(ranked, listed):
            return listed
    if asked.wants_name and best.name[1] > 0:
        start, end = best.name
        said = " ".join(best.source.text[start:end].split())
        return [replace(best, start=start, end=end, text=said, quoted=""), best]
    whole = _whole(asked, best, ranked)
    if len(whole) > 1:
        return whole
    wanted = _SEVERAL if asked.wants_several else 2
    chosen = [best]
    covered = set(ranked[0].covered)
    for item in ranked[1:]:
        if len(chosen) == wanted:
            break
        if _earns(asked, ranked[0], item, covered):
            chosen.append(item.candidate)
            covered |= item.covered
    return _in_order(chosen)


def _whole(
    asked: ParsedQuestion, best: Candidate, ranked: Sequence[Scored]
) -> list[Candidate]:
    """Returns the best candidate with what makes it whole: what it leads to, say."""
    introduced = [] if ranked[0].evidence.holds_kind else _introduced(best)
    if introduced:
        return [best, *introduced]
    told = _told(best, ranked) if asked.asks_to_do else []
    if len(told) > 1:
        return told
    following = _following(asked, best, ranked)
    return [best, following] if following else [best]


def _earns(
    asked: ParsedQuestion, best: Scored, item: Scored, covered: set[str]
) -> bool:
    """Tells whether a further quotation is worth its place."""
    if item.candidate.kind == "code" or not item.candidate.is_whole:
        return False
    share = item.score / best.score if best.score > 0 else 0.0
    first, second = best.candidate.source, item.candidate.source
    if (first.attached and not second.attached) or (first.origin and not second.origin):
        return share >= _BESIDE
    if first != second and item.covered < best.covered:
        return False  # of another place, and about less: how to delete something else
    if asked.wants_several:
        return share >= _WORTHWHILE
    is_told = best.evidence.holds_kind and not item.evidence.holds_kind
    if is_told and not refers_back(best.candidate.text):
        return False
    adds = len(item.covered - covered) / max(1, len(item.covered | covered))
    return share >= _ALIKE or (share >= _WORTHWHILE and adds >= _GAIN)


def _following(
    asked: ParsedQuestion, best: Candidate, ranked: Sequence[Scored]
) -> Candidate | None:
    """Returns what stands right below, where the best candidate breaks off or leads on.

    The next step is asked for, or a line ends in the middle.
    """
    is_step = asked.wants_next and best.kind == "item"
    breaks_off = best.kind in _LISTED and best.text.endswith(
        ("...", "\u2026", ",", "-")
    )
    if not (is_step or breaks_off):
        return None
    below = (
        item.candidate
        for item in ranked
        if item.candidate.source == best.source
        and item.candidate.kind == best.kind
        and item.candidate.position == best.position + 1
    )
    return next(below, None)


def _introduced(best: Candidate) -> list[Candidate]:
    """Returns what stands right below a line that ends with a colon.

    That are the items of a list, the lines of a listing or one address, command or
    sentence. Unless the line has the kind of answer that is asked for, it says nothing
    without them. Some of the steps that it leads to are no answer; none needs the
    question's words.
    """
    if best.kind != "sentence" or not best.text.endswith(":"):
        return []
    below = candidates(best.source)[best.position + 1 :]
    if not below:
        return []
    shown = [item for item in below if (item.start, item.end) == best.example]
    if shown:
        below = below[below.index(shown[0]) :]  # a label stands between
    kind = below[0].kind
    if kind not in _LED_TO:
        return below[:1] if kind == "sentence" else []
    alike = itertools.takewhile(lambda item: item.kind == kind, below)
    return list(itertools.islice(alike, MOST_LISTED if kind == "item" else _MOST_LINES))


def _told(best: Candidate, ranked: Sequence[Scored]) -> list[Candidate]:
    """Returns an instruction with the code that belongs to it, or all steps of one.

    That is the sentence right above code, the code right below a sentence, and what an
    entry begins with: its syntax.
    """
    if best.kind == "item" and not best.introduces:
        steps = _whole_list(best, ranked)
        tell = sum(instructs(item.text) for item in steps)
        if 2 * tell > len(steps) and not _stands_out(ranked, steps):
            return steps
        return [best]
    given = candidates(best.source)
    if best.kind == "code":
        span = (best.start, best.end)
        above = [item for item in given[: best.position] if item.example == span]
        return [*above[-1:], best]
    syntax = given[:1] if best.position == 1 and given[0].kind == "code" else []
    below = [item for item in given if (item.start, item.end) == best.example]
    return [*syntax, best, *below[:1]]


def _whole_list(best: Candidate, ranked: Sequence[Scored]) -> list[Candidate]:
    """Returns the list that the best candidate is an item of, in its order."""
    same = {
        item.candidate.position: item.candidate
        for item in ranked
        if item.candidate.source == best.source and item.candidate.kind == best.kind
    }
    first = last = best.position
    while first - 1 in same:
        first -= 1
    while last + 1 in same:
        last += 1
    return [same[position] for position in range(first, last + 1)][:MOST_LISTED]


def _stands_out(ranked: Sequence[Scored], listed: Sequence[Candidate]) -> bool:
    """Tells whether the best candidate alone of a list has the question's words.

    A list of what is asked for is told by what leads to it: its items are names. One
    that is about something else has an item that speaks of what is asked.
    """
    best = ranked[0]
    others = [
        item.covered
        for item in ranked
        if item.candidate in listed and item.candidate != best.candidate
    ]
    return len(best.covered) > 1 and all(
        2 * len(covered) <= len(best.covered) for covered in others
    )


def _in_order(chosen: Sequence[Candidate]) -> list[Candidate]:
    """Returns the best one, then the others in reading order, source by source."""
    best, *company = chosen
    sources = list(dict.fromkeys(item.source.marker for item in chosen))
    company.sort(key=lambda item: (sources.index(item.source.marker), item.start))
    return [best, *company]
