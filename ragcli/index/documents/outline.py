"""Where the definitions of a source file begin and end.

One regular expression a family of languages finds the lines that define
something; indentation tells where each ends. That is not a parser: it is right
for code that is laid out as people lay it out, it never fails, and it reads
tens of megabytes a second.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache

_NAME = r"(?P<name>[\w$.:~!?-]{1,120})"
_MODIFIERS = (
    r"(?:(?:pub(?:\([^)\n]{0,40}\))?|public|private|protected|internal|static|final"
    r"|abstract|sealed|open|override|virtual|async|unsafe|export|default|declare|const"
    r"|inline|extern|data|partial|readonly|case|implicit|lazy|suspend|mutating|local"
    r"|template[ \t]*<[^>\n]{0,80}>|extern \"C\")[ \t]+){0,6}"
)
_KEYWORDS = (
    r"(?:class|struct|interface|enum(?:[ \t]+class)?|trait|impl(?:<[^>\n]{0,80}>)?"
    r"|union|namespace|module|mod|object|record|protocol|extension|actor|fn|func|fun"
    r"|function\*?|def|sub|type|package|macro_rules!|macro|contract|library|service"
    r"|message|procedure|program|subroutine|defmodule|defp?|defmacro|annotation|mixin"
    r"|entity|architecture)"
)
_KEYWORD_LINE = rf"^(?P<indent>[ \t]*){_MODIFIERS}{_KEYWORDS}[ \t]+{_NAME}"
_RECEIVER_LINE = rf"^(?P<indent>)func[ \t]*\([^()\n]{{0,120}}\)[ \t]*{_NAME}"
_CALL_LINE = (
    r"^(?P<indent>[ \t]*)(?P<head>[A-Za-z_$~#@][^;{}()=\n\"'/]{0,200})"
    r"\([^;\n]{0,400}$"
)
"""What a function's first line looks like in C and its kin, and calls do as well."""

_CONTROL = frozenset(
    re.findall(
        r"\w+",
        "if for while switch return else catch do case new throw sizeof with foreach"
        " using lock synchronized await yield delete typedef goto try elif until unless"
        " and or assert print echo super this not in is",
    )
)
_ASSIGNED_FUNCTION = (
    r"^(?P<indent>[ \t]*)(?:export[ \t]+)?(?:const|let|var)[ \t]+(?P<name>[\w$]{1,120})"
    r"[^=\n]{0,120}=[ \t]*(?:async[ \t]*)?"
    r"(?:function|class|\([^\n]{0,200}=>|\w+[ \t]*=>)"
)


def _either(*patterns: str) -> str:
    """Joins patterns; their groups are numbered apart and found by `_group`."""
    parts = []
    for number, pattern in enumerate(patterns):
        renamed = pattern.replace("?P<name>", f"?P<name{number}>")
        parts.append(renamed.replace("?P<indent>", f"?P<indent{number}>"))
    return "|".join(f"(?:{part})" for part in parts)


