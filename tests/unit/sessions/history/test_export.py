"""An exported conversation says what was said, and nothing in it acts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from ragcli.sessions.history.export import pages_to_html, to_html, to_json, to_markdown
from ragcli.sessions.history.transcripts import (
    JsonForm,
    MarkdownForm,
    PageForm,
    written,
)
from ragcli.sessions.history.writer import History
from ragcli.sessions.records.record_types import Citation, Conversation, Turn
from tests.stores import a_turn

TALK = Conversation(
    "c1", "About *locks*", "2026-01-02T03:04:05.678Z", "2026-01-03T03:04:05.678Z", 2
)
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title><script>",
    "]]><svg onload=alert(1)>",
    "javascript:alert(1)",
    "\x1b]52;c;aGk=\x07",
    "[x](javascript:alert(1))",
    "\u202egnirts",
    "a\r\nb",
    "&lt;&amp;",
]


class Page(HTMLParser):
    """Collects what a browser would see."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.text: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [link or "" for name, link in attrs if name in {"href", "src"}]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def hostile_turn(text: str) -> Turn:
    citation = Citation(1, text, None, (1, 2), text, 0.5, text, True)
    return a_turn("c1", text, answer=text, model=text, citations=(citation,))


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_in_a_page_acts(text: str) -> None:
    talk = Conversation(text, text, TALK.created, TALK.updated, 1, text)
    expected = Page(to_html(TALK, [a_turn("c1", "plain")]))

    page = to_html(talk, [hostile_turn(text)])

    seen = Page(page)
    assert seen.tags <= expected.tags | {"blockquote"}
    assert seen.attributes <= expected.attributes
    assert "\x1b" not in page
    assert "\u202e" not in page


def test_a_page_needs_nothing_else_and_may_do_nothing() -> None:
    page = to_html(TALK, [a_turn("c1", "why?")])

    assert page.startswith("<!doctype html>")
    assert "default-src 'none'" in page
    assert "http" not in page.replace("http-equiv", "")
    assert "why?" in "".join(Page(page).text)
    assert "docs/a.md:1-3 (Intro)" in "".join(Page(page).text)


def test_code_in_an_answer_stays_code() -> None:
    answer = "Before\n\n```python\nif a < b:\n\n    pass\n```\n\nafter"

    page = to_html(TALK, [a_turn("c1", "q", answer=answer)])

    assert "<p>Before</p>\n<pre>if a &lt; b:\n\n    pass\n</pre>\n<p>after</p>" in page


def test_several_conversations_are_one_page() -> None:
    page = pages_to_html([(TALK, [a_turn("c1", "one")]), (TALK, [a_turn("c1", "two")])])

    assert page.count("<!doctype") == page.count("</html>") == 1
    assert page.count("<article") == 2


def test_markdown_has_questions_answers_and_sources() -> None:
    why = a_turn("c1", "why?")
    text = to_markdown(TALK, [why, a_turn("c1", "how?", answer="")])

    assert text.startswith("# About \\*locks\\*\n\n*2026-01-02 03:04 to ")
    link = f"[[1]](#{why.id}-1)"
    assert f"## why?\n\nanswer to why? {link}\n\n1. docs/a.md:1-3 (Intro)" in text
    assert "\n   > a quote" in text
    assert text.index("## why?") < text.index("## how?")


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_holds_no_raw_html(text: str) -> None:
    talk = Conversation("c1", text, TALK.created, TALK.updated, 1)

    written = to_markdown(talk, [hostile_turn(text)])

    assert "<script" not in written
    assert "<img" not in written
    assert "\x1b" not in written
    assert written.count("\n## ") == 1


LOADS_OR_RUNS = [
    "![x](http://evil.example/p.png)",
    "![x][1]\n\n[1]: http://evil.example/p.png",
    "![x]\n\n[x]: http://evil.example/p.png",
    "\\![x](http://evil.example/p.png)",
    "[![x](http://evil.example/p.png)](javascript:alert)",
    "[x](javascript:alert(1))",
    "[x]( javascript:alert(1))",
    "[x](\njavascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java&#115;cript:alert(1))",
    "[x](javascript\\:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](vbscript:x) [y](file:///etc/passwd)",
    "[x]\n\n[x]: javascript:alert(1)",
    "<javascript:alert(1)> <img src=http://evil.example/p.png>",
    "```\n![x](http://evil.example/p.png)",
    "   ```\n```\n![x](http://evil.example/p.png)",
    "- ```\n  a\n```\n![x](u)\n```\n![x](http://evil.example/p.png)",
    "1. a\n\n   ```\n   x\n```\n\n```\n![x](http://evil.example/p.png)",
    "> ```\n> a\n![x](http://evil.example/p.png)",
    "`a\n\n` ![x](http://evil.example/p.png) `",
    "[1]: http://evil.example/all-markers",
]


