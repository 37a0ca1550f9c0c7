"""How well each candidate answers a question.

coverage + 0.5·cosine + MaxSim + 0.2·z(source) + 0.3·answer type, where coverage is
the share of the question's words weighted by how few of the candidates have them,
and the answer type says whether a number, date or name that was asked for is there.
Fitted on SQuAD: an answer is in the best sentence for .787, in the best three for
.90 of the questions (`tests/benchmarks/quality`).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ragcli.language.interaction import Interaction
from ragcli.language.stemming import content_stems, likely_language
from ragcli.language.stop_word_lists import listed_languages
from ragcli.language.words import words
from ragcli.models.base import Prompt
from ragcli.models.builtin.candidates import Candidate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ragcli.models.builtin.embedder import BuiltinEmbedder

COSINE_WEIGHT = 0.5
SOURCE_WEIGHT = 0.2
TYPE_WEIGHT = 0.3
ATTACHED_WEIGHT = 0.5
"""Added to what came with the question: that is what it is about, most likely."""
CODE_WEIGHT = 0.4
"""Added to code when code is asked for, and taken off when it is not."""
HISTORY_WEIGHT = 0.3
"""Weight of a word that the conversation added to the question."""
COMPARED = 60
"""Candidates that are compared by vectors: those with the best coverage."""

_NUMBER_ASKED = re.compile(
    r"\bhow (?:many|much|long|old|far|big|large|tall|often|high|deep|fast|wide)\b"
    r"|\bwhat (?:percent|number|amount|fraction|age|proportion|port)|percentage"
    r"|\bpopulation\b|\bwie ?viele?\b|\bcombien\b|\bcu[aá]nt[oa]s?\b|\bquant[ie]\b"
    r"|\u0441\u043a\u043e\u043b\u044c\u043a\u043e|\u591a\u5c11",
    re.IGNORECASE,
)
_DATE_ASKED = re.compile(
    r"\bwhen\b|\b(?:what|which) (?:year|date|day|month|century|decade|time)\b"
    r"|\bwann\b|\bquand\b|\bcu[aá]ndo\b|\bquando\b"
    r"|\u043a\u043e\u0433\u0434\u0430|\u4ec0\u4e48\u65f6\u5019|\u54ea\u5e74",
    re.IGNORECASE,
)
_NAME_ASKED = re.compile(
    r"\bwho(?:m|se)?\b|\bwhere\b|\bname\b|\b(?:what|which) (?:country|city|person|state"
    r"|nation|company|team|place|river|island)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|hundred|thousand"
    r"|[mb]illion|dozen|first|second|third|half|percent)\b",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"\b(?:1\d{3}|20\d\d|\d{1,4}s|january|february|march|april|may|june|july|august"
    r"|september|october|november|december|century|decade|(?:mon|tues|wednes|thurs|fri"
    r"|satur|sun)day|bc|ad|years?|days?|months?)\b|\d\s*[\u5e74\u6708\u65e5]",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?<=[a-z,;:)] )[A-Z][\w'-]+|[A-Z][a-z]+ [A-Z][a-z]+")
_ASKED = ((_NUMBER_ASKED, _NUMBER), (_DATE_ASKED, _DATE), (_NAME_ASKED, _NAME))
_CODE_ASKED = re.compile(
    r"\b(?:code|function|method|class|snippet|example|syntax|command|script|signature"
    r"|implement\w*|defin\w+|regex|imports?|call\w*|api)\b|[a-z]_[a-z]|\(\)|`",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate and how well it answers."""

    candidate: Candidate
    score: float


def best_first(
    prompt: Prompt, found: Sequence[Candidate], embedder: BuiltinEmbedder
) -> list[Scored]:
    """Returns candidates by score, best first; at most `COMPARED` of them.

    Raises:
        ProviderMissing: The wheel with the word vectors is not installed.
    """
    import numpy as np

    coverage = _coverage(prompt, found)
    source = SOURCE_WEIGHT * _source_scores(found)
    source += ATTACHED_WEIGHT * np.array([item.source.attached for item in found])
    likely = np.argsort(-(coverage + source), kind="stable")[:COMPARED]
    chosen = [found[index] for index in likely]
    score = (
        (coverage + source)[likely]
        + _vector_scores(prompt.question, chosen, embedder)
        + _type_scores(prompt.question, chosen)
    )
    order = np.argsort(-score, kind="stable")
    return [Scored(chosen[index], float(score[index])) for index in order]


def _coverage(prompt: Prompt, found: Sequence[Candidate]) -> NDArray[np.float64]:
    """Returns the share of the question's words that each candidate has."""
    import numpy as np

    asked = words(prompt.question)
    language = likely_language(asked, listed_languages())
    present = [set(content_stems(item.text, language)) for item in found]
    weights = dict.fromkeys(content_stems(prompt.query, language), HISTORY_WEIGHT)
    weights |= dict.fromkeys(content_stems(prompt.question, language), 1.0)
    frequency = Counter(stem for stems in present for stem in stems)
    worth = {
        stem: weight * math.log1p(len(found) / (frequency[stem] + 0.5))
        for stem, weight in weights.items()
    }
    total = math.fsum(worth.values()) or 1.0
    # fsum: the order of a set differs from run to run, and must not decide a draw.
    return np.array(
        [
            math.fsum(worth[stem] for stem in stems & worth.keys()) / total
            for stems in present
        ]
    )


def _source_scores(found: Sequence[Candidate]) -> NDArray[np.float64]:
    """Returns the relevance of each candidate's source, standardised over sources."""
    import numpy as np

    logits = {item.source.marker: _logit(item.source.score) for item in found}
    values = np.array(list(logits.values()))
    spread = float(values.std())
    if spread < 1e-6:
        return np.zeros(len(found))
    return np.array(
        [(logits[item.source.marker] - values.mean()) / spread for item in found]
    )


def _logit(share: float) -> float:
    share = min(max(share, 1e-6), 1 - 1e-6)
    return math.log(share / (1 - share))


def _vector_scores(
    question: str, found: Sequence[Candidate], embedder: BuiltinEmbedder
) -> NDArray[np.float64]:
    """Returns late interaction and cosine of the candidates with the question."""
    texts = [item.text for item in found]
    vectors, tokens = embedder.embed_with_tokens(texts)
    cosine = vectors @ embedder.embed([question])[0]
    interaction = Interaction(tokens, embedder)
    maxsim = interaction.maxsim([(question, 1.0)])
    scores: NDArray[np.float64] = (COSINE_WEIGHT * cosine + maxsim).astype("f8")
    return scores


def _type_scores(question: str, found: Sequence[Candidate]) -> NDArray[np.float64]:
    """Returns what the kind of answer that was asked for adds to each candidate."""
    import numpy as np

    wanted = next((sign for asked, sign in _ASKED if asked.search(question)), None)
    code = CODE_WEIGHT if _CODE_ASKED.search(question) else -CODE_WEIGHT
    return np.array(
        [
            code * (item.kind == "code")
            + TYPE_WEIGHT * bool(wanted and wanted.search(item.text))
            for item in found
        ]
    )