_PYTHON = (
    r"^(?P<indent>[ \t]*)(?:async[ \t]+def|def|class|cdef[ \t]+class)[ \t]+"
    r"(?P<name>\w+)"
)
_SHELL = r"^(?P<indent>[ \t]*)(?:function[ \t]+)?(?P<name>[\w:-]+)[ \t]*\([ \t]*\)"
_RUBY = r"^(?P<indent>[ \t]*)(?:def|class|module)[ \t]+(?P<name>[\w.:?!]+)"
_JSON = r'^(?P<indent>[ \t]+)"(?P<name>[^"\n]{1,80})"[ \t]*:[ \t]*[\[{][ \t]*$'
_YAML = r"^(?P<indent>[ ]*)(?:- )?(?P<name>[\w./ -]{1,80}):[ \t]*$"
_TABLE = r"^(?P<indent>)[ \t]*\[{1,2}(?P<name>[^\]\n]{1,120})\]{1,2}[ \t]*$"
_LATEX = (
    r"^(?P<indent>)[ \t]*\\(?:sub){0,2}(?:section|chapter|part)\*?"
    r"\{(?P<name>[^}\n]{1,200})"
)
_RULE_SET = r"^(?P<indent>[ \t]*)(?P<name>[^\s{}/;][^{};\n]{0,160})\{[ \t]*$"
_SQL = (
    r"^(?P<indent>)[ \t]*(?i:create|alter)[ \t]+(?:\w+[ \t]+){0,4}?"
    r"(?i:table|view|function|procedure|index|trigger|type|schema)[ \t]+"
    r"(?:(?i:if[ \t]+not[ \t]+exists)[ \t]+)?(?P<name>[\w.\"`\[\]]{1,120})"
)
_R = r"^(?P<indent>[ \t]*)(?P<name>[\w.]{1,120})[ \t]*(?:<-|=)[ \t]*function\b"
_HASKELL = (
    r"^(?P<indent>)(?:(?:data|newtype|class|instance|type|module)[ \t]+)?"
    r"(?P<name>[\w']{1,120})[ \t]*(?:::|where)"
)
_MAKE = r"^(?P<indent>)(?P<name>[\w./%-]{1,120}):(?!=)"
_LISP = (
    r"^(?P<indent>)\((?:defun|defmacro|defvar|defn-?|define|defcustom|ns|deftype)"
    r"[ \t]+\(?(?P<name>[^\s()]{1,120})"
)
_ERLANG = r"^(?P<indent>)(?P<name>[a-z]\w{0,120})\([^\n]{0,200}->"
_BRACES = _either(_KEYWORD_LINE, _RECEIVER_LINE, _CALL_LINE)
_SCRIPTED = _either(_KEYWORD_LINE, _ASSIGNED_FUNCTION, _CALL_LINE)

_BY_FORMAT = {
    **dict.fromkeys(("python",), _PYTHON),
    **dict.fromkeys(("ruby", "elixir", "julia"), _either(_RUBY, _KEYWORD_LINE)),
    **dict.fromkeys(("shell",), _SHELL),
    **dict.fromkeys(("javascript", "typescript", "vue"), _SCRIPTED),
    **dict.fromkeys(
        (
            "java", "kotlin", "scala", "groovy", "c", "cpp", "csharp", "dart", "php",
            "d", "go", "rust", "swift", "zig",
        ),
        _BRACES,
    ),
    **dict.fromkeys(
        (
            "fsharp", "perl", "lua", "solidity", "proto", "graphql", "fortran",
            "pascal", "ada", "verilog", "elm", "ocaml",
        ),
        _KEYWORD_LINE,
    ),
    "json": _JSON,
    "yaml": _YAML,
    **dict.fromkeys(("toml", "ini"), _TABLE),
    **dict.fromkeys(("latex", "latex-package"), _LATEX),
    **dict.fromkeys(("css", "terraform"), _RULE_SET),
    "sql": _SQL,
    "r": _R,
    "haskell": _HASKELL,
    "make": _MAKE,
    "lisp": _LISP,
    "clojure": _LISP,
    "erlang": _ERLANG,
}  # fmt: skip
_FLAT = frozenset({"toml", "ini", "latex", "haskell", "sql", "make", "erlang"})
"""Formats whose definitions last until the next one, whatever the indentation."""

_DEEPEST = 8
"""Levels of definitions that are told apart."""

_WIDEST_INDENT = 40
"""Columns; what is indented further is no definition of interest."""

_ABOVE = re.compile(
    r"[ \t]*(?:@|#(?!include|if|endif|define|else)|//|/\*|\*|--|;|\[<|\[assembly)"
)


@dataclass(slots=True)
class Definition:
    """One definition and those inside it."""

    name: str
    start: int
    """Offset of its first line, comments and decorators above it included."""

    end: int
    """Offset after its last line."""

    indent: int
    """Columns that its defining line is indented by."""

    children: list[Definition] = field(default_factory=list)