@pytest.mark.parametrize("answer", LOADS_OR_RUNS)
def test_markdown_loads_and_runs_nothing_when_it_is_rendered(answer: str) -> None:
    turns = [hostile_turn(answer), a_turn("c1", "next", answer="end [1]")]

    page = MarkdownIt("commonmark").render(to_markdown(TALK, turns))

    seen = Page(page)
    assert not seen.tags & {"img", "script", "iframe", "svg"}
    assert all(
        link.startswith(("http:", "https:", "mailto:", "#")) for link in seen.links
    )
    assert "http://evil.example/all-markers" not in seen.links
    assert seen.tags >= {"h1", "h2"}
    assert page.count("<h2>") == 2  # no fence swallowed the turn behind it


def test_code_and_links_to_pages_stay_as_they_were_written() -> None:
    answer = (
        "See [the page](https://example.org/a) and [a file](docs/a.md).\n\n"
        "- so:\n\n  ```rust\n  #![allow(x)] if a<b {}\n  ```\n\n"
        "```c\nhandlers[i](a < b);\n```"
    )

    assert answer in to_markdown(TALK, [a_turn("c1", "q", answer=answer)])


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("answered", ""),
        ("nothing_found", "Nothing relevant"),
        ("interrupted", "interrupted"),
        ("failed", "failed"),
    ],
)
def test_what_became_of_a_question_is_said(status: str, words: str) -> None:
    turn = a_turn("c1", "q", status=status)

    markdown, page = to_markdown(TALK, [turn]), to_html(TALK, [turn])

    assert words in markdown
    assert words in page
    assert ('class="note"' in page) == bool(words)


def test_json_holds_everything_with_ids() -> None:
    turn = a_turn("c1", "why?", seq=7, ts="2026-01-02T03:04:05.678Z")

    told = json.loads(json.dumps(to_json("work", [(TALK, [turn])])))

    assert told["schema"] == 1
    assert told["profile"] == "work"
    (talk,) = told["conversations"]
    assert (talk["id"], talk["title"]) == ("c1", "About *locks*")
    (only,) = talk["turns"]
    assert (only["id"], only["seq"]) == (turn.id, 7)
    assert only["citations"][0]["quote"] == "a quote"
    assert only["retrieved"][0]["path"] == "docs/a.md"


MINTED = r"They say \[1\] and `x[1]` [2]. [1]" + "\n\n```\nx[1]\n```\n[1]"


def test_only_markers_lead_to_a_source_of_their_turn() -> None:
    turn = a_turn("c1", "why?", answer=MINTED)
    name = f"{turn.id}-1"

    markdown, page = to_markdown(TALK, [turn]), to_html(TALK, [turn])

    link = f"[[1]](#{name})"
    assert f"They say \\[1\\] and `x[1]` \\[2\\]. {link}\n" in markdown
    assert f"```\nx[1]\n```\n{link}" in markdown
    assert markdown.count(f'<a id="{name}"></a>') == 1
    link = f'[<a href="#{name}">1</a>]'
    assert f"<p>They say [1] and `x[1]` [2]. {link}</p>" in page
    assert f"<pre>x[1]\n</pre>\n<p>{link}</p>" in page
    assert page.count(f'id="{name}"') == 1


def interleaved(history: History) -> None:
    """Puts three conversations into a history whose turns lie between each other."""
    for number, name in enumerate("abacbaac"):
        title = name if f"{name} 0" not in _asked(history) else None
        turn = a_turn(name, f"{name} {number if title is None else 0}")
        history.commit(turn, title=title)
    history.commit(a_turn("b", "b last", replaces=history.transcript("b")[0].id))


def _asked(history: History) -> list[str]:
    return [turn.question for turn in history.since(0)]


@pytest.mark.parametrize("indented", [False, True])
def test_what_is_written_as_it_is_read_is_what_is_there(
    history: History, indented: bool
) -> None:
    interleaved(history)
    ended = [talk.id for talk in history.conversations()][::-1]
    form = JsonForm("work", indented=indented)

    text = "".join(written(form, history.transcripts()))
    told = json.loads(text)

    assert [talk["id"] for talk in told["conversations"]] == ended
    for talk in told["conversations"]:
        turns = history.transcript(talk["id"])
        assert talk["turns"] == json.loads(json.dumps([asdict(turn) for turn in turns]))
    assert (text.count("\n") > len(_asked(history))) == indented


def test_pages_and_texts_are_the_same_in_parts(history: History) -> None:
    interleaved(history)
    threads = [
        (talk, history.transcript(talk.id)) for talk in history.conversations()[::-1]
    ]

    page = "".join(written(PageForm(), history.transcripts()))
    text = "".join(written(MarkdownForm(), history.transcripts()))
    one = "".join(written(MarkdownForm(), history.transcripts("b")))

    assert page == pages_to_html(threads)
    assert text == "\n".join(to_markdown(*thread) for thread in threads)
    assert one == to_markdown(history.conversation("b"), history.transcript("b"))


def test_what_waits_is_only_what_ends_later(history: History) -> None:
    interleaved(history)
    read: list[int] = []
    found = history.transcripts()

    def reading() -> Iterator[Turn]:
        for turn in found.turns:
            read.append(turn.seq)
            yield turn

    pieces = written(JsonForm("work", indented=False), replace(found, turns=reading()))
    ends = sorted(found.ends.values())

    assert "]}" in iter(pieces)  # the end of the first one

    assert read[-1] == ends[0]
