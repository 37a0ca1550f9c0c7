r"""What the marks of reStructuredText, AsciiDoc and Org in a line show on a page.

`link:a.html[the guide]` reads `the guide`, ``` ``x`` ``` reads `x`, `/short/` reads
`short`. A text is only shortened for being shown and compared: what is cited stays as
it stands in its file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from ragcli.language.patterns import deferred

_RST = deferred(
    r"``(?P<code>[^`]+)``|:(?P<name>[\w:+.-]{1,80}):`(?:[~!])?(?P<role>[^`]*)`"
    r"|`(?P<link>[^`]*)`(?:__?)?|(?P<strong>(?<!\w)\*{1,2}(?=[^\s*])[^*\n]{1,400}?"
    r"(?<=\S)\*{1,2}(?!\w))|(?P<note>[ \t]?\[(?:\d{1,4}|#[\w-]*|\*|[^\W\d][\w.-]*)\]_)"
    r"|(?P<joint>\\[ \t])|(?P<escaped>\\)(?=[^\w\s])"
    r"|\b(?P<target>[^\W_](?:[\w.+-]{0,60}[^\W_])?)__?(?![\w`])"
)
_RST_TARGET = deferred(r"(?<!\s)\s*<[^<>]*>\s*$")
_ASCIIDOC = deferred(
    r"(?:link|xref|mailto):[^\s\[\]]{1,500}\[(?P<link>[^\]]*)\]"
    r"|(?P<address>(?:https?|ftp)://[^\s\[\]<>]{1,500})\[(?P<words>[^\]]*)\]"
    r"|<<(?P<id>[^<>,\n]{1,200})(?:,(?P<label>[^<>\n]*))?>>|\[\[[^\]\n]*\]\]"
    r"|footnote:[^\s\[\]]{0,200}\[(?P<note>[^\]]*)\]"
    r"|(?:stem|latexmath|asciimath):\[(?P<formula>[^\]]*)\]"
    r"|(?:pass|kbd|btn|menu|image|icon|indexterm2?):"
    r"[^\s\[\]]{0,200}\[(?P<inside>[^\]]*)\]"
    r"|(?:\[[\w.#%-]{1,60}\])(?=[#*_`])|\{(?P<name>[\w-]{1,80})\}"
    r"|(?P<joint>[ \t]\+$)"
)
_ASCIIDOC_SIGNS = {
    "nbsp": " ", "sp": " ", "empty": "", "blank": "", "zwsp": "", "wj": "",
    "apos": "'", "quot": '"', "lsquo": "\u2018", "rsquo": "\u2019", "ldquo": "\u201c",
    "rdquo": "\u201d", "deg": "\xb0", "plus": "+", "brvbar": "\xa6", "vbar": "|",
    "amp": "&", "lt": "<", "gt": ">", "startsb": "[", "endsb": "]", "caret": "^",
    "asterisk": "*", "tilde": "~", "backslash": "\\", "backtick": "`", "cpp": "C++",
    "two-colons": "::", "two-semicolons": ";;",
}  # fmt: skip
"""What AsciiDoc itself defines."""

_ORG = deferred(
    r"\[\[(?P<target>[^\[\]\n]{1,500})\](?:\[(?P<words>[^\[\]\n]{1,500})\])?\]"
    r"|\[fn:[^\[\]\n]{1,80}\]|<<(?P<anchor>[^<>\n]{1,80})>>"
    r"|\\\((?P<formula>[^\n]{1,200}?)\\\)|(?P<joint>[ \t]*\\\\$)"
    r"|\^\{(?P<power>[^{}\n]{1,40})\}|_\{(?P<below>[^{}\n]{1,40})\}"
)
_POWER = deferred(r"\^(?P<power>[^\s^]{1,20})\^|(?<=\w)~(?P<below>[^\s~]{1,20})~")
_RAISED = str.maketrans(
    "0123456789+-", "\u2070\xb9\xb2\xb3\u2074\u2075\u2076\u2077\u2078\u2079\u207a\u207b"
)


def emphasis(marks: str) -> re.Pattern[str]:
    """Returns what finds words between two marks; its last group is the words."""
    kinds = []
    for sign in map(re.escape, marks):
        words = rf"([^{sign}\n]{{1,200}})"
        kinds.append(rf"{sign}{{1,2}}(?=[^\s{sign}]){words}(?<=\S){sign}{{1,2}}(?!\w)")
    return deferred(rf"(?<!\w)(?:{'|'.join(kinds)})")


_ASCIIDOC_EMPHASIS = emphasis("*_`#+")
_ORG_EMPHASIS = emphasis("*/_=~+")


def shown(text: str, notation: str) -> str:
    """Returns a text of one line as a page shows it.

    Args:
        text: The text as it stands in its file.
        notation: The format of the file; others than these three change nothing.
    """
    kind = _NOTATIONS.get(notation)
    return kind(text) if kind else text


def is_marked(notation: str) -> bool:
    """Tells whether texts of a format have marks that `shown` reads."""
    return notation in _NOTATIONS


def restructured(text: str) -> str:
    """Returns reStructuredText without roles, targets of links and emphasis."""
    if not any(sign in text for sign in "`*\\_"):
        return text
    return _RST.sub(_restructured, text)


def _restructured(match: re.Match[str]) -> str:
    if match["code"] is not None:
        return match["code"]
    if match["strong"]:
        return match["strong"].strip("*")
    if match["target"]:
        return match["target"]
    said = match["role"] if match["role"] is not None else match["link"]
    if said is None:  # a note, an escape
        return ""
    if match["name"] == "sup":
        return _power(said, match.string[: match.start()].removesuffix("\\ "))
    return _RST_TARGET.sub("", said) or said.strip("<> ")


def asciidoc(text: str, attributes: Mapping[str, str] | None = None) -> str:
    """Returns AsciiDoc without macros, attributes and emphasis.

    Args:
        text: The text.
        attributes: What the document defines; what is not known stays as it stands.
    """

    def replaced(match: re.Match[str]) -> str:
        kind = match.lastgroup
        if kind == "name":
            known = (attributes or {}).get(match["name"])
            return known or _ASCIIDOC_SIGNS.get(match["name"], match[0])
        if kind == "address":
            return match["address"]
        if kind == "words":
            return match["words"] or match["address"]
        if kind == "note":
            return f" ({match['note']})" if match["note"] else ""
        if kind == "formula":
            return match["formula"].strip("$")
        return match[kind].rstrip("^").strip() if kind and kind != "joint" else ""

    text = _ASCIIDOC.sub(replaced, text)
    for _ in range(2):  # `+x+` is verbatim and monospaced
        text = _without(_ASCIIDOC_EMPHASIS, text)
    return _powers(_POWER, text) if "^" in text or "~" in text else text


def org(text: str) -> str:
    """Returns Org without targets of links, notes and emphasis."""
    text = _ORG.sub(_org, text)
    return _without(_ORG_EMPHASIS, text)


def _org(match: re.Match[str]) -> str:
    if match["power"]:
        return _power(match["power"], match.string[: match.start()])
    groups = ("words", "target", "anchor", "formula", "below")
    return next((match[group] for group in groups if match[group]), "")


def _without(pattern: re.Pattern[str], text: str) -> str:
    """Returns a text without the marks that `pattern` finds, which `emphasis` made."""
    return pattern.sub(lambda match: match[match.lastindex or 0], text)


def _powers(pattern: re.Pattern[str], text: str) -> str:
    return pattern.sub(
        lambda match: (
            match["below"] or _power(match["power"], match.string[: match.start()])
        ),
        text,
    )


def _power(said: str, before: str) -> str:
    """Returns raised words, which behind a digit would make another number."""
    is_power = said.lstrip("+-").isdecimal() and before[-1:].isdecimal()
    return said.translate(_RAISED) if is_power else said


_NOTATIONS: dict[str, Callable[[str], str]] = {
    "rst": restructured,
    "asciidoc": asciidoc,
    "org": org,
}