def is_known(format_name: str) -> bool:
    """Tells whether definitions of this format can be found."""
    return format_name in _BY_FORMAT


def outline(text: str, format_name: str) -> list[Definition]:
    """Returns the outermost definitions, in order; they do not overlap."""
    roots: list[Definition] = []
    stack: list[Definition] = []
    for definition in _definitions(text, format_name):
        while stack and _is_over(stack[-1], definition):
            last = stack.pop()
            last.end = min(last.end, definition.start)
        if len(stack) == _DEEPEST:
            continue
        if stack:
            definition.end = min(definition.end, stack[-1].end)
        (stack[-1].children if stack else roots).append(definition)
        stack.append(definition)
    return roots


def _is_over(earlier: Definition, definition: Definition) -> bool:
    return earlier.indent >= definition.indent or earlier.end <= definition.start


def _definitions(text: str, format_name: str) -> list[Definition]:
    """Returns every definition in order of appearance, each with its own end."""
    flat = format_name in _FLAT
    ends = _Ends(text)
    definitions = []
    floor = 0
    for match in _pattern(format_name).finditer(text):
        name = _name(match, text)
        if not name:
            continue
        indent = len(_group(match, "indent"))
        if indent > _WIDEST_INDENT:
            continue
        start = _start_above(text, match.start(), floor)
        end = len(text) if flat else ends.below(match.end(), indent)
        definitions.append(Definition(name, start, end, indent))
        floor = match.end()
    return definitions


@cache
def _pattern(format_name: str) -> re.Pattern[str]:
    return re.compile(_BY_FORMAT[format_name], re.MULTILINE)


def _group(match: re.Match[str], name: str) -> str:
    """Returns the named group of whichever alternative matched."""
    groups = match.groupdict()
    values = (groups.get(f"{name}{number}") for number in ("", 0, 1, 2))
    return next((value for value in values if value is not None), "")


def _name(match: re.Match[str], text: str) -> str:
    """Returns what a line defines, "" when it only looks as if it defined something."""
    head = match.groupdict().get("head")
    if head is None:
        return _group(match, "name").strip()
    words = head.replace("*", " ").replace("&", " ").split()
    if not words or words[0] in _CONTROL or words[-1] in _CONTROL:
        return ""
    line = match[0].rstrip()
    has_body = line.endswith("{") or text.startswith("{", _next_word(text, match.end()))
    goes_on = line.endswith((",", "(")) and len(words) > 1
    is_outermost = not _group(match, "indent")
    return words[-1] if has_body or (goes_on and is_outermost) else ""


def _next_word(text: str, position: int) -> int:
    """Returns the offset of the next line's first visible character."""
    while position < len(text) and text[position] in " \t\n":
        position += 1
    return position


def _start_above(text: str, line: int, floor: int) -> int:
    """Returns where the comments and decorators directly above a line begin."""
    start = line
    while start > floor:
        above = text.rfind("\n", 0, start - 1) + 1
        if above < floor or not _ABOVE.match(text, above, start):
            break
        start = above
    return start


@cache
def _not_deeper(indent: int) -> re.Pattern[str]:
    """Returns what a line looks like that ends a definition of this indent."""
    return re.compile(rf"^[ \t]{{0,{indent}}}[^\s)}}\](){{#\"'`*|]", re.MULTILINE)


class _Ends:
    """Where definitions end: before the first line that is not deeper than they are.

    What one search found holds for every later start above it, so that a text is
    searched once for each indent, however many definitions share their end.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._ends: dict[int, int] = {}

    def below(self, position: int, indent: int) -> int:
        """Returns where a definition ends; asked from the top of the text down."""
        start = self._text.find("\n", position) + 1
        if not start:
            return len(self._text)
        if start > self._ends.get(indent, -1):
            match = _not_deeper(indent).search(self._text, start)
            self._ends[indent] = match.start() if match else len(self._text)
        return self._ends[indent]
